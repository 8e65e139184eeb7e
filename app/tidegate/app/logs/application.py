"""Sets up the application log. Nothing here ever makes mail wait: records go through a bounded queue to a thread of their own."""

import atexit
import logging
import logging.handlers
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tidegate.app.config.values import LogStream
from tidegate.app.logs.json_lines import JsonLines
from tidegate.ports.errors import PermanentFailure

SYSLOG = "/dev/log"
"""Where the system takes log records (RFC 3164)."""
QUEUE_LENGTH = 10_000
"""Records that may wait for a slow disk; more are dropped and counted."""
STOP_S = 5.0
"""How long the end of a process waits for its log, twice at most."""
REPEATS_PER_SECOND = 100
"""Records of one logger and message in one second; more are dropped and counted, so that an attack does not drown everything else."""


def start(destinations: Sequence[LogStream | Path], server: str | None = None, level: int = logging.INFO) -> "ApplicationLog":
    """Send everything that ``logging`` gets to these places, as JSON lines; ``server`` is ``server-id``.

    Raises:
        PermanentFailure: a place cannot be written to.
    """
    log = ApplicationLog(_handlers(destinations, server))
    _install([log.entrance], level)
    return log


def write_directly(destinations: Sequence[LogStream | Path], server: str | None = None) -> None:
    """The same without a thread, for a process that forks and has nothing else to do: what it logs makes it wait.

    A place that cannot be written to is passed over, and that is logged; standard error is always there.
    """
    handlers: list[logging.Handler] = []
    reasons = []
    for destination in destinations:
        try:
            handlers += _handlers([destination], server)
        except PermanentFailure as failure:
            reasons.append(str(failure))
    _install(handlers or _handlers([LogStream.STDERR], server), logging.INFO)
    for reason in reasons:
        logging.getLogger(__name__).error("cannot log there", extra={"reason": reason})


def check(destinations: Sequence[LogStream | Path]) -> None:
    """Try all places.

    Raises:
        PermanentFailure: one cannot be written to.
    """
    for handler in _handlers(destinations, None):
        handler.close()


def _handlers(destinations: Sequence[LogStream | Path], server: str | None) -> list[logging.Handler]:
    handlers: list[logging.Handler] = []
    for destination in destinations:
        handler: logging.Handler
        try:
            if isinstance(destination, Path):
                handler = logging.handlers.WatchedFileHandler(destination, encoding="ascii")  # follows a rotated file by itself
            elif destination is LogStream.SYSLOG:
                os.stat(SYSLOG)  # the handler would start without it, and say nothing
                handler = logging.handlers.SysLogHandler(SYSLOG, facility=logging.handlers.SysLogHandler.LOG_MAIL)
            else:
                handler = logging.StreamHandler(sys.stderr)
        except OSError as error:
            for opened in handlers:
                opened.close()
            where = destination if isinstance(destination, Path) else f"syslog ({SYSLOG})"
            raise PermanentFailure(f"application-log {where}: cannot be written to: {error.strerror}") from error
        handler.setFormatter(JsonLines(server))
        handlers.append(handler)
    return handlers


def _install(handlers: Sequence[logging.Handler], level: int) -> None:
    """In place of those that were there."""
    root = logging.getLogger()
    before = list(root.handlers)
    root.handlers[:] = handlers
    root.setLevel(level)
    for handler in before:
        handler.close()
    # Libraries report each reconnection attempt and each frame; ours says what matters of it, failed attempts included.
    quiet = {"aio_pika": logging.CRITICAL, "aiormq": logging.CRITICAL, "asyncio": logging.ERROR, "alembic": logging.WARNING}
    for library, least in quiet.items():
        logging.getLogger(library).setLevel(least)
    logging.raiseExceptions = False


class ApplicationLog:
    """The running log: an entrance for records and the thread behind it."""

    def __init__(self, handlers: Sequence[logging.Handler], queue_length: int = QUEUE_LENGTH) -> None:
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(queue_length)
        self._handlers = handlers
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self.entrance = _Entrance(self._records)
        self._thread.start()
        atexit.register(self.stop)

    def stop(self, within_s: float = STOP_S) -> None:
        """Write what is waiting and end the thread. What a stuck disk has not taken by then is given up. May be called more than once."""
        atexit.unregister(self.stop)
        self.entrance.report()
        with suppress(queue.Full):
            self._records.put(None, timeout=within_s)
        self._thread.join(within_s)
        if not self._thread.is_alive():
            for handler in self._handlers:
                handler.close()

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            for handler in self._handlers:
                handler.handle(record)


class _Entrance(logging.handlers.QueueHandler):
    """Puts records into the queue or drops them; never waits."""

    def __init__(self, records: "queue.Queue[logging.LogRecord | None]") -> None:
        super().__init__(records)
        self._second = 0
        self._seen: dict[tuple[str, str], int] = {}
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Keep the exception: the formatter in the other thread cuts it."""
        record.message = record.getMessage()
        return record

    def emit(self, record: logging.LogRecord) -> None:
        """Count repeats of a second; pass on the first ones."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._seen.clear()
            self.report()
        key = (record.name, str(record.msg))
        count = self._seen.get(key, 0) + 1
        self._seen[key] = count
        if count > REPEATS_PER_SECOND:
            self._dropped += 1
            return
        super().emit(record)

    def enqueue(self, record: logging.LogRecord) -> None:
        """Without waiting."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1

    def report(self) -> None:
        """Say how many records were dropped since this was last said."""
        if not self._dropped:
            return
        fields = {"name": "tidegate.log", "levelno": logging.WARNING, "levelname": "WARNING", "msg": "records dropped", "count": self._dropped}
        with suppress(queue.Full):  # then it is said later
            self.queue.put_nowait(logging.makeLogRecord(fields))
            self._dropped = 0
