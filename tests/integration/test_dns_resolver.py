"""The resolver against a DNS server that answers, stalls, truncates and lies."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop
from tests.servers.dns_server import Asked, DnsServer, Fault

from tidegate.adapters.dns import DnspythonResolver
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType
from tidegate.domain.nameserver import Nameserver
from tidegate.ports.resolver import Resolver
from tidegate.ports.testing.resolver import RESOLVER_CHECKS, ResolverCheck, ZoneContent

pytestmark = pytest.mark.integration

A = RecordType.A
NAME = DnsQuery("example.com", A)
ZONE: ZoneContent = {"example.com": [["A", "192.0.2.1"]], "big.example": [["TXT", ["x" * 255] * 10]]}
FOUND = DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1",))
FAILED = DnsAnswer(DnsStatus.TEMPERROR)
CLOSED_PORT = 9  # discard: nobody listens there on loopback


def resolver_of(*servers: DnsServer, timeout_s: float = 0.25, attempts: int = 1, max_in_flight: int = 256) -> DnspythonResolver:
    """A resolver that asks these servers and does not wait long."""
    nameservers = [Nameserver(server.address, server.port) for server in servers]
    return DnspythonResolver(nameservers, timeout_s, attempts, max_in_flight=max_in_flight)


@asynccontextmanager
async def make(zone: ZoneContent) -> AsyncIterator[Resolver]:
    """A resolver and its server."""
    with DnsServer.of(zone) as server:
        resolver = resolver_of(server, timeout_s=0.5)
        yield resolver
        await resolver.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("check", RESOLVER_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: ResolverCheck, run: Callable[..., None]) -> None:
    """Every contract check passes on both event loops."""
    run(check(make))


@pytest.mark.parametrize(
    ("fault", "expected", "asked_tcp"),
    [
        (Fault.SERVFAIL, FAILED, False),
        (Fault.REFUSED, FAILED, False),
        (Fault.SILENCE, FAILED, False),
        (Fault.TRUNCATION, FOUND, True),
        (Fault.TRUNCATION_WITHOUT_TCP, FAILED, True),
        (Fault.SHORT_TCP, FAILED, True),
        (Fault.SIGNATURES, FOUND, True),
        (Fault.STRAYS_FIRST, FOUND, False),
        (Fault.STRAYS_ONLY, FAILED, False),
    ],
)
async def test_faults(fault: Fault, expected: DnsAnswer, asked_tcp: bool) -> None:
    """ML15: failures are TEMPERROR; truncated answers come over TCP; a broken or forged datagram neither answers nor ends the waiting. ML16:
    signatures and keys are passed over."""
    with DnsServer.of(ZONE) as server:
        server.faults[NAME.name] = fault
        assert expected == await resolver_of(server).resolve(NAME)
        assert asked_tcp == any(asked.tcp for asked in server.asked)


ASK = """
import asyncio, sys
from tidegate.adapters.dns import DnspythonResolver
from tidegate.domain.dns import DnsQuery, RecordType
from tidegate.domain.nameserver import Nameserver
resolver = DnspythonResolver([Nameserver(sys.argv[1], int(sys.argv[2]))])
print(asyncio.run(resolver.resolve(DnsQuery("example.com", RecordType.A))).addresses, "dns.dnssec" in sys.modules)
"""


async def test_nothing_is_validated_here() -> None:
    """ML16: no signature costs anything, because what could look at it is not even loaded: validation is the recursive server's."""
    with DnsServer.of(ZONE) as server:
        server.faults[NAME.name] = Fault.SIGNATURES
        asking = await asyncio.create_subprocess_exec(sys.executable, "-c", ASK, server.address, str(server.port), stdout=subprocess.PIPE)
        said, _ = await asking.communicate()
    assert said == b"('192.0.2.1',) False\n"


async def test_large_answers_come_over_tcp() -> None:
    """An answer beyond the announced datagram size is fetched over TCP, once."""
    with DnsServer.of(ZONE) as server:
        answer = await resolver_of(server).resolve(DnsQuery("big.example", RecordType.TXT))
        assert answer.texts == (b"x" * 2550,)
        assert [Asked("big.example", "TXT", tcp=False), Asked("big.example", "TXT", tcp=True)] == server.asked


@pytest.mark.parametrize(("records", "status"), [(500, DnsStatus.NOERROR), (600, DnsStatus.TEMPERROR)])
async def test_number_of_records_is_bounded(records: int, status: DnsStatus) -> None:
    """ML15: an answer with more records than anybody needs is a failure, before it is parsed."""
    with DnsServer.of({"many.example": [["A", f"10.0.{number // 256}.{number % 256}"] for number in range(records)]}) as server:
        answer = await resolver_of(server, timeout_s=5).resolve(DnsQuery("many.example", A))
        assert answer.status is status
        assert len(answer.addresses) == (records if status is DnsStatus.NOERROR else 0)


