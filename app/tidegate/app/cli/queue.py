"""``tidegate queue``: what stands in the embedded queue, and ways to get it out."""

import errno
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from tidegate.adapters.folder_queue.folders import NEW
from tidegate.adapters.folder_queue.follower import Follower
from tidegate.adapters.folder_queue.names import folder_name
from tidegate.adapters.folder_queue.publisher import DEFAULT_MAX_DOCUMENT_BYTES
from tidegate.adapters.folder_queue.reader import QueueStatus, Reader, Unusable
from tidegate.app.cli.mail_folder import MailFolder
from tidegate.app.cli.quantities import age, nbytes
from tidegate.app.cli.settings_command import SettingsCommand, load_settings
from tidegate.domain.json_value import JsonObject
from tidegate.ports.errors import PortError

if TYPE_CHECKING:
    from tidegate.app.config.settings import Settings

MIME_SHOWN = 400
"""Characters of ``mime`` that ``peek`` shows without ``--full``: the first few header fields."""

FOLLOW_INTERVAL_S = 0.2


class InOrder(click.Group):
    """Lists commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(self.commands)


@click.group("queue", cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look into the embedded queue, copy documents out of it, or move them to RabbitMQ.

    All of this is safe while the server runs.
    """


@command.command("list", cls=SettingsCommand, short_help="Show the queues and what they hold.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each queue.")
@click.pass_context
def list_queues(ctx: click.Context, as_json: bool) -> None:
    """Show the queues: documents, bytes, age of the oldest document, and how many were set aside in quarantine."""
    with _told():
        reader = _reader(ctx)
        statuses = [(reader.status(queue), reader.quarantined(queue)) for queue in reader.queues()]
    if as_json:
        for status, aside in statuses:
            line = {"queue": status.queue, "documents": status.documents, "bytes": status.size, "oldest": status.oldest, "quarantine": aside}
            click.echo(orjson.dumps(line).decode())
        return
    if not statuses:
        click.echo(f"There are no queues in {reader.directory}.")
        return
    rows = [("QUEUE", "DOCUMENTS", "SIZE", "OLDEST", "QUARANTINE"), *(_row(status, aside) for status, aside in statuses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]))


@command.command("peek", cls=SettingsCommand, short_help="Show the oldest documents.")
@click.argument("queues", metavar="[QUEUE]...", nargs=-1)
@click.option("-n", "--number", type=click.IntRange(1, 100_000), default=1, show_default=True, help="Documents of each queue.")
@click.option("--full", is_flag=True, help="Show the whole mime property.")
@click.pass_context
def peek(ctx: click.Context, queues: tuple[str, ...], number: int, full: bool) -> None:
    """Show the oldest documents of a queue (of all queues unless one is named). They stay there."""
    with _told():
        reader = _reader(ctx)
        for queue in _chosen(reader, queues):
            for message_id in reader.listing(queue, number).message_ids:
                document = _document(reader, queue, message_id)
                if isinstance(document, tuple):
                    click.echo(_pretty(document[1], full))


@command.command(
    "follow",
    cls=SettingsCommand,
    short_help="Print new documents when they arrive.",
    epilog="A document that a running server hands over within a fifth of a second may be missed.",
)
@click.argument("queues", metavar="[QUEUE]...", nargs=-1)
@click.option("-n", "--number", type=click.IntRange(1), help="Stop after so many documents.")
@click.option("--all", "everything", is_flag=True, help="Begin with the documents that stand there already.")
@click.pass_context
def follow(ctx: click.Context, queues: tuple[str, ...], number: int | None, everything: bool) -> None:
    """Print each new document as one line of JSON when it arrives, until interrupted."""
    with _told():
        reader = _reader(ctx)
        follower = Follower(reader, tuple(_checked(queues)) or None)
        for queue in sorted(set(queues) - set(reader.queues())):
            click.echo(f"There is no queue {queue} yet; waiting for it.", err=True)
        new = follower.look()
        if not everything:
            new = []
        shown = 0
        while True:
            for queue, message_id in new:
                document = _document(reader, queue, message_id)
                if isinstance(document, tuple):
                    click.echo(_one_line(*document))
                    shown += 1
                    if shown == number:
                        return
            time.sleep(FOLLOW_INTERVAL_S)
            new = follower.look()


