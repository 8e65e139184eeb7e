"""Emptying queues into a publisher on demand."""

import asyncio
from collections.abc import Sequence

import pytest

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.memory.spool import MemorySpool
from tidegate.app.pauses import Pauses
from tidegate.app.queue_transfer import ATTEMPTS, Busy, QueueTransfer
from tidegate.app.spool_drainer import HandedOver
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.testing.publisher import document

AWAY = TemporaryFailure("the broker is away")


async def filled(number: int = 100) -> MemorySpool:
    """A spool with documents."""
    spool = MemorySpool()
    await spool.publish([document("inbox", n) for n in range(number)])
    return spool


async def test_moves_everything_in_order() -> None:
    """All documents go, oldest first, a window at a time, and progress adds up."""
    primary, spool, steps = MemoryPublisher(), await filled(), list[HandedOver]()
    transfer = QueueTransfer(spool, primary, 30, steps.append)
    await transfer.empty("inbox")
    assert primary.bodies("inbox") == [document("inbox", n).body for n in range(100)]
    assert spool.bodies("inbox") == []
    assert [step.confirmed for step in steps] == [30, 30, 30, 10]
    assert (transfer.confirmed, transfer.set_aside) == (100, 0)
    await transfer.empty("never-used")


async def test_goes_on_after_failures() -> None:
    """Some failures in a row are waited out; documents that got through are not repeated."""
    primary, spool = MemoryPublisher(), await filled()
    attempts = 0

    async def fail(_: Sequence[Publication]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts % 3 == 0:
            raise AWAY

    primary.before_publish = fail
    await QueueTransfer(spool, primary, 10, pauses=Pauses(0.001)).empty("inbox")
    assert sorted(primary.bodies("inbox")) == [document("inbox", n).body for n in range(100)]


@pytest.mark.parametrize("state", ["refuses", "not accepting"])
async def test_gives_up(state: str) -> None:
    """A broker that stays away ends the transfer; everything is still there, and the right to the queue is free."""
    primary, spool = MemoryPublisher(failure=AWAY), await filled(5)
    primary.available = state == "refuses"
    with pytest.raises(TemporaryFailure):
        await QueueTransfer(spool, primary, 1, pauses=Pauses(0.001)).empty("inbox")
    assert len(primary.calls) == (ATTEMPTS if primary.available else 0)
    assert len(spool.bodies("inbox")) == 5
    assert spool.draining == set()


async def test_busy() -> None:
    """A queue that another process empties is left to it, at once."""
    spool = await filled(1)
    spool.draining.add("inbox")
    async with asyncio.timeout(5):
        with pytest.raises(Busy, match="another process"):
            await QueueTransfer(spool, MemoryPublisher()).empty("inbox")


async def test_impossible_documents_are_set_aside() -> None:
    """A document that is too large for the broker does not stop the others."""
    primary, spool = MemoryPublisher(max_document_bytes=500), await filled(3)
    await spool.publish([document("inbox", 1000, 501)])
    transfer = QueueTransfer(spool, primary)
    await transfer.empty("inbox")
    assert (transfer.confirmed, transfer.set_aside, len(spool.aside)) == (3, 1, 1)
