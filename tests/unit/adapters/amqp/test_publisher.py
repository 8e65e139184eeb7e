"""The AMQP publisher against a broker that follows a script."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from tests.servers.scripted_broker import Published, ScriptedBroker

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings, Encoding
from tidegate.adapters.amqp.failures import is_failure
from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication

QUEUE = "inbox"
QUICK = {"backoff_first_s": 0.05, "blocked_grace_s": 0.1}


def document(number: int, size: int = 20, queue: str = QUEUE) -> Publication:
    """A document of ``size`` bytes in two parts."""
    return Publication(queue, f"{number:08d}-test", (b"{", b"x" * (size - 1)))


@asynccontextmanager
async def publishing(broker: ScriptedBroker, **settings: object) -> AsyncIterator[AmqpPublisher]:
    """A publisher that is connected to the broker."""
    told = {"addresses": (broker.url,), "queues": (QUEUE,), "confirm_timeout_s": 5.0, **QUICK, **settings}
    async with AmqpPublisher(AmqpSettings(**told)) as publisher:  # type: ignore[arg-type]
        await accepting(publisher)
        yield publisher


async def accepting(publisher: AmqpPublisher, expected: bool = True) -> None:
    """Wait until the publisher accepts, or no longer does."""
    async with asyncio.timeout(10):
        while publisher.accepting() is not expected:  # noqa: ASYNC110 - the port has no event to wait for
            await asyncio.sleep(0.002)


def ignore(_: Published) -> None:
    """The script of a broker that never confirms."""


async def outcomes(publisher: AmqpPublisher, *numbers: int) -> list[asyncio.Task[None]]:
    """Publish each number in a call of its own, in order."""
    tasks = [asyncio.ensure_future(publisher.publish([document(number)])) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_message_as_promised() -> None:
    """Persistent, mandatory, typed, with the document's id, parts joined, on the default exchange with the queue as routing key."""
    async with ScriptedBroker() as broker, publishing(broker) as publisher:
        await publisher.publish([document(1)])
        (message,) = broker.published
        properties = message.header.properties
        assert (message.exchange, message.queue, message.mandatory, message.body) == ("", QUEUE, True, document(1).body)
        assert (properties.delivery_mode, properties.content_type, properties.content_encoding) == (2, "application/json", None)
        assert properties.message_id == "00000001-test"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda all_: [m.ack() for m in reversed(all_)], id="out of order"),
        pytest.param(lambda all_: all_[-1].ack(multiple=True), id="multiple"),
        pytest.param(lambda all_: (all_[3].ack(), all_[-1].ack(multiple=True)), id="alone, then multiple over it"),
        pytest.param(lambda all_: (all_[4].ack(multiple=True), all_[2].ack(), [m.ack() for m in all_[5:]]), id="one confirmed twice"),
        pytest.param(lambda all_: all_[0].session.send_bytes(ack_all(all_[0].channel)), id="multiple with number 0"),
    ],
)
async def test_confirms_in_every_form(answer: Callable[[list[Published]], object]) -> None:
    """QU04: multiple, out of order, repeated: all ten calls succeed, none before its confirm."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker) as publisher:
        calls = await outcomes(publisher, *range(10))
        await broker.arrived(10)
        await asyncio.sleep(0.02)
        assert not any(call.done() for call in calls)
        answer(broker.published)
        await asyncio.wait_for(asyncio.gather(*calls), 5)


def ack_all(channel: int) -> bytes:
    """Basic.Ack 0 multiple: all."""
    return bytes.fromhex(f"01{channel:04x}0000000d003c0050000000000000000001ce")


async def test_only_the_confirmed_ones_are_released() -> None:
    """QU04: a multiple ack up to the fourth releases four calls; a nack of the rest fails the rest."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker) as publisher:
        calls = await outcomes(publisher, *range(8))
        await broker.arrived(8)
        broker.published[3].ack(multiple=True)
        done, waiting = await asyncio.wait(calls, timeout=0.2)
        assert done == set(calls[:4])
        assert waiting == set(calls[4:])
        broker.published[7].nack(multiple=True)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert results[:4] == [None] * 4
        assert all(isinstance(result, TemporaryFailure) for result in results[4:])


