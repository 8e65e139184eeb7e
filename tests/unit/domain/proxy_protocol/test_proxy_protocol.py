"""The PROXY protocol: what a proxy may say, what is refused, and that nobody can make the parser wait, read on or fail."""

from ipaddress import IPv4Address, IPv6Address
from socket import SOCK_STREAM

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxyprotocol.result import ProxyResultIPv4, ProxyResultIPv6
from proxyprotocol.tlv import ProxyProtocolTLV
from proxyprotocol.v1 import ProxyProtocolV1
from proxyprotocol.v2 import ProxyProtocolV2

from tidegate.domain.connection import Endpoints, Tls
from tidegate.domain.crc32c import crc32c
from tidegate.domain.proxy_protocol import MAX_HEADER_BYTES, Header, NeedMore, Origin, Rejected, parse

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
ADDRESSES_4 = bytes([192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0, 25])
ENDPOINTS_4 = Endpoints("192.0.2.1", 56324, "198.51.100.1", 25)


def v2(version_command: int, family: int, block: bytes, length: int | None = None) -> bytes:
    """A version 2 header; ``length`` is what the header says, when it lies."""
    return SIGNATURE + bytes([version_command, family]) + (len(block) if length is None else length).to_bytes(2) + block


def tlv(type_: int, value: bytes) -> bytes:
    """One extension."""
    return bytes([type_]) + len(value).to_bytes(2) + value


@pytest.mark.parametrize(
    ("line", "origin", "endpoints"),
    [
        (b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n", Origin.CLIENT, ENDPOINTS_4),
        (b"PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", Origin.CLIENT, Endpoints("0.0.0.0", 0, "255.255.255.255", 65535)),
        (b"PROXY TCP6 2001:DB8::1 ::1 1 25\r\n", Origin.CLIENT, Endpoints("2001:db8::1", 1, "::1", 25)),
        (b"PROXY TCP6 ::ffff:10.1.2.3 2001:db8::2 1 25\r\n", Origin.CLIENT, Endpoints("10.1.2.3", 1, "2001:db8::2", 25)),  # PX08
        (b"PROXY UNKNOWN\r\n", Origin.UNKNOWN, None),
        (b"PROXY UNKNOWN 127.0.0.1 127.0.0.1 1 25\r\n", Origin.UNKNOWN, None),
        (b"PROXY UNKNOWN \x00\x1b\xff any bytes\r\n", Origin.UNKNOWN, None),
    ],
)
def test_v1_accepted(line: bytes, origin: Origin, endpoints: Endpoints | None) -> None:
    """PX08, PX09: the line tells both ends in canonical spelling, or nothing for UNKNOWN, whatever follows the word."""
    assert Header(1, len(line), origin, endpoints) == parse(line)
    assert Header(1, len(line), origin, endpoints) == parse(line + b"EHLO x\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"EHLO client.example\r\n",  # PX02
        b"\x16\x03\x01",
        b"proxy TCP4 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY\tTCP4 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25\n",  # PX04
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25\n\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25\rX",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25\r\r\n",
        b"PROXY " + b"x" * 2000,
        b"PROXY " + b"x" * 100,
        b"PROXY UNKNOWN " + b"x" * 91 + b" \r\n",  # 108 bytes
        b"PROXY TCP4 ::1 ::1 1 25\r\n",  # PX06
        b"PROXY TCP6 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY TCP6 ::1 5.6.7.8 1 25\r\n",
        b"PROXY TCP5 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY tcp4 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY TCPxyz4 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY UNKNOWNX\r\n",
        b"PROXY  TCP4 1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY TCP4  1.2.3.4 5.6.7.8 1 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1\t25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25 26\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 25 \r\n",
        b"PROXY TCP4\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1_0 25\r\n",  # PX07
        b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 -1 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 0x19 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 025\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 00\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 65536 25\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8  25\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 ١ 25\r\n".encode(),
        b"PROXY TCP4 1.2.3.4 5.6.7.8 \xb2 25\r\n",
        b"PROXY TCP4 010.0.0.1 5.6.7.8 1 25\r\n",  # PX08
        b"PROXY TCP4 1.2.3 5.6.7.8 1 25\r\n",
        b"PROXY TCP4 1.2.3.4.5 5.6.7.8 1 25\r\n",
        b"PROXY TCP4 ::ffff:127.0.0.1 5.6.7.8 1 25\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 1 25\r\n",
        b"PROXY TCP6 [::1] ::1 1 25\r\n",
        b"PROXY TCP4 1.2.3.4\x00 5.6.7.8 1 25\r\n",
    ],
)
def test_v1_refused(line: bytes) -> None:
    """PX02, PX04, PX06, PX07, PX08: one byte off is no header; the reason repeats nothing of what was sent."""
    outcome = parse(line)
    assert isinstance(outcome, Rejected)
    assert outcome.reason.isascii()
    assert outcome.reason.isprintable()
    assert "1.2.3" not in outcome.reason


