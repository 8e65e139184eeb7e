"""xtext (RFC 3461 section 4), the encoding of DSN and AUTH parameter values, and its UTF-8 forms (RFC 6533 section 3)."""

import re

# xchar is any character from ! to ~ but + and =; hexchar is + and two upper-case hex digits (lower case is met in practice and unambiguous).
_XTEXT = re.compile(rb"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*+")
_HEXCHAR = re.compile(rb"\+([0-9A-Fa-f]{2})")
# utf-8-addr-xtext and utf-8-addr-unitext: QCHAR, \x{HEX} and, in SMTPUTF8 sessions, UTF-8 itself. "=" and "+" are not QCHAR but are met.
_UTF8_ADDRESS = re.compile(rb"(?:[!-\[\]-~\x80-\xff]|\\x\{[0-9A-Fa-f]{1,6}\})*+")
_EMBEDDED = re.compile(rb"\\x\{([0-9A-Fa-f]{1,6})\}")


def is_xtext(value: bytes) -> bool:
    """Whether ``value`` is well-formed xtext that hides no control character (RFC 3461 section 4: none may be encoded in an address)."""
    if _XTEXT.fullmatch(value) is None:
        return False
    return all(0x20 <= int(code, 16) != 0x7F for code in _HEXCHAR.findall(value))


def is_utf8_address(value: bytes) -> bool:
    """Whether ``value`` is a well-formed utf-8-addr-xtext or -unitext (RFC 6533 section 3) that hides no control character or surrogate."""
    if _UTF8_ADDRESS.fullmatch(value) is None:
        return False
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    points = [int(code, 16) for code in _EMBEDDED.findall(value)]
    return all(0x20 <= point <= 0x10FFFF and not 0x7F <= point <= 0x9F and not 0xD800 <= point <= 0xDFFF for point in points)
