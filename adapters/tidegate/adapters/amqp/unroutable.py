"""Documents that the broker could not route: declare the queue again, send once more, then give up."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from aio_pika.abc import AbstractConnection

from tidegate.adapters.amqp.delivery import Delivery
from tidegate.adapters.amqp.failures import describe
from tidegate.adapters.amqp.settings import AmqpSettings
from tidegate.adapters.amqp.topology import ensure_queue

log = logging.getLogger(__name__)

PAUSE_S = 5.0
"""A queue whose declaration was refused is not declared again for so long: every refusal costs the broker a channel."""

MAX_REMEMBERED = 1024
"""Refused queues that are remembered."""


class Redeclaration:
    """Handles returned deliveries; one declaration at a time per queue, however many documents came back.

    Args:
        connection: where queues are declared.
        settings: how.
        resubmit: sends a delivery again.
    """

    def __init__(self, connection: AbstractConnection, settings: AmqpSettings, resubmit: Callable[[Delivery], None]) -> None:
        self._connection, self._settings, self._resubmit = connection, settings, resubmit
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, tuple[float, str]] = {}

    def returned(self, delivery: Delivery) -> None:
        """Take a delivery that came back (and was acked, as the broker does)."""
        loop = asyncio.get_running_loop()
        until, refusal = self._refused.get(delivery.queue, (0.0, ""))
        if delivery.retried or not self._settings.declare or loop.time() < until:
            delivery.transaction.fail(f"the broker cannot route a document to {delivery.queue!r} ({delivery.returned}) {refusal}".rstrip())
            return
        log.warning("the broker returned a document for %r (%s): declaring the queue again", delivery.queue, delivery.returned)
        delivery.retried, delivery.returned = True, ""
        task = self._tasks.get(delivery.queue)
        if task is None:
            task = loop.create_task(ensure_queue(self._connection, self._settings, delivery.queue))
            self._tasks[delivery.queue] = task
            task.add_done_callback(partial(self._declared, delivery.queue))
        task.add_done_callback(partial(self._again, delivery))

    def cancel(self) -> None:
        """The connection is gone."""
        for task in self._tasks.values():
            task.cancel()

    def _declared(self, queue: str, task: asyncio.Task[None]) -> None:
        del self._tasks[queue]
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("declaring queue %r failed: %s", queue, describe(failure))
            if len(self._refused) >= MAX_REMEMBERED:
                self._refused.clear()
            self._refused[queue] = (asyncio.get_running_loop().time() + PAUSE_S, describe(failure))
        else:
            self._refused.pop(queue, None)

    def _again(self, delivery: Delivery, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            delivery.transaction.fail("the connection to the broker is lost")
        elif (failure := task.exception()) is not None:
            delivery.transaction.fail(f"the broker cannot route a document to {delivery.queue!r}: {describe(failure)}")
        else:
            self._resubmit(delivery)
