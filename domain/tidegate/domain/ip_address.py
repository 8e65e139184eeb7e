"""IP addresses as canonical text: one spelling per address, the same in ranges, policy, SPF, Received, documents and logs.

Canonical is the ``ipaddress`` compressed form (RFC 5952 for IPv6). An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), which is how a
dual-stack socket shows an IPv4 peer, is that IPv4 address. NAT64 (``64:ff9b::/96``) and 6to4 (``2002::/16``) are not mapped addresses: their
embedded IPv4 address is chosen by the sender, so they stay IPv6.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

IpAddress = IPv4Address | IPv6Address

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# Decimal octets without leading zeros: the only spelling of an IPv4 address that is not read as octal somewhere.
is_ipv4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}").fullmatch


def unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv4-mapped IPv6 address; any other address as it is."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def parse(text: str) -> IpAddress:
    """Read one address, unmapped.

    Raises:
        ValueError: not an address, or one with a zone id (``fe80::1%eth0``): a zone means something on one machine only.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{text!r} has a zone id, which means nothing outside one machine")
    return unmapped(address)


@lru_cache(maxsize=8192)  # both ends of every connection, and clients come again
def canonical(text: str) -> str:
    """The canonical spelling of an address, unmapped. IPv4 text, the common case, comes back unchanged within a microsecond.

    Raises:
        ValueError: as :func:`parse`.
    """
    return text if is_ipv4(text) else str(parse(text))
