"""Queues, exchange and bindings: there before anything is published."""

import logging

from aio_pika.abc import AbstractConnection
from aiormq.exceptions import AMQPChannelError, ChannelNotFoundEntity, ChannelPreconditionFailed

from tidegate.adapters.amqp.settings import AmqpSettings
from tidegate.ports.errors import TemporaryFailure

log = logging.getLogger(__name__)


async def ensure_queue(connection: AbstractConnection, settings: AmqpSettings, queue: str) -> None:
    """Declare one queue and, with an exchange, bind it by its name.

    On channels of its own: the broker closes a channel on which a declaration failed. The declaration is an active one even where the queue
    exists, because only that compares the arguments: a transient queue behind a durable setting would lose mail.

    Raises:
        TemporaryFailure: refused; the text says what to change.
        OSError, RuntimeError, TimeoutError: the connection failed meanwhile.
    """
    if not settings.declare:
        await _look(connection, settings, queue)
        return
    channel = connection.channel(publisher_confirms=False)
    try:
        await channel.initialize(timeout=settings.connect_timeout_s)
        await channel.declare_queue(
            queue, durable=settings.durable, arguments=dict(settings.queue_arguments), timeout=settings.connect_timeout_s
        )
        if settings.exchange:
            await _ensure_exchange(connection, settings)
            underlay = await channel.get_underlay_channel()
            await underlay.queue_bind(queue, settings.exchange, queue, timeout=settings.connect_timeout_s)
    except ChannelPreconditionFailed as refusal:
        raise TemporaryFailure(
            f"queue {queue!r} exists with other arguments ({_reason(refusal)}): delete it, change the rabbitmq-* settings to match it, "
            "or set rabbitmq-declare: false"
        ) from refusal
    except AMQPChannelError as refusal:
        raise TemporaryFailure(f"the broker refuses to declare queue {queue!r} ({_reason(refusal)})") from refusal
    finally:
        await channel.close()


async def _ensure_exchange(connection: AbstractConnection, settings: AmqpSettings) -> None:
    """An exchange that exists is taken as it is, whatever its type; a missing one becomes a durable direct exchange."""
    channel = connection.channel(publisher_confirms=False)
    try:
        await channel.initialize(timeout=settings.connect_timeout_s)
        await channel.declare_exchange(settings.exchange, passive=True, timeout=settings.connect_timeout_s)
        return
    except ChannelNotFoundEntity:
        pass
    finally:
        await channel.close()
    channel = connection.channel(publisher_confirms=False)
    try:
        await channel.initialize(timeout=settings.connect_timeout_s)
        await channel.declare_exchange(settings.exchange, durable=True, timeout=settings.connect_timeout_s)
    finally:
        await channel.close()


async def _look(connection: AbstractConnection, settings: AmqpSettings, queue: str) -> None:
    """With ``declare`` off a missing queue is only worth a warning: another part may create it before the first mail."""
    if settings.exchange:
        return  # the exchange decides where documents go; a queue of that name need not exist
    channel = connection.channel(publisher_confirms=False)
    try:
        await channel.initialize(timeout=settings.connect_timeout_s)
        await channel.declare_queue(queue, passive=True, timeout=settings.connect_timeout_s)
    except ChannelNotFoundEntity:
        log.warning("queue %r does not exist and rabbitmq-declare is false: mail for it is refused until it does", queue)
    except AMQPChannelError as refusal:
        log.warning("queue %r cannot be looked at (%s)", queue, _reason(refusal))
    finally:
        await channel.close()


def _reason(refusal: AMQPChannelError) -> str:
    return ", ".join(str(argument) for argument in refusal.args) or type(refusal).__name__
