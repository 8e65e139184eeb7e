"""Confirms in every form, and what happens without them."""

import asyncio
from collections.abc import Callable

import pytest
from tests.servers.scripted_broker import Published, ScriptedBroker
from tests.servers.scripted_publishing import accepting, document, ignore, outcomes, publishing

from tidegate.ports.errors import TemporaryFailure


def ack_all(channel: int) -> bytes:
    """Basic.Ack 0 multiple: all."""
    return bytes.fromhex(f"01{channel:04x}0000000d003c0050000000000000000001ce")


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


async def test_broker_that_never_confirms() -> None:
    """RS07, QU09: the call fails at its deadline; the publisher stops accepting while confirms are owed, and accepts again once they are in."""
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


async def test_blocked_broker_is_not_given_up() -> None:
    """QU08: however long it blocks, the connection stays: a new one would be blocked as well, and the old one will be told when it is over."""
    async with ScriptedBroker(script=ignore) as broker, publishing(broker, confirm_timeout_s=0.15) as publisher:
        await outcomes(publisher, 1)
        await broker.arrived(1)
        broker.sessions[-1].block()
        await asyncio.sleep(0.8)
        assert not publisher.accepting()
        assert broker.logins == 1
        broker.sessions[-1].unblock()
        broker.published[0].ack()
        await accepting(publisher)
        assert broker.logins == 1
