"""DNS names as text: which can exist, and the one under which an address has its pointer record."""

import re
from ipaddress import ip_address

MAX_NAME_CHARS = 253
"""255 octets on the wire (RFC 1035 section 2.3.4) less the first length octet and the root."""
MAX_LABEL_CHARS = 63  # RFC 1035 section 2.3.4

_is_visible = re.compile("[!-~]+").fullmatch


def can_exist(name: str) -> bool:
    """Whether a name can be asked for: 1 to 253 visible ASCII characters, no empty label, none over 63 characters, no dot at the end.

    More than host names have: policies ask for labels with underscores, and for what macros make of an address's local part (RFC 7208
    section 7). Spaces and control characters are left out: nobody publishes them, and they only come from attackers.
    """
    if len(name) > MAX_NAME_CHARS or not _is_visible(name):
        return False
    return all(0 < len(label) <= MAX_LABEL_CHARS for label in name.split("."))


def pointer_name(address: str) -> str:
    """The name of an address's PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5).

    Raises:
        ValueError: not an address.
    """
    return ip_address(address).reverse_pointer
