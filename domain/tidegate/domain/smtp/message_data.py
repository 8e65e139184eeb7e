"""Collects the data of one message, by DATA (RFC 5321 section 4.1.1.4) or by BDAT chunks (RFC 3030)."""

from enum import Enum
from io import BytesIO
from typing import Protocol

import attrs

from tidegate.domain.smtp.end_of_data import EndOfData
from tidegate.domain.smtp.line_ends import normalize, only_crlf

_END = b"\r\n.\r\n"
_EMPTY_LINE = b"\r\n\r\n"
_LINE_DOT = b"\r\n."
_MARK_BYTES = len(b".\r\n")
"""Of the end mark, whose first CRLF is the message's own."""


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
    _stored: BytesIO = attrs.field(init=False, factory=BytesIO)  # gives its bytes away without a copy
    _size: int = attrs.field(init=False, default=0)
    _end: EndOfData = attrs.field(init=False, factory=EndOfData)
    _reserved: int = attrs.field(init=False, default=0)
    _refusal: Refusal | None = attrs.field(init=False, default=None)

    @property
    def refusal(self) -> Refusal | None:
        """Why the data will be refused, as far as is known before its end."""
        return self._refusal

    @property
    def size(self) -> int:
        """Bytes stored."""
        return self._size

    def feed(self, data: bytes) -> int | None:
        """Take input that follows the 354.

        Returns:
            None when the end has not come; otherwise how many bytes of ``data`` belong to the message and its end mark.
        """
        consumed = self._end.feed(data)
        if self._refusal is None:
            if consumed is None:
                self._store(data)
            elif consumed >= _MARK_BYTES:
                self._store(memoryview(data)[: consumed - _MARK_BYTES])
            else:  # a part of the mark came before
                self._size -= _MARK_BYTES - consumed
                self._stored.truncate(self._size)
        return consumed

    def feed_chunk(self, data: bytes) -> None:
        """Take octets of a BDAT chunk: a dot means nothing there (RFC 3030 section 2)."""
        if self._refusal is None:
            self._store(data, slack=0)

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
        data = self._stored.getvalue()
        self._stored = BytesIO()  # the memory stays reserved, for the message
        text = _header_section(data) if binary else data
        stuffed = self._end.dots > 0
        if not only_crlf(text):
            if not relax or b"\0" in text:
                return Refusal.BARE_LINE_ENDS
            data = normalize(text) + data[len(text) :]
            stuffed = True  # perhaps: a line end that was bare before may stand before a dot
        if dots and stuffed:
            data = data.removeprefix(b".").replace(_LINE_DOT, b"\r\n")
        return Refusal.TOO_BIG if len(data) > self.max_bytes else data

    def release(self) -> None:
        """Drop the data and give its memory back. May be called more than once."""
        self.budget.give_bytes(self._reserved)
        self._reserved = self._size = 0
        self._stored = BytesIO()

    def _store(self, data: "bytes | memoryview[int]", slack: int = 3) -> None:
        """Keep a piece, or refuse the message for it.

        Args:
            data: the piece.
            slack: bytes of the end mark that may have come and are not part of the message; :meth:`finish` knows the exact size.
        """
        self._stored.write(data)
        self._size += len(data)
        if not self.budget.take_bytes(len(data)):
            self._refusal = Refusal.NO_MEMORY
        else:
            self._reserved += len(data)
            if self._size - self._end.dots > self.max_bytes + slack:
                self._refusal = Refusal.TOO_BIG
        if self._refusal is not None:
            self.release()


def _header_section(data: bytes) -> bytes:
    """What stands before the empty line, or everything where there is none."""
    if data.startswith(b"\r\n"):
        return b""
    end = data.find(_EMPTY_LINE)
    return data if end < 0 else data[: end + 2]
