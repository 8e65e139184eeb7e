"""Documents that the broker returns."""

import asyncio
from collections.abc import Callable

import pytest
from tests.servers.scripted_broker import Published, ScriptedBroker
from tests.servers.scripted_publishing import QUEUE, document, publishing

from tidegate.ports.errors import TemporaryFailure


def returning(times: int) -> Callable[[Published], None]:
    """Returns each document so many times (and acks it, as RabbitMQ does), then confirms it."""
    seen: dict[str, int] = {}

    def script(message: Published) -> None:
        seen[message.message_id] = seen.get(message.message_id, 0) + 1
        if seen[message.message_id] <= times:
            message.give_back()
        message.ack()

    return script


async def test_returned_document_is_declared_for_and_sent_again() -> None:
    """QU06: after a return the queue is declared once, however many came back, and each document sent once more."""
    async with ScriptedBroker(script=returning(1)) as broker, publishing(broker) as publisher:
        before = len(broker.declared)
        await publisher.publish([document(number) for number in range(20)])
        assert len(broker.declared) == before + 1
        assert sorted(message.message_id for message in broker.published) == sorted([document(n).message_id for n in range(20)] * 2)


async def test_document_returned_twice_is_a_failure() -> None:
    """QU06: a document that is unroutable although its queue was declared fails; the ack that follows a return means nothing."""
    async with ScriptedBroker(script=returning(2)) as broker, publishing(broker) as publisher:
        with pytest.raises(TemporaryFailure, match="NO_ROUTE"):
            await publisher.publish([document(1)])
        assert len(broker.published) == 2


async def test_returned_document_without_declaring_is_a_failure() -> None:
    """With rabbitmq-declare off nothing is declared and nothing sent twice."""
    async with ScriptedBroker(script=returning(1)) as broker, publishing(broker, declare=False) as publisher:
        with pytest.raises(TemporaryFailure, match="cannot route"):
            await publisher.publish([document(1)])
        assert len(broker.published) == 1


async def test_returned_for_a_queue_that_cannot_be_declared() -> None:
    """A name that RabbitMQ could have but the library does not declare: a failure, and the publisher works on."""
    async with ScriptedBroker(script=returning(9)) as broker, publishing(broker) as publisher:
        with pytest.raises(TemporaryFailure, match="cannot be declared"):
            await publisher.publish([document(1, queue="postkasse-æøå")])
        assert publisher.accepting()


async def test_return_is_told_apart_by_queue_and_id() -> None:
    """Copies of one document for two queues have one id: only the returned one fails, and the other call succeeds."""

    def script(message: Published) -> None:
        if message.queue == "gone":
            message.give_back()
        message.ack()

    async with ScriptedBroker(script=script) as broker, publishing(broker, declare=False) as publisher:
        good = asyncio.ensure_future(publisher.publish([document(1)]))
        bad = asyncio.ensure_future(publisher.publish([document(1, queue="gone")]))
        results = await asyncio.gather(good, bad, return_exceptions=True)
        assert results[0] is None
        assert isinstance(results[1], TemporaryFailure)


async def test_large_returned_document() -> None:
    """A return carries the whole document back in many frames; they are skipped and what follows is understood."""
    async with ScriptedBroker(script=returning(1)) as broker, publishing(broker) as publisher:
        await publisher.publish([document(1, 700_000), document(2, 2_000_000)])
        await publisher.publish([document(3)])
        assert sorted(len(message.body) for message in broker.published[:4]) == [700_000, 700_000, 2_000_000, 2_000_000]


async def test_refused_redeclaration_is_not_repeated_for_every_document() -> None:
    """QU06, QU07: when the queue cannot be declared any more, the next documents fail without another attempt at once."""
    async with ScriptedBroker(script=returning(99)) as broker, publishing(broker) as publisher:
        broker.refused_queues[QUEUE] = (403, "ACCESS_REFUSED - no configure permission")
        opened = broker.channels_opened
        for number in range(10):
            with pytest.raises(TemporaryFailure, match="ACCESS_REFUSED"):
                await publisher.publish([document(number)])
        assert broker.channels_opened == opened + 1