async def test_the_next_server_is_asked() -> None:
    """A server that is silent, refuses or is not there is passed over, and not asked first the next time."""
    with DnsServer.of(ZONE) as bad, DnsServer.of(ZONE) as good:
        for fault in (Fault.SILENCE, Fault.SERVFAIL, Fault.REFUSED):
            bad.faults[NAME.name] = fault
            bad.asked.clear()
            resolver = resolver_of(bad, good, attempts=2)
            assert await resolver.resolve(NAME) == FOUND
            assert await resolver.resolve(DnsQuery("absent.example", A)) == DnsAnswer(DnsStatus.NXDOMAIN)
            assert len(bad.asked) == 1
        absent = DnspythonResolver([Nameserver("127.0.0.1", CLOSED_PORT), Nameserver(good.address, good.port)], attempts=2)
        assert await absent.resolve(NAME) == FOUND


async def test_nobody_is_there() -> None:
    """A closed port is a failure at once, not after the time limit."""
    started = time.monotonic()
    assert await DnspythonResolver([Nameserver("127.0.0.1", CLOSED_PORT)], timeout_s=30).resolve(NAME) == FAILED
    assert time.monotonic() - started < 10


async def test_ipv6_server() -> None:
    """A server with an IPv6 address is asked as well."""
    with DnsServer.of(ZONE) as server:
        pass
    server.address, server.port = "::1", 0
    with server:
        assert await resolver_of(server).resolve(NAME) == FOUND
        assert (await resolver_of(server).resolve(DnsQuery("big.example", RecordType.TXT))).texts == (b"x" * 2550,)


async def test_one_query_for_many_callers() -> None:
    """Equal queries at the same time are one, in whatever case; afterwards the answer is known."""
    with DnsServer.of(ZONE) as server:
        resolver = resolver_of(server)
        names = ["example.com", "EXAMPLE.com", "example.COM"] * 30
        assert await asyncio.gather(*(resolver.resolve(DnsQuery(name, A)) for name in names)) == [FOUND] * 90
        assert await resolver.resolve(NAME) == FOUND
        assert [Asked("example.com", "A", tcp=False)] == server.asked


async def test_answers_are_kept_as_long_as_they_say() -> None:
    """Positive answers by the time of their records, absence by the SOA record, failures for five seconds."""
    now_s = 0.0
    with DnsServer.of({**ZONE, "slow.example": [["TIMEOUT"]]}) as server:
        server.ttl, server.negative_ttl = 100, 40
        resolver = DnspythonResolver([Nameserver(server.address, server.port)], 0.2, 1, monotonic_s=lambda: now_s)

        async def asked(name: str) -> int:
            await resolver.resolve(DnsQuery(name, A))
            return sum(asked.name == name for asked in server.asked)

        for name, kept_s in (("example.com", 100), ("big.example", 40), ("absent.example", 40), ("slow.example", 5)):
            assert await asked(name) == 1
            now_s += kept_s - 1
            assert await asked(name) == 1
            now_s += 1
            assert await asked(name) == 2


async def test_absence_without_soa_is_kept_shortly() -> None:
    """A server that does not say how long an absence holds is asked again within the hour all the same."""
    now_s = 0.0
    with DnsServer.of(ZONE) as server:
        server.negative_ttl = None
        resolver = DnspythonResolver([Nameserver(server.address, server.port)], 0.2, 1, monotonic_s=lambda: now_s)
        for _ in range(2):
            assert await resolver.resolve(DnsQuery("absent.example", A)) == DnsAnswer(DnsStatus.NXDOMAIN)
        assert len(server.asked) == 1
        now_s = 900.0
        await resolver.resolve(DnsQuery("absent.example", A))
        assert len(server.asked) == 2


@pytest.mark.parametrize(("trusted", "said", "expected"), [(True, True, True), (True, False, False), (False, True, False)])
async def test_validation_is_believed_of_trusted_servers(trusted: bool, said: bool, expected: bool) -> None:
    """The AD bit counts from a trusted server alone, and is kept with the answer."""
    with DnsServer.of(ZONE) as server:
        server.authenticated = said
        resolver = DnspythonResolver([Nameserver(server.address, server.port, trusted=trusted)])
        for _ in range(2):
            assert expected == (await resolver.resolve(NAME)).authenticated


async def test_look_ups_at_a_time_are_bounded() -> None:
    """ML18: with every place taken by dead names others wait, end in time with TEMPERROR, and that is not remembered against them."""
    dead: ZoneContent = {f"dead{number}.example": [["TIMEOUT"]] for number in range(20)}
    with DnsServer.of({**ZONE, **dead}) as server:
        resolver = resolver_of(server, timeout_s=0.3, max_in_flight=4)
        started = time.monotonic()
        answers = await asyncio.gather(*(resolver.resolve(DnsQuery(name, A)) for name in [*dead, "example.com"]))
        assert answers == [FAILED] * 21
        assert time.monotonic() - started < 10
        assert 4 <= len(server.asked) <= 8, "the places that come free when the waiting ends may be taken once more"
        assert await resolver.resolve(NAME) == FOUND


async def test_cancelled_callers_leave_no_trace() -> None:
    """A caller that gives up does not end the look-up; closing the resolver does."""
    with DnsServer.of({"slow.example": [["TIMEOUT"]]}) as server:
        resolver = resolver_of(server, timeout_s=30)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await resolver.resolve(DnsQuery("slow.example", A))
        waiting = asyncio.ensure_future(resolver.resolve(DnsQuery("slow.example", A)))
        await asyncio.sleep(0.05)
        assert len(server.asked) == 1
        await resolver.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(asyncio.all_tasks()) == 1