@command.command("export", cls=SettingsCommand, short_help="Copy documents out, as lines of JSON or mails.")
@click.argument("queues", metavar="[QUEUE]...", nargs=-1)
@click.option("-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), default="-", help="File for the lines; - is standard output.")
@click.option("--eml", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write FOLDER/<queue>/<message-id>.eml files instead.")
@click.pass_context
def export(ctx: click.Context, queues: tuple[str, ...], output: str, folder: Path | None) -> int:
    """Copy documents out, oldest first: one line of JSON each, or the mails as .eml files. They stay in the queue.

    The exit status is 1 when a file in the queue holds no document.
    """
    from tqdm import tqdm

    failures = 0
    with _told():
        reader = _reader(ctx)
        chosen = _chosen(reader, queues)
        mails = MailFolder(folder) if folder is not None else None
        total = sum(1 for queue in chosen for _ in reader.message_ids(queue))
        with click.open_file(output, "wb") as stream, tqdm(total=total, unit="doc", leave=False, disable=None) as bar:
            for queue, message_id in ((name, message_id) for name in chosen for message_id in reader.message_ids(name)):
                with tqdm.external_write_mode(sys.stderr):
                    document = _document(reader, queue, message_id)
                if isinstance(document, Unusable):
                    failures += 1
                elif document is not None and mails is not None:
                    mails.write(queue, message_id, document[1])
                elif document is not None:
                    stream.write(_one_line(*document).encode() + b"\n")
                bar.update()
    return 1 if failures else 0


@command.command(
    "publish",
    cls=SettingsCommand,
    short_help="Move documents to RabbitMQ.",
    epilog="A document is removed from the embedded queue after the broker has confirmed it. Interrupted at any point, run it again. Documents "
    "that the broker can never take (too large) are moved to the queue's quarantine folder. Exit status: 0 when the queues are empty, else 1.",
)
@click.argument("queues", metavar="[QUEUE]...", nargs=-1)
@click.pass_context
def publish(ctx: click.Context, queues: tuple[str, ...]) -> int:
    """Move all documents to the RabbitMQ server of rabbitmq-address, each to the queue of the same name, oldest first."""
    settings = load_settings(ctx, warn=False).settings
    if not settings.rabbitmq.address:
        raise click.UsageError(
            "rabbitmq-address is not set, so there is no broker to publish to. Add --rabbitmq-address amqp://user:password@host."
        )
    from tidegate.app.cli.queue_publish import publish_all

    with _told():
        reader = Reader(settings.queue.directory, DEFAULT_MAX_DOCUMENT_BYTES)
        chosen = [queue for queue in _chosen(reader, queues) if reader.holds_any(queue)]
        return publish_all(settings, reader, chosen)


@contextmanager
def _told() -> Iterator[None]:
    """What the disk or the broker refuses is said in one sentence."""
    try:
        yield
    except PortError as failure:
        raise click.ClickException(str(failure)) from failure
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        hint = " Run this as the user that the server runs as." if error.errno in (errno.EACCES, errno.EPERM) else ""
        raise click.ClickException(f"{where}{error.strerror}.{hint}") from error


def _reader(ctx: click.Context) -> Reader:
    settings: Settings = load_settings(ctx, warn=False).settings
    return Reader(settings.queue.directory, DEFAULT_MAX_DOCUMENT_BYTES)


def _checked(queues: tuple[str, ...]) -> tuple[str, ...]:
    for queue in queues:
        folder_name(queue)
    return queues


def _chosen(reader: Reader, queues: tuple[str, ...]) -> list[str]:
    """The queues that were named, which must exist, or all of them."""
    present = reader.queues()
    for queue in queues:
        if queue not in present:
            there = f"there are {', '.join(present)}" if present else "there are none"
            raise click.UsageError(f"There is no queue {queue!r} in {reader.directory}; {there}.")
    return list(queues) or present


def _row(status: QueueStatus, aside: int) -> tuple[str, ...]:
    oldest = age(time.time() - status.oldest) if status.oldest is not None else "-"
    return (status.queue, f"{status.documents:,}", nbytes(status.size), oldest, f"{aside:,}" if aside else "-")


def _document(reader: Reader, queue: str, message_id: str) -> tuple[bytes, JsonObject] | Unusable | None:
    """A document as it stands and parsed; None when it has been taken off meanwhile; what is no document is named on standard error."""
    body = reader.read(queue, message_id)
    if isinstance(body, bytes):
        try:
            parsed: JsonObject = json.loads(body)
            return body, parsed
        except (ValueError, RecursionError) as error:  # The reader parses small documents only.
            body = Unusable(f"not JSON: {error}")
    if body is not None:
        _warn_unusable(queue, message_id, body)
    return body


def _warn_unusable(queue: str, message_id: str, found: Unusable) -> None:
    path = f"{folder_name(queue)}/{NEW}/{message_id}.json"
    click.echo(f"{click.style('warning', fg='yellow')}: {path} is no document: {found.reason}", err=True)


def _pretty(document: JsonObject, full: bool) -> str:
    mime = document.get("mime")
    if not full and isinstance(mime, str) and len(mime) > MIME_SHOWN:
        document = {**document, "mime": f"{mime[:MIME_SHOWN]}… ({len(mime) - MIME_SHOWN:,} more characters)"}
    return _dumps(document, indent=True)


def _one_line(body: bytes, document: JsonObject) -> str:
    """The document as it stands, unless it has line breaks: a person may have edited it."""
    line = body.strip()
    return _dumps(document) if b"\n" in line or b"\r" in line else line.decode()


def _dumps(document: JsonObject, indent: bool = False) -> str:
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except TypeError:  # Half of a surrogate pair, which JSON can spell and UTF-8 cannot.
        return json.dumps(document, indent=2 if indent else None)
