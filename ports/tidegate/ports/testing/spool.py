"""Contract checks for :class:`tidegate.ports.spool.Spool`; those of its publishing side are in :mod:`tidegate.ports.testing.publisher`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from tidegate.ports.publisher import Publication
from tidegate.ports.spool import Spool, SpoolDrain
from tidegate.ports.testing.publisher import document

SpoolMaker = Callable[[], AbstractAsyncContextManager[Spool]]
"""Sets up one fresh, empty spool and takes it down again."""

MANY = 1 << 30


async def check_oldest_first(make: SpoolMaker) -> None:
    """Documents come by their ids, whatever the order in which they were published, and with the bytes that were published."""
    async with make() as spool:
        documents = [document("inbox", number) for number in range(30)]
        await asyncio.gather(*(spool.publish([item]) for item in reversed(documents)))
        async with _Draining(spool, "inbox") as drain:
            taken = [*await drain.take(7, MANY), *await drain.take(100, MANY)]
            assert [(item.queue, item.message_id, item.body) for item in taken] == [
                (item.queue, item.message_id, item.body) for item in documents
            ]
            assert list(await drain.take(100, MANY)) == [], "one drain offered a document twice"


async def check_limits(make: SpoolMaker) -> None:
    """A take ends after the number of documents, or after the document that passes the number of bytes."""
    async with make() as spool:
        await spool.publish([document("inbox", number, 1000) for number in range(6)])
        async with _Draining(spool, "inbox") as drain:
            assert len(await drain.take(2, MANY)) == 2
            assert len(await drain.take(100, 1)) == 1
            assert len(await drain.take(100, 1500)) == 2


async def check_removal(make: SpoolMaker) -> None:
    """What was removed is gone, also for the next drain; what was only taken is offered again by it."""
    async with make() as spool:
        documents = [document("inbox", number) for number in range(5)]
        await spool.publish(documents)
        async with _Draining(spool, "inbox") as drain:
            taken = await drain.take(4, MANY)
            await drain.remove([taken[0], taken[2]])
        assert await _ids(spool, "inbox") == [documents[number].message_id for number in (1, 3, 4)]
        await _empty(spool, "inbox")
        assert await _ids(spool, "inbox") == []


async def check_backlog(make: SpoolMaker) -> None:
    """Queues with documents are named; empty and emptied ones are not."""
    async with make() as spool:
        assert list(await spool.backlog()) == []
        await spool.publish([document("inbox", 1), document("t\u00fcr/../x", 2)])
        assert sorted(await spool.backlog()) == ["inbox", "t\u00fcr/../x"]
        await _empty(spool, "inbox")
        assert list(await spool.backlog()) == ["t\u00fcr/../x"]


async def check_sole_right(make: SpoolMaker) -> None:
    """A queue has one drain at a time; other queues do not mind."""
    async with make() as spool:
        await spool.publish([document("inbox", 1), document("local", 2)])
        async with _Draining(spool, "inbox"):
            assert await spool.drain("inbox") is None
            async with _Draining(spool, "local") as other:
                assert len(await other.take(10, MANY)) == 1
        async with _Draining(spool, "inbox") as drain:
            assert len(await drain.take(10, MANY)) == 1


async def check_set_aside(make: SpoolMaker) -> None:
    """What was set aside is not offered again and no longer counts as waiting."""
    async with make() as spool:
        await spool.publish([document("inbox", 1)])
        async with _Draining(spool, "inbox") as drain:
            (taken,) = await drain.take(10, MANY)
            await drain.set_aside(taken, "refused by the check")
        assert await _ids(spool, "inbox") == []
        assert list(await spool.backlog()) == []


async def check_arrivals_while_draining(make: SpoolMaker) -> None:
    """A drain sees what is published after it began, and publishing does not wait for a drain."""
    async with make() as spool:
        await spool.publish([document("inbox", 1)])
        async with _Draining(spool, "inbox") as drain:
            await drain.remove(await drain.take(10, MANY))
            await spool.publish([document("inbox", 2)])
            assert [item.message_id for item in await drain.take(10, MANY)] == [document("inbox", 2).message_id]


async def check_empty_queue(make: SpoolMaker) -> None:
    """A queue that never was has nothing to take, and no error."""
    async with make() as spool:
        assert await _ids(spool, "never-used") == []


SpoolCheck = Callable[[SpoolMaker], Awaitable[None]]

SPOOL_CHECKS: tuple[SpoolCheck, ...] = (
    check_oldest_first,
    check_limits,
    check_removal,
    check_backlog,
    check_sole_right,
    check_set_aside,
    check_arrivals_while_draining,
    check_empty_queue,
)
"""All of them; run each on a maker of its own."""


class _Draining:
    """A drain that must be free, closed at the end."""

    def __init__(self, spool: Spool, queue: str) -> None:
        self._spool, self._queue = spool, queue

    async def __aenter__(self) -> SpoolDrain:
        drain = await self._spool.drain(self._queue)
        assert drain is not None, f"somebody else drains {self._queue}"
        self._drain = drain
        return drain

    async def __aexit__(self, *_: object) -> None:
        await self._drain.close()


async def _take_all(spool: Spool, queue: str, remove: bool) -> Sequence[Publication]:
    async with _Draining(spool, queue) as drain:
        taken = await drain.take(1000, MANY)
        if remove:
            await drain.remove(taken)
        return taken


async def _ids(spool: Spool, queue: str) -> list[str]:
    return [item.message_id for item in await _take_all(spool, queue, remove=False)]


async def _empty(spool: Spool, queue: str) -> None:
    await _take_all(spool, queue, remove=True)
