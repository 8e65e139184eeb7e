"""Groups of fields in machine-readable parts: the syntax that RFC 3464 section 2.1, RFC 8098 section 3 and RFC 5965 section 3 share.

A field is ``Name: value`` with folded lines; groups are separated by blank lines. Generators break every rule of it, so reading is lenient:
lines that are no field are skipped, names are compared in lower case.
"""

import io
import re
from collections.abc import Iterator

from tidegate.domain.reports.limits import MAX_FIELD_CHARS, MAX_FIELD_LINES, MAX_FIELDS
from tidegate.domain.reports.outcome import Unreadable
from tidegate.domain.reports.text import clean, decode

Field = tuple[str, str]
"""Name in lower case, and value: unfolded, decoded as UTF-8 (RFC 6533), cleaned, cut at MAX_FIELD_CHARS."""

_LINE = re.compile(rb"([!-9;-~]{1,128})[ \t]*:(.*)", re.DOTALL)


def read_groups(data: bytes) -> Iterator[list[Field]]:
    """Yield the groups of ``data`` in order, empty ones left out.

    Raises:
        Unreadable: there are more than MAX_FIELDS fields or MAX_FIELD_LINES lines.
    """
    group: list[Field] = []
    name = ""
    pieces: list[bytes] = []
    size = count = 0

    def flush() -> None:
        nonlocal count
        if not name:
            return
        count += 1
        if count > MAX_FIELDS:
            raise Unreadable(f"more than {MAX_FIELDS} fields")
        group.append((name, clean(decode(b" ".join(pieces)))))

    for number, raw in enumerate(io.BytesIO(data)):
        if number == MAX_FIELD_LINES:
            raise Unreadable(f"more than {MAX_FIELD_LINES} lines of fields")
        line = raw.rstrip(b"\r\n")
        if line[:1] in (b" ", b"\t") and name and line.strip():
            if size <= MAX_FIELD_CHARS:
                pieces.append(line.strip())
                size += len(line)
            continue
        flush()
        name = ""
        if not line.strip():
            if group:
                yield group
                group = []
            continue
        match = _LINE.match(line)
        if match is not None:
            name = match[1].decode("ascii").lower()
            pieces = [match[2].strip()[: MAX_FIELD_CHARS * 4]]
            size = len(line)
    flush()
    if group:
        yield group
