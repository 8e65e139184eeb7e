"""The protocol of spamd: requests and answers, right and wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.spamassassin import Hit, report

from tidegate.domain.spam_rule import SpamRule
from tidegate.domain.spamc import MAX_BODY_BYTES, MAX_HEAD_BYTES, Answer, NeedMore, Question, Unusable, parse_answer, request


def answer(body: bytes = b"A,B", *, length: int | None = None, spam: bytes = b"True ; 15.0 / 5.0", head: bytes = b"SPAMD/1.1 0 EX_OK") -> bytes:
    """An answer with parts of it replaced."""
    return b"%b\r\nContent-length: %d\r\nSpam: %b\r\n\r\n%b" % (head, len(body) if length is None else length, spam, body)


def test_request() -> None:
    """The head says what is asked, the length, and the user where there is one."""
    assert request(Question.SYMBOLS, 12) == b"SYMBOLS SPAMC/1.5\r\nContent-length: 12\r\n\r\n"
    assert request(Question.REPORT, 0, "mail.x-1") == b"REPORT SPAMC/1.5\r\nContent-length: 0\r\nUser: mail.x-1\r\n\r\n"


@pytest.mark.parametrize("user", ["a b", "a\r\nX: y", "a\n", "-a", "ü", "a" * 65, "a:b", "\0"])
def test_users_cannot_write_into_the_request(user: str) -> None:
    """ML20: what is no user name does not get into the head."""
    with pytest.raises(ValueError):
        request(Question.SYMBOLS, 1, user)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (answer(), Answer(True, 15.0, 5.0, ("A", "B"))),
        (answer(b""), Answer(True, 15.0, 5.0)),
        (answer(b"\r\n"), Answer(True, 15.0, 5.0)),
        (answer(b"A_1, B\r\n"), Answer(True, 15.0, 5.0, ("A_1", "B"))),
        (answer(spam=b"False ; -1.25 / 5"), Answer(False, -1.25, 5.0, ("A", "B"))),
        (answer(spam=b"no;1/5"), Answer(False, 1.0, 5.0, ("A", "B"))),
        (answer(spam=b"True ; 1 / 5"), Answer(True, 1.0, 5.0, ("A", "B"))),
        (answer(spam=b"False ; -0.0 / 5.0"), Answer(False, 0.0, 5.0, ("A", "B"))),
        (answer().replace(b"\r\n\r\n", b"\r\nDidSet: local\r\n\r\n").replace(b"Content-l", b"CONTENT-L"), Answer(True, 15.0, 5.0, ("A", "B"))),
    ],
)
def test_answers(data: bytes, expected: Answer) -> None:
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


HITS = (Hit("NO_RELAYS", -0.001), Hit("GTUBE", 10.0, "Generic Test", "BODY: "), Hit("MULTI", 2.5), Hit("MULTI", 2.5))
RULES = (SpamRule("GTUBE", 10.0, "BODY: Generic Test"), SpamRule("MULTI", 2.5), SpamRule("MULTI", 2.5), SpamRule("NO_RELAYS", 0.0))


@pytest.mark.parametrize(
    ("body", "symbols", "rules", "unread"),
    [
        (report(HITS), ("GTUBE", "MULTI", "MULTI", "NO_RELAYS"), RULES, ""),
        (report(HITS[:3]), (), None, "the points of the rules do not add up to the score"),
        (b"", (), None, "no table of rules: not SpamAssassin's own template"),
        (b"GTUBE,MULTI", (), None, "no table of rules: not SpamAssassin's own template"),
    ],
)
def test_reports(body: bytes, symbols: tuple[str, ...], rules: tuple[SpamRule, ...] | None, unread: str) -> None:
    """A report is read at its end, split anywhere; the greatest points come first, names as for SYMBOLS. One that cannot be read costs neither
    decision nor score, which stand in the head."""
    data = answer(body)
    assert parse_answer(data, ended=True, question=Question.REPORT) == Answer(True, 15.0, 5.0, symbols, rules, unread)
    for end in range(len(data) + 1):
        assert parse_answer(data[:end], ended=False, question=Question.REPORT) == NeedMore()
        if end < len(data):
            assert isinstance(parse_answer(data[:end], ended=True, question=Question.REPORT), Unusable)


def test_long_reports_do_not_cost_the_decision() -> None:
    """ML19: a message that makes rules find more than is read is judged all the same, as soon as the head is there."""
    data = answer(length=MAX_BODY_BYTES + 1)
    head = data[: data.index(b"\r\n\r\n") + 4]
    expected = Answer(True, 15.0, 5.0, unread="65537 bytes are announced, more than 65536")
    assert parse_answer(head, ended=False, question=Question.REPORT) == expected
    assert parse_answer(head[:-1], ended=False, question=Question.REPORT) == NeedMore()
    assert isinstance(parse_answer(answer(report(HITS), length=10), ended=True, question=Question.REPORT), Unusable)


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: answer(data)), st.booleans(), st.sampled_from(Question))
def test_parser_is_total(data: bytes, ended: bool, question: Question) -> None:
    """Every input gives a value, and the whole input decides once it has ended."""
    outcome = parse_answer(data, ended=ended, question=question)
    assert isinstance(outcome, Answer | Unusable) if ended else not isinstance(outcome, Answer)
