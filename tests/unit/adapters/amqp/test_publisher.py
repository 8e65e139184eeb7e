"""The AMQP publisher against a broker that follows a script: what it sends, refuses and waits for."""

import asyncio
import gzip

import pytest
from tests.servers.scripted_broker import ScriptedBroker
from tests.servers.scripted_publishing import QUEUE, document, ignore, outcomes, publishing

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, Encoding
from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication


async def test_message_as_promised() -> None:
    """Persistent, mandatory, typed, with the document's id, parts joined, on the default exchange with the queue as routing key."""
    async with ScriptedBroker() as broker, publishing(broker) as publisher:
        await publisher.publish([document(1)])
        (message,) = broker.published
        properties = message.header.properties
        assert (message.exchange, message.queue, message.mandatory, message.body) == ("", QUEUE, True, document(1).body)
        assert (properties.delivery_mode, properties.content_type, properties.content_encoding) == (2, "application/json", None)
        assert properties.message_id == "00000001-test"


async def test_too_large_is_refused_before_anything_is_published() -> None:
    """QU11: one document above the limit refuses the whole call; nothing of it is sent."""
    async with ScriptedBroker() as broker, publishing(broker, max_document_bytes=1000) as publisher:
        assert publisher.max_document_bytes == 1000
        with pytest.raises(DocumentTooLarge):
            await publisher.publish([document(1), document(2, 1001)])
        await publisher.publish([document(3, 1000)])
        assert [message.message_id for message in broker.published] == [document(3).message_id]


@pytest.mark.parametrize(("version", "mebibytes"), [("3.10.8", 128), ("4.0.1", 16), ("10.2", 16), ("", 16), ("nonsense", 16)])
async def test_limit_follows_the_version(version: str, mebibytes: int) -> None:
    """QU11: 16 MiB from RabbitMQ 4 on, and for whatever does not tell."""
    async with ScriptedBroker(version=version) as broker, publishing(broker) as publisher:
        assert publisher.max_document_bytes == mebibytes * 1024 * 1024


async def test_limit_is_unknown_before_the_first_connection() -> None:
    """QU01: without a broker there is no limit yet and publishing fails at once."""
    async with AmqpPublisher(AmqpSettings(addresses=("amqp://guest:guest@127.0.0.1:1/",))) as publisher:
        assert publisher.max_document_bytes is None
        assert not publisher.accepting()
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(1)])


@pytest.mark.parametrize(
    "publication",
    [
        pytest.param(Publication("", "id", (b"{}",)), id="no queue"),
        pytest.param(Publication("é" * 128, "id", (b"{}",)), id="queue of 256 bytes"),
        pytest.param(Publication(QUEUE, "i" * 256, (b"{}",)), id="id of 256 bytes"),
    ],
)
async def test_names_that_amqp_cannot_carry(publication: Publication) -> None:
    """A permanent failure, with nothing of the call published."""
    async with ScriptedBroker() as broker, publishing(broker) as publisher:
        with pytest.raises(PermanentFailure):
            await publisher.publish([document(1), publication])
        assert broker.published == []


async def test_gzip() -> None:
    """Bodies are gzip members with the content_encoding set, small ones and those compressed in a thread."""
    async with ScriptedBroker() as broker, publishing(broker, encoding=Encoding.GZIP) as publisher:
        await publisher.publish([document(1), document(2, 300_000)])
        assert [gzip.decompress(message.body) for message in broker.published] == [document(1).body, document(2, 300_000).body]
        assert {message.header.properties.content_encoding for message in broker.published} == {"gzip"}


async def test_small_frames() -> None:
    """A body is cut into frames of the size that the broker allows."""
    async with ScriptedBroker(frame_max=4096) as broker, publishing(broker) as publisher:
        for size in (1, 4087, 4088, 4089, 8176, 8177, 50_000):
            await publisher.publish([document(size, size)])
            assert broker.published[-1].body == document(size, size).body


async def test_close_waits_for_confirms() -> None:
    """Closing takes no new documents and lets those under way be confirmed."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker) as publisher:
        (call,) = await outcomes(publisher, 1)
        await broker.arrived(1)
        closing = asyncio.ensure_future(publisher.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(2)])
        broker.published[0].ack()
        await closing
        await call


async def test_close_waits_no_longer_than_the_confirm_timeout() -> None:
    """A broker that never confirms does not keep the process from ending; the call fails."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=0.2) as publisher:
        (call,) = await outcomes(publisher, 1)
        await broker.arrived(1)
        async with asyncio.timeout(3):
            await publisher.close()
        with pytest.raises(TemporaryFailure):
            await call


async def test_open_waits_for_the_first_attempt() -> None:
    """QU11: when the broker is there, the limit is known and documents are taken as soon as open returns."""
    async with ScriptedBroker(version="4.1.0") as broker, AmqpPublisher(AmqpSettings(addresses=(broker.url,))) as publisher:
        assert publisher.max_document_bytes == 16 * 1024 * 1024
        assert publisher.accepting()


async def test_open_waits_only_a_moment() -> None:
    """QU01: a broker that does not answer keeps open no longer than it was told to wait."""
    async with ScriptedBroker(mute=True) as broker:
        async with asyncio.timeout(2):
            async with AmqpPublisher(AmqpSettings(addresses=(broker.url,), open_wait_s=0.1)) as publisher:
                assert not publisher.accepting()


async def test_files_that_cannot_be_read() -> None:
    """A missing authority file is a permanent failure at the start that names it, and no password."""
    publisher = AmqpPublisher(AmqpSettings(addresses=("amqps://u:s3cret@localhost/?cacertfile=/nowhere/ca.pem",)))
    with pytest.raises(PermanentFailure, match=r"broker amqps://localhost:5671/ cannot be used: /nowhere/ca\.pem: No such file") as raised:
        await publisher.open()
    assert "s3cret" not in str(raised.value)


async def test_promises_given_up_are_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """QU12: settings under which mail can be lost or read are warned of at every start."""
    settings = AmqpSettings(addresses=("amqps://u:p@127.0.0.1:1/",), verify=False, persistent=False, durable=False, queues=(QUEUE,))
    async with AmqpPublisher(settings):
        pass
    for key in ("rabbitmq-verify", "rabbitmq-persistent", "rabbitmq-durable"):
        assert key in caplog.text
