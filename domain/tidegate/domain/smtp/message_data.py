"""Collects the data of one message, by DATA (RFC 5321 section 4.1.1.4) or by BDAT chunks (RFC 3030).

The end of DATA is CRLF.CRLF and nothing else. Lines are not looked at one by one: the buffer is searched for a dot after a line end, which
most messages have only at their end.
"""

from enum import Enum
from typing import Protocol

import attrs

from tidegate.domain.smtp.line_ends import normalize, only_crlf

_END = b"\r\n.\r\n"
_EMPTY_LINE = b"\r\n\r\n"
_LINE_DOT = b"\r\n."
_MAX_DOT_LINES = 16
"""Dots at line starts that are looked at one by one. A message with more (a hostile one may have nothing else) is searched by
``bytes.find``, whose cost does not depend on their number."""


class ByteBudget(Protocol):
    """Memory for message data, shared by all sessions of a process."""

    def take_bytes(self, count: int) -> bool:
        """Reserve; False when the budget is spent, then nothing is reserved."""

    def give_bytes(self, count: int) -> None:
        """Give back what was reserved."""


class Refusal(Enum):
    """Why a message is not taken although it arrived to its end."""

    TOO_BIG = "too big"
    NO_MEMORY = "no memory"
    BARE_LINE_ENDS = "bare line ends"


def whole_message(data: bytes) -> bytes | None:
    """The message of input that follows the 354, when it is one whole message and nothing else: its end mark ends it, no line begins with a
    dot, and every line end is CRLF. None for anything else, which takes a :class:`MessageData`.

    Most messages of a few kilobytes come so. They need no buffer, and half the work.
    """
    if data[-5:] != _END or data[:1] == b".":
        return None
    return data[:-3] if data.find(_LINE_DOT) == len(data) - 5 and only_crlf(data) else None


@attrs.define
class MessageData:
    """The buffer of one message.

    After a refusal nothing more is stored; input is read to the end of the message and dropped.

    Attributes:
        max_bytes: largest message, in bytes after dot-unstuffing.
        budget: where memory for the buffer is reserved, and given back by :meth:`release`.
    """

    max_bytes: int
    budget: ByteBudget
    _buffer: bytearray = attrs.field(init=False, factory=lambda: bytearray(b"\r\n"))  # stands for the CRLF of "DATA": a first "." counts
    _searched: int = attrs.field(init=False, default=0)
    _dot_lines: int = attrs.field(init=False, default=0)
    _reserved: int = attrs.field(init=False, default=0)
    _counted: int = attrs.field(init=False, default=0)
    _counted_dots: int = attrs.field(init=False, default=0)
    _refusal: Refusal | None = attrs.field(init=False, default=None)

    @property
    def refusal(self) -> Refusal | None:
        """Why the data will be refused, as far as is known before its end."""
        return self._refusal

    @property
    def size(self) -> int:
        """Bytes stored."""
        return len(self._buffer) - 2

    def feed(self, data: bytes) -> int | None:
        """Take input that follows the 354.

        Returns:
            None when the end has not come; otherwise how many bytes of ``data`` belong to the message and its end mark.
        """
        buffer = self._buffer
        before = len(buffer)
        buffer += data
        end = self._find_end() if self._refusal is None else buffer.find(_END)
        if end < 0:
            self._account(len(buffer) - before)
            return None
        consumed = end + len(_END) - before
        del buffer[end + 2 :]
        self._account(max(0, len(buffer) - before))
        return consumed

    def feed_chunk(self, data: bytes) -> None:
        """Take octets of a BDAT chunk: a dot means nothing there (RFC 3030 section 2)."""
        if self._refusal is None:
            self._buffer += data
            self._counted = len(self._buffer)  # no stuffing to allow for
            self._account(len(data), slack=0)

    def finish(self, *, dots: bool, relax: bool = False, binary: bool = False) -> bytes | Refusal:
        """The message, now that it is complete, or why it is refused.

        Args:
            dots: it came by DATA and is dot-stuffed.
            relax: make bare CR and LF a CRLF instead of refusing them; NUL is refused all the same.
            binary: BODY=BINARYMIME was declared: line ends of the body are not looked at. Its header section is text all the same (RFC 3030
                section 3), and one that two programs cut into different fields is how a sender is forged.
        """
        if self._refusal is not None:
            return self._refusal
        data: bytes | bytearray = self._buffer
        text = data[: data.find(_EMPTY_LINE) + 2] if binary and _EMPTY_LINE in data else data
        stuffed = self._dot_lines > 0
        if not only_crlf(text):
            if not relax or b"\0" in text:
                return Refusal.BARE_LINE_ENDS
            data = normalize(text) + data[len(text) :]
            stuffed = True  # perhaps: a line end that was bare before may stand before a dot
        if dots and stuffed:
            data = data.replace(_LINE_DOT, b"\r\n")
        if len(data) - 2 > self.max_bytes:
            return Refusal.TOO_BIG
        self._buffer = bytearray()  # its memory stays reserved, for the message
        with memoryview(data) as view:
            return bytes(view[2:])

    def release(self) -> None:
        """Drop the data and give its memory back. May be called more than once."""
        self.budget.give_bytes(self._reserved)
        self._reserved = 0
        self._buffer = bytearray()

    def _find_end(self) -> int:
        """Offset of the end mark in the buffer or -1; each byte is looked at once over all calls."""
        buffer = self._buffer
        while self._dot_lines <= _MAX_DOT_LINES:
            at = buffer.find(_LINE_DOT, self._searched)
            if at < 0:
                self._searched = max(0, len(buffer) - 2)  # the last two bytes may be a line end before a dot
                return -1
            following = bytes(buffer[at + 3 : at + 5])
            if following == b"\r\n":
                return at
            if following in (b"", b"\r"):  # may still become the end
                self._searched = at
                return -1
            self._dot_lines += 1
            self._searched = at + 3
        found = buffer.find(_END, max(0, self._searched - len(_END) + 1))
        if found < 0:
            self._searched = len(buffer)
        return found

    def _account(self, added: int, slack: int = 3) -> None:
        # slack: up to ".\r\n" of the end mark may stand behind the message; finish() knows the exact size.
        if self._refusal is None:
            if not self.budget.take_bytes(added):
                self._refusal = Refusal.NO_MEMORY
            else:
                self._reserved += added
                limit = self.max_bytes + slack
                if self.size > limit and self._unstuffed_size() > limit:
                    self._refusal = Refusal.TOO_BIG
            if self._refusal is None:
                return
            self.budget.give_bytes(self._reserved)
            self._reserved = 0
        del self._buffer[: -len(_END) + 1]  # keep what the end mark may begin with

    def _unstuffed_size(self) -> int:
        """Size without the dots that stuffing added, for a message that is over the limit with them. Counts each byte once over all calls."""
        end = len(self._buffer)
        self._counted_dots += self._buffer.count(_LINE_DOT, max(0, self._counted - 2), end)
        self._counted = end
        return self.size - self._counted_dots
