"""The header scanner: one opinion on where a header section ends and what its fields are."""

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.headers import HeaderBlock, HeaderLimits, HeaderProblem, inspect, without

# Pieces out of which every difficult place of a header section can be built.
PIECES = st.sampled_from(
    [
        b"\r\nFrom:",
        b"\r\nreceived :",
        b"\r\nA\t:",
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b"\n",
        b" ",
        b"\t",
        b":",
        b"a",
        b"From",
        b"received",
        b"x-mq-",
        b"\x00",
        b"\xff",
        b"\xe2\x82\xac",
        b"\r\n ",
    ]
)
MESSAGES = st.lists(PIECES, max_size=40).map(b"".join)


def block(message: bytes, limits: HeaderLimits | None = None) -> HeaderBlock:
    """The header section of a message that is within the limits."""
    found = inspect(message, limits) if limits else inspect(message)
    assert isinstance(found, HeaderBlock), found
    return found


@pytest.mark.parametrize(
    ("message", "header", "body"),
    [
        (b"A: b\r\n\r\nbody", b"A: b\r\n", b"body"),
        (b"A: b\r\n\r\n", b"A: b\r\n", b""),
        (b"A: b\r\n", b"A: b\r\n", b""),  # no empty line: all header
        (b"A: b", b"A: b", b""),
        (b"", b"", b""),
        (b"\r\n", b"", b""),
        (b"\r\nA: b\r\n\r\nbody", b"", b"A: b\r\n\r\nbody"),  # a leading empty line: all body
        (b"A: b\r\n\r\n\r\nbody", b"A: b\r\n", b"\r\nbody"),
        (b"A: b\n\nC: d\r\n\r\nbody", b"A: b\n\nC: d\r\n", b"body"),  # bare LF ends no line
        (b"A: b\r\rC: d\r\n\r\nbody", b"A: b\r\rC: d\r\n", b"body"),
        (b"A: b\r\n\n\r\n\r\nbody", b"A: b\r\n\n\r\n", b"body"),
        (b"A: b\r\n \r\n\r\nbody", b"A: b\r\n \r\n", b"body"),  # a line of white space is not empty
        (b"no header at all\r\n\r\nbody", b"no header at all\r\n", b"body"),
        (b"From x Mon Nov 16 2026\r\nA: b\r\n\r\nbody", b"From x Mon Nov 16 2026\r\nA: b\r\n", b"body"),
        (b"\xef\xbb\xbfA: b\r\n\r\nbody", b"\xef\xbb\xbfA: b\r\n", b"body"),
        (b"A: b\r\n\x0c\r\n\r\nbody", b"A: b\r\n\x0c\r\n", b"body"),
    ],
)
def test_split(message: bytes, header: bytes, body: bytes) -> None:
    """SM24, HD12: the body starts after the first empty line, whatever else the message looks like."""
    found = block(message)
    assert (message[: found.end], message[found.body :]) == (header, body)


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (b"A: b\r\n", [(b"A", b"b")]),
        (b"A:b\r\nC:  d  \r\n", [(b"A", b"b"), (b"C", b"d")]),
        (b"A: b\r\n\tc\r\n d\r\nE: f\r\n", [(b"A", b"b\tc d"), (b"E", b"f")]),
        (b"A :b\r\n", [(b"A", b"b")]),
        (b"A:\r\n", [(b"A", b"")]),
        (b":\r\n", [(b"", b"")]),
        (b"a: b: c\r\n", [(b"a", b"b: c")]),
        (b"junk\r\nA: b\r\n", [(b"", b"junk"), (b"A", b"b")]),
        (b" A: b\r\nC: d\r\n", [(b" A", b"b"), (b"C", b"d")]),
        (b"A: b\r\n\r\n", [(b"A", b"b")]),
        (b"A: b\r\nC: d", [(b"A", b"b"), (b"C", b"d")]),
        (b"S\xc3\xbcbject: x\r\n", [(b"S\xc3\xbcbject", b"x")]),
        (b"", []),
    ],
)
def test_fields(header: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    """Fields come with their continuation lines; names as written, values unfolded and trimmed."""
    assert [(field.name, field.value) for field in block(header).fields()] == fields


def test_named() -> None:
    """A look-up finds a name in any case, at the top and below, and never inside a value, a continuation line or the body."""
    message = b"From: 1\r\nXFrom: 2\r\nfrom : 3\r\nX: From: 4\r\n From: 5\r\nFROM\t:6\r\nFro\r\nFrom\r\nFrom:7\r\n\r\nFrom: 8\r\n"
    found = block(message)
    assert [field.value for field in found.named(b"From")] == [b"1", b"3", b"6", b"7"]
    assert [field.raw for field in found.named(b"FROM")] == [b"From: 1\r\n", b"from : 3\r\n", b"FROM\t:6\r\n", b"From:7\r\n"]
    first = found.first(b"from")
    assert first is not None
    assert first.raw == b"From: 1\r\n"
    assert found.first(b"to") is None


def test_header_bytes_limit() -> None:
    """HD08: a header section of exactly the limit is taken, one byte more is not, with and without an empty line."""
    limits = HeaderLimits(header_bytes=10)
    assert isinstance(inspect(b"A: 12345\r\n\r\nbody", limits), HeaderBlock)
    assert isinstance(inspect(b"A: 12345\r\n", limits), HeaderBlock)
    for message in (b"A: 123456\r\n\r\nbody", b"A: 1234567\r\n", b"A: 12345678\r\nand more"):
        problem = inspect(message, limits)
        assert isinstance(problem, HeaderProblem)
        assert (problem.code, problem.status) == (552, "5.3.4")


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r\n", b"\r\n\r\nbody\r\n\r\n" + b"line\r\n" * 2000])
def test_field_count_limit(end: bytes) -> None:
    """HD08: the thousandth field is taken, the next is not; continuation lines, bare LF and body lines are no fields."""
    folded = b"A: b\r\n c\r\n\td\n\n\n"
    assert isinstance(inspect(b"\r\n".join([folded] * 1000) + end), HeaderBlock)
    problem = inspect(b"\r\n".join([folded] * 1001) + end)
    assert isinstance(problem, HeaderProblem)
    assert (problem.code, problem.status) == (552, "5.3.4")


@pytest.mark.parametrize(("field", "limits"), [(b"A: b", HeaderLimits(fields=5)), (b"Received: b", HeaderLimits(received=5))])
def test_counts_without_slack(field: bytes, limits: HeaderLimits) -> None:
    """Fields of one line, the last one without its line end: nothing makes the count larger than it is."""
    assert isinstance(inspect(b"\r\n".join([field] * 5), limits), HeaderBlock)
    assert isinstance(inspect(b"\r\n".join([field] * 6), limits), HeaderProblem)


def test_problems_name_the_limit() -> None:
    """The reply says which limit was passed, and its value."""
    limits = HeaderLimits(header_bytes=100, fields=5, received=2)
    problems = [inspect(message, limits) for message in (b"a" * 101, b"A: b\r\n" * 6, b"Received: b\r\n" * 3)]
    assert [problem.text for problem in problems if isinstance(problem, HeaderProblem)] == [
        "Header section larger than 100 bytes",
        "More than 5 header fields",
        "Mail loop: more than 2 Received fields",
    ]


def test_defaults() -> None:
    """The defaults are the ones that the documentation names."""
    assert HeaderLimits() == HeaderLimits(header_bytes=262_144, fields=1_000, received=100)


def test_huge_folded_field() -> None:
    """HD08: one field of 300,000 lines is over the size limit, however few its fields are."""
    problem = inspect(b"A: b\r\n" + b" c\r\n" * 300_000)
    assert isinstance(problem, HeaderProblem)
    assert (problem.code, problem.status) == (552, "5.3.4")


@pytest.mark.parametrize(("count", "accepted"), [(51, True), (100, True), (101, False), (500, False)])
def test_loop(count: int, accepted: bool) -> None:
    """HD11: up to 100 Received fields are a long way, more are a loop (RFC 5321 section 6.3)."""
    message = (
        b"received: from a by b\r\n\tfor c\r\nReceived : x\r\n" * (count // 2) + b"RECEIVED:y\r\n" * (count % 2) + b"\r\nReceived: body\r\n"
    )
    found = inspect(message)
    assert isinstance(found, HeaderBlock) is accepted
    if isinstance(found, HeaderProblem):
        assert (found.code, found.status) == (554, "5.4.6")


def test_many_lines_without_received_is_no_loop() -> None:
    """Only Received fields count as hops."""
    assert isinstance(inspect(b"X-Received: a\r\n" * 900 + b"\r\n"), HeaderBlock)


@given(MESSAGES)
def test_fields_cover_the_section(message: bytes) -> None:
    """Whatever the bytes, fields joined are the header section, and the section is followed by an empty line or nothing."""
    found = block(message)
    assert b"".join(field.raw for field in found.fields()) == message[: found.end]
    assert message[found.end : found.body] in (b"\r\n", b"")
    assert b"\r\n\r\n" not in message[: found.end]
    assert found.body == len(message) or message[found.end : found.body] == b"\r\n"


@given(MESSAGES, st.sampled_from([b"from", b"received", b"x-mq-", b"a"]))
def test_named_agrees_with_walking(message: bytes, name: bytes) -> None:
    """The fast look-up finds what a walk over all fields finds."""
    found = block(message)
    walked = [field for field in found.fields() if re.fullmatch(re.escape(name) + rb"[ \t]*", message[field.start : max(field.colon, 0)], re.I)]
    assert list(found.named(name)) == walked


@given(MESSAGES, st.lists(st.integers(0, 60), max_size=6))
def test_without(message: bytes, cuts: list[int]) -> None:
    """Cutting ranges out leaves every other byte in place."""
    edges = sorted(min(cut, len(message)) for cut in cuts[: len(cuts) // 2 * 2])
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    inside = {position for start, end in spans for position in range(start, end)}
    assert without(message, spans) == bytes(byte for position, byte in enumerate(message) if position not in inside)


SANE_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True)
SANE_VALUES = st.from_regex(r"[!-~]([ -~]{0,30}[!-~])?", fullmatch=True)


@given(st.lists(st.tuples(SANE_NAMES, SANE_VALUES), max_size=8))
def test_agrees_with_the_email_package(fields: list[tuple[str, str]]) -> None:
    """On well-formed header sections the standard library's parser sees the same fields."""
    message = "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\nbody"
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    assert [(field.name.decode(), field.value.decode()) for field in block(message).fields()] == parsed.items()
