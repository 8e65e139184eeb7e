"""The protocol of spamd, SpamAssassin's daemon (SPAMC/1.5), for two questions: SYMBOLS, which rules match a message, and REPORT, with how many
points each.

Sans-IO: the head of a request to write in front of the message, and the answer read from all bytes received so far. An answer is believed only
when everything about it is right; one that stops short, is longer than it says or has a score that is no number is none.

The protocol is told in SpamAssassin's file spamd/PROTOCOL: each side sends a line, header fields and an empty line, then a body whose length
the field Content-length says.
"""

import re
from enum import Enum

import attrs

from tidegate.domain.spam_rule import SpamRule, by_weight
from tidegate.domain.spamassassin_report import MAX_RULES, NAME, NoTable, read_rules

MAX_HEAD_BYTES = 4096
"""Of an answer, its empty line included. Real heads have three short lines."""
MAX_BODY_BYTES = 64 * 1024
"""Of an answer. A message on which a hundred rules match has 3 kB of names, or a report of 10 kB."""
MAX_SYMBOLS = MAX_RULES
MAX_USER_CHARS = 64

_is_user = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}").fullmatch
_status = re.compile(rb"SPAMD/[0-9]{1,3}\.[0-9]{1,3} ([0-9]{1,3}) ([\x20-\x7e]*)").fullmatch
_length = re.compile(r"[0-9]{1,9}").fullmatch
_number = r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)"
_spam = re.compile(rf"(True|False|Yes|No) *; *{_number} */ *{_number}", re.IGNORECASE).fullmatch
_is_symbol = re.compile(NAME).fullmatch

_SHOWN_BYTES = 80


class Question(Enum):
    """What is asked about a message; the value is the word on the wire."""

    SYMBOLS = "SYMBOLS"
    REPORT = "REPORT"


@attrs.frozen
class Answer:
    """What spamd says of a message.

    Attributes:
        spam: its own decision.
        score: of the message.
        threshold: the score from which it says spam.
        symbols: names of the rules that matched, in the order of the alphabet, one for each match.
        rules: the same with their points, the greatest first; None where they were not asked for or cannot be read.
        unread: why a report cannot be read, printable; ``symbols`` is empty then. The head, which has the decision, stands all the same.
    """

    spam: bool
    score: float
    threshold: float
    symbols: tuple[str, ...] = ()
    rules: tuple[SpamRule, ...] | None = None
    unread: str = ""


@attrs.frozen
class NeedMore:
    """The answer is not complete."""


@attrs.frozen
class Unusable:
    """What came is no answer, and never will be one. ``reason`` is printable."""

    reason: str


def request(question: Question, message_bytes: int, user: str = "") -> bytes:
    """The head of a request; exactly ``message_bytes`` bytes of message follow, whatever stands in them.

    Args:
        question: what is asked.
        message_bytes: length of the message.
        user: whose preferences spamd applies; empty for those of the user it runs as.

    Raises:
        ValueError: ``user`` is not a user name.
    """
    if user and not is_user(user):
        raise ValueError(f"not a user name for spamd: {user!r}")
    named = f"User: {user}\r\n" if user else ""
    return f"{question.value} SPAMC/1.5\r\nContent-length: {message_bytes}\r\n{named}\r\n".encode("ascii")


def is_user(text: str) -> bool:
    """Whether the text can stand as ``User``: letters, digits and ``. _ @ + -``, at most ``MAX_USER_CHARS``."""
    return _is_user(text) is not None


def parse_answer(data: bytes, *, ended: bool, question: Question = Question.SYMBOLS) -> Answer | NeedMore | Unusable:
    """Read an answer.

    Total: every input gives a value. An answer is known at the end only: spamd closes the connection behind it, and one with more or less
    behind its head than it says is not to be trusted. What never will be one is known before, and so is that a report is too long.

    Args:
        data: all bytes received so far.
        ended: the other side has closed.
        question: what was asked.
    """
    head_end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    if head_end < 0:
        if len(data) >= MAX_HEAD_BYTES:
            return Unusable(f"no end of the head within {MAX_HEAD_BYTES} bytes")
        return Unusable("the connection was closed within the head") if ended else NeedMore()
    status_line, *lines = data[:head_end].split(b"\r\n")
    status = _status(status_line)
    if status is None:
        return Unusable(f"not spamd: {_shown(status_line)}")
    if int(status[1]) != 0:
        return Unusable(f"spamd says {int(status[1])} {_shown(status[2])}")
    fields = _fields(lines)
    if isinstance(fields, Unusable):
        return fields
    length, verdict = _length(fields.get("content-length", "")), _spam(fields.get("spam", ""))
    if length is None or verdict is None:
        return Unusable(f"no usable {'Content-length' if length is None else 'Spam'} field")
    answer = Answer(verdict[1].lower() in ("true", "yes"), float(verdict[2]) + 0.0, float(verdict[3]))  # + 0.0: no negative zero
    announced, received = int(length[0]), len(data) - head_end - 4
    if announced > MAX_BODY_BYTES:
        # What a message makes some rules report has no bound of its own: it must not cost the decision.
        too_long = f"{announced} bytes are announced, more than {MAX_BODY_BYTES}"
        return attrs.evolve(answer, unread=too_long) if question is Question.REPORT else Unusable(too_long)
    if received > announced:
        return Unusable("more than is announced")
    if not ended:
        return NeedMore()
    if received < announced:
        return Unusable(f"{announced} bytes are announced, {received} came")
    body = data[head_end + 4 :]
    return _with_report(answer, body) if question is Question.REPORT else _with_symbols(answer, body)


def _fields(lines: list[bytes]) -> dict[str, str] | Unusable:
    """The header fields, names in lower case. A field that comes twice says two things."""
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or name.lower() in fields:
            return Unusable(f"a wrong header field: {_shown(line)}")
        fields[name.lower()] = value.strip(" \t")
    return fields


def _with_symbols(answer: Answer, body: bytes) -> Answer | Unusable:
    text = body.decode("latin-1").strip(" \t\r\n")
    symbols = tuple(item.strip(" ") for item in text.split(",")) if text else ()
    if len(symbols) > MAX_SYMBOLS or not all(map(_is_symbol, symbols)):
        return Unusable("no list of rules")
    return attrs.evolve(answer, symbols=symbols)


def _with_report(answer: Answer, body: bytes) -> Answer:
    rules = read_rules(body, answer.score)
    if isinstance(rules, NoTable):
        return attrs.evolve(answer, unread=rules.reason)
    return attrs.evolve(answer, symbols=tuple(sorted(rule.name for rule in rules)), rules=by_weight(rules))


def _shown(data: bytes) -> str:
    return repr(data[:_SHOWN_BYTES])[1:]
