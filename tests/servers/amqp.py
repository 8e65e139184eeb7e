"""Queues seen past the publisher, through a connection of the test's own."""

import asyncio

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from tidegate.adapters.amqp import AmqpPublisher

PATIENCE_S = 40.0


async def take_all(url: str, queue: str) -> list[AbstractIncomingMessage]:
    """Take all messages off a queue, which must exist."""
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        source = await channel.get_queue(queue)
        messages: list[AbstractIncomingMessage] = []
        while (message := await source.get(no_ack=True, fail=False)) is not None:
            messages.append(message)
        return messages


async def delete(url: str, *queues: str) -> None:
    """Delete queues, whether they exist or not."""
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        for queue in queues:
            await channel.queue_delete(queue)


async def accepting(publisher: AmqpPublisher, expected: bool = True, within_s: float = PATIENCE_S) -> None:
    """Wait until the publisher accepts, or no longer does."""
    async with asyncio.timeout(within_s):
        while publisher.accepting() is not expected:  # noqa: ASYNC110 - the port has no event to wait for
            await asyncio.sleep(0.005)
