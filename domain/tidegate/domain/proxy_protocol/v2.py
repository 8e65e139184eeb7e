"""Version 2: a binary header with type-length-value extensions (proxy-protocol.txt section 2.2)."""

from ipaddress import IPv4Address, IPv6Address

from tidegate.domain.connection import Endpoints
from tidegate.domain.ip_address import unmapped
from tidegate.domain.proxy_protocol import tlv
from tidegate.domain.proxy_protocol.header import Header, NeedMore, Origin, Outcome, Rejected

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
FIXED_BYTES = 16  # signature, version and command, family and protocol, length
MAX_LENGTH = 4096 - FIXED_BYTES
"""Longest address block and extensions, in bytes. The length field allows 65,535, and the peer decides how much a receiver buffers before it
knows who is there. Proxies aim at 536 bytes in all (section 2.2); certificate extensions take some hundred more."""
MAX_HEADER_BYTES = FIXED_BYTES + MAX_LENGTH

_VERSION = 2
_LOCAL, _PROXY = 0, 1
_UNSPEC, _TCP4, _UDP4, _TCP6, _UDP6, _UNIX_STREAM, _UNIX_DGRAM = 0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32
_ADDRESS_BYTES = {_UNSPEC: 0, _TCP4: 12, _TCP6: 36, _UNIX_STREAM: 216}


def parse(data: bytes) -> Outcome:
    """Read a header that begins with :data:`SIGNATURE`. Each field is judged as soon as it is there."""
    received = len(data)
    if received > 12:
        version, command = data[12] >> 4, data[12] & 0x0F
        if version != _VERSION:
            return Rejected("PROXY header of a version other than 1 and 2")
        if command not in (_LOCAL, _PROXY):
            return Rejected("PROXY header with a command other than LOCAL and PROXY")
    if received < FIXED_BYTES:
        return NeedMore(FIXED_BYTES - received)
    family, length = data[13], data[14] << 8 | data[15]
    if length > MAX_LENGTH:
        return Rejected(f"PROXY header longer than {MAX_HEADER_BYTES} bytes")
    if command == _PROXY:
        if family in (_UDP4, _UDP6, _UNIX_DGRAM):
            return Rejected("PROXY header of a datagram protocol on a stream")
        if family not in _ADDRESS_BYTES:
            return Rejected("PROXY header of an unknown address family or protocol")
        if length < _ADDRESS_BYTES[family]:
            return Rejected("PROXY header shorter than its addresses")
    consumed = FIXED_BYTES + length
    if received < consumed:
        return NeedMore(consumed - received)
    if command == _LOCAL:
        # "must use the real connection endpoints and must discard the protocol block including the family which is ignored" (section 2.2)
        return Header(2, consumed, Origin.LOCAL)
    return _parse_block(data[:consumed], family)


def _parse_block(header: bytes, family: int) -> Outcome:
    """Read addresses and extensions of a complete header with the command PROXY."""
    tls = tlv.parse(header, FIXED_BYTES + _ADDRESS_BYTES[family])
    if isinstance(tls, Rejected):
        return tls
    endpoints = None
    if family == _TCP4:
        remote_ip, local_ip = str(IPv4Address(header[16:20])), str(IPv4Address(header[20:24]))
        endpoints = Endpoints(remote_ip, int.from_bytes(header[24:26]), local_ip, int.from_bytes(header[26:28]))
    elif family == _TCP6:
        remote_ip, local_ip = str(unmapped(IPv6Address(header[16:32]))), str(unmapped(IPv6Address(header[32:48])))
        endpoints = Endpoints(remote_ip, int.from_bytes(header[48:50]), local_ip, int.from_bytes(header[50:52]))
    return Header(2, len(header), Origin.CLIENT if endpoints else Origin.UNKNOWN, endpoints, tls)
