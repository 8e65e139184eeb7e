"""Structured MIME field values: ``type/subtype; parameter=value`` (RFC 2045 section 5.1, RFC 2183, RFC 2231)."""

import attrs

from tidegate.domain.reports.limits import MAX_PARAMETERS
from tidegate.domain.reports.text import decode

_MAX_VALUE = 8_192  # a field longer than this is no parameter list of a mail program
_BLANK = " \t\r\n"


@attrs.frozen
class ContentType:
    """A media type or disposition.

    Attributes:
        type: in lower case, like ``multipart/report``; ``""`` when absent or broken.
        parameters: names in lower case, values unquoted; of a repeated name the first counts.
    """

    type: str = ""
    parameters: dict[str, str] = attrs.field(factory=dict)


def read_content_type(value: str) -> ContentType:
    """Read a Content-Type or Content-Disposition value. Never raises; linear in the length of ``value``."""
    value = value[:_MAX_VALUE]
    head, semicolon, rest = value.partition(";")
    media = "".join(head.split()).lower()
    paren = media.find("(")
    if paren >= 0:
        media = media[:paren]
    return ContentType(media, _parameters(rest) if semicolon else {})


def _parameters(text: str) -> dict[str, str]:
    raw: dict[str, str] = {}
    at = 0
    end = len(text)
    for _ in range(MAX_PARAMETERS):
        if at >= end:
            break
        equals = text.find("=", at)
        semicolon = text.find(";", at)
        if semicolon >= 0 and (equals < 0 or semicolon < equals):
            at = semicolon + 1  # an empty parameter, or one without value
            continue
        if equals < 0:
            break
        name = text[at:equals].strip(_BLANK).lower()
        value, at = _value(text, equals + 1)
        raw.setdefault(name, value)
    return _joined(raw)


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that starts at ``at`` and the place after its semicolon."""
    end = len(text)
    while at < end and text[at] in _BLANK:
        at += 1
    if at < end and text[at] == '"':
        out: list[str] = []
        at += 1
        while at < end and text[at] != '"':
            if text[at] == "\\" and at + 1 < end:
                at += 1
            out.append(text[at])
            at += 1
        semicolon = text.find(";", at)
        return "".join(out), semicolon + 1 if semicolon >= 0 else end
    semicolon = text.find(";", at)
    stop = semicolon if semicolon >= 0 else end
    words = text[at:stop].split(None, 1)
    return (words[0] if words else ""), stop + 1


def _joined(raw: dict[str, str]) -> dict[str, str]:
    """Put RFC 2231 continuations and extended values together: ``name*0*=``, ``name*1=``, ``name*=``."""
    out: dict[str, str] = {}
    for name, value in raw.items():
        if "*" not in name:
            out.setdefault(name, value)
            continue
        base = name.partition("*")[0]
        if base in out:
            continue
        pieces: list[str] = []
        for number in range(MAX_PARAMETERS):
            plain, extended = raw.get(f"{base}*{number}"), raw.get(f"{base}*{number}*")
            if extended is not None:
                pieces.append(_extended(extended, first=number == 0))
            elif plain is not None:
                pieces.append(plain)
            else:
                break
        single = raw.get(f"{base}*")
        if not pieces and single is not None:
            pieces.append(_extended(single, first=True))
        out[base] = "".join(pieces)
    return out


def _extended(value: str, *, first: bool) -> str:
    charset = "utf-8"
    if first and value.count("'") >= 2:
        charset, _, value = value.split("'", 2)
    octets = bytearray()
    at = 0
    while at < len(value):
        if value[at] == "%" and value[at + 1 : at + 3].isalnum():
            try:
                octets.append(int(value[at + 1 : at + 3], 16))
                at += 3
                continue
            except ValueError:
                pass
        octets += value[at].encode("utf-8", "replace")
        at += 1
    return decode(bytes(octets), charset)
