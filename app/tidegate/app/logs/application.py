"""Sets up the application log. Nothing here ever makes mail wait: records go through a bounded queue to a thread of their own."""

import atexit
import logging
import logging.handlers
import queue
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tidegate.app.config.values import LogStream
from tidegate.app.logs.json_lines import JsonLines

QUEUE_LENGTH = 10_000
"""Records that may wait for a slow disk; more are dropped and counted."""
REPEATS_PER_SECOND = 100
"""Records of one logger and message in one second; more are dropped and counted, so that an attack does not drown everything else."""


def start(destinations: Sequence[LogStream | Path], server: str | None = None, level: int = logging.INFO) -> "ApplicationLog":
    """Send everything that ``logging`` gets to these places, as JSON lines; ``server`` is ``server-id``.

    Raises:
        OSError: a file cannot be opened.
    """
    handlers: list[logging.Handler] = []
    for destination in destinations:
        handler: logging.Handler
        if isinstance(destination, Path):
            handler = logging.handlers.WatchedFileHandler(destination, encoding="ascii")  # follows a rotated file by itself
        elif destination is LogStream.SYSLOG:
            handler = logging.handlers.SysLogHandler("/dev/log", facility=logging.handlers.SysLogHandler.LOG_MAIL)
        else:
            handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines(server))
        handlers.append(handler)
    log = ApplicationLog(handlers)
    root = logging.getLogger()
    root.handlers[:] = [log.entrance]
    root.setLevel(level)
    # Libraries report each reconnection attempt and each frame; ours says what matters of it.
    for library in ("aio_pika", "aiormq", "asyncio"):
        logging.getLogger(library).setLevel(logging.ERROR)
    logging.raiseExceptions = False
    return log


class ApplicationLog:
    """The running log: an entrance for records and the thread behind it."""

    def __init__(self, handlers: Sequence[logging.Handler]) -> None:
        records: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE_LENGTH)
        self.entrance = _Entrance(records)
        self._listener = logging.handlers.QueueListener(records, *handlers)
        self._listener.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Write what is waiting and end the thread. May be called more than once."""
        atexit.unregister(self.stop)
        if self._listener._thread is not None:
            self._listener.stop()


class _Entrance(logging.handlers.QueueHandler):
    """Puts records into the queue or drops them; never waits."""

    def __init__(self, records: "queue.Queue[logging.LogRecord]") -> None:
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
            self._report()
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

    def _report(self) -> None:
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            fields = {"name": "tidegate.log", "levelno": logging.WARNING, "levelname": "WARNING", "msg": "records dropped", "count": dropped}
            self.enqueue(logging.makeLogRecord(fields))