async def test_confirm_of_something_never_published_ends_the_connection() -> None:
    """QU04: a broker that confirms publish 99 of 1 is not believed; the call fails and the publisher connects again."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker) as publisher:
        (call,) = await outcomes(publisher, 1)
        await broker.arrived(1)
        broker.published[0].tag = 99
        broker.published[0].ack()
        with pytest.raises(TemporaryFailure, match="never was"):
            await call
        await accepting(publisher)
        assert broker.logins == 2


@pytest.mark.parametrize("multiple", [False, True])
async def test_nack_is_a_failure(multiple: bool) -> None:
    """QU05: a refused document fails its call; others of other calls are not touched."""

    def script(message: Published) -> None:
        message.nack(multiple=multiple) if message.message_id.startswith("00000001") else message.ack()

    async with ScriptedBroker(script=script) as broker, publishing(broker) as publisher:
        with pytest.raises(TemporaryFailure, match="nack"):
            await publisher.publish([document(1)])
        await publisher.publish([document(2)])


async def test_one_refused_document_fails_its_whole_call() -> None:
    """The call fails although the broker confirms two of its three documents."""

    def script(message: Published) -> None:
        message.nack() if message.message_id.startswith("00000002") else message.ack()

    async with ScriptedBroker(script=script) as broker, publishing(broker) as publisher:
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(1), document(2), document(3)])


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


async def test_refused_redeclaration_is_not_repeated_for_every_document() -> None:
    """QU06, QU07: when the queue cannot be declared any more, the next documents fail without another attempt at once."""
    async with ScriptedBroker(script=returning(99)) as broker, publishing(broker) as publisher:
        broker.refused_queues[QUEUE] = (403, "ACCESS_REFUSED - no configure permission")
        opened = broker.channels_opened
        for number in range(10):
            with pytest.raises(TemporaryFailure, match="ACCESS_REFUSED"):
                await publisher.publish([document(number)])
        assert broker.channels_opened == opened + 1


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


async def test_broker_that_never_confirms() -> None:
    """QU09: the call fails at its deadline; the publisher stops accepting while confirms are owed, and accepts again once they are in."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=0.3) as publisher:
        with pytest.raises(TemporaryFailure, match="confirmed nothing"):
            await publisher.publish([document(1)])
        assert not publisher.accepting()
        broker.published[0].ack()
        await accepting(publisher)
        assert broker.logins == 1


async def test_broker_that_never_confirms_is_given_up() -> None:
    """QU09: confirms that are overdue for another time-out end the connection; a new one is of use again."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=0.2) as publisher:
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(1)])
        await accepting(publisher)
        assert broker.logins == 2


async def test_connection_lost_before_the_confirm() -> None:
    """QU03: what is not confirmed when the connection breaks has failed, at once and not at its deadline; then the publisher reconnects."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=60) as publisher:
        calls = await outcomes(publisher, *range(5))
        await broker.arrived(5)
        broker.published[0].ack()
        await calls[0]
        broker.sessions[-1].abort()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [type(None)] + [TemporaryFailure] * 4
        assert not publisher.accepting()
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(9)])
        broker.script = Published.ack
        await accepting(publisher)
        await publisher.publish([document(10)])


async def test_blocked_by_the_broker() -> None:
    """QU08: seen at once; nothing more is sent, what is under way fails within seconds, and all works again after the block."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=60) as publisher:
        calls = await outcomes(publisher, 1)
        await broker.arrived(1)
        broker.sessions[-1].block()
        async with asyncio.timeout(1):
            await accepting(publisher, False)
        with pytest.raises(TemporaryFailure, match="low on memory"):
            await publisher.publish([document(2)])
        async with asyncio.timeout(5):
            with pytest.raises(TemporaryFailure, match="low on memory"):
                await calls[0]
        async with asyncio.timeout(1):
            with pytest.raises(TemporaryFailure, match="low on memory"):
                await publisher.publish([document(3)])
        broker.sessions[-1].unblock()
        await asyncio.sleep(0.05)
        assert not publisher.accepting(), "the broker still owes a confirm"
        broker.published[0].ack()
        await accepting(publisher)
        assert len(broker.published) == 1


async def test_full_throttle() -> None:
    """At most the throttle is in flight; the rest waits in order, accepting is False meanwhile, and everything is confirmed in the end."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, throttle=3) as publisher:
        calls = await outcomes(publisher, *range(8))
        await broker.arrived(3)
        await asyncio.sleep(0.05)
        assert len(broker.published) == 3
        assert not publisher.accepting()
        for number in range(8):
            (await broker.arrived(number + 1))[number].ack()
        await asyncio.gather(*calls)
        assert [message.message_id for message in broker.published] == [document(n).message_id for n in range(8)]
        assert publisher.accepting()


