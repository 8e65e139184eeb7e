"""The publisher in memory keeps the contract and does what a test sets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication, Publisher
from tidegate.ports.testing.publisher import PUBLISHER_CHECKS, PublisherCheck, PublisherMaker, PublisherUnderTest, check_too_large, document


def make(limit: int | None) -> PublisherMaker:
    """A maker for the contract checks."""

    @asynccontextmanager
    async def maker() -> AsyncIterator[PublisherUnderTest]:
        publisher = MemoryPublisher(max_document_bytes=limit)

        async def stored(queue: str) -> Sequence[bytes]:
            return publisher.bodies(queue)

        @asynccontextmanager
        async def failing() -> AsyncIterator[None]:
            publisher.failure = TemporaryFailure("set by the test")
            yield
            publisher.failure = None

        yield PublisherUnderTest(publisher, ("inbox", "local"), stored, failing)

    return maker


@pytest.mark.parametrize("limit", [None, 300_000])
@pytest.mark.parametrize("check", PUBLISHER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: PublisherCheck, limit: int | None) -> None:
    """Every contract check passes, with and without a limit on size."""
    await check(make(limit))


async def test_checks_find_a_breach() -> None:
    """A publisher that publishes the small documents of a call with a large one is caught."""

    class Careless(MemoryPublisher):
        async def publish(self, publications: Sequence[Publication]) -> None:
            for publication in publications:
                await MemoryPublisher.publish(self, [publication])

    @asynccontextmanager
    async def maker() -> AsyncIterator[PublisherUnderTest]:
        publisher = Careless(max_document_bytes=300)

        async def stored(queue: str) -> Sequence[bytes]:
            return publisher.bodies(queue)

        yield PublisherUnderTest(publisher, ("inbox", "local"), stored)

    with pytest.raises(AssertionError, match="too large"):
        await check_too_large(maker)


async def test_settable_failures() -> None:
    """A failure holds while it is set, the hook sees the documents, and every call is recorded."""
    publisher = MemoryPublisher()
    conforming: Publisher = publisher

    async def refuse_second(publications: Sequence[Publication]) -> None:
        if publications[0].message_id == document("q", 2).message_id:
            raise PermanentFailure("never this one")

    publisher.before_publish = refuse_second
    await conforming.publish([document("q", 1)])
    with pytest.raises(PermanentFailure, match="never"):
        await conforming.publish([document("q", 2)])
    publisher.failure = TemporaryFailure("away")
    with pytest.raises(TemporaryFailure, match="away"):
        await conforming.publish([document("q", 3)])
    publisher.available = False
    assert conforming.accepting() is False
    assert publisher.bodies("q") == [document("q", 1).body]
    assert [call[0].message_id[:8] for call in publisher.calls] == ["00000001", "00000002", "00000003"]
