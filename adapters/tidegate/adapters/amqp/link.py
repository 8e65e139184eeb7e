"""One live connection to one node of the broker."""

import asyncio
import logging
import os
import random
import socket
import ssl
from collections.abc import Sequence

import aio_pika

from tidegate.adapters.amqp.address import BrokerAddress
from tidegate.adapters.amqp.backoff import Backoff
from tidegate.adapters.amqp.deadlines import Deadlines
from tidegate.adapters.amqp.delivery import Delivery, Document, Transaction
from tidegate.adapters.amqp.failures import describe, is_failure
from tidegate.adapters.amqp.frames import Chunk, FrameWriter
from tidegate.adapters.amqp.lane import Lane
from tidegate.adapters.amqp.outlet import Outlet
from tidegate.adapters.amqp.settings import AmqpSettings
from tidegate.adapters.amqp.tap import TapFactory
from tidegate.adapters.amqp.topology import ensure_queue
from tidegate.adapters.amqp.unroutable import Redeclaration
from tidegate.adapters.amqp.window import Window
from tidegate.ports.errors import TemporaryFailure

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 5.0


class Link:
    """A connection with its queues declared and two lanes open: one for small documents, one for large ones.

    :attr:`lost` gets the reason when the connection is of no more use, whatever ended it. A link never reconnects itself.
    """

    def __init__(self, settings: AmqpSettings, address: BrokerAddress, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._factory = TapFactory(self, context)
        self._connection = aio_pika.Connection(
            address.url.with_query(heartbeat=settings.heartbeat_s),
            client_properties={"connection_name": f"tidegate {socket.gethostname()} {os.getpid()}"},
        )
        self._connection.kwargs["transport_factory"] = self._factory
        self._connection.close_callbacks.add(self._on_library_closed)
        self._redeclaration = Redeclaration(self._connection, settings, self._resubmit)
        self._window = Window(settings.throttle, settings.throttle_bytes, self._write, self._writable, self._redeclaration.returned)
        self._deadlines = Deadlines(self._window, settings.confirm_timeout_s, lambda: bool(self._blocked), self._give_up)
        self._backoff = Backoff(settings.backoff_first_s, settings.backoff_longest_s, random.random)
        self._reopening: set[asyncio.Task[None]] = set()
        self._small_since = self._large_since = 0.0
        self._blocked = ""
        self.lost: asyncio.Future[str] = self._loop.create_future()

    async def open(self) -> None:
        """Connect, declare the queues, open the lanes.

        Raises:
            AMQPError, OSError, RuntimeError, TemporaryFailure: it did not work; the link is closed.
        """
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                await self._connection.connect()
            await self._open_lane(large=False)
            await self._open_lane(large=True)
        except BaseException:
            await self.close("the connection was not completed")
            raise

    @property
    def broker_version(self) -> str:
        """As the broker tells it, for example ``3.13.7``; empty when it does not."""
        transport = self._connection.transport
        version = (transport.connection.server_properties or {}).get("version", "") if transport else ""
        return version.decode("ascii", "replace") if isinstance(version, bytes) else str(version)

    def accepting(self) -> bool:
        """Whether documents submitted now have a chance."""
        window = self._window
        return not (self._blocked or window.full or window.overdue or window.small is None or self.lost.done())

    async def publish(self, documents: Sequence[Document], deadline: float) -> None:
        """Send the documents and wait until all are confirmed.

        Raises:
            TemporaryFailure: as in the port; also when ``deadline``, a time of the event loop, has passed.
        """
        if self.lost.done():
            raise TemporaryFailure("the connection to the broker is lost")
        if self._blocked:
            raise TemporaryFailure(f"the broker blocks publishers: {self._blocked}")
        transaction = Transaction(self._loop.create_future(), deadline, len(documents))
        self._deadlines.begin(transaction)
        self._window.submit([Delivery(*document, transaction) for document in documents])
        try:
            await transaction.outcome
        finally:
            if transaction.outcome.done() and not transaction.outcome.cancelled():
                transaction.outcome.exception()  # it may have failed and been cancelled in one turn, with no one left to hear the failure
            self._deadlines.end(transaction)

    async def finish(self, timeout_s: float) -> None:
        """Wait until all calls under way have ended, or ``timeout_s`` has passed."""
        await self._deadlines.finish(timeout_s)

    async def close(self, reason: str) -> None:
        """Fail what is under way and disconnect: in order if the broker answers soon, without a word if not."""
        self._end(reason)
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.close()
        except BaseException as failure:
            if not is_failure(failure):
                raise
            log.info("the connection to the broker did not close in order: %s", describe(failure))
        finally:
            if (outlet := self._outlet) is not None:
                outlet.abort()

    def on_answers(self) -> None:
        """See :class:`Listener`."""
        self._window.pump()

    on_writable = on_answers

    def on_blocked(self, reason: str) -> None:
        """See :class:`Listener`."""
        log.error("the broker blocks publishers: %s", reason)
        self._blocked = reason
        self._window.fail_waiting(f"the broker blocks publishers: {reason}")
        self._loop.call_later(self._settings.blocked_grace_s, self._fail_blocked)

    def on_unblocked(self) -> None:
        """See :class:`Listener`."""
        log.warning("the broker takes messages again")
        self._blocked = ""
        self._window.pump()

    def on_lane_closed(self, lane: Lane, reason: str) -> None:
        """See :class:`Listener`."""
        log.error("the broker closed a channel: %s", reason)
        large = lane is self._window.large
        if large:
            self._window.large, since = None, self._large_since
        else:
            self._window.small, since = None, self._small_since
        self._backoff.lived(self._loop.time() - since)
        self._window.pump()
        task = self._loop.create_task(self._reopen_lane(large=large))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    def on_disconnected(self, reason: str) -> None:
        """See :class:`Listener`."""
        self._end(reason)

    def _on_library_closed(self, _: object, error: BaseException | None) -> None:
        self._end(f"the connection was closed: {'no reason given' if error is None else describe(error)}")

    async def _open_lane(self, *, large: bool) -> None:
        """Declare what is published to, and open one channel in confirm mode."""
        settings = self._settings
        if not large:
            for queue in settings.queues:
                await ensure_queue(self._connection, settings, queue)
        channel = self._connection.channel(publisher_confirms=True, on_return_raises=True)
        async with asyncio.timeout(settings.connect_timeout_s):
            await channel.initialize()
            underlay = await channel.get_underlay_channel()
        writer = FrameWriter(
            underlay.number,
            settings.exchange,
            persistent=settings.persistent,
            content_encoding=settings.encoding.value,
            frame_max=underlay.connection.connection_tune.frame_max or 0,
        )
        lane = Lane(underlay.number, writer, self._window.settle)
        self._factory.put_on(lane)
        if large:
            self._window.large, self._large_since = lane, self._loop.time()
        else:
            self._window.small, self._small_since = lane, self._loop.time()

    async def _reopen_lane(self, *, large: bool) -> None:
        """With growing pauses: what made the broker close the channel may do so again."""
        while True:
            await asyncio.sleep(self._backoff.failed())
            try:
                await self._open_lane(large=large)
            except BaseException as failure:
                if not is_failure(failure):
                    raise
                log.error("the channel cannot be opened again: %s", describe(failure))
            else:
                return

    @property
    def _outlet(self) -> Outlet | None:
        return self._factory.tap.outlet if self._factory.tap is not None else None

    def _write(self, chunks: list[Chunk], size: int, now: bool) -> None:
        if (outlet := self._outlet) is not None:
            outlet.write(chunks, size, now=now)

    def _writable(self) -> bool:
        return self._factory.tap is not None and self._factory.tap.writable and not self._blocked

    def _resubmit(self, delivery: Delivery) -> None:
        self._window.resubmit(delivery)

    def _fail_blocked(self) -> None:
        if self._blocked:
            self._deadlines.expire_all(f"the broker blocks publishers: {self._blocked}")

    def _give_up(self) -> None:
        self._end("the broker confirms nothing")

    def _end(self, reason: str) -> None:
        """Everything ends here, once."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        for task in self._reopening:
            task.cancel()
        self._redeclaration.cancel()
        if (outlet := self._outlet) is not None:
            outlet.forget()
        for lane in (self._window.small, self._window.large):
            if lane is not None:
                self._factory.take_off(lane)
                lane.ended(reason)
        self._window.small = self._window.large = None
        self._window.fail_waiting(reason)
        self._deadlines.close(reason)
