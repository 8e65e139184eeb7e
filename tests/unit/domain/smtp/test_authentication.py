"""AUTH as a table: what is said over TLS, what is answered, and what reaches a back end."""

from base64 import b64encode

import pytest
from tests.unit.domain.smtp.dialogue import Dialogue, StaticPolicy

from tidegate.domain.credentials import AuthVerdict
from tidegate.domain.smtp import replies

E = b"EHLO client.example\r\n"
M = b"MAIL FROM:<a@example.org>\r\n"
R = b"RCPT TO:<b@example.com>\r\n"
GOOD = b"AUTH PLAIN AGJvYgBwdw==\r\n"
BAD = b"AUTH PLAIN AGJvYgB4\r\n"


def plain(username: bytes, password: bytes, identity: bytes = b"") -> bytes:
    """A whole AUTH command."""
    return b"AUTH PLAIN " + b64encode(b"\0".join((identity, username, password))) + b"\r\n"


def start(policy: StaticPolicy | None = None) -> Dialogue:
    """A session over TLS, with the account bob:pw and some that are never judged."""
    dialogue = Dialogue.start(policy, tls=True, authentication=True, secured=True)
    dialogue.accounts |= {"away": AuthVerdict.UNAVAILABLE, "banned": replies.TOO_MANY_LOGINS, "admin": "pw", "joe": "a b", "zoë": "ö"}
    return dialogue


