"""The AMQP publisher while a real RabbitMQ dies, freezes, blocks, refuses and forgets."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import pytest
from tests.servers.amqp import accepting, delete, take_all
from tests.servers.rabbitmq import RabbitMq

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.ports.errors import DocumentTooLarge, TemporaryFailure
from tidegate.ports.publisher import Publication

pytestmark = pytest.mark.integration

DEADLINE_S = 10.0


@pytest.fixture
async def queue(rabbitmq: RabbitMq) -> AsyncIterator[str]:
    """The name of a queue that is gone after the test."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    await delete(rabbitmq.url, name)


@asynccontextmanager
async def publishing(node: RabbitMq, queue: str, **settings: object) -> AsyncIterator[AmqpPublisher]:
    """A publisher that is connected."""
    told = {"addresses": (node.url,), "queues": (queue,), "confirm_timeout_s": DEADLINE_S, **settings}
    async with AmqpPublisher(AmqpSettings(**told)) as publisher:  # type: ignore[arg-type]
        await accepting(publisher)
        yield publisher


def document(queue: str, number: int, size: int = 5_000) -> Publication:
    """A document that carries its number."""
    head = b'{"n": %d, "mime": "' % number
    return Publication(queue, f"{number:08d}-fault", (head, b"x" * (size - len(head) - 2), b'"}'))


def numbers(messages: list[aio_pika.abc.AbstractIncomingMessage]) -> list[int]:
    """Which documents these are."""
    return [int((message.message_id or "").split("-")[0]) for message in messages]


async def test_killed_and_restarted_under_load(rabbitmq: RabbitMq, queue: str) -> None:
    """QU02, QU03: the broker dies (SIGKILL) with publishes in flight and comes back: nothing that succeeded is lost, and calls neither hang
    nor succeed while it is away.
    """
    confirmed: list[int] = []
    failed: list[int] = []
    counter = iter(range(1_000_000))
    stop = asyncio.Event()

    async with publishing(rabbitmq, queue) as publisher:

        async def client() -> None:
            while not stop.is_set():
                number = next(counter)
                try:
                    async with asyncio.timeout(DEADLINE_S + 5):
                        await publisher.publish([document(queue, number)])
                except TemporaryFailure:
                    failed.append(number)
                    await asyncio.sleep(0.02)
                else:
                    confirmed.append(number)

        clients = [asyncio.create_task(client()) for _ in range(30)]
        while len(confirmed) < 300:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.to_thread(rabbitmq.kill)
        before = len(confirmed)
        await asyncio.sleep(0.3)
        assert len(confirmed) == before, "a publish succeeded without a broker"
        await asyncio.to_thread(rabbitmq.start)
        async with asyncio.timeout(40):
            while len(confirmed) < before + 100:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*clients)

    await asyncio.to_thread(rabbitmq.kill)
    await asyncio.to_thread(rabbitmq.start)
    stored = set(numbers(await take_all(rabbitmq.url, queue)))
    assert failed
    assert set(confirmed) <= stored


async def test_queue_deleted(rabbitmq: RabbitMq, queue: str) -> None:
    """QU06: the documents that no queue takes come back; the queue is declared once more and they are sent again."""
    async with publishing(rabbitmq, queue) as publisher:
        await publisher.publish([document(queue, 1)])
        await delete(rabbitmq.url, queue)
        await publisher.publish([document(queue, number, 200_000) for number in range(2, 12)])
        assert sorted(numbers(await take_all(rabbitmq.url, queue))) == list(range(2, 12))


async def test_queue_deleted_and_nothing_declared(rabbitmq: RabbitMq, queue: str) -> None:
    """QU06: with rabbitmq-declare off an unroutable document is a failure, although RabbitMQ acks it."""
    async with publishing(rabbitmq, queue, declare=False) as publisher:
        with pytest.raises(TemporaryFailure, match="NO_ROUTE"):
            await publisher.publish([document(queue, 1)])
        assert publisher.accepting()