async def test_full_throttle_of_bytes() -> None:
    """Bytes are bounded as well, but a document larger than the bound still goes, alone."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, throttle_bytes=1000) as publisher:
        calls = [asyncio.ensure_future(publisher.publish([document(n, size)])) for n, size in enumerate((400, 400, 400, 5000))]
        await broker.arrived(2)
        await asyncio.sleep(0.05)
        assert len(broker.published) == 2
        for number in range(4):
            (await broker.arrived(number + 1))[number].ack()
        await asyncio.gather(*calls)


async def test_waiting_behind_a_full_throttle_has_a_deadline() -> None:
    """What found no room before its deadline fails and is never sent."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, throttle=1, confirm_timeout_s=0.3) as publisher:
        calls = await outcomes(publisher, 1, 2)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, TemporaryFailure) for result in results)
        broker.published[0].ack()
        await accepting(publisher)
        assert len(broker.published) == 1


async def test_what_can_no_longer_succeed_is_not_sent() -> None:
    """Documents that wait for room are dropped when their call was cancelled, or another document of it was refused."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, throttle=1) as publisher:
        first = asyncio.ensure_future(publisher.publish([document(1), document(2)]))
        second, third = await outcomes(publisher, 3, 4)
        await broker.arrived(1)
        second.cancel()
        broker.published[0].nack()
        with pytest.raises(TemporaryFailure):
            await first
        (await broker.arrived(2))[1].ack()
        await third
        assert [message.message_id for message in broker.published] == [document(1).message_id, document(4).message_id]


async def test_channel_closed_by_the_broker() -> None:
    """QU11: what is in flight on that channel fails; the other channel and the connection go on; the channel is opened again."""

    def script(message: Published) -> None:
        if len(message.body) > 1_500_000:
            message.close_channel()

    async with ScriptedBroker(script=script) as broker, publishing(broker, confirm_timeout_s=60) as publisher:
        small = asyncio.ensure_future(publisher.publish([document(1)]))
        large = asyncio.ensure_future(publisher.publish([document(2, 1_200_000)]))
        await broker.arrived(2)
        with pytest.raises(TemporaryFailure, match="as the test wants it"):
            await publisher.publish([document(3, 1_600_000)])
        with pytest.raises(TemporaryFailure):
            await large
        assert not small.done()
        assert publisher.accepting()
        broker.published[0].ack()
        await small
        broker.script = Published.ack
        async with asyncio.timeout(10):
            while True:
                try:
                    await publisher.publish([document(4, 1_600_000)])
                except TemporaryFailure:
                    await asyncio.sleep(0.05)
                else:
                    break
        assert broker.logins == 1


async def test_a_publish_never_reaches_a_closed_channel() -> None:
    """Calls started in the moments around a channel's end fail or are confirmed. A publish on a channel whose end was agreed upon would make
    the broker close the whole connection (504), and it does not.
    """

    def script(message: Published) -> None:
        if message.tag == 5 and len(broker.published) == 5:
            message.close_channel(404, "NOT_FOUND - no exchange")
        else:
            message.ack()

    async with ScriptedBroker(script=script) as broker, publishing(broker) as publisher:
        calls: list[asyncio.Task[None]] = []
        for number in range(400):
            calls += await outcomes(publisher, number)
            if number % 5 == 0:
                await asyncio.sleep(0.0005)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert results[:4] == [None] * 4
        assert isinstance(results[4], TemporaryFailure)
        assert all(result is None or isinstance(result, TemporaryFailure) for result in results)
        await accepting(publisher)
        assert broker.logins == 1


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


async def test_cancelled_call() -> None:
    """A cancelled call takes its room in the throttle until it is confirmed, and nothing else breaks."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, throttle=1) as publisher:
        (call,) = await outcomes(publisher, 1)
        await broker.arrived(1)
        call.cancel()
        await asyncio.wait([call])
        assert not publisher.accepting()
        broker.published[0].ack()
        await accepting(publisher)
        broker.script = Published.ack
        await publisher.publish([document(2)])


