"""What a list of 100,000 ranges costs a connection, against a plain list of ``ipaddress`` networks and against a list of one range.

Run: ``python -m bench.ip_ranges``. Ends within seconds; the seed is fixed, so every run asks for the same addresses.
"""

import random
from ipaddress import IPv4Address, IPv4Network, ip_address
from statistics import median
from time import perf_counter

from tidegate.domain.ip_ranges import IpRanges

RANGES = 100_000
ROUNDS = 5
PROBES = 20_000  # one round of the fast ways
NAIVE_PROBES = 20  # one round of the naive way, which walks the whole list for an outsider


def main() -> None:
    """Measure and print."""
    rng = random.Random(4)
    networks = [IPv4Network((rng.getrandbits(24) << 8, 24)) for _ in range(RANGES)]
    text = ";".join(map(str, networks))
    started = perf_counter()
    large = IpRanges.parse(text)
    parsing = perf_counter() - started
    one = IpRanges.parse("192.168.0.0/16")
    probes = [str(IPv4Address(rng.getrandbits(32))) for _ in range(PROBES)]

    in_large = median(_per_probe(large, probes) for _ in range(ROUNDS))
    in_one = median(_per_probe(one, probes) for _ in range(ROUNDS))
    naive = median(_naive_per_probe(networks, probes[:NAIVE_PROBES]) for _ in range(ROUNDS))

    print(f"parse {RANGES:,} networks: {parsing:.2f} s, once per start or reload")
    print(
        f"test one address: {in_large * 1e6:.2f} µs in {RANGES:,} ranges, {in_one * 1e6:.2f} µs in one range, {naive * 1e6:,.0f} µs in a list"
    )
    print(f"100,000 ranges / one range: {in_large / in_one:.2f}")
    print(f"list of networks / 100,000 ranges: {naive / in_large:,.0f}")


def _per_probe(ranges: IpRanges, probes: list[str]) -> float:
    started = perf_counter()
    for probe in probes:
        probe in ranges  # noqa: B015 (the test itself is what is measured)
    return (perf_counter() - started) / len(probes)


def _naive_per_probe(networks: list[IPv4Network], probes: list[str]) -> float:
    started = perf_counter()
    for probe in probes:
        address = ip_address(probe)
        any(address in network for network in networks)
    return (perf_counter() - started) / len(probes)


if __name__ == "__main__":
    main()
