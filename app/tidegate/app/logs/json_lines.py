"""Log records as JSON lines: one record is one line of printable ASCII, whatever a client put into it."""

import json
import logging
import traceback
from datetime import UTC, datetime

MAX_FIELD = 256
"""Characters of one field; more is cut and says so. No client fills a disk with one address."""
MAX_RECORD = 4096
"""Characters of one line; a record beyond it keeps its time, level, logger and message."""
MAX_ITEMS = 50
"""Items of a field that holds several."""
MAX_TRACEBACK = 3000
"""Characters of a traceback, from its end."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object: ``time``, ``level``, ``logger``, ``message``, then the fields given as ``extra``.

    With a ``server`` (``server-id``), each line carries it.
    """

    def __init__(self, server: str | None = None) -> None:
        super().__init__()
        self._head: dict[str, object] = {"server": server} if server else {}

    def format(self, record: logging.LogRecord) -> str:
        """One line, without line end; bytes outside 0x20 to 0x7e are escaped as JSON does."""
        head: dict[str, object] = {
            **self._head,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage()),
        }
        fields = fields_of(record)
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = "".join(traceback.format_exception(record.exc_info[1]))[-MAX_TRACEBACK:]
        line = json.dumps(head | fields)
        return line if len(line) <= MAX_RECORD + MAX_TRACEBACK else json.dumps(head | {"fields": "left out: the record is too long"})


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What was given as ``extra``, cut."""
    return {name: _plain(value) for name, value in vars(record).items() if name not in _STANDARD}


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, dict):
        return {_cut(str(key)): _plain(item) for key, item in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:MAX_ITEMS]]
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_FIELD else f"{text[:MAX_FIELD]}…({len(text)})"