async def test_cancelled_calls_do_not_hide_a_frozen_broker() -> None:
    """QU09: callers that lose patience before the deadline: the broker is found out all the same, and the connection replaced."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=0.3) as publisher:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await publisher.publish([document(1)])
        assert publisher.accepting()
        await accepting(publisher, False)
        broker.script = Published.ack
        await accepting(publisher)
        assert broker.logins == 2
        await publisher.publish([document(2)])


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


async def test_addresses_are_tried_in_order() -> None:
    """The first address that works is used; when it is lost, the others are tried."""
    async with ScriptedBroker() as first, ScriptedBroker() as second:
        nobody = "amqp://guest:guest@127.0.0.1:1/"
        async with publishing(first, addresses=(nobody, first.url, second.url)) as publisher:
            await publisher.publish([document(1)])
            assert (first.logins, second.logins) == (1, 0)
            await first.__aexit__(None, None, None)
            first.sessions.clear()
            await accepting(publisher, False)
            await accepting(publisher)
            await publisher.publish([document(2)])
            assert second.logins == 1


async def test_broker_that_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that never greets is given up after the connect time-out, and the next address is tried."""
    async with ScriptedBroker(mute=True) as mute, ScriptedBroker() as broker:
        async with publishing(broker, addresses=(mute.url, broker.url), connect_timeout_s=0.3) as publisher:
            await publisher.publish([document(1)])
        assert "cannot be used" in caplog.text


async def test_wrong_password(caplog: pytest.LogCaptureFixture) -> None:
    """QU15: retried with pauses, and the password is in no log line."""
    caplog.set_level("DEBUG")
    async with ScriptedBroker(password="rotated") as broker:
        url = broker.url.replace("guest:guest", "guest:sesame-open")
        async with AmqpPublisher(AmqpSettings(addresses=(url,), backoff_first_s=0.4)) as publisher:
            await asyncio.sleep(0.7)
            assert not publisher.accepting()
        assert 1 <= broker.logins <= 2
        assert "ACCESS_REFUSED" in caplog.text
        assert "sesame" not in caplog.text


