"""Addresses, ports and host names."""

import re

from tidegate.app.config.kinds.kind import Kind
from tidegate.app.config.problems import quoted
from tidegate.domain.ip_address import IpAddress
from tidegate.domain.ip_address import parse as parse_address
from tidegate.domain.ip_ranges import IpRanges
from tidegate.domain.nameserver import parse_nameservers
from tidegate.domain.spamd_address import parse_spamd_addresses

MAX_PORTS = 100
"""Ports of one setting: each is a listening socket per address, and a slip like ``25-2525`` shall not open thousands."""

MAX_HOSTNAME = 253
"""RFC 1035 section 2.3.4: 255 octets on the wire, which is 253 characters of text."""

_port = re.compile(r"0*([0-9]{1,5})").fullmatch
_label = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?").fullmatch
_digits = re.compile(r"[0-9]+").fullmatch


def parse_port(text: str) -> int:
    """One TCP port, 1 to 65535.

    Raises:
        ValueError: anything else.
    """
    match = _port(text)
    if not match or not 1 <= int(match[1]) <= 65535:
        raise ValueError(f"{quoted(text)} is not a port number")
    return int(match[1])


def _parse_ports(text: str) -> tuple[int, ...]:
    ports: list[int] = []
    for item in map(str.strip, text.split(",") if text else ()):
        if not item:
            raise ValueError("an item is empty: a comma too many")
        first, dash, last = (part.strip() for part in item.partition("-"))
        low = parse_port(first)
        high = parse_port(last) if dash else low
        if high < low:
            raise ValueError(f"the range {quoted(item)} ends before it begins")
        if len(ports) + high - low >= MAX_PORTS:
            raise ValueError(f"more than {MAX_PORTS} ports")
        for port in range(low, high + 1):
            if port in ports:
                raise ValueError(f"port {port} is named twice")
            ports.append(port)
    return tuple(ports)


PORT = Kind("port", "a port number from 1 to 65535", parse_port)
PORTS = Kind(
    "port list",
    f"ports from 1 to 65535 separated by commas, with ranges, at most {MAX_PORTS}, like 25,2525,1024-1026; empty for none",
    _parse_ports,
    takes_empty=True,
)


def _parse_one_address(text: str) -> IpAddress:
    try:
        return parse_address(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an IP address") from None


def _parse_addresses(text: str) -> tuple[IpAddress, ...]:
    addresses: list[IpAddress] = []
    for item in map(str.strip, text.split(";") if text else ()):
        if not item:
            raise ValueError("an item is empty: a semicolon too many")
        address = _parse_one_address(item)
        if address in addresses:
            raise ValueError(f"{address} is named twice")
        addresses.append(address)
    return tuple(addresses)


ADDRESS = Kind("IP address", "an IPv4 or IPv6 address, like 127.0.0.1", _parse_one_address)
ADDRESSES = Kind(
    "IP address list", "IPv4 or IPv6 addresses separated by semicolons, like 192.0.2.1;2001:db8::1", _parse_addresses, takes_empty=True
)
NAMESERVERS = Kind(
    "name server list",
    "addresses of name servers separated by semicolons, each with a port if it is not 53, like 192.0.2.53;192.0.2.54:5353",
    parse_nameservers,
    takes_empty=True,
)
RANGES = Kind(
    "IP range list",
    "addresses, networks and ranges separated by semicolons, like 192.168.0.0/16;127.0.0.1;10.0.0.1-10.0.0.9; empty for none",
    IpRanges.parse,
    takes_empty=True,
)


def parse_hostname(text: str) -> str:
    """A host name of letters, digits and hyphens (RFC 1123 section 2.1), without its final dot.

    Raises:
        ValueError: anything else, an IP address too.
    """
    name = text.removesuffix(".")
    labels = name.split(".")
    if not name.isascii():
        raise ValueError(f"{quoted(text)} is not ASCII: write the xn-- form of an internationalised name")
    if len(name) > MAX_HOSTNAME or not all(map(_label, labels)) or _digits(labels[-1]):
        raise ValueError(f"{quoted(text)} is not a host name")
    return name


HOSTNAME = Kind(
    "host name", "a host name, like mx1.example.com; empty for none", lambda text: parse_hostname(text) if text else "", takes_empty=True
)


def parse_host(text: str) -> str:
    """A host to connect to: an IP address or a name. Underscores are let pass, because names inside container networks have them.

    Raises:
        ValueError: neither.
    """
    try:
        return str(parse_address(text))
    except ValueError:
        pass
    try:
        parse_hostname(text.replace("_", "x"))
    except ValueError:
        raise ValueError(f"{quoted(text)} is neither a host name nor an IP address") from None
    return text.removesuffix(".")


SPAMD_HOSTS = Kind(
    "spamd list",
    "hosts, each with a port if it is another one, or paths of UNIX sockets, separated by semicolons, like localhost;192.0.2.1:783;/run/spamd",
    parse_spamd_addresses,
)
