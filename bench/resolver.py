"""What DNS costs: our resolver against dnspython's own, asked the same names of the same server on loopback.

Run: ``python -m bench.resolver``. CPU time of this process is measured; the server is another process. The cached case gives dnspython its LRU
cache.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import dns.asyncresolver
import dns.resolver
import uvloop

from tidegate.adapters.dns import DnspythonResolver
from tidegate.domain.dns import DnsQuery, RecordType
from tidegate.domain.nameserver import Nameserver

NAMES = 300
ROUNDS = 5
AT_ONCE = 20  # one message with all checks asks about ten
HITS = 20_000
THEIR_HITS = 2_000


async def main(address: str, port: int) -> None:
    """Measure and print."""
    names = [f"n{number}.example" for number in range(NAMES)]
    ours, theirs, our_hit, their_hit = [], [], [], []
    for _ in range(ROUNDS):
        resolver = DnspythonResolver([Nameserver(address, port)], monotonic_s=lambda: 0.0)
        ours.append(await _cpu(lambda name, resolver=resolver: resolver.resolve(DnsQuery(name, RecordType.TXT)), names))
        our_hit.append(await _cpu(lambda name, resolver=resolver: resolver.resolve(DnsQuery(name, RecordType.TXT)), names[:1] * HITS))
        stock = dns.asyncresolver.Resolver(configure=False)
        stock.nameservers, stock.port = [address], port
        stock.use_edns(0, 0, 1232)
        stock.cache = dns.resolver.LRUCache()
        theirs.append(await _cpu(lambda name, stock=stock: stock.resolve(name, "TXT"), names))
        their_hit.append(await _cpu(lambda name, stock=stock: stock.resolve(name, "TXT"), names[:1] * THEIR_HITS))
    print(f"asked: {median(ours) * 1e6:.0f} µs CPU a query, dnspython's resolver {median(theirs) * 1e6:.0f} µs")
    print(f"known: {median(our_hit) * 1e6:.1f} µs, dnspython's resolver with its cache {median(their_hit) * 1e6:.1f} µs")
    print(f"ours / dnspython's: {median(ours) / median(theirs):.2f} asked, {median(our_hit) / median(their_hit):.2f} known")


async def _cpu(ask: object, names: list[str]) -> float:
    assert callable(ask)
    started = process_time()
    for first in range(0, len(names), AT_ONCE):
        await asyncio.gather(*(ask(name) for name in names[first : first + AT_ONCE]))
    return (process_time() - started) / len(names)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        zone = Path(folder) / "zone.json"
        zone.write_text(json.dumps({f"n{number}.example": [["TXT", ["v=spf1 ip4:192.0.2.0/24 -all"]]] for number in range(NAMES)}))
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.dns_server", str(zone)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with server:
            assert server.stdin is not None
            assert server.stdout is not None
            host, port_text = server.stdout.readline().split()
            uvloop.run(main(host, int(port_text)))
            server.stdin.close()