async def test_queue_with_other_arguments(caplog: pytest.LogCaptureFixture) -> None:
    """QU07: a refused declaration is a clear error with the broker's own words, retried with pauses, not in a loop."""
    refusal = (406, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'inbox'")
    async with (
        ScriptedBroker(refused_queues={QUEUE: refusal}) as broker,
        AmqpPublisher(AmqpSettings(addresses=(broker.url,), queues=(QUEUE,), backoff_first_s=0.4)) as publisher,
    ):
        await asyncio.sleep(0.7)
        assert not publisher.accepting()
        with pytest.raises(TemporaryFailure):
            await publisher.publish([document(1)])
        assert 1 <= len(broker.declared) <= 2
        assert "inequivalent arg 'durable'" in caplog.text
        assert "rabbitmq-declare" in caplog.text
        broker.refused_queues.clear()
        await accepting(publisher)


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="another protocol"),
        pytest.param(b"\x01\x00\x02\xff\xff\xff\xff", id="a frame of 4 GiB"),
        pytest.param(b"\x01\x00\x01\x00\x00\x00\x0d\x00\x3c\x00\x50" + b"\x00" * 9 + b"\x00", id="an ack without its end byte"),
        pytest.param(b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce", id="an ack without content"),
    ],
)
async def test_broker_that_talks_nonsense(nonsense: bytes) -> None:
    """The call fails, the connection is replaced, nothing is taken for a confirm."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker) as publisher:
        (call,) = await outcomes(publisher, 1)
        await broker.arrived(1)
        broker.sessions[-1].send_bytes(nonsense)
        with pytest.raises(TemporaryFailure):
            await asyncio.wait_for(call, 3)
        await accepting(publisher)


@pytest.mark.parametrize("accident", ["abort", "close", "silence"])
@pytest.mark.parametrize(
    "frame", ["Connection.StartOk", "Connection.Open", "Channel.Open", "Confirm.Select", "Queue.Declare", "Channel.Close", "Exchange.Declare"]
)
async def test_accidents_while_connecting(frame: str, accident: str) -> None:
    """QU01: whatever happens at any step of getting ready, another attempt is made and succeeds."""
    async with (
        ScriptedBroker(accidents={frame: accident}) as broker,
        publishing(broker, exchange="mail", connect_timeout_s=0.2) as publisher,
    ):
        assert broker.accidents == {}
        await publisher.publish([document(1)])


async def test_broker_that_does_not_read() -> None:
    """QU10: what the socket does not take waits, in bounded memory; nothing is confirmed meanwhile, and all of it in the end."""
    async with ScriptedBroker() as broker, publishing(broker, throttle_bytes=20_000_000) as publisher:
        broker.reading.clear()
        calls = [asyncio.ensure_future(publisher.publish([document(number, 500_000)])) for number in range(60)]
        await asyncio.sleep(0.2)
        assert not any(call.done() for call in calls)
        assert not publisher.accepting()
        assert publisher._link is not None
        tap = publisher._link._factory.tap
        assert tap is not None
        assert tap._pipe is not None
        assert 0 < tap._pipe.get_write_buffer_size() < 3_000_000
        broker.reading.set()
        await asyncio.wait_for(asyncio.gather(*calls), 10)
        assert len({message.message_id for message in broker.published}) == len(broker.published) == 60


async def test_expired_certificate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """QU14: a certificate that has run out, of a trusted authority and the right name, is refused; one that has not is taken."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for not_after, works in ((datetime(2020, 1, 1, tzinfo=UTC), False), (None, True)):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", not_before=datetime(2019, 1, 1, tzinfo=UTC), not_after=not_after).configure_cert(tls)
        async with ScriptedBroker(tls=tls) as broker:
            settings = AmqpSettings(addresses=(f"{broker.url}?cacertfile={tmp_path / 'ca.pem'}",))
            async with AmqpPublisher(settings) as publisher:
                assert publisher.accepting() is works
    assert "certificate has expired" in caplog.text


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
    with pytest.raises(PermanentFailure, match="localhost") as raised:
        await publisher.open()
    assert "s3cret" not in str(raised.value)


async def test_promises_given_up_are_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """QU12: settings under which mail can be lost or read are warned of at every start."""
    settings = AmqpSettings(addresses=("amqps://u:p@127.0.0.1:1/",), verify=False, persistent=False, durable=False, queues=(QUEUE,))
    async with AmqpPublisher(settings):
        pass
    for key in ("rabbitmq-verify", "rabbitmq-persistent", "rabbitmq-durable"):
        assert key in caplog.text


async def test_which_errors_are_worth_another_attempt() -> None:
    """A cancellation counts as a failure of the library only when nobody has cancelled the task."""
    assert is_failure(RuntimeError())
    assert is_failure(asyncio.CancelledError())
    assert not is_failure(KeyboardInterrupt())
    seen: list[bool] = []

    async def waiting() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            seen.append(is_failure(error))
            raise

    task = asyncio.ensure_future(waiting())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert seen == [False]


async def test_nothing_is_left_running() -> None:
    """After close no task, timer or connection of the publisher is left, after failures of every kind."""
    before = asyncio.all_tasks()
    async with ScriptedBroker(script=ignore) as broker:
        async with publishing(broker, confirm_timeout_s=0.2) as publisher:
            await asyncio.gather(*await outcomes(publisher, 1, 2, 3), return_exceptions=True)
            broker.sessions[-1].block()
        async with publishing(broker) as publisher:
            await outcomes(publisher, 4)
            broker.sessions[-1].abort()
    await asyncio.sleep(0.1)
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()
