"""The address grammar of MAIL and RCPT, on bytes (RFC 5321 section 4.1.2, RFC 6531 section 3.3).

Nothing is decoded but UTF-8: an RFC 2047 encoded word in an address would let one program read another address than the next, so a local part
that contains one is refused (RFC 2047 section 5 forbids it there). No control character passes in any mode.
"""

import ipaddress
import re
import unicodedata
from enum import StrEnum

from tidegate.domain.domain_name import to_a_labels
from tidegate.domain.value_object import value_object

MAX_LOCAL_PART = 64
"""RFC 5321 section 4.5.3.1.1, in octets."""
MAX_PATH = 256
"""RFC 5321 section 4.5.3.1.3, in octets, with the angle brackets."""
MAX_LOOSE_PATH = 1024
"""Bound of what loose validation takes: four times the standard's, still one command line."""

_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\xff]"
_DOT_STRING = _ATEXT + rb"++(?:\." + _ATEXT + rb"++)*+"
_QUOTED_STRING = rb'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*+"'
_STRICT_LOCAL = re.compile(_DOT_STRING + rb"|" + _QUOTED_STRING)
_AT_DOMAIN = rb"@[A-Za-z0-9\-.\x80-\xff\[\]:]++"
_SOURCE_ROUTE = re.compile(_AT_DOMAIN.replace(b":", b"") + rb"(?:," + _AT_DOMAIN.replace(b":", b"") + rb")*+:")
# What stands between the angle brackets: quoted strings may hold ">".
_BRACKETED = re.compile(rb"<((?:[^<>\"]|" + _QUOTED_STRING + rb")*+)>(?= |\Z)|<((?:[^<>])*+)>(?= |\Z)")
_BARE = re.compile(rb"[^ <>]++(?= |\Z)")
_ENCODED_WORD = re.compile(rb"=\?[^? ]++\?[QqBb]\?[^? ]*+\?=")
_USUAL_ATOM = rb"[A-Za-z0-9!#$%&'*+/=^_`{|}~\-]++"
USUAL_ADDRESS = rb"(?=[^@]{1,64}@)" + _USUAL_ATOM + rb"(?:\." + _USUAL_ATOM + rb")*+@[A-Za-z0-9][A-Za-z0-9.\-]{0,180}+"
"""Pattern of what most addresses are: an ASCII dot-string without question mark, so that no encoded word is in it, at what is most likely a
domain name; no longer than local parts and paths may be. For :func:`usual_mailbox`."""
_USUAL = re.compile(rb"<(" + USUAL_ADDRESS + rb")>(?= |\Z)")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Validation(StrEnum):
    """Values of ``smtp-validate-address``."""

    STRICT = "strict"
    LOOSE = "loose"


@value_object
class Mailbox:
    """An address that passed the grammar.

    Attributes:
        text: as the client spelled it, without angle brackets and source route; ``""`` for the null path.
        local_part: as spelled, quotes included.
        domain: lower case, A-labels; ``""`` for the null path and for ``postmaster`` without a domain; an address literal in its brackets.
        ascii: whether ``text`` needs no SMTPUTF8.
    """

    text: str
    local_part: str
    domain: str
    ascii: bool = True

    @property
    def key(self) -> str:
        """Equal for two spellings of one mailbox: the domain without regard to case, the local part exactly, needless quoting removed."""
        return f"{unquote(self.local_part)}@{self.domain}"


NULL_PATH = Mailbox("", "", "")
"""``<>`` (RFC 5321 section 4.5.5)."""


def unquote(local_part: str) -> str:
    """The local part without quoting (RFC 5321 section 4.1.2: both forms name one mailbox)."""
    if not local_part.startswith('"'):
        return local_part
    return re.sub(r"\\(.)", r"\1", local_part[1:-1])


def parse_path(data: bytes, validation: Validation = Validation.STRICT, start: int = 0) -> tuple[Mailbox | None, bytes]:
    """Read the path that begins at ``start``.

    Args:
        data: what follows ``FROM:`` or ``TO:``, leading spaces removed, with anything before ``start``.
        validation: STRICT is RFC 5321 Mailbox in angle brackets. LOOSE wants one ``@`` with a valid domain on its right and anything printable
            on its left, with or without brackets.

    Returns:
        The mailbox, :data:`NULL_PATH` for ``<>``, or None when the path is malformed; and what follows it (parameters, leading spaces removed).
    """
    usual = _USUAL.match(data, start)
    if usual is not None and (mailbox := usual_mailbox(usual[1])) is not None:
        return mailbox, data[usual.end() :].lstrip(b" ")
    data = data[start:]
    if data.startswith(b"<>") and data[2:3] in (b"", b" "):
        return NULL_PATH, data[2:].lstrip(b" ")
    bracketed = _BRACKETED.match(data)
    if bracketed is not None:
        inner = bracketed[1] if bracketed[1] is not None else bracketed[2]
        end = bracketed.end()
    elif validation is Validation.LOOSE and (bare := _BARE.match(data)) is not None:
        inner, end = bare[0], bare.end()
    else:
        return None, b""
    return parse_mailbox(inner, validation), data[end:].lstrip(b" ")


def parse_mailbox(data: bytes, validation: Validation = Validation.STRICT) -> Mailbox | None:
    """Read one mailbox without angle brackets; a source route in front is dropped (RFC 5321 section 4.1.1.3). None when it is malformed."""
    loose = validation is Validation.LOOSE
    if len(data) + 2 > (MAX_LOOSE_PATH if loose else MAX_PATH):
        return None
    if data.startswith(b"@") and (route := _SOURCE_ROUTE.match(data)) is not None:
        data = data[route.end() :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not _is_printable(text):
        return None
    if data.lower() == b"postmaster":
        return Mailbox(text, text, "")
    strict = _STRICT_LOCAL.match(data)
    if strict is not None and data[strict.end() : strict.end() + 1] == b"@":
        split = strict.end()
    elif loose and data.count(b"@") == 1 and not data.startswith(b'"'):  # an opening quote that is never closed swallows the domain
        split = data.index(b"@")
    else:
        return None
    local, name = data[:split], data[split + 1 :]
    if not local or (not loose and len(local) > MAX_LOCAL_PART) or (b"=?" in local and _ENCODED_WORD.search(local)):
        return None
    domain = _domain(name.decode("utf-8"))
    if domain is None:
        return None
    return Mailbox(text, local.decode("utf-8"), domain, text.isascii())


def usual_mailbox(address: bytes) -> Mailbox | None:
    """The mailbox of what :data:`USUAL_ADDRESS` matches; the same as :func:`parse_mailbox` makes of it, in a third of the time.

    None when what stands behind the ``@`` is no domain name.
    """
    text = address.decode()
    local, _, name = text.partition("@")
    domain = to_a_labels(name)
    return None if domain is None else Mailbox(text, local, domain)


def _is_printable(text: str) -> bool:
    if text.isascii():
        return text.isprintable()
    return not any(unicodedata.category(character) in _INVISIBLE for character in text)


def _domain(name: str) -> str | None:
    if not name.startswith("["):
        return to_a_labels(name)
    if not name.endswith("]"):
        return None
    literal = name[1:-1]
    try:
        if literal[:5].lower() == "ipv6:":
            if "%" in literal:
                return None
            return f"[IPv6:{ipaddress.IPv6Address(literal[5:]).compressed}]"
        return f"[{ipaddress.IPv4Address(literal)}]"
    except ValueError:
        return None