def test_longest_v1_line() -> None:
    """PX04: 107 bytes with CRLF are taken, and the 106th byte without a CR ends the waiting."""
    longest = b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n"
    assert len(longest) == 107
    assert Header(1, 107, Origin.UNKNOWN) == parse(longest)
    assert isinstance(parse(longest[:105]), NeedMore)
    assert isinstance(parse(longest[:105] + b"x"), Rejected)


@pytest.mark.parametrize(
    ("header", "origin", "endpoints"),
    [
        (v2(0x21, 0x11, ADDRESSES_4), Origin.CLIENT, ENDPOINTS_4),
        (
            v2(0x21, 0x21, IPv6Address("::ffff:10.1.2.3").packed + IPv6Address("2001:db8::2").packed + b"\0\1\0\x19"),
            Origin.CLIENT,
            Endpoints("10.1.2.3", 1, "2001:db8::2", 25),
        ),
        (v2(0x20, 0x00, b""), Origin.LOCAL, None),
        (v2(0x20, 0x11, ADDRESSES_4), Origin.LOCAL, None),  # PX10
        (v2(0x20, 0x11, b"\x7f"), Origin.LOCAL, None),
        (v2(0x20, 0xFF, b"\xff" * 500), Origin.LOCAL, None),
        (v2(0x21, 0x00, b""), Origin.UNKNOWN, None),
        (v2(0x21, 0x31, b"/run/\n\x1b[2J".ljust(108, b"\0") + b"x" * 108), Origin.UNKNOWN, None),  # PX14
        (v2(0x21, 0x31, b"x" * 216), Origin.UNKNOWN, None),
    ],
)
def test_v2_accepted(header: bytes, origin: Origin, endpoints: Endpoints | None) -> None:
    """PX10, PX14: addresses are read for TCP alone; LOCAL discards its block whatever it says, UNIX paths go nowhere."""
    assert Header(2, len(header), origin, endpoints) == parse(header + b"EHLO x\r\n")


@pytest.mark.parametrize(
    "header",
    [
        *(SIGNATURE[:n] + bytes([SIGNATURE[n] ^ 1]) + v2(0x21, 0x11, ADDRESSES_4)[n + 1 :] for n in range(12)),  # PX11
        *(v2(version << 4 | 1, 0x11, ADDRESSES_4) for version in (0, 1, 3, 15)),
        *(v2(0x20 | command, 0x11, ADDRESSES_4) for command in range(2, 16)),
        *(v2(0x21, family << 4 | 1, ADDRESSES_4) for family in range(4, 16)),
        *(v2(0x21, 0x10 | protocol, ADDRESSES_4) for protocol in range(3, 16)),
        v2(0x21, 0x01, b""),
        v2(0x21, 0x10, ADDRESSES_4),
        v2(0x21, 0x11, b""),  # PX12
        v2(0x21, 0x11, ADDRESSES_4[:-1]),
        v2(0x21, 0x21, bytes(35)),
        v2(0x21, 0x31, bytes(215)),
        v2(0x21, 0x11, ADDRESSES_4 + b"12345678", 65535),
        v2(0x20, 0x00, b"12345678", 65535),
        v2(0x21, 0x12, ADDRESSES_4),  # PX13
        v2(0x21, 0x22, bytes(36)),
        v2(0x21, 0x32, bytes(216)),
    ],
)
def test_v2_refused(header: bytes) -> None:
    """PX11, PX12, PX13: refused at once, without waiting for bytes that the header promises."""
    assert isinstance(parse(header), Rejected)