async def test_exchange_deleted(rabbitmq: RabbitMq, queue: str) -> None:
    """QU06: publishing to a missing exchange closes the channel; exchange, binding and channel are made again."""
    exchange = f"exchange-{uuid.uuid4().hex}"
    async with publishing(rabbitmq, queue, exchange=exchange) as publisher:
        await publisher.publish([document(queue, 1)])
        async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
            await channel.exchange_delete(exchange)
        with pytest.raises(TemporaryFailure, match="NOT_FOUND"):
            await publisher.publish([document(queue, 2)])
        await accepting(publisher)
        await publisher.publish([document(queue, 3)])
        assert sorted(numbers(await take_all(rabbitmq.url, queue))) == [1, 3]
        async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
            await channel.exchange_delete(exchange)


async def test_memory_alarm(rabbitmq: RabbitMq, queue: str) -> None:
    """QU08: blocked is seen within a second of the first publish, calls fail soon, and everything goes on when the alarm is over."""
    async with publishing(rabbitmq, queue) as publisher:
        await publisher.publish([document(queue, 1)])
        try:
            await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "0.00001")
            async with asyncio.timeout(5):
                with pytest.raises(TemporaryFailure, match="blocks publishers"):
                    # RabbitMQ blocks a connection when it publishes during an alarm.
                    await publisher.publish([document(queue, 2)])
                with pytest.raises(TemporaryFailure, match="blocks publishers"):
                    await publisher.publish([document(queue, 3)])
            assert not publisher.accepting()
            async with publishing(rabbitmq, queue) as late, asyncio.timeout(5):
                # Who connects during an alarm learns of it with its first publish.
                with pytest.raises(TemporaryFailure, match="blocks publishers"):
                    await late.publish([document(queue, 5)])
        finally:
            await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "0.4")
        await accepting(publisher)
        await publisher.publish([document(queue, 4)])
        assert {1, 4} <= set(numbers(await take_all(rabbitmq.url, queue)))


async def test_frozen(rabbitmq: RabbitMq, queue: str) -> None:
    """QU09: a frozen broker costs a call its deadline and no more; when it wakes up, its late confirms count for no one, and all goes on."""
    async with publishing(rabbitmq, queue, confirm_timeout_s=1.0) as publisher:
        rabbitmq.pause()
        try:
            async with asyncio.timeout(3):
                with pytest.raises(TemporaryFailure, match="within 1 s"):
                    await publisher.publish([document(queue, 1)])
            assert not publisher.accepting()
        finally:
            rabbitmq.resume()
        await accepting(publisher)
        await publisher.publish([document(queue, 2)])
        assert 2 in numbers(await take_all(rabbitmq.url, queue))


async def test_frozen_while_nothing_is_published(rabbitmq: RabbitMq, queue: str) -> None:
    """QU09: without a publish in flight heartbeats find the broker out; it is reconnected to when it lives again."""
    async with publishing(rabbitmq, queue, heartbeat_s=1) as publisher:
        rabbitmq.pause()
        try:
            await accepting(publisher, False, within_s=12)
        finally:
            rabbitmq.resume()
        await accepting(publisher)
        await publisher.publish([document(queue, 1)])


async def test_frozen_at_close(rabbitmq: RabbitMq, queue: str) -> None:
    """QU09: a frozen broker does not keep the gateway from ending."""
    async with asyncio.timeout(15):
        async with publishing(rabbitmq, queue, confirm_timeout_s=1.0):
            rabbitmq.pause()
        rabbitmq.resume()


