"""A program that publishes to a folder queue and says what it was promised, for tests that kill it.

``python -m tests.servers.folder_publishing DIRECTORY FIRST COUNT CONCURRENCY`` publishes documents of two queues and writes one line to
standard output for each call: ``durable ID ID…`` or ``failed ID ID…``. It goes on after failures as soon as the queue accepts.
"""

import asyncio
import os
import sys
from pathlib import Path

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.testing.publisher import document

QUEUES = ("inbox", "a/b")


def transaction(number: int) -> list[Publication]:
    """Two documents; their sizes differ from call to call."""
    return [document(queue, 2 * number + n, 200 + 37 * (number % 100)) for n, queue in enumerate(QUEUES)]


async def publish(directory: Path, first: int, count: int, concurrency: int) -> None:
    """Publish with so many calls under way."""
    numbers = iter(range(first, first + count))

    async def client(publisher: FolderPublisher) -> None:
        for number in numbers:
            publications = transaction(number)
            try:
                await publisher.publish(publications)
                word = "durable"
            except TemporaryFailure:
                word = "failed"
            os.write(1, f"{word} {' '.join(publication.message_id for publication in publications)}\n".encode())
            while not publisher.accepting():  # noqa: ASYNC110 - the port has no event to wait for
                await asyncio.sleep(0.05)

    async with FolderPublisher(directory, min_free_bytes=0) as publisher:
        await asyncio.gather(*(client(publisher) for _ in range(concurrency)))


if __name__ == "__main__":
    with claim(Path(sys.argv[1])):
        asyncio.run(publish(Path(sys.argv[1]), *map(int, sys.argv[2:5])))
