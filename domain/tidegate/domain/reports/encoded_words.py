"""Encoded words in header fields (RFC 2047), as a reader of subjects needs them."""

import binascii
import re

from tidegate.domain.reports.text import decode

# The three inner parts cannot contain what ends them, so a search looks at each character a bounded number of times.
_WORD = re.compile(r"=\?([A-Za-z0-9_.-]{1,40})(?:\*[A-Za-z0-9-]{1,40})?\?([bBqQ])\?([^?\s]{0,512})\?=")


def decode_words(value: str) -> str:
    """Return ``value`` with its encoded words decoded and the blanks between neighbours removed.

    Words that are broken stay as they are. Control characters that decoding brings to light are not removed here.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    # A character may be split between neighbours of one charset, against RFC 2047 section 5: their octets are decoded together.
    pending: list[bytes] = []
    charset = ""
    end = 0
    for match in _WORD.finditer(value):
        octets = _octets(match[2], match[3])
        if octets is None:
            continue
        between = value[end : match.start()]
        neighbour = bool(pending) and not between.strip()  # white space between encoded words is not displayed
        if not neighbour or match[1].lower() != charset:
            out.append(decode(b"".join(pending), charset))
            pending = []
            if not neighbour:
                out.append(between)
        charset = match[1].lower()
        pending.append(octets)
        end = match.end()
    out.append(decode(b"".join(pending), charset))
    out.append(value[end:])
    return "".join(out)


def _octets(encoding: str, text: str) -> bytes | None:
    try:
        if encoding in "bB":
            return binascii.a2b_base64(text + "==")
        return binascii.a2b_qp(text, header=True)
    except (binascii.Error, ValueError):
        return None
