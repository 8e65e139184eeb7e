"""Host names are there when connections come, and DNS is asked beside them."""

import asyncio

import attrs
import pytest

from tidegate.adapters.memory.mta_names import MemoryMtaNames
from tidegate.adapters.memory.static_resolver import StaticResolver
from tidegate.app.host_names import MAX_ADDRESSES, MAX_LOOK_UPS, HostNames
from tidegate.domain.dns import DnsAnswer, DnsQuery
from tidegate.domain.hostname import HostName, HostNameSource
from tidegate.ports.resolver import Resolver

MACHINE = HostName("box", HostNameSource.MACHINE)
ZONE = {
    "25.2.0.192.in-addr.arpa": [["PTR", "mx.example.com"]],
    "mx.example.com": [["A", "192.0.2.25"]],
    "26.2.0.192.in-addr.arpa": [["PTR", "elsewhere.example.com"]],
    "27.2.0.192.in-addr.arpa": [["TIMEOUT"]],
    "28.2.0.192.in-addr.arpa": [["PTR", "evil\r\n250 mx.example.com"]],
}


@attrs.define
class HeldResolver:
    """Answers when told, or never."""

    inner: Resolver
    go: asyncio.Event = attrs.field(factory=asyncio.Event)
    asked: list[DnsQuery] = attrs.field(factory=list)

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """See the port."""
        self.asked.append(query)
        await self.go.wait()
        return await self.inner.resolve(query)


def names(resolver: Resolver, configured: str | None = None) -> HostNames:
    """Names of a machine called box."""
    return HostNames(resolver, MemoryMtaNames({"192.0.2.99": "mta99.example"}), configured, "box")


@pytest.mark.parametrize(
    ("local_ip", "expected"),
    [
        ("192.0.2.25", HostName("mx.example.com", HostNameSource.REVERSE_DNS)),
        ("192.0.2.26", HostName("elsewhere.example.com", HostNameSource.REVERSE_DNS_UNCONFIRMED)),
        ("192.0.2.27", MACHINE),
        ("192.0.2.28", MACHINE),
        ("192.0.2.99", HostName("mta99.example", HostNameSource.MTA)),
        ("127.0.0.1", MACHINE),
    ],
)
async def test_prepared_names(local_ip: str, expected: HostName) -> None:
    """OP05: addresses known at start-up have their names before the first client comes; bad ones fall back to the machine's."""
    chosen = names(StaticResolver.of(ZONE))
    await chosen.prepare([local_ip])
    assert chosen.name_of(local_ip) == expected


async def test_configured_name_asks_nobody() -> None:
    """With smtp-hostname, and for MTAs with a name, DNS is left alone."""
    resolver = StaticResolver.of(ZONE)
    chosen = names(resolver, "mx.configured.example")
    await chosen.prepare(["192.0.2.25", "192.0.2.99"])
    assert chosen.name_of("192.0.2.25") == HostName("mx.configured.example", HostNameSource.CONFIG)
    assert chosen.name_of("192.0.2.99") == HostName("mta99.example", HostNameSource.MTA)
    assert resolver.asked == []


async def test_no_connection_waits() -> None:
    """The first client on an address that was not known gets the machine's name at once, a later one the name that was found; one look-up."""
    resolver = HeldResolver(StaticResolver.of(ZONE))
    chosen = names(resolver)
    assert [chosen.name_of("192.0.2.25") for _ in range(5)] == [MACHINE] * 5
    resolver.go.set()
    await chosen.prepare([])
    assert chosen.name_of("192.0.2.25") == HostName("mx.example.com", HostNameSource.REVERSE_DNS)
    assert len(resolver.asked) == 2


async def test_slow_dns() -> None:
    """OP05: what is not answered in time is not waited for, and asked again a minute later."""
    now_s = 0.0
    resolver = HeldResolver(StaticResolver.of(ZONE))
    chosen = HostNames(resolver, MemoryMtaNames(), None, "box", lambda: now_s, look_up_s=0.01)
    await chosen.prepare(["192.0.2.25"])
    assert chosen.name_of("192.0.2.25") == MACHINE
    resolver.go.set()
    await chosen.prepare(["192.0.2.25"])
    assert chosen.name_of("192.0.2.25") == MACHINE
    now_s = 60.0
    await chosen.prepare(["192.0.2.25"])
    assert chosen.name_of("192.0.2.25") == HostName("mx.example.com", HostNameSource.REVERSE_DNS)


async def test_names_are_refreshed_behind_the_scenes() -> None:
    """After an hour reverse DNS is asked anew; the old name is used until the new one is there."""
    now_s = 0.0
    resolver = StaticResolver.of(ZONE)
    chosen = HostNames(resolver, MemoryMtaNames(), None, "box", lambda: now_s)
    await chosen.prepare(["192.0.2.25"])
    resolver.zone = StaticResolver.of({"25.2.0.192.in-addr.arpa": [["PTR", "new.example.com"]]}).zone
    now_s = 3600.0
    assert chosen.name_of("192.0.2.25").name == "mx.example.com"
    await chosen.prepare([])
    assert chosen.name_of("192.0.2.25").name == "new.example.com"


async def test_claimed_addresses_are_bounded() -> None:
    """PX19: however many local addresses PROXY headers claim, few are asked about at a time and a bounded number is kept."""
    resolver = HeldResolver(StaticResolver.of({}))
    chosen = names(resolver)
    for number in range(MAX_ADDRESSES + 500):
        assert chosen.name_of(f"198.51.{number // 250}.{number % 250}") == MACHINE
    await asyncio.sleep(0.01)
    assert len(resolver.asked) == MAX_LOOK_UPS
    resolver.go.set()
    for number in range(MAX_ADDRESSES + 500):
        await chosen.prepare([f"198.51.{number // 250}.{number % 250}"])
    assert len(chosen) == MAX_ADDRESSES


async def test_close_ends_the_look_ups() -> None:
    """Nothing is left running."""
    chosen = names(HeldResolver(StaticResolver.of(ZONE)))
    chosen.name_of("192.0.2.25")
    await chosen.close()
    assert len(asyncio.all_tasks()) == 1
