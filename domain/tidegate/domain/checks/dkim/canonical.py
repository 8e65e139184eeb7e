"""Canonical forms of header fields and bodies (RFC 6376 section 3.4), in linear time.

Bodies may have 100 MB, so they are taken in pieces and never copied as a whole. The obvious way to drop white space before line ends, a
pattern for blanks followed by CRLF, takes quadratic time on lines of blanks; here every byte is looked at a fixed number of times.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

PIECE_BYTES = 256 * 1024
_TAIL_BYTES = 4096

_BLANKS = re.compile(rb"[ \t]+")


class Canonicalization(StrEnum):
    """How much change on the way a signature survives."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """RFC 6376 section 3.4.2: ``name`` without white space, ``value`` still folded; ends with CRLF."""
    return b"%s:%s\r\n" % (name.lower(), _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" "))


def canonical_body(message: bytes, start: int, form: Canonicalization) -> Iterator[bytes]:
    """The canonical body in pieces: what follows ``start`` in ``message`` (RFC 6376 sections 3.4.3 and 3.4.4)."""
    return _relaxed(message, start) if form is Canonicalization.RELAXED else _simple(message, start)


def _simple(message: bytes, start: int) -> Iterator[bytes]:
    end = _end_of_text(message, start, b"\r\n")
    for position in range(start, end, PIECE_BYTES):
        yield message[position : min(position + PIECE_BYTES, end)]
    yield b"\r\n"


def _relaxed(message: bytes, start: int) -> Iterator[bytes]:
    end = _end_of_text(message, start, b" \t\r\n")
    position = start
    while position < end:
        cut = _cut(message, position, end)
        piece = message[position:cut]
        if b"\t" in piece:
            piece = piece.replace(b"\t", b" ")
        while b"  " in piece:  # halves the longest run each time
            piece = piece.replace(b"  ", b" ")
        if b" \r\n" in piece:
            piece = piece.replace(b" \r\n", b"\r\n")
        yield piece
        position = cut
    if end > start:
        yield b"\r\n"


def _cut(message: bytes, position: int, end: int) -> int:
    """Where a piece may end: behind a CRLF, so that no white space is torn apart. Pieces have 256 kB, or one line that is longer."""
    if end - position <= PIECE_BYTES:
        return end
    cut = message.rfind(b"\r\n", position, position + PIECE_BYTES)
    if cut < 0:
        cut = message.find(b"\r\n", position, end)
    return end if cut < 0 else cut + 2


def _end_of_text(message: bytes, start: int, dropped: bytes) -> int:
    """The end of the body less the CRLFs at its end, and less the blanks there where ``dropped`` has them."""
    end = len(message)
    while end > start:
        begin = max(start, end - _TAIL_BYTES)
        kept = message[begin:end].rstrip(dropped)
        end = begin + len(kept)
        if kept:
            break
    # A CR or LF of its own is text, not a line end.
    if 2 * message.count(b"\r\n", end) != message.count(b"\r", end) + message.count(b"\n", end):
        tail = message[end:].replace(b"\r\n", b"  ")
        end += max(tail.rfind(b"\r"), tail.rfind(b"\n")) + 1
    return end