def with_checksum(before: bytes, after: bytes = b"", flip: int = 0) -> bytes:
    """A TCP4 header with a checksum between other extensions, ``flip`` of its bits wrong."""
    block = ADDRESSES_4 + before + tlv(3, bytes(4)) + after
    checksum = crc32c(v2(0x21, 0x11, block)) ^ flip
    return v2(0x21, 0x11, ADDRESSES_4 + before + tlv(3, checksum.to_bytes(4)) + after)


SSL_13 = tlv(0x21, b"TLSv1.3") + tlv(0x23, b"TLS_AES_256_GCM_SHA384") + tlv(0x22, b"\x1b[2J\r\n")


@pytest.mark.parametrize(
    ("extensions", "tls"),
    [
        (b"", None),
        (tlv(0x04, bytes(500)), None),
        (tlv(0x02, b"mail.example\r\n250 ") + tlv(0x05, b"\r\n" * 200) + tlv(0xEA, b"") + tlv(0x01, b"\xff"), None),
        (tlv(0x20, b"\x01" + bytes(4) + SSL_13), Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")),
        (tlv(0x20, b"\x07" + bytes(4) + tlv(0x21, b"TLSv1.2")), Tls("TLSv1.2", "")),
        (tlv(0x20, b"\x01" + bytes(4) + tlv(0x21, b"TLSv1.3\r\n") + tlv(0x23, b"X")), None),
        (tlv(0x20, b"\x01" + bytes(4) + tlv(0x21, b"TLSv1.3") + tlv(0x23, b"A\x1b" * 9)), Tls("TLSv1.3", "")),
        (tlv(0x20, b"\x00" + bytes(4) + SSL_13), None),  # the client spoke no TLS
        (tlv(0x20, b"\x01" + bytes(4)), None),
    ],
)
def test_extensions(extensions: bytes, tls: Tls | None) -> None:
    """PX15: unknown and unused extensions are skipped; of the TLS facts only plain names get through."""
    header = v2(0x21, 0x11, ADDRESSES_4 + extensions)
    assert Header(2, len(header), Origin.CLIENT, ENDPOINTS_4, tls) == parse(header)


@pytest.mark.parametrize(
    "extensions",
    [
        b"\x04",
        b"\x04\x00",
        b"\x04\x00\x01",
        tlv(0x04, b"") + b"\xea\xff\xff\x00",
        tlv(0x20, b""),
        tlv(0x20, b"\x01\0\0\0"),
        tlv(0x20, b"\x01\0\0\0\0\x21\x00"),
        tlv(0x20, b"\x01\0\0\0\0\x21\x00\x08TLSv1.3"),
        tlv(0x03, b""),
        tlv(0x03, bytes(3)),
        tlv(0x03, bytes(5)),
        tlv(0x03, bytes(4)),
    ],
)
def test_malformed_extensions(extensions: bytes) -> None:
    """PX15: what ends beyond its header is refused."""
    assert isinstance(parse(v2(0x21, 0x11, ADDRESSES_4 + extensions)), Rejected)
    assert isinstance(parse(v2(0x21, 0x00, extensions)), Rejected)


def test_most_extensions() -> None:
    """PX15: a header of the greatest length full of empty extensions is read; one byte longer, it is refused at its 16th byte."""
    room = MAX_HEADER_BYTES - 16 - len(ADDRESSES_4)
    extensions = tlv(0xEA, b"") * (room // 3 - 1) + tlv(0xEA, bytes(room % 3))
    header = v2(0x21, 0x11, ADDRESSES_4 + extensions)
    assert len(header) == MAX_HEADER_BYTES
    assert Header(2, MAX_HEADER_BYTES, Origin.CLIENT, ENDPOINTS_4) == parse(header)
    assert isinstance(parse(v2(0x21, 0x11, b"", MAX_HEADER_BYTES - 15)), Rejected)


def test_checksum() -> None:
    """PX16: a right checksum passes wherever it stands; a wrong one, and a second one, do not."""
    for header in (with_checksum(b""), with_checksum(tlv(0x04, b"xy"), tlv(0x02, b"mail.example"))):
        assert Header(2, len(header), Origin.CLIENT, ENDPOINTS_4) == parse(header)
    for bit in range(32):
        assert isinstance(parse(with_checksum(tlv(0x04, b"xy"), flip=1 << bit)), Rejected)
    assert isinstance(parse(with_checksum(b"", tlv(0x03, bytes(4)))), Rejected)


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        (b"PROXY TCP4 192.0.2.9 192.0.2.25 40000 2525\r\n", Origin.LOCAL),
        (b"PROXY TCP4 192.0.2.9 192.0.2.25 40001 2525\r\n", Origin.CLIENT),
        (b"PROXY TCP4 192.0.2.9 192.0.2.26 40000 2525\r\n", Origin.CLIENT),
        (b"PROXY TCP4 192.0.2.1 192.0.2.25 40000 2525\r\n", Origin.CLIENT),
        (b"PROXY TCP4 192.0.2.9 192.0.2.25 40000 25\r\n", Origin.CLIENT),
        (b"PROXY UNKNOWN\r\n", Origin.UNKNOWN),
    ],
)
def test_health_check_of_version_1(line: bytes, origin: Origin) -> None:
    """PX09: a header that repeats both ends of its own connection comes from the proxy itself; one difference and it is a client's."""
    header = parse(line)
    assert isinstance(header, Header)
    assert header.origin_on(Endpoints("192.0.2.9", 40000, "192.0.2.25", 2525)) is origin


