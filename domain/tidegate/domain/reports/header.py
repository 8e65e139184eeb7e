"""Header section of a message or a part, looked up without parsing it whole.

Classification needs a handful of fields of headers that have fifty; so their places are looked up in one linear pass, and nothing else is
split. Malformed lines are in nobody's way.
"""

import re

from tidegate.domain.reports.limits import MAX_PART_HEADER_BYTES
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.text import decode

_MAX_VALUE = 16_384  # octets of one value that are unfolded; a longer one is cut
_BLANK_LINE = re.compile(rb"\n\r?\n")
# One pass finds every field that this package asks for; the search leaps from line break to line break.
_FIELDS = re.compile(
    rb"\n(content-(?:type|transfer-encoding|disposition)|from|to|sender|subject|date|message-id|return-path|delivered-to|auto-submitted"
    rb"|x-(?:failed-recipients|mailer|amz-sns-message-id)):"
)


def header_end(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the header of the part that begins at ``start`` stops and where its body begins; both are ``end`` when there is no body.

    Lines end in CRLF, or in LF: parts come out of other parts and out of files.

    Raises:
        Unreadable: the header is longer than MAX_PART_HEADER_BYTES.
    """
    if data.startswith(b"\r\n", start, end):
        return start, start + 2
    if data.startswith(b"\n", start, end):
        return start, start + 1
    reach = min(end, start + MAX_PART_HEADER_BYTES)
    match = _BLANK_LINE.search(data, start, reach)
    if match is not None:
        return match.start() + 1, match.end()
    if reach < end:
        raise Unreadable(f"header of a part longer than {MAX_PART_HEADER_BYTES} octets")
    return end, end


class Header:
    """Fields of one header section.

    Only the fields that classification needs can be asked for.

    Args:
        section: the octets of the header, without the blank line after it.
    """

    __slots__ = ("_places", "_section")

    def __init__(self, section: bytes) -> None:
        self._section = b"\n" + section
        places: dict[bytes, int] = {}
        for match in _FIELDS.finditer(self._section.lower()):
            places.setdefault(match[1], match.end())
        self._places = places

    def get(self, name: bytes) -> str | None:
        """Return the first field called ``name`` (lower case, without colon), unfolded and decoded, or None."""
        raw = self.raw(name)
        if raw is None:
            return None
        if b"\n" in raw:
            raw = b"".join(raw.replace(b"\r", b"").split(b"\n"))
        return decode(raw).strip()

    def raw(self, name: bytes) -> bytes | None:
        """Return the octets of the first value of ``name`` after the colon, folds included, cut at 16 KiB; or None."""
        start = self._places.get(name)
        if start is None:
            return None
        section = self._section
        stop = start
        while True:
            stop = section.find(b"\n", stop)
            if stop < 0:
                stop = len(section)
                break
            if section[stop + 1 : stop + 2] not in (b" ", b"\t") or stop - start > _MAX_VALUE:
                break
            stop += 1
        return section[start : min(stop, start + _MAX_VALUE)]

    def __contains__(self, name: bytes) -> bool:
        return name in self._places
