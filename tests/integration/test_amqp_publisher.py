"""The AMQP publisher against a real RabbitMQ."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import aio_pika
import pytest
from tests.servers.rabbitmq import RabbitMq

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication

pytestmark = pytest.mark.integration


async def connected(publisher: AmqpPublisher) -> AmqpPublisher:
    async with asyncio.timeout(20):
        while not publisher.accepting():  # noqa: ASYNC110 - the port has no event to wait for
            await asyncio.sleep(0.01)
    return publisher


async def drain(url: str, queue: str) -> list[bytes]:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        source = await channel.get_queue(queue)
        bodies = []
        while (message := await source.get(no_ack=True, fail=False)) is not None:
            bodies.append(message.body)
        return bodies


@pytest.fixture
def queue() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def publisher(rabbitmq: RabbitMq, queue: str) -> AsyncIterator[AmqpPublisher]:
    async with AmqpPublisher(AmqpSettings(addresses=(rabbitmq.url,), queues=(queue,))) as publisher:
        yield await connected(publisher)


async def test_every_document_of_a_transaction_is_on_its_queue(rabbitmq: RabbitMq, publisher: AmqpPublisher, queue: str) -> None:
    """Documents arrive whole, their parts joined, before publish returns."""
    await publisher.publish([Publication(queue, f"id-{n}", (b"{", b'"n": %d' % n, b"}")) for n in range(5)])
    assert sorted(await drain(rabbitmq.url, queue)) == [b'{"n": %d}' % n for n in range(5)]


async def test_without_a_broker_publishing_fails_at_once() -> None:
    """QU01: open succeeds, accepting is false, publish is a temporary failure."""
    async with AmqpPublisher(AmqpSettings(addresses=("amqp://guest:guest@127.0.0.1:1/",))) as publisher:
        assert not publisher.accepting()
        with pytest.raises(TemporaryFailure):
            await publisher.publish([Publication("q", "id", (b"{}",))])