async def test_full_queue(rabbitmq: RabbitMq, queue: str) -> None:
    """QU05: a queue that rejects what it has no room for nacks, and the call fails; what it took, it has."""
    async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
        await channel.declare_queue(queue, durable=True, arguments={"x-max-length": 5, "x-overflow": "reject-publish"})
    async with publishing(rabbitmq, queue, declare=False) as publisher:
        calls = [publisher.publish([document(queue, number)]) for number in range(30)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        confirmed = [number for number, result in enumerate(results) if result is None]
        assert all(result is None or (isinstance(result, TemporaryFailure) and "nack" in str(result)) for result in results)
        assert 5 <= len(confirmed) < 30
        assert sorted(numbers(await take_all(rabbitmq.url, queue))) == confirmed
        await publisher.publish([document(queue, 100)])


async def test_queue_with_other_arguments(rabbitmq: RabbitMq, queue: str, caplog: pytest.LogCaptureFixture) -> None:
    """QU07: a transient queue behind a durable setting is an error with RabbitMQ's own words; it heals when the queue is gone."""
    async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
        await channel.declare_queue(queue, durable=False)
        async with AmqpPublisher(AmqpSettings(addresses=(rabbitmq.url,), queues=(queue,))) as publisher:
            await asyncio.sleep(0.5)
            assert not publisher.accepting()
            with pytest.raises(TemporaryFailure):
                await publisher.publish([document(queue, 1)])
            assert "inequivalent arg 'durable'" in caplog.text
            await channel.queue_delete(queue)
            await accepting(publisher)


async def test_message_above_the_brokers_limit(rabbitmq: RabbitMq, queue: str) -> None:
    """QU11: RabbitMQ closes the channel on a message above its limit; small documents in flight are not harmed, and once the limit is told
    the document is refused before anything is sent.
    """
    rabbitmq.ctl("eval", "application:set_env(rabbit, max_message_size, 2000000).")
    try:
        async with publishing(rabbitmq, queue) as publisher:
            large = asyncio.ensure_future(publisher.publish([document(queue, 1, 3_000_000)]))
            await asyncio.gather(*(publisher.publish([document(queue, number)]) for number in range(2, 52)))
            with pytest.raises(TemporaryFailure, match="larger than configured max size"):
                await large
            assert publisher.accepting()
        async with publishing(rabbitmq, queue, max_document_bytes=2_000_000) as publisher:
            with pytest.raises(DocumentTooLarge):
                await publisher.publish([document(queue, 60), document(queue, 61, 2_000_001)])
            await publisher.publish([document(queue, 62, 2_000_000)])
        assert sorted(numbers(await take_all(rabbitmq.url, queue))) == [*range(2, 52), 62]
    finally:
        rabbitmq.ctl("eval", "application:set_env(rabbit, max_message_size, 134217728).")


async def test_limit_is_asked_from_the_broker(rabbitmq: RabbitMq, queue: str) -> None:
    """QU11: RabbitMQ 3 takes 128 MiB."""
    async with publishing(rabbitmq, queue) as publisher:
        assert publisher.max_document_bytes == 128 * 1024 * 1024


async def test_wrong_password(rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture) -> None:
    """QU15: refused, said so without the password, and not tried again at once."""
    caplog.set_level("DEBUG")
    address = rabbitmq.url.replace("guest:guest", "guest:open-sesame")
    async with AmqpPublisher(AmqpSettings(addresses=(address,))) as publisher:
        await asyncio.sleep(0.8)
        assert not publisher.accepting()
    assert caplog.text.count("cannot be used") == 1
    assert "ACCESS_REFUSED" in caplog.text
    assert "sesame" not in caplog.text


async def test_no_permission_to_publish(rabbitmq: RabbitMq, queue: str) -> None:
    """QU06: without write permission on the exchange RabbitMQ closes the channel on a publish: a failure, then a pause, and no loop."""
    rabbitmq.ctl("add_user", "limited", "limited")
    try:
        rabbitmq.ctl("set_permissions", "limited", "^test-", "^test-", ".*")
        address = rabbitmq.url.replace("guest:guest", "limited:limited")
        async with publishing(rabbitmq, queue, addresses=(address,), exchange="amq.direct") as publisher:
            with pytest.raises(TemporaryFailure, match="ACCESS_REFUSED"):
                await publisher.publish([document(queue, 1)])
            assert not publisher.accepting()
            with pytest.raises(TemporaryFailure, match="closed the channel"):
                await publisher.publish([document(queue, 2)])
            await asyncio.to_thread(rabbitmq.ctl, "set_permissions", "limited", ".*", ".*", ".*")
            await accepting(publisher)
            await publisher.publish([document(queue, 3)])
            assert numbers(await take_all(rabbitmq.url, queue)) == [3]
    finally:
        rabbitmq.ctl("delete_user", "limited")
