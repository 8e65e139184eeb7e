"""What the three lists have in common: opening the database, and the commands list, import and export."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Generic, TypeVar

import attrs
import click

from tidegate.adapters.database import DatabaseDirectory
from tidegate.app.cli.managed import transfer
from tidegate.app.cli.settings_command import SettingsCommand, load_settings
from tidegate.ports.directory import Directory, Records
from tidegate.ports.errors import PermanentFailure, PortError

EX_DATAERR = 65
"""Exit status for a file with wrong entries."""
PAGE = 5_000

R = TypeVar("R")
K = TypeVar("K")
T = TypeVar("T")


class InOrder(click.Group):
    """Lists commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(self.commands)


@attrs.frozen
class ManagedList(Generic[R, K]):
    """One of the lists.

    Attributes:
        what: how a sentence calls its entries.
        columns: of files, the one of plain lines first.
        records: where it is in a directory.
        read: an entry of a file as record; raises ValueError with a phrase that follows the entry.
        show: a record as an entry of a file.
        key: of a record.
        drastic: what a record would do that nobody wants by mistake, or None.
    """

    what: str
    columns: tuple[str, ...]
    records: Callable[[Directory], Records[R, K]]
    read: Callable[[Mapping[str, str]], R]
    show: Callable[[R], dict[str, object]]
    key: Callable[[R], K]
    drastic: Callable[[R], str | None] = lambda _: None


def run(ctx: click.Context, work: Callable[[DatabaseDirectory], Coroutine[Any, Any, T]]) -> T:
    """Do something with the directory of the configuration.

    Raises:
        click.exceptions.Exit: after a failure has been told.
    """
    from tidegate.app.supervisor.privileges import drop_privileges
    from tidegate.app.wiring import directory

    settings = load_settings(ctx, warn=False).settings
    try:
        if settings.process.user is not None and os.getuid() == 0:
            drop_privileges(settings.process.user)  # a file that root makes could not be opened by the server
        return asyncio.run(work(directory(settings)))
    except PortError as failure:
        click.echo(f"{click.style('error', fg='red')}: {failure}", err=True)
        raise click.exceptions.Exit(os.EX_CONFIG if isinstance(failure, PermanentFailure) else os.EX_TEMPFAIL) from None


def put(ctx: click.Context, list_: ManagedList[R, K], records: list[R], *, yes: bool) -> None:
    """Add records and tell what came of it."""
    confirm(list_, records, yes=yes)
    new = run(ctx, lambda directory: list_.records(directory).put(records))
    click.echo(f"{new} added" + (f", {len(records) - new} were there already" if len(records) > new else ""))


def remove(ctx: click.Context, list_: ManagedList[R, K], keys: list[K]) -> int:
    """Remove records and tell what came of it; the exit status."""
    removed = run(ctx, lambda directory: list_.records(directory).remove(keys))
    click.echo(f"{removed} removed" + (f", {len(keys) - removed} were not there" if len(keys) > removed else ""))
    return 0 if removed else 1


def confirm(list_: ManagedList[R, K], records: Iterable[R], *, yes: bool) -> None:
    """Ask before something drastic is done.

    Raises:
        click.UsageError: nobody can be asked.
        click.Abort: the answer was no.
    """
    if yes:
        return
    for record in records:
        effect = list_.drastic(record)
        if effect is None:
            continue
        if not sys.stdin.isatty():
            raise click.UsageError(f"{effect} Give --yes if that is what you want.")
        click.confirm(f"{effect} Really?", abort=True)


def read_or_exit(read: Callable[[], T], shown: str) -> T:
    """The value, or an end with what is wrong."""
    try:
        return read()
    except ValueError as error:
        raise click.UsageError(transfer.sentence(shown, error.args[0])) from None


async def every(records: Records[R, K], key: Callable[[R], K], containing: str = "") -> list[R]:
    """All records."""
    found: list[R] = []
    after: K | None = None
    while page := await records.page(after, PAGE, containing):
        found += page
        after = key(page[-1])
    return found


YES = click.option("--yes", is_flag=True, help="Do not ask before something drastic.")


def add_commands(group: click.Group, list_: ManagedList[R, K]) -> None:
    """Give a group the commands list, import and export."""

    @group.command("list", cls=SettingsCommand, help=f"Show {list_.what}, in order.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
    @click.option("--containing", metavar="TEXT", default="", help="Only those that contain this text.")
    @click.pass_context
    def _list(ctx: click.Context, as_json: bool, containing: str) -> None:
        rows = map(list_.show, run(ctx, lambda directory: every(list_.records(directory), list_.key, containing)))
        if as_json:
            import json

            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            return
        _table(list_.columns, list(rows))

    @group.command("export", cls=SettingsCommand, help=f"Write {list_.what} to FILE (standard output without one).")
    @click.argument("file", type=click.File("wb"), default="-")
    @click.option("--format", "format_", type=click.Choice(transfer.FORMATS), default="csv", show_default=True)
    @click.pass_context
    def _export(ctx: click.Context, file: BinaryIO, format_: str) -> None:
        records = run(ctx, lambda directory: every(list_.records(directory), list_.key))
        transfer.write(file, format_, list_.columns, map(list_.show, _progress(records, "write", len(records))))

    @group.command(
        "import",
        cls=SettingsCommand,
        help=f"Add {list_.what} from FILE (- is standard input): all of them, or none when one is wrong.",
        epilog=f"CSV has a first line that names columns: {', '.join(list_.columns)}. JSON is an array of objects with these names, or one "
        "object a line. Plain lines are entries of the first column; lines that begin with # are comments.",
    )
    @click.argument("file", type=click.File("rb"))
    @click.option("--format", "format_", type=click.Choice(("auto", *transfer.FORMATS)), default="auto", show_default=True)
    @click.option("--replace", is_flag=True, help="Remove everything that is not in FILE.")
    @YES
    @click.pass_context
    def _import(ctx: click.Context, file: BinaryIO, format_: str, replace: bool, yes: bool) -> int:
        found = transfer.entries(file, format_, list_.columns, list_.columns[0])
        try:
            records, problems, wrong = transfer.checked(_progress(found, "check", None), list_.read)
        except transfer.NotReadable as error:
            raise click.UsageError(f"{file.name} {error}") from None
        if problems:
            for problem in problems:
                click.echo(f"{file.name}, {problem}", err=True)
            more = f" (the first {len(problems)} are shown)" if wrong > len(problems) else ""
            click.echo(f"{click.style('error', fg='red')}: {wrong} entries cannot be used{more}; nothing was changed.", err=True)
            return EX_DATAERR
        confirm(list_, records, yes=yes)
        count = run(ctx, lambda directory: list_.records(directory).put(_progress(records, "import", len(records)), replace=replace))
        click.echo(f"{count} in the list" if replace else f"{count} added, {len(records) - count} were there already or came twice")
        return 0


def _progress(items: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    from tqdm import tqdm

    # None: only where somebody looks; the delay spares short lists a bar that flickers.
    yield from tqdm(items, desc=what, total=total, unit="", leave=False, disable=None, delay=1.0)


def _table(columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    texts = [["" if row.get(name) is None else str(row[name]) for name in columns] for row in rows]
    widths = [max([len(name), *(len(text[place]) for text in texts)]) for place, name in enumerate(columns)]
    for line in [[name.upper() for name in columns], *texts]:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