def assert_fed_byte_by_byte(header: bytes) -> None:
    """Every prefix asks for more, never for more than is missing; a reader that takes just what it is asked for takes the header alone."""
    for end in range(len(header)):
        outcome = parse(header[:end])
        assert isinstance(outcome, NeedMore), (end, outcome)
        assert 1 <= outcome.at_least <= len(header) - end
    taken = 0
    while isinstance(outcome := parse(header[:taken]), NeedMore):
        taken += outcome.at_least
    assert taken == len(header)
    assert isinstance(outcome, Header)


ports = st.integers(0, 65535)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), ports, ports)
def test_ipv4_written_by_another_implementation(source: IPv4Address, destination: IPv4Address, sport: int, dport: int) -> None:
    """PX17: what the proxy-protocol package writes is read, split at every byte, with anything behind it."""
    result = ProxyResultIPv4((source, sport), (destination, dport), protocol=SOCK_STREAM)
    endpoints = Endpoints(str(source), sport, str(destination), dport)
    for version, header in ((1, ProxyProtocolV1().pack(result)), (2, ProxyProtocolV2().pack(result))):
        assert Header(version, len(header), Origin.CLIENT, endpoints) == parse(header + b"PROXY UNKNOWN\r\n")
        assert_fed_byte_by_byte(header)


@given(st.ip_addresses(v=6), st.ip_addresses(v=6), ports, ports, st.binary(max_size=50))
def test_ipv6_written_by_another_implementation(source: IPv6Address, destination: IPv6Address, sport: int, dport: int, name: bytes) -> None:
    """PX17: the same for IPv6 with extensions."""
    tlvs = ProxyProtocolTLV(init={0xE0: name, 0x05: name})
    result = ProxyResultIPv6((source, sport), (destination, dport), protocol=SOCK_STREAM, tlv=tlvs)
    endpoints = Endpoints(str(source.ipv4_mapped or source), sport, str(destination.ipv4_mapped or destination), dport)
    for version, header in ((1, ProxyProtocolV1().pack(result)), (2, ProxyProtocolV2().pack(result))):
        assert Header(version, len(header), Origin.CLIENT, endpoints) == parse(header + b"\x16\x03\x01")
        assert_fed_byte_by_byte(header)


beginnings = st.sampled_from(
    [b"", b"PROXY ", b"PROXY TCP4 1.2.3.4 ", b"PROXY UNKNOWN", SIGNATURE, SIGNATURE + b"\x21\x11\x00", SIGNATURE + b"\x20"]
)


@given(beginnings, st.binary(max_size=300) | st.text("PROXYTCP46 0123456789.:\r\n", max_size=120).map(str.encode))
def test_total_and_final(beginning: bytes, rest: bytes) -> None:
    """Any bytes give a value; a verdict does not change with the bytes that follow; more is asked for only within the longest header."""
    data = beginning + rest
    verdict = None
    for end in range(len(data) + 1):
        outcome = parse(data[:end])
        if verdict is not None:
            assert outcome == verdict
        elif isinstance(outcome, NeedMore):
            assert 1 <= outcome.at_least <= MAX_HEADER_BYTES - end
        else:
            verdict = outcome
            if isinstance(outcome, Header):
                assert outcome.consumed == end
