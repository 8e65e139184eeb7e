"""Queues, exchange and bindings: there before anything is published."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPChannelError, ChannelNotFoundEntity, ChannelPreconditionFailed

from tidegate.adapters.amqp.failures import describe
from tidegate.adapters.amqp.settings import AmqpSettings
from tidegate.ports.errors import TemporaryFailure

log = logging.getLogger(__name__)


async def ensure_queue(connection: AbstractConnection, settings: AmqpSettings, queue: str) -> None:
    """Declare one queue and, with an exchange, bind it by its name.

    On channels of its own: the broker closes a channel on which a declaration failed. The declaration is an active one even where the queue
    exists, because only that compares the arguments: a transient queue behind a durable setting would lose mail.

    Raises:
        TemporaryFailure: refused; the text says what to change.
        AMQPError, OSError, RuntimeError: the connection failed meanwhile, or gave no answer in time.
    """
    if not settings.declare:
        await _look(connection, settings, queue)
        return
    try:
        async with _channel(connection, settings) as channel:
            await channel.declare_queue(queue, durable=settings.durable, arguments=dict(settings.queue_arguments))
    except ChannelPreconditionFailed as refusal:
        raise TemporaryFailure(
            # What to do comes first: the log cuts a long line, and the broker's words are long.
            f"queue {queue!r} exists with other arguments: delete it, make the settings match, or rabbitmq-declare: false ({describe(refusal)})"
        ) from refusal
    except ValueError as refusal:
        raise TemporaryFailure(f"queue {queue!r} has a name that cannot be declared ({describe(refusal)})") from refusal
    except AMQPChannelError as refusal:
        raise TemporaryFailure(f"the broker refuses to declare queue {queue!r} ({describe(refusal)})") from refusal
    if settings.exchange:
        try:
            await _ensure_binding(connection, settings, queue)
        except AMQPChannelError as refusal:
            raise TemporaryFailure(
                f"the broker refuses to bind queue {queue!r} to exchange {settings.exchange!r} ({describe(refusal)})"
            ) from refusal


async def _ensure_binding(connection: AbstractConnection, settings: AmqpSettings, queue: str) -> None:
    """An exchange that exists is taken as it is, whatever its type; a missing one becomes a durable direct exchange."""
    try:
        async with _channel(connection, settings) as channel:
            await channel.declare_exchange(settings.exchange, passive=True)
    except ChannelNotFoundEntity:
        async with _channel(connection, settings) as channel:
            await channel.declare_exchange(settings.exchange, durable=True)
    async with _channel(connection, settings) as channel:
        await (await channel.get_underlay_channel()).queue_bind(queue, settings.exchange, queue)


async def _look(connection: AbstractConnection, settings: AmqpSettings, queue: str) -> None:
    """With ``declare`` off a missing queue is only worth a warning: another part may create it before the first mail."""
    if settings.exchange:
        return  # the exchange decides where documents go; a queue of that name need not exist
    try:
        async with _channel(connection, settings) as channel:
            await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity:
        log.warning("queue %r does not exist and rabbitmq-declare is false: mail for it is refused until it does", queue)
    except AMQPChannelError as refusal:
        log.warning("queue %r cannot be looked at (%s)", queue, describe(refusal))


@asynccontextmanager
async def _channel(connection: AbstractConnection, settings: AmqpSettings) -> AsyncIterator[AbstractChannel]:
    """A channel for one purpose, all of it within the connect timeout."""
    async with asyncio.timeout(settings.connect_timeout_s):
        channel = connection.channel(publisher_confirms=False)
        await channel.initialize()
        try:
            yield channel
        finally:
            await channel.close()
