"""The one spelling in which an address is compared with the local address list.

The same function makes the key of a recipient, of an entry of the list and of what ``tidegate local test`` is asked about: two spellings of one
mailbox have one key, and no two mailboxes share one.
"""

import re
from enum import StrEnum

from tidegate.domain.address import Mailbox, unquote

POSTMASTER = "postmaster"

# RFC 5321 section 4.1.2 Dot-string, RFC 6531 section 3.3: what needs no quotes.
_is_dot_string = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x80-\U0010ffff]++)*+"
).fullmatch


class LocalCase(StrEnum):
    """Values of ``smtp-local-case``: whether letters of the local part count as they are written."""

    EXACT = "exact"
    """As RFC 5321 section 2.4 has it."""
    IGNORE = "ignore"


def canonical_key(mailbox: Mailbox, case: LocalCase = LocalCase.EXACT) -> str:
    """The key of a mailbox: local part without needless quoting, ``@``, domain in lower case with A-labels.

    ``postmaster`` has no letter case, whatever ``case`` says, and may stand without a domain (RFC 5321 section 4.5.1): its key ends in ``@``.
    The domain is what follows the last ``@``: a quoted local part may hold others.
    """
    return f"{folded(unquote(mailbox.local_part), case)}@{mailbox.domain}"


def folded(local_part: str, case: LocalCase) -> str:
    """A local part as it is compared."""
    if case is LocalCase.IGNORE:
        return local_part.lower()
    return POSTMASTER if len(local_part) == len(POSTMASTER) and local_part.lower() == POSTMASTER else local_part


def address_of(key: str) -> str:
    """The canonical spelling of the mailbox that a key stands for: quoted only where it must be."""
    local, _, domain = key.rpartition("@")
    if not domain:
        return local
    if not _is_dot_string(local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return f"{local}@{domain}"


def key_of(address: str, case: LocalCase) -> str:
    """The key that a canonical spelling stands for."""
    if case is LocalCase.EXACT and "@" in address and not address.startswith('"'):
        return address
    local, at, domain = address.rpartition("@")
    return f"{folded(unquote(local), case)}@{domain}" if at else f"{POSTMASTER}@"
