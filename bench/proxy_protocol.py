"""What a PROXY header costs a connection, against the ``proxy-protocol`` package reading the same bytes.

Run: ``python -m bench.proxy_protocol``. Ours also makes canonical text of the addresses and unmaps them; the package leaves that to its
caller.
"""

from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from socket import SOCK_STREAM
from statistics import median
from time import perf_counter

from proxyprotocol.result import ProxyResultIPv4, ProxyResultIPv6
from proxyprotocol.v1 import ProxyProtocolV1
from proxyprotocol.v2 import ProxyProtocolV2

from tidegate.domain.proxy_protocol import Header, parse

HEADERS = 5_000  # per round
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    ipv4 = ProxyResultIPv4((IPv4Address("192.0.2.1"), 56324), (IPv4Address("198.51.100.1"), 25), protocol=SOCK_STREAM)
    ipv6 = ProxyResultIPv6((IPv6Address("2001:db8::1"), 56324), (IPv6Address("2001:db8::2"), 25), protocol=SOCK_STREAM)
    for version, codec in ((1, ProxyProtocolV1()), (2, ProxyProtocolV2())):
        for family, result in (("IPv4", ipv4), ("IPv6", ipv6)):
            header = codec.pack(result)
            assert isinstance(parse(header), Header)
            ours = median(_cost(partial(parse, header)) for _ in range(ROUNDS))
            theirs = median(_cost(partial(codec.unpack, header)) for _ in range(ROUNDS))
            print(f"version {version}, {family}: {ours * 1e6:.1f} µs, the package {theirs * 1e6:.1f} µs, ours / theirs {ours / theirs:.2f}")


def _cost(read: Callable[[], object]) -> float:
    started = perf_counter()
    for _ in range(HEADERS):
        read()
    return (perf_counter() - started) / HEADERS


if __name__ == "__main__":
    main()
