"""Contract checks for :class:`tidegate.ports.resolver.Resolver`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, MxRecord, RecordType
from tidegate.ports.resolver import Resolver

ZoneContent = Mapping[str, list[list[object]]]
"""A DNS as a zone file spells it (:mod:`tidegate.domain.dns_zone`)."""

ResolverMaker = Callable[[ZoneContent], AbstractAsyncContextManager[Resolver]]
"""Sets up one fresh resolver whose world is the zone, and takes it down again. A query that times out should do so within a second."""

A, AAAA, MX, PTR, TXT = RecordType.A, RecordType.AAAA, RecordType.MX, RecordType.PTR, RecordType.TXT

ZONE: ZoneContent = {
    "example.com": [
        ["A", "192.0.2.1"],
        ["A", "192.0.2.2"],
        ["AAAA", "2001:DB8:0:0::1"],
        ["MX", [10, "mx1.example.com"]],
        ["MX", [0, "mx2.example.com."]],
        ["TXT", ["v=spf1 ", "-all"]],
        ["TXT", ["schön", ""]],
        ["SPF", ["v=spf1 +all"]],
    ],
    "null.example": [["MX", [0, "."]]],
    "long.example": [["TXT", ["x" * 255] * 20]],
    "many.example": [["TXT", [f"{number:03} {'y' * 90}"]] for number in range(40)],
    "1.2.0.192.in-addr.arpa": [["PTR", "host.example.com."], ["PTR", "other.example.com"]],
    "_dmarc.a+b=c.example": [["TXT", ["v=DMARC1"]]],
    "alias.example": [["CNAME", "second.example"]],
    "second.example": [["CNAME", "example.com."]],
    "dangling.example": [["CNAME", "absent.example"]],
    "circle.example": [["CNAME", "circle2.example"]],
    "circle2.example": [["CNAME", "circle.example"]],
    "slow.example": [["TIMEOUT"]],
    "partly.example": [["A", "192.0.2.3"], ["TIMEOUT"]],
    "mx-slow.example": [["A", "192.0.2.4"], ["MX", "TIMEOUT"]],
    "to-slow.example": [["CNAME", "slow.example"]],
}


async def check_records(make: ResolverMaker) -> None:
    """Each type comes in its own shape, all records of it, spelled canonically."""
    async with make(ZONE) as resolver:

        async def ask(name: str, record_type: RecordType) -> DnsAnswer:
            return await resolver.resolve(DnsQuery(name, record_type))

        answer = await ask("example.com", A)
        assert answer.status is DnsStatus.NOERROR
        assert sorted(answer.addresses) == ["192.0.2.1", "192.0.2.2"]
        assert (answer.texts, answer.exchanges, answer.names) == ((), (), ())
        assert (await ask("example.com", AAAA)).addresses == ("2001:db8::1",)
        exchanges = (await ask("example.com", MX)).exchanges
        assert sorted(exchanges, key=lambda record: record.preference) == [MxRecord(0, "mx2.example.com"), MxRecord(10, "mx1.example.com")]
        assert (await ask("null.example", MX)).exchanges == (MxRecord(0, ""),)
        assert sorted((await ask("example.com", TXT)).texts) == ["schön".encode(), b"v=spf1 -all"]
        assert sorted((await ask("1.2.0.192.in-addr.arpa", PTR)).names) == ["host.example.com", "other.example.com"]
        assert (await ask("_dmarc.a+b=c.example", TXT)).texts == (b"v=DMARC1",)


async def check_large_answers(make: ResolverMaker) -> None:
    """One record of 5,100 bytes and forty of 94, more than any datagram holds, come whole."""
    async with make(ZONE) as resolver:
        assert (await resolver.resolve(DnsQuery("long.example", TXT))).texts == (b"x" * 5100,)
        texts = (await resolver.resolve(DnsQuery("many.example", TXT))).texts
        assert sorted(texts) == [f"{number:03} {'y' * 90}".encode() for number in range(40)]


async def check_nothing_there(make: ResolverMaker) -> None:
    """A name without the type has no records; a name that is not there does not exist. Neither is a failure."""
    async with make(ZONE) as resolver:
        assert await resolver.resolve(DnsQuery("null.example", A)) == DnsAnswer(DnsStatus.NOERROR)
        assert await resolver.resolve(DnsQuery("absent.example", TXT)) == DnsAnswer(DnsStatus.NXDOMAIN)


async def check_aliases(make: ResolverMaker) -> None:
    """Aliases are followed; one that leads nowhere does not exist, a circle is a failure."""
    async with make(ZONE) as resolver:
        assert sorted((await resolver.resolve(DnsQuery("alias.example", A))).addresses) == ["192.0.2.1", "192.0.2.2"]
        assert await resolver.resolve(DnsQuery("dangling.example", A)) == DnsAnswer(DnsStatus.NXDOMAIN)
        assert await resolver.resolve(DnsQuery("circle.example", A)) == DnsAnswer(DnsStatus.TEMPERROR)


async def check_letter_case(make: ResolverMaker) -> None:
    """Names are the same in any case of their letters."""
    async with make(ZONE) as resolver:
        assert sorted((await resolver.resolve(DnsQuery("eXample.COM", A))).addresses) == ["192.0.2.1", "192.0.2.2"]


async def check_time_outs(make: ResolverMaker) -> None:
    """What is not answered is TEMPERROR, for that name and type alone."""
    async with make(ZONE) as resolver:
        queries = [DnsQuery(name, A) for name in ("slow.example", "partly.example", "mx-slow.example", "to-slow.example")]
        slow, partly, other_type, alias = await asyncio.gather(*map(resolver.resolve, queries))
        assert slow == alias == DnsAnswer(DnsStatus.TEMPERROR)
        assert partly.addresses == ("192.0.2.3",)
        assert other_type.addresses == ("192.0.2.4",)
        assert await resolver.resolve(DnsQuery("mx-slow.example", MX)) == DnsAnswer(DnsStatus.TEMPERROR)


async def check_impossible_names(make: ResolverMaker) -> None:
    """A name that cannot exist does not exist, and nobody is asked: the answer comes at once, whatever it would be."""
    names = ["", ".", "a..example", ".example", "example.com.", "x" * 64 + ".example", "x." * 127 + "example", "bücher.example", "a b.example"]
    async with make({name.lower(): [["TIMEOUT"]] for name in names if name}) as resolver:
        for name in [*names, "nul\0.example", "line\r\n.example"]:
            assert await resolver.resolve(DnsQuery(name, A)) == DnsAnswer(DnsStatus.NXDOMAIN), name


async def check_many_at_once(make: ResolverMaker) -> None:
    """Many queries under way at the same time get each its own answer."""
    zone: ZoneContent = {f"n{number}.example": [["A", f"198.51.{number // 250}.{number % 250}"]] for number in range(300)}
    async with make(zone) as resolver:
        answers = await asyncio.gather(*(resolver.resolve(DnsQuery(name, A)) for name in zone))
        assert [list(answer.addresses) for answer in answers] == [[str(records[0][1])] for records in zone.values()]


async def check_cancellation(make: ResolverMaker) -> None:
    """One of several callers that wait for the same answer goes away; the others get it."""
    async with make(ZONE) as resolver:
        tasks = [asyncio.ensure_future(resolver.resolve(DnsQuery("example.com", AAAA))) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [outcome.addresses for outcome in outcomes[1:] if isinstance(outcome, DnsAnswer)] == [("2001:db8::1",)] * 2


ResolverCheck = Callable[[ResolverMaker], Awaitable[None]]

RESOLVER_CHECKS: tuple[ResolverCheck, ...] = (
    check_records,
    check_large_answers,
    check_nothing_there,
    check_aliases,
    check_letter_case,
    check_time_outs,
    check_impossible_names,
    check_many_at_once,
    check_cancellation,
)
"""All of them; run each on a maker of its own."""
