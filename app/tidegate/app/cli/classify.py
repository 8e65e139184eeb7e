"""``tidegate classify``."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

import attrs
import click
import orjson

from tidegate.app.cli.settings_command import SettingsCommand
from tidegate.app.reception.json_encoding import orjson_dumps
from tidegate.domain.json_value import JsonObject
from tidegate.domain.reports import NotAReport, as_json, classify_file

MAX_FILE_BYTES = 256 * 1024 * 1024
"""Files above this are not read: no message is as large, and a folder may hold anything."""

STDIN = "-"


@attrs.frozen
class _Finding:
    """What is in one file.

    Attributes:
        name: as it was given, or below the folder that was.
        report: None when the file holds none.
        note: why something that looks like a report is none.
        named: whether the file itself was given, and not a folder.
    """

    name: str
    report: JsonObject | None
    note: str | None
    named: bool

    @property
    def kind(self) -> str:
        """What the table counts it as."""
        return str(self.report["type"]) if self.report is not None else "no report"


@click.command(
    "classify",
    cls=SettingsCommand,
    epilog="A FILE is a message, or the XML or JSON of a DMARC aggregate or TLS report, plain, gzip or zip; - is standard input. Exit status: "
    "0; 1 when a file could not be read. docs/reports.md explains every kind of report.",
)
@click.argument("places", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(path_type=str))
@click.option("--json", "lines", is_flag=True, help='Print one line for each file: {"file": "...", "report": {...} or null}.')
def command(places: tuple[str, ...], lines: bool) -> int:
    """Say which kind of report files hold: bounces, read receipts, complaints, DMARC and TLS reports.

    The report of a FILE is printed as JSON, as documents carry it under "report"; of a FOLDER, with all folders in it, one line for each file
    that holds one. A table of the kinds found ends the output.
    """
    from tqdm import tqdm

    files = [(name, named) for place in places for name, named in _files(place)]
    counts: Counter[str] = Counter()
    unreadable = 0
    # disable=None: no bar where standard error is no terminal.
    with tqdm(files, unit="file", leave=False, disable=None if len(files) > 1 else True) as bar:
        for name, named in bar:
            try:
                data = _read(name)
            except OSError as problem:
                unreadable += 1
                with tqdm.external_write_mode(sys.stderr):
                    click.echo(f"{click.style('error', fg='red')}: {click.format_filename(name)}: {problem.strerror or problem}", err=True)
                continue
            finding = _find(name, data, named=named)
            counts[finding.kind] += 1
            text = _line(finding) if lines else _block(finding)
            if text:
                with tqdm.external_write_mode(sys.stdout):
                    click.echo(text)
    if len(files) > 1:
        _print_summary(counts, unreadable, err=lines)
    return 1 if unreadable else 0


def _find(name: str, data: bytes, *, named: bool) -> _Finding:
    outcome = classify_file(data)
    if isinstance(outcome, NotAReport):
        return _Finding(name, None, outcome.note, named)
    return _Finding(name, as_json(outcome), None, named)


def _files(place: str) -> Iterator[tuple[str, bool]]:
    """The files at a place, in order of their names, and whether it was a file itself. Links below a folder are not followed."""
    if place == STDIN or not os.path.isdir(place):
        yield place, True
        return
    for folder, folders, names in os.walk(place):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                yield path, False


def _read(name: str) -> bytes:
    """Raises: OSError: what the person is told."""
    if name == STDIN:
        return _bounded(sys.stdin.buffer.read(MAX_FILE_BYTES + 1))
    path = Path(name)
    # A pipe or a device below a folder would never end.
    if not S_ISREG(path.stat().st_mode):
        raise OSError("is not a regular file")
    with path.open("rb") as stream:
        return _bounded(stream.read(MAX_FILE_BYTES + 1))


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise OSError(f"is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB")
    return data


def _line(finding: _Finding) -> str:
    """One line of JSON. A name that is not UTF-8 keeps what of it is."""
    line: dict[str, object] = {"file": os.fsencode(finding.name).decode("utf-8", "replace"), "report": finding.report}
    if finding.note is not None:
        line["note"] = finding.note
    return orjson_dumps(line).decode()


def _block(finding: _Finding) -> str:
    """What a person reads; nothing for ordinary mail in a folder."""
    name = click.format_filename(finding.name)
    if finding.report is None:
        if not finding.named and finding.note is None:
            return ""
        return f"{name}: no report" + (f" ({finding.note})" if finding.note else "")
    head = f"{name}: {click.style(finding.kind, bold=True)}"  # click.echo takes styles out where there is no terminal
    if not finding.named:
        return head
    return f"{head}\n" + orjson.dumps(finding.report, option=orjson.OPT_INDENT_2).decode()


def _print_summary(counts: Counter[str], unreadable: int, *, err: bool) -> None:
    """The table at the end; beside lines of JSON it goes to standard error, and only to a person."""
    if err and not sys.stderr.isatty():
        return
    rows = sorted(counts.items(), key=lambda row: (row[0] == "no report", -row[1], row[0]))
    if unreadable:
        rows.append(("not readable", unreadable))
    rows.append(("files", counts.total() + unreadable))
    width = max(len(name) for name, _ in rows)
    digits = max(len(f"{count:,}") for _, count in rows)
    click.echo("", err=err)
    for name, count in rows:
        click.echo(f"{name:{width}}  {count:{digits},}", err=err)
