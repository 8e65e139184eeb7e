"""The lists as CSV, JSON and plain lines: the same columns in each."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO, TypeVar

import attrs

FORMATS = ("csv", "json", "lines")
MAX_FILE_BYTES = 1 << 30
"""A million entries have about 50 MB."""
MAX_PROBLEMS = 20
"""Wrong entries that are shown; the others are counted."""
MAX_FIELD_CHARS = 4096

R = TypeVar("R")


@attrs.frozen
class Entry:
    """One entry of a file: where it stands, and its columns as text."""

    place: str
    columns: Mapping[str, str]


class NotReadable(Exception):
    """The file as a whole cannot be read; ``args[0]`` says why."""


def entries(file: BinaryIO, format_: str, columns: tuple[str, ...], first: str) -> Iterator[Entry]:
    """The entries of a file.

    Args:
        file: its bytes, UTF-8 with or without byte order mark.
        format_: one of :data:`FORMATS`, or ``auto``: JSON begins with a bracket or brace, CSV with a line that names columns.
        columns: those that may stand there.
        first: the column that a plain line is.

    Raises:
        NotReadable: while it is read.
    """
    data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise NotReadable(f"is larger than {MAX_FILE_BYTES >> 20} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotReadable(f"is not UTF-8: byte {error.start}") from None
    del data
    if format_ == "auto":
        format_ = _recognised(text, columns)
    if format_ == "json":
        yield from _json(text, columns)
    elif format_ == "csv":
        yield from _csv(text, columns)
    else:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield Entry(f"line {number}", {first: line.strip()})


def write(file: BinaryIO, format_: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows; ``lines`` has the first column only."""
    if format_ == "json":
        file.write(b"[")
        for number, row in enumerate(rows):
            file.write((",\n " if number else "\n ").encode() + json.dumps(row, ensure_ascii=False).encode())
        file.write(b"\n]\n")
        return
    stream = io.TextIOWrapper(file, encoding="utf-8", newline="")
    if format_ == "csv":
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(columns)
        for row in rows:
            table.writerow(["" if row.get(name) is None else row[name] for name in columns])
    else:
        for row in rows:
            stream.write(f"{row[columns[0]]}\n")
    stream.flush()
    stream.detach()


def sentence(entry: str, wrong: str) -> str:
    """What is wrong with an entry, where the reason is a phrase that follows it, names a part of it, or stands for itself."""
    if wrong.startswith(("'", '"')):
        return wrong
    return f"{entry[:80]!r}{':' if wrong.startswith('the ') else ''} {wrong}"


def checked(found: Iterable[Entry], read: Callable[[Mapping[str, str]], R]) -> tuple[list[R], list[str], int]:
    """Records of the entries that can be used; what is wrong with the first others; how many others there are."""
    records: list[R] = []
    problems: list[str] = []
    wrong = 0
    for entry in found:
        try:
            records.append(read(entry.columns))
        except ValueError as error:
            wrong += 1
            if len(problems) < MAX_PROBLEMS:
                problems.append(f"{entry.place}: {sentence(' '.join(entry.columns.values()), error.args[0])}")
    return records, problems, wrong


def _recognised(text: str, columns: tuple[str, ...]) -> str:
    start = text[:4096].lstrip()
    if start.startswith(("[", "{")):
        return "json"
    first_line = {name.strip().lower() for name in start.partition("\n")[0].split(",")}
    return "csv" if first_line & set(columns) else "lines"


def _json(text: str, columns: tuple[str, ...]) -> Iterator[Entry]:
    try:
        whole = text.lstrip().startswith("[")
        items = json.loads(text) if whole else [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"is not JSON: {error}") from None
    del text
    for number, item in enumerate(items, start=1):
        if isinstance(item, str):
            yield Entry(f"item {number}", {columns[0]: item})
        elif isinstance(item, dict) and all(value is None or isinstance(value, str | int) for value in item.values()):
            _known(item, columns, f"item {number}")
            yield Entry(f"item {number}", {name: str(value) for name, value in item.items() if value is not None})
        else:
            raise NotReadable(f"has as item {number} neither an object of texts nor a text")


def _csv(text: str, columns: tuple[str, ...]) -> Iterator[Entry]:
    csv.field_size_limit(MAX_FIELD_CHARS)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        _known(names, columns, "its first line")
        for row in reader:
            if None in row or None in row.values():
                raise NotReadable(f"has in line {reader.line_num} not as many fields as its first line")
            yield Entry(f"line {reader.line_num}", {name: value for name, value in row.items() if value})
    except csv.Error as error:
        raise NotReadable(f"is not CSV: line {reader.line_num}: {error}") from None


def _known(names: Iterable[object], columns: tuple[str, ...], place: str) -> None:
    unknown = sorted(str(name) for name in names if name not in columns)
    if unknown:
        raise NotReadable(f"has in {place} {', '.join(map(repr, unknown[:5]))}; known are {', '.join(columns)}")
