"""Moves the documents of a spool to a publisher, once and on demand: what ``tidegate queue publish`` does."""

import asyncio
from collections.abc import Callable

import attrs

from tidegate.app.pauses import Pauses
from tidegate.app.spool_drainer import WINDOW, WINDOW_BYTES, HandedOver, hand_over
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publisher
from tidegate.ports.spool import Spool

ATTEMPTS = 6
"""Failures in a row after which the transfer of a queue is given up: about half a minute with the pauses between them."""


class Busy(TemporaryFailure):
    """Another process takes documents off this queue: a gateway that hands them over by itself, or another transfer."""


@attrs.define(eq=False)
class QueueTransfer:
    """Empties queues of a spool into a publisher.

    Safe beside a running gateway, and to be stopped at any point: a document is removed after it was confirmed. Run again, it goes on with
    the rest.

    Attributes:
        spool: where the documents are.
        primary: where they go.
        window: documents on their way at one time; below the publisher's own limit.
        progress: called after each step with what became of its documents.
        pauses: between failures.
        confirmed: documents moved so far.
        set_aside: documents that can never be published.
    """

    spool: Spool
    primary: Publisher
    window: int = WINDOW
    progress: Callable[[HandedOver], None] = lambda result: None
    pauses: Pauses = attrs.field(factory=Pauses)
    confirmed: int = 0
    set_aside: int = 0

    async def empty(self, queue: str) -> None:
        """Move documents until a look finds none, those included that arrive meanwhile.

        Raises:
            Busy: another process is at it.
            TemporaryFailure: the publisher or the spool failed several times in a row.
        """
        failures = 0
        while True:
            before = self.confirmed
            try:
                await self._empty(queue)
                return
            except Busy:
                raise
            except TemporaryFailure:
                if self.confirmed > before:
                    failures = 0
                    self.pauses.worked(queue)
                failures += 1
                if failures == ATTEMPTS:
                    raise
            self.pauses.failed(queue)
            while not self.pauses.due(queue):  # noqa: ASYNC110 - time has no event
                await asyncio.sleep(0.05)

    async def _empty(self, queue: str) -> None:
        drain = await self.spool.drain(queue)
        if drain is None:
            raise Busy(f"queue {queue!r} is being emptied by another process")
        try:
            while documents := await drain.take(self.window, WINDOW_BYTES):
                if not self.primary.accepting():
                    raise TemporaryFailure("the broker takes no documents")
                result = await hand_over(drain, documents, self.primary)
                self.confirmed += result.confirmed
                self.set_aside += result.set_aside
                self.progress(result)
                if result.failure is not None:
                    raise result.failure
        finally:
            await drain.close()
