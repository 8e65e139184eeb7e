"""One live connection to one node of the broker."""

import asyncio
import logging
import ssl

import aio_pika
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError

from tidegate.adapters.amqp.address import BrokerAddress
from tidegate.adapters.amqp.encoding import gzipped
from tidegate.adapters.amqp.settings import MEBIBYTE, AmqpSettings, Encoding
from tidegate.adapters.amqp.topology import ensure_queue
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication

log = logging.getLogger(__name__)

BLOCKED_POLL_S = 0.4
CLOSE_TIMEOUT_S = 5.0
LARGE_BYTES = MEBIBYTE
"""Documents from here on have a channel of their own: the broker answers a message above its limit by closing the channel."""


class Link:
    """A connection with its queues declared and its channels open."""

    def __init__(self, connection: aio_pika.Connection, small: AbstractChannel, large: AbstractChannel, settings: AmqpSettings) -> None:
        self._connection, self._small, self._large, self._settings = connection, small, large, settings
        self._slots = asyncio.Semaphore(settings.throttle)
        self._in_flight_bytes = 0
        self._blocked = False
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for thing in (connection, small, large):
            thing.close_callbacks.add(self._closed)
        self._watcher = asyncio.create_task(self._watch_blocked())

    @classmethod
    async def open(cls, address: BrokerAddress, settings: AmqpSettings, context: ssl.SSLContext | None) -> "Link":
        """Connect, declare, open channels."""
        connection = aio_pika.Connection(address.url.with_query(heartbeat=settings.heartbeat_s), ssl_context=context)
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await connection.connect()
            for queue in settings.queues:
                await ensure_queue(connection, settings, queue)
            channels = [connection.channel(publisher_confirms=True, on_return_raises=True) for _ in range(2)]
            for channel in channels:
                await channel.initialize(timeout=settings.connect_timeout_s)
        except BaseException:
            await _close(connection)
            raise
        return cls(connection, channels[0], channels[1], settings)

    @property
    def broker_version(self) -> str:
        """As the broker tells it, for example ``3.13.7``."""
        transport = self._connection.transport
        properties = (transport.connection.server_properties or {}) if transport else {}
        version = properties.get("version", "")
        return version.decode("ascii", "replace") if isinstance(version, bytes) else str(version)

    def accepting(self) -> bool:
        """Whether a document would be sent now."""
        return not self.lost.done() and not self._blocked and not self._slots.locked() and self._in_flight_bytes < self._settings.throttle_bytes

    async def publish(self, publication: Publication) -> None:
        """Publish one document and wait for its confirm; a returned one is declared and published once more."""
        if self.lost.done() or self._blocked:
            raise TemporaryFailure("the broker is away or blocks publishers")
        settings = self._settings
        body = await gzipped(publication.parts, publication.size) if settings.encoding is Encoding.GZIP else publication.body
        channel = self._large if len(body) >= LARGE_BYTES else self._small
        async with self._slots:
            self._in_flight_bytes += len(body)
            try:
                try:
                    await self._publish(channel, publication, body)
                except PublishError:
                    if not settings.declare:
                        raise
                    await ensure_queue(self._connection, settings, publication.queue)
                    await self._publish(channel, publication, body)
            except PublishError as returned:
                raise TemporaryFailure(f"the broker has no queue for {publication.queue!r}") from returned
            except DeliveryError as nacked:
                raise TemporaryFailure(f"the broker refused a document for {publication.queue!r}") from nacked
            except (AMQPError, OSError, RuntimeError) as failure:
                raise TemporaryFailure(f"the connection failed: {failure}") from failure
            finally:
                self._in_flight_bytes -= len(body)

    async def _publish(self, channel: AbstractChannel, publication: Publication, body: bytes) -> None:
        settings = self._settings
        message = aio_pika.Message(
            body,
            message_id=publication.message_id,
            content_type="application/json",
            content_encoding=settings.encoding.value or None,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT if settings.persistent else aio_pika.DeliveryMode.NOT_PERSISTENT,
        )
        exchange = await channel.get_exchange(settings.exchange, ensure=False) if settings.exchange else channel.default_exchange
        await exchange.publish(message, routing_key=publication.queue, mandatory=True)

    async def close(self) -> None:
        """Close in order, within a bound."""
        self._watcher.cancel()
        self._closed()
        await _close(self._connection)

    def _closed(self, *_: object) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    async def _watch_blocked(self) -> None:
        while self._connection.transport is not None:
            try:
                async with asyncio.timeout(BLOCKED_POLL_S):
                    await self._connection.transport.ready()
            except TimeoutError:
                self._blocked = True
            else:
                self._blocked = False
                await asyncio.sleep(BLOCKED_POLL_S)


async def _close(connection: aio_pika.Connection) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close()
    except (TimeoutError, AMQPError, OSError, RuntimeError) as failure:
        log.info("the connection to the broker did not close in order: %s", failure or type(failure).__name__)
