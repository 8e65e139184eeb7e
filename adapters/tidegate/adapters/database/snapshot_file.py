"""A snapshot as a file: made once on a machine, mapped by each of its processes, and still there when the database is away.

Layout: one line that names the format, the length of the head and its checksum; the head, a JSON object; the table of exact entries. Replaced
by renaming, so that it is whole at any time; a process that has the old one mapped keeps it.
"""

import json
import mmap
import os
from binascii import crc32
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from tidegate.domain.local_addresses import CompileRegex, ExactTable, LocalAddresses, LocalCase, Pattern, PatternType
from tidegate.domain.managed_state import Snapshot, Suspect

_FORMAT = b"tidegate-state-1"
_FIRST_LINE = 64
_MAX_HEAD = 1 << 28


@attrs.frozen
class Contents:
    """What goes into a file.

    Attributes:
        version: of the state.
        case: for which the table was made.
        patterns: entries that are not in the table.
        mta_names: host name by address.
        suspects: all of them.
        count: entries of the table.
        table: its bytes.
    """

    version: str
    case: LocalCase
    patterns: Iterable[Pattern]
    mta_names: dict[str, str]
    suspects: Iterable[Suspect]
    count: int
    table: Iterable[bytes | bytearray]


def write(path: Path, contents: Contents) -> None:
    """Make the file durable under its name.

    Raises:
        OSError: it cannot be written.
    """
    suspects = [[item.network, item.reason, None if item.expires is None else int(item.expires.timestamp())] for item in contents.suspects]
    head = json.dumps(
        {
            "version": contents.version,
            "case": contents.case.value,
            "patterns": [[item.type.value, item.text] for item in contents.patterns],
            "mta": contents.mta_names,
            "suspects": suspects,
            "count": contents.count,
        }
    ).encode()
    first = b"%s %d %d" % (_FORMAT, len(head), crc32(head))
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(first.ljust(_FIRST_LINE - 1) + b"\n")
            file.write(head)
            file.writelines(contents.table)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, case: LocalCase, compile_regex: CompileRegex) -> Snapshot | None:
    """The snapshot of a file; None when there is none that can be used."""
    try:
        with path.open("rb") as file:
            blob = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    try:
        form, length, checksum = blob[:_FIRST_LINE].split()
        end = _FIRST_LINE + int(length)
        head = blob[_FIRST_LINE : min(end, _FIRST_LINE + _MAX_HEAD)]
        if form != _FORMAT or crc32(head) != int(checksum):
            return None
        found: dict[str, Any] = json.loads(head)
        if found["case"] != case.value:
            return None
        patterns = tuple([Pattern(PatternType(type_), text) for type_, text in found["patterns"]])
        local = LocalAddresses(ExactTable(blob, end, found["count"]), patterns, case, compile_regex)
        suspects = tuple([Suspect(network, reason, _time(expires)) for network, reason, expires in found["suspects"]])
        return Snapshot(found["version"], local, found["mta"], suspects)
    except (ValueError, KeyError, TypeError):
        return None


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
