"""Parts of a MIME message (RFC 2046), bounded in depth and number, without copying what nobody reads.

Only multiparts are descended into. A message inside a message (``message/rfc822``) stays one part: a report about a report, or a bounce that
somebody forwards, says nothing about the message that carries it.
"""

from collections.abc import Iterator

import attrs

from tidegate.domain.reports.content_type import ContentType, read_content_type
from tidegate.domain.reports.header import Header, header_end
from tidegate.domain.reports.limits import MAX_MIME_DEPTH, MAX_MIME_PARTS, MAX_SCANS
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.transfer import decode_transfer

_MAX_BOUNDARY = 256  # RFC 2046 section 5.1.1 allows 70 characters
_FREE_SCANS = 1_000_000  # octets that may be searched whatever the size of the message: they take a millisecond
_MAX_NEAR_MISSES = 10_000  # lines that begin like a delimiter and are none: each costs a step in Python


@attrs.frozen(eq=False)
class Part:
    """One leaf of the MIME tree, or the whole message when it is not multipart.

    Attributes:
        header: fields of the part; for the whole message, those of the message.
        content_type: as declared; ``text/plain`` where nothing is declared.
    """

    header: Header
    content_type: ContentType
    _data: bytes
    _start: int
    _end: int

    @property
    def encoded_size(self) -> int:
        """Octets of the body before decoding."""
        return self._end - self._start

    @property
    def filename(self) -> str:
        """The file name of the disposition or the media type, or ``""``."""
        disposition = self.header.get(b"content-disposition")
        if disposition is not None:
            name = read_content_type(disposition).parameters.get("filename")
            if name:
                return name
        return self.content_type.parameters.get("name", "")

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case, ``7bit`` when absent."""
        return (self.header.get(b"content-transfer-encoding") or "7bit").lower()

    def body(self, limit: int | None = None) -> bytes:
        """Return the decoded body, of at most the first ``limit`` encoded octets."""
        end = self._end if limit is None else min(self._end, self._start + limit)
        return decode_transfer(self._data[self._start : end], self.encoding)


def whole(data: bytes, header: Header, content_type: ContentType, body_start: int) -> Part:
    """Return the message itself as one part, its body beginning at ``body_start``."""
    return Part(header, content_type, data, body_start, len(data))


def leaves(message: Part) -> Iterator[Part]:
    """Yield the leaves of a message in order: the message itself when it is not multipart.

    A missing end boundary ends at the end of the data. A multipart in which its boundary does not occur is a leaf.

    Raises:
        Unreadable: more than MAX_MIME_PARTS parts or MAX_MIME_DEPTH levels, or levels that are all as large as the message.
    """
    count = 0
    room = message.encoded_size * MAX_SCANS + _FREE_SCANS
    # Explicit stack: depth comes from outside.
    stack = [iter((message,))]
    while stack:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
            continue
        count += 1
        if count > MAX_MIME_PARTS:
            raise Unreadable(f"more than {MAX_MIME_PARTS} MIME parts")
        if part.content_type.type.startswith("multipart/") and _has_children(part):
            if len(stack) > MAX_MIME_DEPTH:
                raise Unreadable(f"more than {MAX_MIME_DEPTH} levels of MIME parts")
            room -= part.encoded_size
            if room < 0:
                raise Unreadable("MIME parts nested for the sake of nesting")
            stack.append(_children(part))
            continue
        yield part


def _boundary(part: Part) -> bytes:
    boundary = part.content_type.parameters.get("boundary", "")
    return boundary.encode("utf-8", "replace") if len(boundary) <= _MAX_BOUNDARY else b""


def _has_children(part: Part) -> bool:
    boundary = _boundary(part)
    return bool(boundary) and part._data.find(b"--" + boundary, part._start, part._end) >= 0


def _children(part: Part) -> Iterator[Part]:
    data, start, end = part._data, part._start, part._end
    delimiter = b"--" + _boundary(part)
    at, after, closing = _delimiter(data, delimiter, start, end)
    while at >= 0 and not closing:
        begin = after
        at, after, closing = _delimiter(data, delimiter, begin, end)
        stop = end if at < 0 else at
        # The line break before a delimiter belongs to the delimiter.
        if at >= 0 and stop > begin and data[stop - 1 : stop] == b"\n":
            stop -= 1
            if stop > begin and data[stop - 1 : stop] == b"\r":
                stop -= 1
        yield _part(data, begin, max(begin, stop))


def _delimiter(data: bytes, delimiter: bytes, start: int, end: int) -> tuple[int, int, bool]:
    """Find the next delimiter line: its place, where its line ends, and whether it closes the multipart; (-1, end, True) for none."""
    at = start if data.startswith(delimiter, start, end) else -1
    line_start = b"\n" + delimiter
    for _ in range(_MAX_NEAR_MISSES):
        if at < 0:
            at = data.find(line_start, start, end)
            if at < 0:
                return -1, end, True
            at += 1
        after = at + len(delimiter)
        closing = data.startswith(b"--", after, end)
        line_end = data.find(b"\n", after, end)
        if line_end < 0:
            line_end = end
        # A longer boundary that begins like this one is another boundary.
        if closing or (line_end - after < _MAX_BOUNDARY and not data[after:line_end].strip()):
            return at, min(line_end + 1, end), closing
        start = line_end
        at = -1
    raise Unreadable(f"more than {_MAX_NEAR_MISSES} lines that begin like a MIME delimiter")


def _part(data: bytes, start: int, end: int) -> Part:
    head, body = header_end(data, start, end)
    header = Header(data[start:head])
    declared = header.get(b"content-type")
    return Part(header, read_content_type(declared) if declared else ContentType("text/plain"), data, body, end)
