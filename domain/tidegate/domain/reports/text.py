"""Octets of a stranger to text that can be stored: decoded, bounded, without control characters."""

import re

from tidegate.domain.reports.limits import MAX_FIELD_CHARS

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile("[\t\r\n]+ *")

# Charset names come from outside and Python's registry holds more than charsets: `punycode` is quadratic, `unicode_escape` warns.
_FAMILIES = ("iso8859", "iso2022", "windows", "cp12", "koi8", "euc", "gb", "big5", "shiftjis", "sjis", "ksc", "cp93", "cp94", "cp95", "tis620")
_UTF_8 = frozenset({"", "utf8", "usascii", "ascii", "unknown8bit", "utf8mb4"})


def clean(text: str, limit: int = MAX_FIELD_CHARS) -> str:
    """Return ``text`` on one line, stripped, without control characters and lone surrogates, at most ``limit`` characters."""
    text = text[: limit * 2]
    if not text.isprintable():
        text = _UNWANTED.sub("", _SPACE.sub(" ", text))
    return text.strip()[:limit]


def decode(data: bytes, charset: str = "utf-8") -> str:
    """Decode ``data``; what does not decode becomes U+FFFD, an unknown charset is read as UTF-8, else Latin-1. Never raises."""
    name = charset.lower().replace("-", "").replace("_", "")
    if name not in _UTF_8 and name.startswith(_FAMILIES):
        try:
            return data.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace") if name == "utf8" else data.decode("latin-1")
