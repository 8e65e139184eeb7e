"""The work of ``tidegate queue publish``: the embedded queue into RabbitMQ."""

import asyncio
import logging
import sys
from collections.abc import Sequence

import attrs
import click

from tidegate.adapters.amqp import AmqpPublisher
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.app.config.settings import Settings
from tidegate.app.queue_transfer import Busy, QueueTransfer
from tidegate.app.spool_drainer import HandedOver
from tidegate.app.wiring import amqp_settings, drain_window
from tidegate.ports.errors import TemporaryFailure

CONNECT_S = 15.0
"""How long a broker may take until it is ready; several addresses are tried in that time."""


def publish_all(settings: Settings, reader: Reader, queues: Sequence[str]) -> int:
    """Move the documents of these queues; the exit status.

    Raises:
        PortError: the broker cannot be used.
    """
    if not queues:
        click.echo("There is nothing to publish.")
        return 0
    return asyncio.run(_publish(settings, reader, queues))


async def _publish(settings: Settings, reader: Reader, queues: Sequence[str]) -> int:
    from tqdm import tqdm

    total = sum(reader.status(queue).documents for queue in queues)
    before = _quarantined(reader, queues)
    spool = FolderSpool(settings.queue.directory, report=lambda sentence: tqdm.write(sentence, file=sys.stderr))
    # Set-aside documents are reported by the spool; what the connection logs is for servers.
    for talker in ("tidegate", "aiormq", "aio_pika"):
        logging.getLogger(talker).setLevel(logging.CRITICAL)
    left = 0
    try:
        told = attrs.evolve(amqp_settings(settings), queues=tuple(queues))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    async with AmqpPublisher(told) as broker:
        await _ready(broker, settings)
        with tqdm(total=total, unit="doc", leave=False, disable=None) as bar:

            def progress(result: HandedOver) -> None:
                bar.update(result.confirmed + result.set_aside)

            transfer = QueueTransfer(spool, broker, drain_window(settings), progress)
            for queue in queues:
                try:
                    await transfer.empty(queue)
                except Busy:
                    left += 1
                    bar.write(f"queue {queue!r}: another process is emptying it (a running server does, when it has the broker)", sys.stderr)
                except TemporaryFailure as failure:
                    left += 1
                    bar.write(f"queue {queue!r}: {failure}; the rest stays, run this again", sys.stderr)
    await spool.close()
    documents = "document" if transfer.confirmed == 1 else "documents"
    set_aside = max(0, _quarantined(reader, queues) - before)  # also what the spool found to be no document
    click.echo(f"{transfer.confirmed:,} {documents} moved to the broker, {set_aside:,} set aside.")
    return 1 if left else 0


def _quarantined(reader: Reader, queues: Sequence[str]) -> int:
    return sum(reader.quarantined(queue) for queue in queues)


async def _ready(broker: AmqpPublisher, settings: Settings) -> None:
    """Wait for the connection."""
    for _ in range(int(CONNECT_S / 0.05)):
        if broker.accepting():
            return
        await asyncio.sleep(0.05)
    addresses = ", ".join(str(address) for address in settings.rabbitmq.address)
    trouble = broker.trouble or f"the broker {addresses} takes no documents"
    raise TemporaryFailure(f"{trouble.rstrip('.')}; nothing was moved")
