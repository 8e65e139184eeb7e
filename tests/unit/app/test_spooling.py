"""Mail is accepted while the broker is away, and handed over when it is back: nothing is lost, whatever fails when."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.adapters.memory.spool import MemorySpool
from tidegate.app.pauses import Pauses
from tidegate.app.spool_drainer import SpoolDrainer
from tidegate.app.spooling import SpoolingPublisher
from tidegate.ports.errors import DocumentTooLarge, TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.spool import Spool
from tidegate.ports.testing.publisher import PUBLISHER_CHECKS, PublisherCheck, PublisherUnderTest, document

AWAY = TemporaryFailure("the broker is away")


class Time:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def spooling(primary: MemoryPublisher, spool: Spool, clock: Time | None = None) -> SpoolingPublisher:
    """The publisher under test: without a clock its pauses last a millisecond, with one as long as the test says."""

    def pauses() -> Pauses:
        return Pauses(1.0, lambda: 0.0, clock) if clock else Pauses(0.001)

    drainer = SpoolDrainer(spool, primary, pauses=pauses(), poll_s=0.002)
    return SpoolingPublisher(primary, spool, drainer, patience_s=0.2, routes=pauses())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


def ids(publications: Sequence[Publication]) -> list[str]:
    """Ids, in order."""
    return [publication.message_id for publication in publications]


@pytest.mark.parametrize("state", ["works", "refuses", "not accepting", "recovers"])
@pytest.mark.parametrize("check", PUBLISHER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: PublisherCheck, state: str) -> None:
    """The contract of a publisher holds over both places together, whatever the primary does."""

    @asynccontextmanager
    async def make() -> AsyncIterator[PublisherUnderTest]:
        primary, spool = MemoryPublisher(max_document_bytes=300_000), MemorySpool()
        primary.available = state != "not accepting"
        primary.failure = AWAY if state in ("refuses", "recovers") else None

        async def stored(queue: str) -> Sequence[bytes]:
            primary.failure = AWAY if state == "refuses" else None
            if state == "recovers":
                await until(lambda: not any(spool.queues.values()))
            distinct = {item.message_id: item.body for item in (*spool.queues.get(queue, ()), *primary.queues.get(queue, ()))}
            return list(distinct.values())

        async with spooling(primary, spool) as publisher:
            yield PublisherUnderTest(publisher, ("inbox", "local"), stored)

    await check(make)


async def test_broker_away_and_back() -> None:
    """QU01 QU02: while the broker is away documents go to the spool, and from there to the broker, oldest first and each once."""
    primary, spool = MemoryPublisher(available=False, failure=AWAY), MemorySpool()
    async with spooling(primary, spool) as publisher:
        assert publisher.accepting()
        for number in (5, 3, 4, *range(6, 90)):
            await publisher.publish([document("inbox", number)])
        assert primary.queues == {}
        primary.available, primary.failure = True, None
        await until(lambda: not any(spool.queues.values()))
        assert ids(primary.queues["inbox"]) == ids([document("inbox", number) for number in range(3, 90)])
        await publisher.publish([document("inbox", 100)])
        assert primary.queues["inbox"][-1].message_id == document("inbox", 100).message_id
        assert spool.bodies("inbox") == []


async def test_full_throttle_is_waited_for() -> None:
    """QU10: a primary that has no room at the moment gets the documents all the same: its turn comes sooner than a file is written."""
    primary, spool = MemoryPublisher(available=False), MemorySpool()
    await spooling(primary, spool).publish([document("inbox", number) for number in range(200)])
    assert len(primary.queues["inbox"]) == 200
    assert spool.bodies("inbox") == []


async def test_only_the_failing_queue_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """QU05: a queue that the broker refuses goes to the spool without a further attempt until its pause is over; the others go on."""
    primary, spool, clock = MemoryPublisher(), MemorySpool(), Time()

    async def refuse_inbox(publications: Sequence[Publication]) -> None:
        if any(publication.queue == "inbox" for publication in publications):
            raise AWAY

    primary.before_publish = refuse_inbox
    publisher = spooling(primary, spool, clock)
    await publisher.publish([document("inbox", 1)])
    for number in range(2, 5):
        await publisher.publish([document("inbox", number), document("local", number)])
    assert [ids(call) for call in primary.calls if call[0].queue == "inbox"] == [ids([document("inbox", 1)])]
    assert len(primary.bodies("local")) == 3
    assert len(spool.bodies("inbox")) == 4
    assert publisher.routes.names == ["inbox"]
    clock.now += 1.0
    primary.before_publish = None
    await publisher.publish([document("inbox", 5)])
    assert len(primary.bodies("inbox")) == 1
    assert publisher.routes.names == []
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "documents for queue 'inbox' go to the spool: the broker is away"
    ]


async def test_slow_broker_costs_patience_once() -> None:
    """RS07, QU08, QU09: a broker that never answers is waited for by one document; those behind it go to the spool at once."""
    primary, spool = MemoryPublisher(), MemorySpool()

    async def hang(_: Sequence[Publication]) -> None:
        await asyncio.Event().wait()

    primary.before_publish = hang
    publisher = spooling(primary, spool, Time())
    for number in range(50):
        await publisher.publish([document("inbox", number)])
    assert len(primary.calls) == 1
    assert len(spool.bodies("inbox")) == 50


async def test_new_mail_is_not_starved_by_a_backlog() -> None:
    """QU27: while a backlog is drained, new mail goes straight to the broker, and at most a window of spooled documents is on its way."""
    primary, spool = MemoryPublisher(), MemorySpool()
    await spool.publish([document("inbox", number) for number in range(1000)])
    on_their_way = 0

    async def slow(publications: Sequence[Publication]) -> None:
        nonlocal on_their_way
        if int(publications[0].message_id[:8]) < 1000:
            on_their_way += 1
            assert on_their_way <= 32
            await asyncio.sleep(0.001)
            on_their_way -= 1

    primary.before_publish = slow
    async with spooling(primary, spool) as publisher:
        await until(lambda: len(primary.calls) > 40)
        await publisher.publish([document("inbox", 5000)])
        assert len(spool.bodies("inbox")) > 100, "the new document waited for the backlog"
        await until(lambda: not any(spool.queues.values()))
    drained = [message_id for message_id in ids(primary.queues["inbox"]) if message_id != document("inbox", 5000).message_id]
    assert drained == sorted(drained)
    assert len(drained) == 1000


async def test_the_window_is_shared_by_queues() -> None:
    """QU27: however many queues have a backlog, no more than a window of documents is on its way."""
    primary, spool = MemoryPublisher(), MemorySpool()
    await spool.publish([document(f"q{queue}", number) for queue in range(6) for number in range(100)])
    on_their_way = most = 0

    async def slow(_: Sequence[Publication]) -> None:
        nonlocal on_their_way, most
        on_their_way += 1
        most = max(most, on_their_way)
        await asyncio.sleep(0.001)
        on_their_way -= 1

    primary.before_publish = slow
    async with spooling(primary, spool):
        await until(lambda: not any(spool.queues.values()))
    assert 6 <= most <= 32
    assert [ids(primary.queues[f"q{queue}"]) for queue in range(6)] == [ids([document("", number) for number in range(100)])] * 6


async def test_impossible_document_is_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    """QU11: a spooled document that the broker can never take is set aside with a log line; those behind it go on."""
    primary, spool = MemoryPublisher(max_document_bytes=1000), MemorySpool()
    await spool.publish([document("inbox", 1), document("inbox", 2, 2000), document("inbox", 3)])
    async with spooling(primary, spool):
        await until(lambda: not any(spool.queues.values()))
    assert ids(primary.queues["inbox"]) == ids([document("inbox", 1), document("inbox", 3)])
    assert ids([publication for publication, _ in spool.aside]) == ids([document("inbox", 2)])
    assert sum("is set aside" in record.getMessage() for record in caplog.records) == 1


async def test_failures_while_draining(caplog: pytest.LogCaptureFixture) -> None:
    """Documents whose hand-over fails stay and are tried again; a fault in the program is logged and stops nothing."""
    primary, spool = MemoryPublisher(), MemorySpool()
    await spool.publish([document("inbox", number) for number in range(40)])
    attempts = 0

    async def fail_sometimes(_: Sequence[Publication]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts % 5 == 0:
            raise AWAY
        if attempts == 2:
            raise RuntimeError("a fault")

    primary.before_publish = fail_sometimes
    async with spooling(primary, spool):
        await until(lambda: not any(spool.queues.values()))
    assert sorted(ids(primary.queues["inbox"])) == ids([document("inbox", number) for number in range(40)])
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("survivors", [0, 1, 2, 3, 5, 8, 20, 39])
async def test_nothing_is_lost_when_stopped(survivors: int) -> None:
    """QU18: stopped in the middle of a hand-over, every document is in the spool, at the broker, or both."""
    primary, spool = MemoryPublisher(), MemorySpool()
    everything = [document("inbox", number) for number in range(40)]
    await spool.publish(everything)

    async def hang_after_some(_: Sequence[Publication]) -> None:
        if len(primary.calls) > survivors:
            await asyncio.Event().wait()

    primary.before_publish = hang_after_some
    publisher = spooling(primary, spool)
    await publisher.open()
    await until(lambda: len(primary.calls) > survivors)
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("spool-drain")]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await publisher.close()
    at_broker, spooled = set(ids(primary.queues.get("inbox", []))), set(ids(spool.queues["inbox"]))
    assert at_broker | spooled == set(ids(everything))
    assert len(at_broker & spooled) <= 32
    assert spool.draining == set()


async def test_spool_full_and_broker_back() -> None:
    """QU16: with the spool full, documents are tried at the broker although its route was given up; both failing is a temporary failure."""
    primary, spool = MemoryPublisher(failure=AWAY), MemorySpool()
    publisher = spooling(primary, spool, Time())
    await publisher.publish([document("inbox", 1)])
    spool.available, spool.failure = False, TemporaryFailure("the disk is full")
    with pytest.raises(TemporaryFailure, match="disk is full"):
        await publisher.publish([document("inbox", 2)])
    primary.failure = None
    await publisher.publish([document("inbox", 3)])
    assert ids(primary.queues["inbox"]) == ids([document("inbox", 3)])
    primary.available = False
    assert publisher.accepting() is False


async def test_limits() -> None:
    """The smaller limit holds, and is asked anew each time: a broker that comes later may lower it."""
    primary, spool = MemoryPublisher(), MemorySpool(max_document_bytes=5000)
    publisher = spooling(primary, spool)
    assert publisher.max_document_bytes == 5000
    primary.max_document_bytes = 1000
    assert publisher.max_document_bytes == 1000
    with pytest.raises(DocumentTooLarge):
        await publisher.publish([document("inbox", 1), document("inbox", 2, 1001)])
    assert (primary.calls, spool.queues) == ([], {})
    assert SpoolingPublisher(MemoryPublisher(), MemorySpool()).max_document_bytes is None


async def test_two_processes_drain_one_spool(tmp_path: Path) -> None:
    """QU21: several drainers of one folder hand over each document once, and in order."""
    primary = MemoryPublisher()

    async def slow(_: Sequence[Publication]) -> None:
        await asyncio.sleep(0.001)

    primary.before_publish = slow
    queues = ("inbox", "local", "reports")
    async with AsyncExitStack() as stack:
        spools = [await stack.enter_async_context(FolderSpool(tmp_path)) for _ in range(3)]
        await spools[0].publish([document(queue, number) for queue in queues for number in range(60)])
        for spool in spools:
            await stack.enter_async_context(spooling(primary, spool))
        await until(lambda: sum(map(len, primary.queues.values())) >= 180)
        await until(lambda: not list(tmp_path.glob("*/new/*")))
    for queue in queues:
        assert ids(primary.queues[queue]) == ids([document(queue, number) for number in range(60)])
