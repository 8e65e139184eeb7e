"""The dialogue as a table: what is said, what is answered."""

import pytest
from tests.unit.domain.smtp.dialogue import Dialogue, StaticPolicy

from tidegate.domain.envelope import Body, Envelope, Recipient
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.reply import Reply

E = b"EHLO client.example\r\n"
M = b"MAIL FROM:<a@example.org>\r\n"
R = b"RCPT TO:<b@example.com>\r\n"
D = b"DATA\r\n"
BODY = b"Subject: x\r\n\r\nhello\r\n"

CASES: list[tuple[str, bytes, list[str]]] = [
    ("a message", E + M + R + D + BODY + b".\r\nQUIT\r\n", ["250", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "221 2.0.0"]),
    ("HELO", b"HELO x\r\n" + M + R, ["250", "250 2.1.0", "250 2.1.5"]),
    ("verbs in any case", b"ehlo x\r\nmail from:<a@b.c>\r\nRcpt To:<b@c.d>\r\n", ["250", "250 2.1.0", "250 2.1.5"]),
    ("blanks after the colon", E + b"MAIL FROM: <a@b.c>\r\nRCPT TO:  <b@c.d>\r\n", ["250", "250 2.1.0", "250 2.1.5"]),
    ("postmaster", E + M + b"RCPT TO:<Postmaster>\r\n", ["250", "250 2.1.0", "250 2.1.5"]),
    ("postmaster as sender", E + b"MAIL FROM:<postmaster>\r\n", ["250", "501 5.1.7"]),
    ("null sender", E + b"MAIL FROM:<>\r\n", ["250", "250 2.1.0"]),
    ("EHLO empty (CM01)", b"EHLO\r\nEHLO \r\nHELO a b\r\n", ["501 5.5.4"] * 3),
    ("EHLO not ASCII (CM01)", b"EHLO \xff\xfe\r\nEHLO " + b"a" * 256 + b"\r\n", ["501 5.5.4"] * 2),
    ("EHLO odd but printable (CM01)", b"EHLO <script>\r\nEHLO [IPv6:::g]\r\nHELO " + b"a" * 255 + b"\r\n", ["250"] * 3),
    ("no EHLO (CM02)", M + R + D + b"BDAT 0 LAST\r\nSTARTTLS\r\n", ["503 5.5.1"] * 4 + ["454 4.7.0"]),
    ("order (CM03)", E + R + D + M + D, ["250", "503 5.5.1", "503 5.5.1", "250 2.1.0", "554 5.5.1"]),
    ("MAIL twice (CM04)", E + M + M, ["250", "250 2.1.0", "503 5.5.1"]),
    ("EHLO resets (CM04)", E + M + R + E + R, ["250", "250 2.1.0", "250 2.1.5", "250", "503 5.5.1"]),
    ("RSET resets", E + M + b"RSET\r\n" + R, ["250", "250 2.1.0", "250 2.0.0", "503 5.5.1"]),
    ("RSET with argument (CM04)", b"RSET x\r\n", ["501 5.5.4"]),
    ("sizes (CM05)", E + b"".join(b"MAIL FROM:<a@b.c> SIZE=%s\r\n" % v for v in (b"", b"-1", b"+1", b"1e9", b"0x10", b"1_0")), ["250"] + ["501 5.5.4"] * 6),
    ("size digits (CM05)", E + b"MAIL FROM:<a@b.c> SIZE=\xc2\xb2\r\nMAIL FROM:<a@b.c> SIZE=\xd9\xa1\r\n", ["250", "501 5.5.4", "501 5.5.4"]),
    ("size over the limit (CM05)", E + b"MAIL FROM:<a@b.c> SIZE=10001\r\nMAIL FROM:<a@b.c> SIZE=10000\r\n", ["250", "552 5.3.4", "250 2.1.0"]),
    ("size with too many digits (CM05)", E + b"MAIL FROM:<a@b.c> SIZE=" + b"9" * 400 + b"\r\n", ["250", "501 5.5.4"]),
    ("unknown parameters (CM08)", E + b"MAIL FROM:<a@b.c> FOO=1\r\nMAIL FROM:<a@b.c> X-FOO\r\n", ["250", "555 5.5.4", "555 5.5.4"]),
    ("bad parameters (CM08)", E + b"MAIL FROM:<a@b.c> =x\r\nMAIL FROM:<a@b.c> BODY=8bit\r\n", ["250", "501 5.5.4", "501 5.5.4"]),
    ("SMTPUTF8 with value (CM08)", E + b"MAIL FROM:<a@b.c> SMTPUTF8=1\r\n", ["250", "501 5.5.4"]),
    ("repeated parameter (CM08)", E + b"MAIL FROM:<a@b.c> SIZE=1 size=2\r\n", ["250", "501 5.5.4"]),
    ("ENVID (CM09)", E + b"MAIL FROM:<a@b.c> ENVID=ab+0D+0ACD\r\nMAIL FROM:<a@b.c> ENVID=+G1\r\n", ["250", "501 5.5.4", "501 5.5.4"]),
    ("ORCPT (CM09)", E + M + b"RCPT TO:<b@c.d> ORCPT=rfc822;a+0Aevil\r\nRCPT TO:<b@c.d> ORCPT=rfc822\r\n", ["250", "250 2.1.0", "501 5.5.4", "501 5.5.4"]),
    ("NOTIFY (CM09)", E + M + b"RCPT TO:<b@c.d> NOTIFY=NEVER,SUCCESS\r\nRCPT TO:<b@c.d> NOTIFY=failure,DELAY\r\n", ["250", "250 2.1.0", "501 5.5.4", "250 2.1.5"]),
    ("RET (CM09)", E + b"MAIL FROM:<a@b.c> RET=X\r\nMAIL FROM:<a@b.c> RET=hdrs\r\n", ["250", "501 5.5.4", "250 2.1.0"]),
    ("AUTH parameter is ignored (CM10)", E + b"MAIL FROM:<a@b.c> AUTH=<>\r\n", ["250", "250 2.1.0"]),
    ("VRFY always the same (CM21)", b"VRFY a\r\nVRFY root\r\nEXPN x\r\nTURN\r\nETRN x\r\nXCLIENT a\r\n", ["252 2.5.2"] * 2 + ["502 5.5.1"] * 3 + ["500 5.5.1"]),
    ("QUIT with argument (CM26)", b"QUIT now\r\nQUIT\r\nNOOP\r\n", ["501 5.5.4", "221 2.0.0"]),
    ("empty lines (SM27)", b"\r\n\r\n", ["500 5.5.2"] * 2),
    ("bare CR in a command (SM25)", b"RSET\rQUIT\r\nNOOP\r\n", ["500 5.5.2"]),
    ("NUL in a command (SM26)", b"NOOP \0\x1b[31m\r\nNOOP\r\n", ["500 5.5.2"]),
    ("bare LF ends nothing", b"NOOP\n", ["500 5.5.2"]),
    ("UTF-16 (SM28)", b"\xff\xfeE\0H\0L\0O\0", ["500 5.5.2"]),
    ("HTTP (TL16)", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ["502 5.7.0"]),
    ("TLS in clear (TL17)", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", ["502 5.7.0"]),
    ("PROXY from anyone (PX01)", b"PROXY TCP4 127.0.0.1 1.2.3.4 1 25\r\nEHLO x\r\n", ["521 5.7.0"]),
    ("STARTTLS not offered (TL09)", E + b"STARTTLS\r\n", ["250", "454 4.7.0"]),
    ("STARTTLS with argument (TL07)", E + b"STARTTLS foo\r\n", ["250", "501 5.5.4"]),
    ("UTF-8 address without SMTPUTF8 (AD11)", E + "MAIL FROM:<я@пример.рф>\r\n".encode(), ["250", "553 5.6.7"]),
    ("UTF-8 address with SMTPUTF8 (AD11)", E + "MAIL FROM:<я@пример.рф> SMTPUTF8\r\nRCPT TO:<б@пример.рф>\r\n".encode(), ["250", "250 2.1.0", "250 2.1.5"]),
    ("UTF-8 recipient without SMTPUTF8 (AD11)", E + M + "RCPT TO:<б@пример.рф>\r\n".encode(), ["250", "250 2.1.0", "553 5.6.7"]),
    ("encoded words (AD01, AD02)", E + M + b"RCPT TO:<=?utf-8?q?a=0d=0aRSET?=@b>\r\nRCPT TO:<a@=?utf-8?q?evil=2ecom?=>\r\n", ["250", "250 2.1.0", "501 5.1.3", "501 5.1.3"]),
    ("null recipient (AD06)", E + M + b"RCPT TO:<>\r\n", ["250", "250 2.1.0", "501 5.1.3"]),
    ("malformed paths (AD19)", E + b"MAIL FROM:<a@b.c>x\r\nMAIL FROM:<a@b.c>SIZE=1\r\nMAIL FROM :<a@b.c>\r\nMAIL FROM:a@b.c\r\n", ["250", "501 5.1.7", "501 5.1.7", "501 5.5.4", "501 5.1.7"]),
    ("empty body (SM17)", E + M + R + D + b".\r\n", ["250", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0"]),
    ("bare LF in data", E + M + R + D + b"a\n.\nb\r\n.\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "354", "550 5.6.11"]),
    ("DATA with argument", E + M + R + b"DATA x\r\n", ["250", "250 2.1.0", "250 2.1.5", "501 5.5.4"]),
    ("BDAT", E + M + R + b"BDAT 5\r\nhelloBDAT 3 LAST\r\nabcNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "250 2.0.0", "250 2.0.0", "250 2.0.0"]),
    ("BDAT 0 LAST first (CM12)", E + M + R + b"BDAT 0 LAST\r\n", ["250", "250 2.1.0", "250 2.1.5", "250 2.0.0"]),
    ("BDAT sizes (CM12)", E + M + R + b"BDAT -1\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "501 5.5.4"]),
    ("BDAT exponents (CM12)", E + M + R + b"BDAT 1e3\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "501 5.5.4"]),
    ("BDAT beyond any size (CM12)", E + M + R + b"BDAT 99999999999999999999\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "501 5.5.4"]),
    ("BDAT words (CM12)", E + M + R + b"BDAT 5 FOO\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "501 5.5.4"]),
    ("BDAT before RCPT: the octets are no commands (CM13)", E + M + b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", ["250", "250 2.1.0", "554 5.5.1", "250 2.0.0"]),
    ("BDAT before MAIL (CM13)", E + b"BDAT 6\r\nQUIT\r\nNOOP\r\n", ["250", "503 5.5.1", "250 2.0.0"]),
    ("others after BDAT (CM14)", E + M + R + b"BDAT 1\r\na" + D + R + M + b"RSET\r\n", ["250", "250 2.1.0", "250 2.1.5", "250 2.0.0"] + ["503 5.5.1"] * 3 + ["250 2.0.0"]),
    ("BDAT with bare LF (CM15)", E + M + R + b"BDAT 3 LAST\r\na\nbNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "550 5.6.11", "250 2.0.0"]),
    ("BINARYMIME needs BDAT", E + b"MAIL FROM:<a@b.c> BODY=BINARYMIME\r\n" + R + D, ["250", "250 2.1.0", "250 2.1.5", "503 5.5.1"]),
    ("too big by BDAT (CM17)", E + M + R + b"BDAT 10001\r\n" + b"x" * 10001 + b"BDAT 1 LAST\r\nyNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "552 5.3.4", "503 5.5.1", "250 2.0.0"]),
    ("BDAT LAST and QUIT in order (CM18)", E + M + R + b"BDAT 2 LAST\r\nabQUIT\r\n", ["250", "250 2.1.0", "250 2.1.5", "250 2.0.0", "221 2.0.0"]),
    ("too big by DATA", E + M + R + D + b"x" * 10001 + b"\r\n.\r\nNOOP\r\n", ["250", "250 2.1.0", "250 2.1.5", "354", "552 5.3.4", "250 2.0.0"]),
    ("too big, then commands before the end (SM19)", E + M + R + D + b"x" * 20000 + b"\r\n.\nHELP\r\nHELP\r\n.\r\n", ["250", "250 2.1.0", "250 2.1.5", "354", "552 5.3.4"]),
    ("two messages in one piece (SM21)", E + (M + R + D + BODY + b".\r\n") * 2, ["250"] + ["250 2.1.0", "250 2.1.5", "354", "250 2.0.0"] * 2),
    ("long line", b"NOOP " + b"x" * 2041 + b"\r\nNOOP " + b"x" * 2042 + b"\r\n", ["250 2.0.0", "500 5.5.2"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "stream", "expected"), CASES, ids=[case[0] for case in CASES])
def test_dialogue(name: str, stream: bytes, expected: list[str]) -> None:
    """Whole, octet by octet, and cut once at every place: always the same replies."""
    assert Dialogue.start().codes(stream) == expected, name
    assert Dialogue.start().codes(*(bytes([byte]) for byte in stream)) == expected, name
    if len(stream) < 2_000:
        for cut in range(1, len(stream)):
            assert Dialogue.start().codes(stream[:cut], stream[cut:]) == expected, (name, cut)


def test_the_envelope_is_what_was_said() -> None:
    """Parameters verbatim, duplicates once, the null path empty, a source route dropped (AD08)."""
    dialogue = Dialogue.start(StaticPolicy(local=frozenset({"b@example.com"})))
    dialogue.send(
        E + b"MAIL FROM:<> BODY=8BITMIME RET=Hdrs ENVID=QQ+2B1 SMTPUTF8\r\n"
        b"RCPT TO:<b@example.com> NOTIFY=Success,DELAY ORCPT=rfc822;B+40x\r\nRCPT TO:<b@EXAMPLE.com>\r\nRCPT TO:<@x.y,@z:c@d.e>\r\n"
        + D
        + BODY
        + b".\r\n"
    )
    [(envelope, data)] = dialogue.messages
    assert data == BODY
    assert envelope == Envelope(
        "",
        (Recipient("b@example.com", True, "Success,DELAY", "rfc822;B+40x"), Recipient("c@d.e")),
        Body.EIGHT_BIT_MIME,
        True,
        "Hdrs",
        "QQ+2B1",
    )


BINARY = b"a\nb\rc\0\r\n.\r\n..\r\n"


@pytest.mark.parametrize("head", [b"Subject: x\r\n\r\n", b"\r\n", b"A: b\r\nC: d\r\n e\r\n\r\n"])
def test_binary_mime_by_bdat_is_not_looked_at(head: bytes) -> None:
    """RFC 3030: with BODY=BINARYMIME every octet of the body is content, CRLF.CRLF too (CM15)."""
    content = head + BINARY
    dialogue = Dialogue.start()
    dialogue.send(E + b"MAIL FROM:<a@b.c> BODY=BINARYMIME\r\n" + R + b"BDAT %d LAST\r\n" % len(content) + content)
    assert [data for _, data in dialogue.messages] == [content]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\0"])
@pytest.mark.parametrize("rest", [b"\r\n\r\n" + BINARY, b"\r\n", b""])
@pytest.mark.parametrize("relax", [False, True])
def test_the_header_section_of_binary_mail_is_text(end: bytes, rest: bytes, relax: bool) -> None:
    """ML12: a field that only some programs see is refused, or becomes one that all see; the body stays as it is. The session goes on."""
    content = b"From: a@example.org" + end + b"From: b@example.com" + rest
    dialogue = Dialogue.start(relax=relax)
    dialogue.send(E + b"MAIL FROM:<a@b.c> BODY=BINARYMIME\r\n" + R)
    answer = dialogue.codes(b"BDAT %d LAST\r\n" % len(content) + content)
    if relax and end != b"\0":
        assert [data for _, data in dialogue.messages] == [b"From: a@example.org\r\nFrom: b@example.com" + rest]
    else:
        assert answer == ["550 5.6.11"]
        assert dialogue.messages == []
        assert dialogue.codes(b"NOOP\r\n") == ["250 2.0.0"]


def test_dots_mean_nothing_in_chunks() -> None:
    """CM15: no dot logic in BDAT."""
    content = b"a\r\n.\r\n..b\r\n"
    dialogue = Dialogue.start()
    dialogue.send(E + M + R + b"BDAT 4\r\n" + content[:4] + b"BDAT %d LAST\r\n" % (len(content) - 4) + content[4:])
    assert [data for _, data in dialogue.messages] == [content]


def test_ehlo_offers_what_there_is() -> None:
    """Every extension, and STARTTLS only where it can be used (TL06)."""
    offered = Dialogue.start(tls=True).send(E)
    assert offered.splitlines() == [
        "250-mx.example.com at your service",
        "250-PIPELINING",
        "250-SIZE 10000",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-ENHANCEDSTATUSCODES",
        "250-CHUNKING",
        "250-BINARYMIME",
        "250-DSN",
        "250-STARTTLS",
        "250 LIMITS RCPTMAX=1000",
    ]
    dialogue = Dialogue.start(tls=True, dsn=False)
    dialogue.send(E + b"STARTTLS\r\n")
    assert dialogue.handshakes == 1
    secure = dialogue.send(E)
    assert "STARTTLS" not in secure
    assert "DSN" not in secure
    assert dialogue.codes(b"STARTTLS\r\n") == ["503 5.5.1"]
    assert dialogue.codes(M + R[:-2] + b" NOTIFY=NEVER\r\n") == ["250 2.1.0", "555 5.5.4"]


def test_tls_forgets_everything_said_before() -> None:
    """TL05: the client starts anew after the handshake."""
    dialogue = Dialogue.start(tls=True)
    assert dialogue.codes(E + M + b"STARTTLS\r\n") == ["250", "250 2.1.0", "503 5.5.1"]
    assert dialogue.codes(b"RSET\r\n", b"STARTTLS\r\n", R, M) == ["250 2.0.0", "220 2.0.0", "503 5.5.1", "503 5.5.1"]


@pytest.mark.parametrize("injected", [b"MAIL FROM:<x@y>\r\n", b"\x16\x03\x01", b"R"])
def test_nothing_is_carried_into_tls(injected: bytes) -> None:
    """TL01, TL02, TL03: plain text behind STARTTLS ends the session without a handshake."""
    dialogue = Dialogue.start(tls=True)
    assert dialogue.codes(E, b"STARTTLS\r\n" + injected) == ["250", "554 5.5.0"]
    assert (dialogue.closed, dialogue.handshakes) == (True, 0)


def test_recipients_are_bounded() -> None:
    """CM24: 452 from the next one on; the message still goes to the first ones; endless overshoot ends the session."""
    dialogue = Dialogue.start(limits=Limits(recipients=3))
    pipelined = b"".join(b"RCPT TO:<r%d@b.c>\r\n" % index for index in range(5))
    assert dialogue.codes(E + M + pipelined + D + b".\r\n") == ["250", "250 2.1.0"] + ["250 2.1.5"] * 3 + ["452 4.5.3"] * 2 + [
        "354",
        "250 2.0.0",
    ]
    assert len(dialogue.messages[0][0].recipients) == 3
    assert dialogue.codes(M + b"".join(b"RCPT TO:<r%d@b.c>\r\n" % index for index in range(50)))[-1] == "421 4.7.0"


def test_a_recipient_given_again_counts() -> None:
    """CM24: the same RCPT is answered alike as often as there may be recipients; then each is an error."""
    dialogue = Dialogue.start(limits=Limits(recipients=30, errors=10))
    assert dialogue.codes(E + M + R * 100)[2:] == ["250 2.1.5"] * 31 + ["452 4.5.3"] * 10 + ["421 4.7.0"]


@pytest.mark.parametrize(("policy", "size", "refusal"), [(None, b" SIZE=10001", "552 5.3.4"), (replies.NO_SPACE, b"", "452 4.3.1")])
def test_refused_transactions_do_not_go_on_for_ever(policy: Reply | None, size: bytes, refusal: str) -> None:
    """CM22: a MAIL that is refused brings no message further."""
    dialogue = Dialogue.start(StaticPolicy(refuse_transaction=policy))
    assert dialogue.codes(E + (b"MAIL FROM:<a@b.c>" + size + b"\r\n") * 1_000)[1:] == [refusal] * 118 + ["421 4.7.0"]


def test_errors_end_the_session() -> None:
    """CM23: the reply to the last one, then 421."""
    dialogue = Dialogue.start(limits=Limits(errors=3))
    assert dialogue.codes(b"X\r\n" * 10) == ["500 5.5.1"] * 3 + ["421 4.7.0"]
    assert dialogue.closed


def test_commands_without_progress_end_the_session() -> None:
    """CM22: NOOP and its like are free up to a number, then each is an error."""
    dialogue = Dialogue.start()
    answers = dialogue.codes(b"NOOP\r\n" * 1_000)
    assert answers == ["250 2.0.0"] * 119 + ["421 4.7.0"]


def test_progress_starts_the_count_anew() -> None:
    """CM25: a client that sends mail may talk as long as it likes."""
    dialogue = Dialogue.start()
    for _ in range(5):
        assert "421" not in dialogue.send(E + b"NOOP\r\n" * 90 + M + R + D + b".\r\n")


def test_tiny_chunks_do_not_go_on_for_ever() -> None:
    """CM17: a million chunks of one octet."""
    dialogue = Dialogue.start()
    assert dialogue.codes(E + M + R + b"BDAT 1\r\nx" * 1_000)[-1] == "421 4.7.0"
    assert dialogue.closed


def test_endless_line_is_cut_off() -> None:
    """A command line without end: 500 and gone, not held in memory."""
    dialogue = Dialogue.start()
    assert dialogue.codes(*[b"x" * 4_096] * 17) == ["500 5.5.2"]
    assert dialogue.closed


def test_policy_refusals_are_passed_on() -> None:
    """What the policy says is what the client reads."""
    dialogue = Dialogue.start(StaticPolicy(refused={"b@example.com": replies.NOT_ALLOWED}))
    assert dialogue.codes(E + M + R) == ["250", "250 2.1.0", "554 5.7.1"]
    dialogue = Dialogue.start(StaticPolicy(refuse_transaction=replies.NO_SPACE))
    assert dialogue.codes(E + M + R) == ["250", "452 4.3.1", "503 5.5.1"]


def test_memory_is_given_back() -> None:
    """Whatever ends a transaction gives its memory back."""
    for ending in (b"\r\n.\r\nQUIT\r\n", b"\n\r\n.\r\n", b"x" * 20_000 + b"\r\n.\r\n"):
        policy = StaticPolicy()
        Dialogue.start(policy).send(E + M + R + D + b"some data", ending)
        assert policy.memory == StaticPolicy().memory
    policy = StaticPolicy()
    dialogue = Dialogue.start(policy)
    dialogue.send(E + M + R + D + b"some data")
    assert policy.memory < StaticPolicy().memory
    dialogue.session.connection_lost()
    assert policy.memory == StaticPolicy().memory


def test_relaxed_line_ends() -> None:
    """For known clients bare LF is a line end of the content, never of the data."""
    dialogue = Dialogue.start(relax=True)
    assert dialogue.codes(E + M + R + D + b"a\n.\nb\rc\r\n.\r\n")[-1] == "250 2.0.0"
    assert [data for _, data in dialogue.messages] == [b"a\r\n\r\nb\r\nc\r\n"]


def test_bare_address_in_loose_mode() -> None:
    """AD19: bare addresses are for loose validation only."""
    assert Dialogue.start(loose=True).codes(E + b"MAIL FROM:a@b.c SIZE=3\r\nRCPT TO: .x..y@b.c\r\n") == ["250", "250 2.1.0", "250 2.1.5"]
