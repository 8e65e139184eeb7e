"""The AMQP publisher on a real RabbitMQ: the contract of the port, and every kind of queue."""

import asyncio
import gzip
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from tests.servers.amqp import accepting, delete, take_all
from tests.servers.rabbitmq import RabbitMq

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, Encoding, QueueType
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.testing.publisher import PUBLISHER_CHECKS, PublisherCheck, PublisherUnderTest

pytestmark = pytest.mark.integration


Run = Callable[[Coroutine[object, object, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine: every test that asks for it runs on both event loops."""
    runner: Run = request.param
    return runner


@asynccontextmanager
async def under_test(node: RabbitMq, **settings: object) -> AsyncIterator[PublisherUnderTest]:
    """A publisher with two fresh queues."""
    queues = (f"one-{uuid.uuid4().hex}", f"two-{uuid.uuid4().hex}")

    async def stored(queue: str) -> Sequence[bytes]:
        bodies = [message.body for message in await take_all(node.url, queue)]
        return [gzip.decompress(body) for body in bodies] if settings.get("encoding") else bodies

    @asynccontextmanager
    async def frozen() -> AsyncIterator[None]:
        node.pause()
        try:
            yield
        finally:
            node.resume()

    told = {"addresses": (node.url,), "queues": queues, "max_document_bytes": 2_000_000, "confirm_timeout_s": 2.0, **settings}
    try:
        async with AmqpPublisher(AmqpSettings(**told)) as publisher:  # type: ignore[arg-type]
            await accepting(publisher)
            yield PublisherUnderTest(publisher, queues, stored, frozen)
    finally:
        await delete(node.url, *queues)


@pytest.mark.parametrize("check", PUBLISHER_CHECKS, ids=lambda check: check.__name__)
def test_contract(rabbitmq: RabbitMq, check: PublisherCheck, run: Run) -> None:
    """What every publisher has to keep."""

    async def keep() -> None:
        await check(lambda: under_test(rabbitmq))

    run(keep())


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"queue_type": QueueType.QUORUM}, id="quorum"),
        pytest.param({"lazy": True, "max_priority": 5}, id="lazy with priorities"),
        pytest.param({"encoding": Encoding.GZIP}, id="gzip"),
        pytest.param({"exchange": "tidegate-test"}, id="exchange"),
        pytest.param({"durable": False, "persistent": False}, id="transient"),
    ],
)
async def test_kinds_of_queues(rabbitmq: RabbitMq, settings: dict[str, object]) -> None:
    """Documents arrive on every kind of queue that can be declared, small ones and large ones."""
    async with under_test(rabbitmq, **settings) as test:
        documents = [Publication(test.queues[0], f"{n:08d}-kind", (b"x" * n, b"y" * 50)) for n in (1, 5_000, 1_500_000)]
        await test.publisher.publish(documents)
        assert sorted(map(len, await test.stored(test.queues[0]))) == [51, 5_050, 1_500_050]


def test_tls(rabbitmq: RabbitMq, authority: Path, run: Run) -> None:
    """Over amqps, the broker's certificate checked."""

    async def publish() -> None:
        async with under_test(rabbitmq, addresses=(f"{rabbitmq.tls_url}?cacertfile={authority}",)) as test:
            documents = [Publication(test.queues[0], f"{n:08d}-tls", (b"x" * n,)) for n in (1, 5_000, 1_500_000)]
            await test.publisher.publish(documents)
            assert sorted(map(len, await test.stored(test.queues[0]))) == [1, 5_000, 1_500_000]

    run(publish())


async def test_tls_without_trust(rabbitmq: RabbitMq, authority: Path) -> None:
    """QU14: an unknown authority or another host name is refused; with rabbitmq-verify off it is not."""
    elsewhere = rabbitmq.tls_url.replace("localhost", "127.0.0.1")
    for address in (rabbitmq.tls_url, f"{elsewhere}?cacertfile={authority}"):
        async with AmqpPublisher(AmqpSettings(addresses=(address,))) as publisher:
            await asyncio.sleep(0.5)
            assert not publisher.accepting()
            with pytest.raises(TemporaryFailure):
                await publisher.publish([Publication("q", "id", (b"{}",))])
    async with AmqpPublisher(AmqpSettings(addresses=(elsewhere,), verify=False)) as publisher:
        await accepting(publisher)


async def test_document_as_others_read_it(rabbitmq: RabbitMq) -> None:
    """Properties arrive as promised: persistent, typed, with the document's id."""
    async with under_test(rabbitmq) as test:
        await test.publisher.publish([Publication(test.queues[0], "0-properties", (b"{}",))])
        (message,) = await take_all(rabbitmq.url, test.queues[0])
        assert (message.message_id, message.content_type, message.content_encoding, int(message.delivery_mode or 0)) == (
            "0-properties",
            "application/json",
            None,
            2,
        )


async def test_names_with_special_characters(rabbitmq: RabbitMq) -> None:
    """Password and virtual host are percent-encoded in the address and mean what they say."""
    rabbitmq.ctl("add_user", "odd", "p@ss:w/rd%?#")
    rabbitmq.ctl("add_vhost", "mail/eu")
    rabbitmq.ctl("set_permissions", "-p", "mail/eu", "odd", ".*", ".*", ".*")
    try:
        address = f"amqp://odd:p%40ss%3Aw%2Frd%25%3F%23@127.0.0.1:{rabbitmq.port}/mail%2Feu"
        async with AmqpPublisher(AmqpSettings(addresses=(address,), queues=("inbox",))) as publisher:
            await accepting(publisher)
            await publisher.publish([Publication("inbox", "0-odd", (b"{}",))])
        assert [message.body for message in await take_all(address, "inbox")] == [b"{}"]
    finally:
        rabbitmq.ctl("delete_vhost", "mail/eu")
        rabbitmq.ctl("delete_user", "odd")
