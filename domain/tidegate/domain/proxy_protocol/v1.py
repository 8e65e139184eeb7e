"""Version 1: one line of text, ``PROXY TCP4 192.0.2.1 198.51.100.1 56324 25`` (proxy-protocol.txt section 2.1)."""

import re
from ipaddress import IPv6Address

from tidegate.domain.connection import Endpoints
from tidegate.domain.ip_address import is_ipv4, unmapped
from tidegate.domain.proxy_protocol.header import Header, NeedMore, Origin, Outcome, Rejected

PREFIX = b"PROXY "
MAX_LINE_BYTES = 107  # the longest line, both addresses IPv6 at full length, CRLF included (section 2.1)
SHORTEST_LINE_BYTES = 15  # "PROXY UNKNOWN" and CRLF

_UNKNOWN = b"UNKNOWN"
_PORT_MAX = 65535
_is_port = re.compile("0|[1-9][0-9]{0,4}").fullmatch  # section 2.1: no heading zeroes


def parse(data: bytes) -> Outcome:
    """Read a line that begins with :data:`PREFIX`."""
    end = data.find(b"\r", 0, MAX_LINE_BYTES - 1)
    if data.find(b"\n", 0, MAX_LINE_BYTES if end < 0 else end) >= 0:
        return Rejected("PROXY line with a bare LF")
    if end < 0:
        if len(data) >= MAX_LINE_BYTES - 1:
            return Rejected(f"PROXY line without CRLF in its first {MAX_LINE_BYTES} bytes")
        return NeedMore(max(SHORTEST_LINE_BYTES - len(data), 2))
    if end + 1 == len(data):
        return NeedMore(1)
    # "the receiver must not tolerate a single CR or LF character to end the line" (section 2.1)
    if data[end + 1] != 0x0A:
        return Rejected("PROXY line with a bare CR")
    return _parse_fields(data[len(PREFIX) : end], end + 2)


def _parse_fields(fields: bytes, consumed: int) -> Outcome:
    if fields == _UNKNOWN or fields.startswith(_UNKNOWN + b" "):
        # "the receiver must ignore anything presented before the CRLF is found" (section 2.1)
        return Header(1, consumed, Origin.UNKNOWN)
    # Latin-1 decodes every byte; no byte outside ASCII passes the tests below.
    match fields.decode("latin-1").split(" "):
        case ["TCP4", source, destination, source_port, destination_port]:
            remote_ip, local_ip = _ipv4(source), _ipv4(destination)
        case ["TCP6", source, destination, source_port, destination_port]:
            remote_ip, local_ip = _ipv6(source), _ipv6(destination)
        case _:
            return Rejected("PROXY line without TCP4, TCP6 or UNKNOWN and four fields")
    if remote_ip is None or local_ip is None:
        return Rejected("PROXY line with an address that is not one of its family")
    remote_port, local_port = _port(source_port), _port(destination_port)
    if remote_port is None or local_port is None:
        return Rejected("PROXY line with a port that is not a number from 0 to 65535")
    return Header(1, consumed, Origin.CLIENT, Endpoints(remote_ip, remote_port, local_ip, local_port))


def _ipv4(text: str) -> str | None:
    return text if is_ipv4(text) else None


def _ipv6(text: str) -> str | None:
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return None if address.scope_id is not None else str(unmapped(address))


def _port(text: str) -> int | None:
    if not _is_port(text):
        return None
    port = int(text)
    return port if port <= _PORT_MAX else None
