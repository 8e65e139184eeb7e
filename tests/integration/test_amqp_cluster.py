"""A quorum queue on three nodes of RabbitMQ that go away one after the other."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.conftest import require
from tests.integration.test_spooling import spooling, until, waiting
from tests.servers import rabbitmq as rabbitmq_server
from tests.servers.amqp import accepting, take_all
from tests.servers.rabbitmq import RabbitMq

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, QueueType
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.ports.testing.publisher import document

pytestmark = pytest.mark.integration

QUEUE = "kept"


@pytest.fixture
def nodes() -> Iterator[tuple[RabbitMq, RabbitMq, RabbitMq]]:
    """A cluster of three."""
    require(rabbitmq_server.installed(), "rabbitmq-server")
    with ExitStack() as stack:
        first = stack.enter_context(RabbitMq())
        second, third = (stack.enter_context(RabbitMq(beside=first)) for _ in range(2))
        second.join()
        third.join()
        yield first, second, third


async def test_majority_is_lost_and_found(nodes: tuple[RabbitMq, RabbitMq, RabbitMq], tmp_path: Path) -> None:
    """QU13: with one node dead mail goes on; with two it is accepted into the spool, and handed over when there is a majority again."""
    first, second, third = nodes
    told = AmqpSettings(
        addresses=(first.url,), queues=(QUEUE,), queue_type=QueueType.QUORUM, confirm_timeout_s=5.0, backoff_first_s=0.1, backoff_longest_s=0.5
    )
    spool = FolderSpool(tmp_path)
    async with AmqpPublisher(told) as broker, spool, spooling(broker, spool) as publisher:
        await accepting(broker)
        everything = [document(QUEUE, number) for number in range(60)]
        await publisher.publish(everything[:20])
        await asyncio.to_thread(third.kill)
        await broker.publish(everything[20:40])
        await asyncio.to_thread(second.pause)
        try:
            for item in everything[40:]:
                await publisher.publish([item])
            assert waiting(tmp_path, QUEUE) == 20, "nobody confirms without a majority"
        finally:
            await asyncio.to_thread(second.resume)
        await until(lambda: waiting(tmp_path, QUEUE) == 0)
    stored = {message.message_id for message in await take_all(first.url, QUEUE)}
    assert stored == {item.message_id for item in everything}
