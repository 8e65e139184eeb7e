"""Addresses and names inside report fields: typed values (RFC 3464 section 2.1.2), xtext for UTF-8 (RFC 6533), angle brackets."""

import re

import attrs

# `rfc822; a@b`, `dns; mx.example`, `smtp; 550 no`: a type is an atom; a URL or an address before the semicolon is no type.
_TYPED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_-]{0,31})\s*;\s*(.*)", re.DOTALL)
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>[^<>]*")
_MAX_ADDRESS = 1_024  # RFC 5321 allows 254; sendmail reports whole alias expansions here


@attrs.frozen
class Typed:
    """A value with the type in front of it, in lower case; ``""`` where the generator left the type out."""

    type: str
    value: str


def read_typed(text: str) -> Typed:
    """Split ``type; value``. Never raises."""
    match = _TYPED.match(text)
    if match is None:
        return Typed("", text.strip())
    return Typed(match[1].lower(), match[2].strip())


def read_address(text: str) -> Typed:
    """Read an address field of a report.

    Angle brackets are removed. Of type ``utf-8`` (RFC 6533 section 3), ``\\x{HEX}`` is decoded to the character it stands for; other types
    are taken literally. The address is not checked: generators put route addresses, local user names and phone numbers here.
    """
    typed = read_typed(text)
    address = typed.value
    if address.count("<") == 1 and (match := _BRACKETS.fullmatch(address)) is not None:
        address = match[1].strip()
    if typed.type == "utf-8" and "\\x{" in address:
        address = _EMBEDDED.sub(_character, address)
    return Typed(typed.type, address[:_MAX_ADDRESS])


def _character(match: re.Match[str]) -> str:
    point = int(match[1], 16)
    # Surrogates are no characters, and what RFC 6533 embeds as ASCII is only what the syntax needs: never a control character.
    if point < 0x20 or 0x7F <= point < 0xA0 or 0xD800 <= point <= 0xDFFF or point > 0x10FFFF:
        return match[0]
    return chr(point)
