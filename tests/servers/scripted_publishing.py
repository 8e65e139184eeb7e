"""A publisher on a scripted broker, with pauses short enough for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.servers.scripted_broker import Published, ScriptedBroker

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.ports.publisher import Publication

QUEUE = "inbox"
QUICK = {"backoff_first_s": 0.05, "blocked_grace_s": 0.1}


def document(number: int, size: int = 20, queue: str = QUEUE) -> Publication:
    """A document of ``size`` bytes in two parts."""
    return Publication(queue, f"{number:08d}-test", (b"{", b"x" * (size - 1)))


@asynccontextmanager
async def publishing(broker: ScriptedBroker, **settings: object) -> AsyncIterator[AmqpPublisher]:
    """A publisher that is connected to the broker."""
    told = {"addresses": (broker.url,), "queues": (QUEUE,), "confirm_timeout_s": 5.0, **QUICK, **settings}
    async with AmqpPublisher(AmqpSettings(**told)) as publisher:  # type: ignore[arg-type]
        await accepting(publisher)
        yield publisher


async def accepting(publisher: AmqpPublisher, expected: bool = True) -> None:
    """Wait until the publisher accepts, or no longer does."""
    async with asyncio.timeout(10):
        while publisher.accepting() is not expected:  # noqa: ASYNC110 - the port has no event to wait for
            await asyncio.sleep(0.002)


def ignore(_: Published) -> None:
    """The script of a broker that never confirms."""


async def outcomes(publisher: AmqpPublisher, *numbers: int) -> list[asyncio.Task[None]]:
    """Publish each number in a call of its own, in order."""
    tasks = [asyncio.ensure_future(publisher.publish([document(number)])) for number in numbers]
    await asyncio.sleep(0)
    return tasks