CASES: list[tuple[str, bytes, list[str], int]] = [
    ("initial response", E + GOOD, ["250", "235 2.7.0"], 1),
    ("mechanism and verb in any case", E + b"auth Plain AGJvYgBwdw==\r\n", ["250", "235 2.7.0"], 1),
    ("without initial response", E + b"AUTH PLAIN\r\nAGJvYgBwdw==\r\n", ["250", "334", "235 2.7.0"], 1),
    ("an empty initial response is none", E + b"AUTH PLAIN \r\nAGJvYgBwdw==\r\n", ["250", "334", "235 2.7.0"], 1),
    ("LOGIN", E + b"AUTH LOGIN\r\nYm9i\r\ncHc=\r\n", ["250", "334", "334", "235 2.7.0"], 1),
    ("LOGIN with initial response (AU14)", E + b"AUTH login Ym9i\r\ncHc=\r\nNOOP\r\n", ["250", "334", "235 2.7.0", "250 2.0.0"], 1),
    ("commands are no responses (AU14)", E + b"AUTH LOGIN\r\nQUIT\r\n", ["250", "334", "334"], 0),
    ("wrong password", E + BAD + GOOD, ["250", "535 5.7.8", "235 2.7.0"], 2),
    ("unknown user", E + plain(b"nobody", b"pw"), ["250", "535 5.7.8"], 1),
    ("back end away", E + plain(b"away", b"pw") + GOOD, ["250", "454 4.7.0", "235 2.7.0"], 2),
    ("refused with the session", E + plain(b"banned", b"pw") + GOOD, ["250", "421 4.7.0"], 1),
    ("before EHLO, after HELO (AU02)", GOOD + b"HELO x\r\n" + GOOD, ["503 5.5.1", "250", "503 5.5.1"], 0),
    ("twice (AU03)", E + GOOD + GOOD + b"AUTH LOGIN\r\n", ["250", "235 2.7.0", "503 5.5.1", "503 5.5.1"], 1),
    ("in a transaction (AU04)", E + M + GOOD + R + GOOD, ["250", "250 2.1.0", "503 5.5.1", "250 2.1.5", "503 5.5.1"], 0),
    ("cancelled (AU05)", E + b"AUTH PLAIN\r\n*\r\nAUTH LOGIN Ym9i\r\n*\r\n" + GOOD, ["250", "334", "501 5.7.0", "334", "501 5.7.0", "235 2.7.0"], 1),
    ("cancelled without end (AU05)", E + b"AUTH PLAIN\r\n*\r\n" * 21, ["250", *["334", "501 5.7.0"] * 20, "421 4.7.0"], 0),
    ("bad base64 (AU07)", E + b"".join(b"AUTH PLAIN %s\r\n" % text for text in (b"!!!!", b"=A==", b"AGE", b"AGJvYgBwdw==AA", b"AGJv_gBw-w==", b"AGJvYgBwdw=", b"\xff")), ["250"] + ["501 5.5.2"] * 7, 0),
    ("a blank in the response (AU07)", E + b"AUTH PLAIN AGJvYg Bwdw==\r\nAUTH PLAIN\r\nAGJvYg Bwdw==\r\n", ["250", "501 5.5.4", "334", "501 5.5.2"], 0),
    ("zero length (AU08)", E + b"AUTH PLAIN =\r\nAUTH PLAIN\r\n\r\nAUTH PLAIN\r\n=\r\n", ["250", "501 5.5.2", "334", "501 5.5.2", "334", "501 5.5.2"], 0),
    ("0, 1 and 3 NULs (AU09)", E + b"AUTH PLAIN Ym9i\r\nAUTH PLAIN Ym9iAHB3\r\n" + plain(b"bob", b"pw\0"), ["250"] + ["501 5.5.2"] * 3, 0),
    ("9,000 NULs (AU09)", E + b"AUTH PLAIN\r\n" + b64encode(b"\0" * 9_000) + b"\r\n", ["250", "334", "501 5.5.2"], 0),
    ("empty user, empty password (AU09)", E + plain(b"", b"pw") + plain(b"bob", b""), ["250", "535 5.7.8", "535 5.7.8"], 0),
    ("LOGIN with empty user (AU09)", E + b"AUTH LOGIN =\r\ncHc=\r\nAUTH LOGIN\r\n\r\n\r\n", ["250", "334", "535 5.7.8", "334", "334", "535 5.7.8"], 0),
    ("another identity (AU10)", E + plain(b"bob", b"pw", b"admin") + plain(b"bob", b"pw", b"bob"), ["250", "535 5.7.8", "235 2.7.0"], 1),
    ("control characters (AU11)", E + plain(b"bob\r\nX", b"pw") + plain(b"bob", b"p\x1bw") + plain(b"b\x7fb", b"pw") + b"AUTH LOGIN Ym9iAA==\r\ncHc=\r\n", ["250"] + ["501 5.5.2"] * 3 + ["334", "501 5.5.2"], 0),
    ("a header field behind CRLF (AU11, AB13)", E + plain(b"bob\r\nX-Admin: 1", b"pw") + plain(b"bob", b"pw\r\nX-Admin: 1"), ["250"] + ["501 5.5.2"] * 2, 0),
    ("not UTF-8 (AU12)", E + plain(b"\xff\xfe", b"pw") + plain(b"bob", b"\xff"), ["250", "535 5.7.8", "535 5.7.8"], 0),
    ("fullwidth letters are letters (AU13)", E + plain("\uff41\uff44\uff4d\uff49\uff4e".encode(), b"pw"), ["250", "235 2.7.0"], 1),
    ("invisible characters are none (AU13)", E + plain("ad\u200bmin\ufeff".encode(), b"pw"), ["250", "235 2.7.0"], 1),
    ("a Cyrillic letter is another (AU13)", E + plain("\u0430dmin".encode(), b"pw"), ["250", "535 5.7.8"], 1),
    ("characters that SASLprep prohibits (AU13)", E + plain("ad\u202emin".encode(), b"pw") + plain("\u200b".encode(), b"pw"), ["250", "535 5.7.8", "535 5.7.8"], 0),
    ("passwords in UTF-8, with blanks", E + plain(b"joe", b"a b"), ["250", "235 2.7.0"], 1),
    ("names in UTF-8", E + plain("zoë".encode(), "ö".encode()), ["250", "235 2.7.0"], 1),
    ("mechanisms (AU15, AU16)", E + b"AUTH CRAM-MD5\r\nAUTH SCRAM-SHA-256 =\r\nAUTH XOAUTH2 x\r\nAUTH " + b"X" * 400 + b"\r\n", ["250"] + ["504 5.5.4"] * 4, 0),
    ("syntax (AU15)", E + b"AUTH\r\nAUTH \r\nAUTH PLAIN a b c\r\n", ["250"] + ["501 5.5.4"] * 3, 0),
    ("three failures (AU17)", E + BAD * 4, ["250"] + ["535 5.7.8"] * 3 + ["421 4.7.0"], 3),
    ("failures before a back end count (AU17)", E + plain(b"", b"x") * 4, ["250"] + ["535 5.7.8"] * 3 + ["421 4.7.0"], 0),
    ("RSET and EHLO keep the user (AU21)", E + GOOD + b"RSET\r\n" + E + GOOD, ["250", "235 2.7.0", "250 2.0.0", "250", "503 5.5.1"], 1),
    ("long user name", E + plain(b"u" * 256, b"pw") + plain(b"u" * 255, b"pw"), ["250", "535 5.7.8", "535 5.7.8"], 1),
    ("long password (AB29)", E + plain(b"bob", b"p" * 1025) + plain(b"bob", b"p" * 1024), ["250", "535 5.7.8", "535 5.7.8"], 1),
    ("bare LF in the exchange", E + b"AUTH PLAIN\r\nAGJvYgBwdw==\nQUIT\r\n", ["250", "334", "500 5.5.2"], 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stream", "expected", "attempts"), CASES, ids=[case[0] for case in CASES])
def test_dialogue(name: str, stream: bytes, expected: list[str], attempts: int) -> None:
    """Whole, octet by octet, and cut once at every place: the same replies, and as many questions to a back end."""
    cuts = range(len(stream)) if len(stream) < 2_000 else (0, 1000)
    pieces = [[bytes([byte]) for byte in stream], *([stream[:cut], stream[cut:]] if cut else [stream] for cut in cuts)]
    for cut in pieces:
        dialogue = start()
        assert dialogue.codes(*cut) == expected, (name, cut)
        assert len(dialogue.attempts) == attempts, (name, cut)


def test_not_without_tls() -> None:
    """AU01, TL21: neither offered nor taken in clear, and the credentials are shown to nobody; offered after the handshake."""
    dialogue = Dialogue.start(tls=True, authentication=True)
    assert "AUTH" not in dialogue.send(E)
    assert dialogue.codes(GOOD, b"AUTH LOGIN\r\n") == ["538 5.7.11"] * 2
    assert dialogue.attempts == []
    dialogue.send(b"STARTTLS\r\n")
    assert "250-AUTH PLAIN LOGIN\r\n" in dialogue.send(E)
    assert dialogue.codes(GOOD) == ["235 2.7.0"]


def test_not_without_a_back_end() -> None:
    """Without smtp-auth there is no AUTH at all."""
    dialogue = Dialogue.start(tls=True, secured=True)
    assert "AUTH" not in dialogue.send(E)
    assert dialogue.codes(GOOD) == ["502 5.5.1"]


def test_a_new_tls_session_has_no_user() -> None:
    """AU21: whoever was authenticated before a handshake is not after it."""
    dialogue = start()
    dialogue.send(E + GOOD)
    assert dialogue.session.user == "bob"
    dialogue.session.tls_established(dialogue.session.tls)  # type: ignore[arg-type]
    assert dialogue.session.user is None


@pytest.mark.parametrize(
    ("length", "cut", "codes", "closed"),
    [
        (12_288, 12_289, ["334", "535 5.7.8"], False),
        (12_292, 4_096, ["334", "500 5.5.6"], False),
        (65_536, 4_096, ["334", "500 5.5.6"], False),
        (65_540, 70_000, ["334", "500 5.5.6"], True),
    ],
)
def test_length_of_a_response(length: int, cut: int, codes: list[str], closed: bool) -> None:
    """AU06: 12,288 octets of base64 are decoded, more are refused, and much more ends the session."""
    content = b64encode(b"\0bob\0" + b"p" * (length // 4 * 3 - 5))
    assert len(content) == length
    dialogue = start()
    dialogue.send(E)
    line = content + b"\r\n"
    assert dialogue.codes(b"AUTH PLAIN\r\n", *(line[at : at + cut] for at in range(0, len(line), cut))) == codes
    assert dialogue.closed is closed
    assert dialogue.attempts == []


def test_an_endless_response_is_cut_off() -> None:
    """AU06: a megabyte without CRLF is not held in memory."""
    dialogue = start()
    assert dialogue.codes(E + b"AUTH PLAIN\r\n", *[b"A" * 4_096] * 17) == ["250", "334", "500 5.5.6"]
    assert dialogue.closed


def test_who_may_send_where() -> None:
    """With authentication, a stranger may send to local addresses only; a user may send anywhere."""
    policy = StaticPolicy(strangers=False, local=frozenset({"b@example.com"}))
    other = b"RCPT TO:<x@elsewhere.example>\r\n"
    dialogue = start(policy)
    assert dialogue.codes(E + M + R + other + b"RSET\r\n") == ["250", "250 2.1.0", "250 2.1.5", "530 5.7.0", "250 2.0.0"]
    assert dialogue.codes(GOOD + M + other) == ["235 2.7.0", "250 2.1.0", "250 2.1.5"]


def test_passwords_are_not_shown() -> None:
    """AU20: neither the credentials nor the event show the password."""
    dialogue = start()
    dialogue.send(E + plain(b"bob", b"s3cret"))
    assert "s3cret" not in repr(dialogue.attempts)
    assert dialogue.attempts[0].password == "s3cret"
