"""The private RabbitMQ node of a run: queues are made, drained and checked through it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aio_pika
import attrs
from aio_pika.abc import AbstractIncomingMessage
from tests.servers.rabbitmq import RabbitMq, installed

from bench.proof import Arrivals

ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Schedulers as many as cores, none of them spinning: an idle broker must not use the processor that is measured."""
ARRIVAL_S = 60.0
POLL_S = 0.02
SILENCE_S = 10.0
"""A broker that has documents and delivers none for so long is broken."""


def missing() -> str | None:
    """Why no broker can be started here, or None."""
    return None if installed() else "RabbitMQ is not installed (apt-get install rabbitmq-server, or make services)"


@attrs.frozen
class Broker:
    """A node that serves."""

    url: str
    version: str


@contextmanager
def broker() -> Iterator[Broker]:
    """A private node, for the length of the block."""
    with RabbitMq(erlang=ERLANG) as node:
        yield Broker(node.url, f"RabbitMQ {asyncio.run(_version(node.url))}")


async def _version(url: str) -> str:
    async with await aio_pika.connect(url) as connection:
        transport = connection.transport
        version = transport.connection.server_properties.get("version") if transport else None
        return version.decode() if isinstance(version, bytes) else str(version)


def wait_until_arrived(url: str, queue: str, expected: int) -> None:
    """Returns when ``queue`` holds ``expected`` documents, or after a while: a server may store some on disk first and send them on later."""
    asyncio.run(_wait_until_arrived(url, queue, expected))


async def _wait_until_arrived(url: str, name: str, expected: int) -> None:
    deadline = time.monotonic() + ARRIVAL_S
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        while time.monotonic() < deadline:
            queue = await channel.declare_queue(name, passive=True)
            if (queue.declaration_result.message_count or 0) >= expected:
                return
            await asyncio.sleep(POLL_S)


def drain(url: str, queue: str) -> Arrivals:
    """Take every document out of ``queue`` (what has been confirmed is in it)."""
    return asyncio.run(_drain(url, queue))


async def _drain(url: str, name: str) -> Arrivals:
    arrivals = Arrivals()
    moved = asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        arrivals.add(message.body)
        moved.set()

    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, passive=True)
        ready = queue.declaration_result.message_count or 0
        if ready:
            await queue.consume(take, no_ack=True)
        while arrivals.total < ready:
            moved.clear()
            async with asyncio.timeout(SILENCE_S):
                await moved.wait()
    return arrivals
