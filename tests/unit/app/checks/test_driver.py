"""Look-ups of checks over a resolver: together, in time, bounded."""

import asyncio

import attrs
import pytest

from tidegate.app.checks.driver import MAX_QUERIES, Lookup
from tidegate.domain.checks.lookups import Lookups
from tidegate.domain.dns import DnsAnswer, DnsQuery, DnsStatus, RecordType

FOUND = DnsAnswer(DnsStatus.NOERROR, addresses=("192.0.2.1",))


@attrs.define
class SlowResolver:
    """Answers names that begin with ``never`` after the test is over, others once everyone of ``together`` has asked."""

    together: int = 1
    asked: list[str] = attrs.Factory(list)
    cancelled: list[str] = attrs.Factory(list)
    complete: asyncio.Event = attrs.Factory(asyncio.Event)

    async def resolve(self, query: DnsQuery) -> DnsAnswer:
        """As the port."""
        self.asked.append(query.name)
        if len(self.asked) >= self.together:
            self.complete.set()
        try:
            await (asyncio.Event() if query.name.startswith("never") else self.complete).wait()
        except asyncio.CancelledError:
            self.cancelled.append(query.name)
            raise
        return FOUND


def names(*batches: tuple[str, ...]) -> Lookups[list[DnsStatus]]:
    """A check that asks for batches of names and returns how they went."""
    found: list[DnsStatus] = []
    for batch in batches:
        answers = yield tuple(DnsQuery(name, RecordType.A) for name in batch)
        assert len(answers) == len(batch)
        found += [answer.status for answer in answers]
    return found


@pytest.fixture
async def now() -> float:
    """The event loop's time."""
    return asyncio.get_running_loop().time()


async def test_batch_is_resolved_together(now: float) -> None:
    """Three queries of a batch are under way at once: each answer comes only when all have asked."""
    lookup = Lookup(SlowResolver(together=3), now + 60)
    assert await lookup.complete(names(("a", "b", "c"))) == [DnsStatus.NOERROR] * 3
    await lookup.close()


async def test_checks_share_answers(now: float) -> None:
    """What two checks ask, or one asks twice, is asked once."""
    resolver = SlowResolver()
    lookup = Lookup(resolver, now + 60)
    first, second = await asyncio.gather(lookup.complete(names(("a",), ("b", "a"))), lookup.complete(names(("a", "a"))))
    assert first + second == [DnsStatus.NOERROR] * 5
    assert resolver.asked == ["a", "b"]


async def test_others_run_at_a_pause(now: float) -> None:
    """ML06: a check that asks for nothing is interrupted all the same."""
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    lookup = Lookup(SlowResolver(), now + 60)
    assert await lookup.complete(names(())) == []
    assert (ran, lookup.queries_left) == ([1], MAX_QUERIES)


async def test_deadline_is_temperror_and_ends_the_check(now: float) -> None:
    """ML15: what does not answer costs the time that is left, once; what is asked afterwards costs nothing."""
    resolver = SlowResolver()
    lookup = Lookup(resolver, now + 0.5)
    assert await lookup.complete(names(("never", "a"), ("b",))) == [DnsStatus.TEMPERROR, DnsStatus.NOERROR, DnsStatus.TEMPERROR]
    assert resolver.asked == ["never", "a"]
    await lookup.close()
    assert resolver.cancelled == ["never"]


async def test_number_of_queries_is_bounded(now: float) -> None:
    """ML01: the fifty-first different query of a message is not asked."""
    resolver = SlowResolver()
    lookup = Lookup(resolver, now + 60)
    batch = tuple(f"n{number}" for number in range(MAX_QUERIES + 5))
    statuses = await lookup.complete(names(batch))
    assert statuses == [DnsStatus.NOERROR] * MAX_QUERIES + [DnsStatus.TEMPERROR] * 5
    assert len(resolver.asked) == MAX_QUERIES == 50
    assert await lookup.complete(names(("n0", "other"))) == [DnsStatus.NOERROR, DnsStatus.TEMPERROR]


async def test_shares(now: float) -> None:
    """ML01: a part has queries and time of its own, taken from the whole; answers are shared; the whole closes all."""
    resolver = SlowResolver()
    lookup = Lookup(resolver, now + 60)
    part, rest = lookup.share(2, 60), lookup.share(MAX_QUERIES, 0.05)
    assert (part.queries_left, rest.queries_left, lookup.queries_left) == (2, MAX_QUERIES - 2, 0)
    part.start(DnsQuery("a", RecordType.A))
    assert await rest.complete(names(("never", "a"))) == [DnsStatus.TEMPERROR, DnsStatus.NOERROR]
    assert await part.complete(names(("a", "b", "c"))) == [DnsStatus.NOERROR] * 2 + [DnsStatus.TEMPERROR]
    assert resolver.asked == ["a", "never", "b"]
    await lookup.close()
    assert resolver.cancelled == ["never"]


async def test_cancelled_query_is_no_answer(now: float) -> None:
    """A resolver that is closed under a check leaves it without answer, it does not end it."""

    @attrs.frozen
    class ClosedResolver:
        async def resolve(self, query: DnsQuery) -> DnsAnswer:
            raise asyncio.CancelledError

    assert await Lookup(ClosedResolver(), now + 60).complete(names(("a",))) == [DnsStatus.TEMPERROR]
