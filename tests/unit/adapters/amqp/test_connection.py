"""Connections and channels that break, are refused, or talk nonsense."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from tests.servers.scripted_broker import Published, ScriptedBroker
from tests.servers.scripted_publishing import QUEUE, accepting, document, ignore, outcomes, publishing

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.adapters.amqp.failures import is_failure
from tidegate.ports.errors import TemporaryFailure


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
        told = [record.getMessage() for record in caplog.records if "inequivalent" in record.getMessage()]
        assert all("rabbitmq-declare: false" in text[:200] for text in told)  # where the log does not cut it off
        assert publisher.trouble == told[-1]
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
        assert tap.outlet is not None
        assert 0 < tap.outlet.buffered < 3_000_000
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
