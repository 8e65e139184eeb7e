"""The protocol of spamd: requests and answers, right and wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.spamc import MAX_BODY_BYTES, MAX_HEAD_BYTES, NeedMore, Report, Unusable, parse_answer, symbols_request


def answer(body: bytes = b"A,B", *, length: int | None = None, spam: bytes = b"True ; 15.0 / 5.0", head: bytes = b"SPAMD/1.1 0 EX_OK") -> bytes:
    """An answer with parts of it replaced."""
    return b"%b\r\nContent-length: %d\r\nSpam: %b\r\n\r\n%b" % (head, len(body) if length is None else length, spam, body)


def test_request() -> None:
    """The head says the length, and the user where there is one."""
    assert symbols_request(12) == b"SYMBOLS SPAMC/1.5\r\nContent-length: 12\r\n\r\n"
    assert symbols_request(0, "mail.x-1") == b"SYMBOLS SPAMC/1.5\r\nContent-length: 0\r\nUser: mail.x-1\r\n\r\n"


@pytest.mark.parametrize("user", ["a b", "a\r\nX: y", "a\n", "-a", "ü", "a" * 65, "a:b", "\0"])
def test_users_cannot_write_into_the_request(user: str) -> None:
    """ML20: what is no user name does not get into the head."""
    with pytest.raises(ValueError):
        symbols_request(1, user)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (answer(), Report(True, 15.0, 5.0, ("A", "B"))),
        (answer(b""), Report(True, 15.0, 5.0)),
        (answer(b"\r\n"), Report(True, 15.0, 5.0)),
        (answer(b"A_1, B\r\n"), Report(True, 15.0, 5.0, ("A_1", "B"))),
        (answer(spam=b"False ; -1.25 / 5"), Report(False, -1.25, 5.0, ("A", "B"))),
        (answer(spam=b"no;1/5"), Report(False, 1.0, 5.0, ("A", "B"))),
        (answer(spam=b"True ; 1 / 5"), Report(True, 1.0, 5.0, ("A", "B"))),
        (answer().replace(b"\r\n\r\n", b"\r\nDidSet: local\r\n\r\n").replace(b"Content-l", b"CONTENT-L"), Report(True, 15.0, 5.0, ("A", "B"))),
    ],
)
def test_answers(data: bytes, expected: Report) -> None:
    """Answers are read at their end, not before; whether it is spam is the daemon's word, not a comparison."""
    assert parse_answer(data, ended=True) == expected
    for end in range(len(data) + 1):
        assert parse_answer(data[:end], ended=False) == NeedMore()
        if end < len(data):
            assert isinstance(parse_answer(data[:end], ended=True), Unusable)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"220 mx.example ESMTP\r\n\r\n", "not spamd"),
        (b"SPAMD/1.5 0\r\n\r\n", "not spamd"),
        (b"SPAMD/1.1 0 EX_OK\n\n" + b"x" * MAX_HEAD_BYTES, "no end of the head"),
        (b"SPAMD/1.0 76 Bad header line: (EOF during headers)\r\n\r\n", "spamd says 76 "),
        (b"SPAMD/1.1 79 Timeout\r\nContent-length: 0\r\n\r\n", "spamd says 79 "),
        (answer(length=99999999999), "Content-length"),
        (answer(length=999999999), "999999999 bytes are announced"),
        (answer(length=MAX_BODY_BYTES + 1), "are announced, more than"),
        (answer(length=2), "more than is announced"),
        (answer(length=-1), "Content-length"),
        (answer().replace(b"Content-length: 3\r\n", b""), "Content-length"),
        (answer().replace(b"length: 3", b"length: 3\r\nContent-Length: 3"), "wrong header field"),
        (answer().replace(b"Spam: ", b"Spam "), "Spam"),
        (answer().replace(b"Spam: ", b"X: y\r\nno colon\r\nSpam: "), "wrong header field"),
        (answer(b"", length=0).replace(b"Spam: True ; 15.0 / 5.0\r\n", b""), "Spam"),
        (answer(spam=b"True ; nan / 5"), "Spam"),
        (answer(spam=b"True ; inf / 5"), "Spam"),
        (answer(spam=b"True ; 1e999 / 5"), "Spam"),
        (answer(spam=b"True ; 1 / "), "Spam"),
        (answer(spam=b"Maybe ; 1 / 5"), "Spam"),
        (answer(spam=b"True ; 9999999999 / 5"), "Spam"),
        (b"SPAMD/1.1 0 EX_OK\r\n" + b"X: y\r\n" * 100_000, "no end of the head"),
    ],
)
def test_nonsense_is_known_at_once(data: bytes, reason: str) -> None:
    """ML19: what can be no answer is told without waiting for its end, in printable words."""
    outcome = parse_answer(data, ended=False)
    assert isinstance(outcome, Unusable)
    assert reason in outcome.reason
    assert outcome.reason.isprintable()


@pytest.mark.parametrize("body", [b"A B", b"A,,B", b"A\r\nB", b"A\0", b"\xff", b"x" * 129, b",".join([b"A"] * 1001), b"A;dkim=pass"])
def test_rules_have_names(body: bytes) -> None:
    """ML19: a list of rules holds names of rules and nothing else."""
    assert parse_answer(answer(body), ended=True) == Unusable("no list of rules")


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: answer(data)), st.booleans())
def test_parser_is_total(data: bytes, ended: bool) -> None:
    """Every input gives a value, and the whole input decides once it has ended."""
    outcome = parse_answer(data, ended=ended)
    assert isinstance(outcome, Report | Unusable) if ended else not isinstance(outcome, Report)
