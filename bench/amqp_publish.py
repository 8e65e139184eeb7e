"""CPU of the client per confirmed publish: the AMQP publisher against plain aio-pika, same broker, same run.

``python -m bench.amqp_publish [amqp://…]``; without an address it starts a RabbitMQ of its own. Both publish persistent, mandatory messages
with a message id to a durable queue and wait for every confirm. Rounds alternate between the two; the figure is the median of the rounds. CPU
is user + system time of this process, which holds the client alone.
"""

import asyncio
import resource
import statistics
import sys
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import aio_pika
from tests.servers.rabbitmq import RabbitMq

from tidegate.adapters.amqp import AmqpPublisher, AmqpSettings
from tidegate.ports.publisher import Publication

QUEUE = "bench"
HEAD = b'{"recipient": "someone@example.com", "mime": "'
ROUNDS = 5
CASES = tuple((size, concurrency) for size in (5_000, 100_000) for concurrency in (1, 20, 100))
MESSAGES = {5_000: 2_000, 100_000: 400}
"""Publishes per round."""

Publish = Callable[[bytes], Awaitable[object]]


def cpu_s() -> float:
    """User and system time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def round_cost(publish: Publish, body: bytes, concurrency: int, messages: int) -> float:
    """CPU microseconds per publish of ``messages`` publishes from ``concurrency`` tasks."""
    left = messages

    async def client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await publish(body)

    before = cpu_s()
    await asyncio.gather(*(client() for _ in range(concurrency)))
    return (cpu_s() - before) / messages * 1e6


async def compare(address: str) -> None:
    """Print one line per case."""
    number = 0
    async with (
        await aio_pika.connect(address) as connection,
        connection.channel(publisher_confirms=True, on_return_raises=True) as channel,
        AmqpPublisher(AmqpSettings(addresses=(address,), queues=(QUEUE,), throttle=200)) as publisher,
    ):
        while not publisher.accepting():  # noqa: ASYNC110 - the port has no event to wait for
            await asyncio.sleep(0.01)

        async def plain(body: bytes) -> None:
            message = aio_pika.Message(
                body, message_id=uuid.uuid4().hex, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            )
            await channel.default_exchange.publish(message, routing_key=QUEUE, mandatory=True)

        async def ours(body: bytes) -> None:
            nonlocal number
            number += 1
            await publisher.publish([Publication(QUEUE, f"{number:032d}", (HEAD, body))])

        queue = await channel.get_queue(QUEUE)
        print(f"{'bytes':>8} {'clients':>8} {'aio-pika':>10} {'ours':>10}  us CPU per publish    ratio")
        for size, concurrency in CASES:
            body, messages = b"x" * size, MESSAGES[size]
            costs: dict[Publish, list[float]] = {plain: [], ours: []}
            for publish in costs:
                await round_cost(publish, body, concurrency, messages // 4)  # warm up
            for _ in range(ROUNDS):
                for publish, cost in costs.items():
                    cost.append(await round_cost(publish, body, concurrency, messages // (4 if concurrency == 1 else 1)))
                    await queue.purge()
            theirs, our = statistics.median(costs[plain]), statistics.median(costs[ours])
            print(f"{size:>8} {concurrency:>8} {theirs:>10.1f} {our:>10.1f}  {'':<18} {our / theirs:>8.2f}", flush=True)
        await queue.delete(if_unused=False, if_empty=False)


def main(arguments: list[str]) -> int:
    """Run under uvloop where it is installed, as the gateway does."""
    with ExitStack() as stack:
        address = arguments[0] if arguments else stack.enter_context(RabbitMq()).url
        try:
            import uvloop
        except ImportError:
            asyncio.run(compare(address))
        else:
            uvloop.run(compare(address))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
