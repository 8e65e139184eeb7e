"""The header section of a message (RFC 5322 section 2.2), found by one linear scan over the bytes as they came.

There is one place where header and body part, used by everything that looks at a message: the first empty line. A second opinion elsewhere
would let a text count as header for one check and as body for the next. Only CRLF ends a line; a bare CR or LF is an ordinary byte.

Nothing is refused for its form. A gateway carries what it gets: lines without colon, an mbox ``From `` line, eight-bit names, a message
without header section or without body are all kept and can be walked over. Only size is bounded.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import attrs

from tidegate.domain.value_object import value_object

MAX_HEADER_BYTES = 256 * 1024
"""Real header sections stay below 64 KiB, long DKIM, ARC and To fields included; four times that is room enough."""

MAX_HEADER_FIELDS = 1000
"""Real messages carry below 200."""

MAX_RECEIVED_FIELDS = 100
"""RFC 5321 section 6.3: a server that counts Received fields to detect loops should allow at least 100."""

_FIELD_END = re.compile(rb"\r\n(?![ \t])")


@attrs.frozen
class HeaderLimits:
    """How much header section is taken; a value above a limit is a :class:`HeaderProblem`.

    Attributes:
        header_bytes: length of the header section, line ends included, the empty line not.
        fields: number of header fields.
        received: number of ``Received`` fields, each a hop.
    """

    header_bytes: int = MAX_HEADER_BYTES
    fields: int = MAX_HEADER_FIELDS
    received: int = MAX_RECEIVED_FIELDS


DEFAULT_LIMITS = HeaderLimits()


@attrs.frozen
class HeaderProblem:
    """Why a message is refused, as the SMTP reply says it: code, enhanced status code (RFC 3463) and text."""

    code: int
    status: str
    text: str


@value_object
class Field:
    """One header field, as offsets into the message.

    Attributes:
        message: the message that the offsets count in.
        start: the first byte of the name.
        end: just past the field: its CRLF and all its continuation lines are inside.
        colon: offset of the colon, or -1 for a line that has none.
    """

    message: bytes = attrs.field(repr=False)
    start: int
    end: int
    colon: int

    @property
    def name(self) -> bytes:
        """The name as written, less white space before the colon (RFC 5322 section 4.5.8); empty without colon."""
        return self.message[self.start : self.colon].rstrip(b" \t") if self.colon >= 0 else b""

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded (RFC 5322 section 2.2.3) and trimmed; the whole line when there is no colon."""
        return self.message[self.colon + 1 if self.colon >= 0 else self.start : self.end].replace(b"\r\n", b"").strip(b" \t")

    @property
    def raw(self) -> bytes:
        """The bytes of the field as they came."""
        return self.message[self.start : self.end]


@value_object
class HeaderBlock:
    """A message with its header section found.

    Attributes:
        message: the whole message.
        end: length of the header section; the last field's CRLF is inside.
        body: offset of the body, past the empty line; ``len(message)`` when there is no empty line.
    """

    message: bytes = attrs.field(repr=False)
    end: int
    body: int

    def fields(self) -> Iterator[Field]:
        """Every field from top to bottom. Joined, their ``raw`` bytes are the header section."""
        start = 0
        while start < self.end:
            field = self.field_at(start)
            yield field
            start = field.end

    def named(self, name: bytes) -> Iterator[Field]:
        """Every field called ``name`` from top to bottom, in any case, white space before the colon allowed.

        Args:
            name: one of a fixed set of names: its pattern is kept.
        """
        first, others = _patterns(name.lower())
        if first.match(self.message, 0, self.end):
            yield self.field_at(0)
        for found in others.finditer(self.message, 0, self.end):
            yield self.field_at(found.start() + 2)

    def first(self, name: bytes) -> Field | None:
        """The topmost field called ``name``."""
        return next(self.named(name), None)

    def field_at(self, start: int) -> Field:
        """The field that starts at ``start``, which must be the start of a line in the header section."""
        found = _FIELD_END.search(self.message, start, self.end)
        end = found.end() if found else self.end
        return Field(self.message, start, end, self.message.find(b":", start, end))


def inspect(message: bytes, limits: HeaderLimits = DEFAULT_LIMITS) -> HeaderBlock | HeaderProblem:
    """Find the header section of a message and hold it against the limits.

    Costs one search for the empty line and one count of lines; fields are told apart only where the number of lines passes a limit. Never
    reads further than ``limits.header_bytes``.

    Args:
        message: the mail data after dot-unstuffing.
        limits: what is taken.
    """
    if message.startswith(b"\r\n"):
        return HeaderBlock(message, 0, 2)
    empty_line = message.find(b"\r\n\r\n", 0, limits.header_bytes + 2)
    if empty_line >= 0:
        block = HeaderBlock(message, empty_line + 2, empty_line + 4)
    elif len(message) <= limits.header_bytes:
        block = HeaderBlock(message, len(message), len(message))
    else:
        return HeaderProblem(552, "5.3.4", f"Header section larger than {limits.header_bytes} bytes")
    # One byte is counted at memchr speed, two are not. Bare LF makes this too many, never too few.
    lines = message.count(b"\n", 0, block.end) + 1
    if lines > limits.fields and _count_fields(block) > limits.fields:
        return HeaderProblem(552, "5.3.4", f"More than {limits.fields} header fields")
    if lines > limits.received and sum(1 for _ in block.named(b"received")) > limits.received:
        # RFC 3463 section 3.5: X.4.6 is a routing loop.
        return HeaderProblem(554, "5.4.6", f"Mail loop: more than {limits.received} Received fields")
    return block


def without(message: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """The message less the given ``[start, end)`` ranges, which are ascending and do not overlap; every other byte in place."""
    kept = []
    position = 0
    for start, end in spans:
        kept.append(message[position:start])
        position = end
    kept.append(message[position:])
    return b"".join(kept)


@lru_cache(maxsize=256)
def _patterns(name: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """How ``name`` starts the section, and how it starts a later line. The literal CRLF is what makes the search fast."""
    escaped = re.escape(name) + rb"[ \t]*:"
    return re.compile(escaped, re.IGNORECASE), re.compile(rb"\r\n" + escaped, re.IGNORECASE)


def _count_fields(block: HeaderBlock) -> int:
    """The number of lines that do not continue another; the first line always counts."""
    ends = sum(1 for _ in _FIELD_END.finditer(block.message, 0, block.end))
    return ends if block.message.endswith(b"\r\n", 0, block.end) else ends + 1
