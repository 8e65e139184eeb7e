"""Hands over what stands in a spool: queue by queue, oldest first, each document removed after it was confirmed and not before."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import attrs

from tidegate.app.pauses import Pauses
from tidegate.ports.errors import PermanentFailure, PortError, TemporaryFailure
from tidegate.ports.publisher import Publication, Publisher
from tidegate.ports.spool import Spool, SpoolDrain

log = logging.getLogger(__name__)

WINDOW = 32
"""Documents on their way at one time. Below the broker's own limit of unconfirmed ones (100), to leave room for new mail."""

WINDOW_BYTES = 16 << 20
"""Bytes of them held in memory, but for a larger document of each queue."""

POLL_S = 2.0
"""How often the spool is looked at for what others have left there."""

QUEUES_AT_ONCE = 8
"""Queues that are drained at one time; the others follow."""

CLOSE_S = 5.0
"""How long closing waits for documents on their way. They stay in the spool if it was not enough."""


@attrs.define(eq=False)
class SpoolDrainer:
    """Drains a spool into a publisher between :meth:`open` and :meth:`close`. Several processes may drain one spool.

    Attributes:
        spool: where documents wait.
        primary: where they go.
        worked: called with the name of a queue of which a document got through.
        pauses: between failures, by queue.
        window: most documents on their way at one time, all queues together; below the primary's own limit, else new mail finds it full.
        poll_s: seconds between looks at the spool.
    """

    spool: Spool
    primary: Publisher
    worked: Callable[[str], None] = lambda queue: None
    pauses: Pauses = attrs.field(factory=Pauses)
    window: int = WINDOW
    poll_s: float = POLL_S
    _drains: dict[str, asyncio.Task[None]] = attrs.field(init=False, factory=dict)
    _wake: asyncio.Event = attrs.field(init=False, factory=asyncio.Event)
    _keeper: asyncio.Task[None] | None = attrs.field(init=False, default=None)
    _closing: bool = attrs.field(init=False, default=False)

    async def open(self) -> None:
        """Start to drain, whatever an earlier process has left included."""
        self._keeper = asyncio.create_task(self._keep_draining(), name="spool-drainer")

    async def close(self) -> None:
        """Stop; documents on their way are waited for a little. May be called twice."""
        self._closing = True
        under_way = list(self._drains.values())
        if under_way:
            await asyncio.wait(under_way, timeout=CLOSE_S)
        tasks = [task for task in (self._keeper, *under_way) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Say that something was put into the spool."""
        self._wake.set()

    async def _keep_draining(self) -> None:
        while True:
            self._wake.clear()
            if self.primary.accepting():
                try:
                    self._begin(await self.spool.backlog())
                except PortError as failure:
                    log.error("the spool cannot be read: %s", failure)
            try:
                async with asyncio.timeout(self.poll_s * (1 - 0.5 * self.pauses.jitter())):
                    await self._wake.wait()
            except TimeoutError:
                continue
            # A busy spool wakes this loop with every document; it is listed a few times a second, not a thousand times.
            await asyncio.sleep(min(0.2, self.poll_s))

    def _begin(self, backlog: Sequence[str]) -> None:
        for queue in backlog:
            if self._closing or len(self._drains) >= QUEUES_AT_ONCE:
                return
            if queue not in self._drains and self.pauses.due(queue):
                self._drains[queue] = asyncio.create_task(self._drain(queue), name=f"spool-drain-{queue}")

    async def _drain(self, queue: str) -> None:
        """Hand over one queue's documents until none is left or the primary fails."""
        try:
            handed_over = await self._hand_over_all(queue)
        except PortError as failure:
            self._failed(queue, failure)
        except Exception:  # One queue's fault must not stop the others.
            log.exception("draining queue %r failed", queue)
            self._failed(queue, TemporaryFailure("a fault of this program"))
        else:
            self.pauses.worked(queue)
            if handed_over:
                log.info("%d documents for queue %r went from the spool to the broker", handed_over, queue)
        finally:
            del self._drains[queue]

    def _failed(self, queue: str, failure: PortError) -> None:
        if self.pauses.failed(queue):
            log.warning("documents for queue %r stay in the spool: %s", queue, failure)

    async def _hand_over_all(self, queue: str) -> int:
        drain = await self.spool.drain(queue)
        if drain is None:  # Another process is at it.
            return 0
        handed_over, window = 0, 1
        try:
            while not self._closing and self.primary.accepting():
                share = max(1, self.window // max(1, len(self._drains)))
                documents = await drain.take(min(window, share), WINDOW_BYTES // QUEUES_AT_ONCE)
                if not documents:
                    break
                result = await hand_over(drain, documents, self.primary)
                handed_over += result.confirmed
                if result.confirmed:
                    self.worked(queue)
                if result.failure is not None:
                    raise result.failure
                # A broker that fails again is met with one document, not with a window full.
                window = min(self.window, 2 * window)
        finally:
            await drain.close()
        return handed_over


@attrs.frozen
class HandedOver:
    """What became of some documents. ``failure``: of the first that is still in the spool."""

    confirmed: int
    set_aside: int
    failure: BaseException | None


async def hand_over(drain: SpoolDrain, documents: Sequence[Publication], primary: Publisher) -> HandedOver:
    """Publish documents that were taken; those that are confirmed leave the spool, whatever becomes of the others.

    One that can never be published is set aside.

    Raises:
        TemporaryFailure: the spool does not let go of a document.
    """
    outcomes = await asyncio.gather(*(primary.publish([document]) for document in documents), return_exceptions=True)
    pairs = list(zip(documents, outcomes, strict=True))
    confirmed = [document for document, outcome in pairs if outcome is None]
    if confirmed:
        await drain.remove(confirmed)
    set_aside, failures = 0, list[BaseException]()
    for document, outcome in pairs:
        if isinstance(outcome, PermanentFailure):
            log.error("document %s for queue %r can never be published and is set aside: %s", document.message_id, document.queue, outcome)
            await drain.set_aside(document, str(outcome))
            set_aside += 1
        elif outcome is not None:
            failures.append(outcome)
    return HandedOver(len(confirmed), set_aside, failures[0] if failures else None)
