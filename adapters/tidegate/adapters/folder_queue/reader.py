"""The reading side: what stands in the folders, oldest first, a bounded number of names at a time.

A folder is listed in no useful order, so that the oldest documents are known only when all names have been seen once: ids sort by time, and
of each listing the lowest ``limit`` are kept. With 100,000 at a time, a million documents are listed ten times, a second each, while they
are read. Nothing in a folder is trusted: links are not followed, and what is no document is described, not returned.
"""

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.folders import NEW, QUARANTINE
from tidegate.adapters.folder_queue.names import file_name, folder_name, message_id_of, queue_name

SCAN_MAX = 100_000
"""Ids held in memory by one listing: about 10 MB."""

STRAYS_MAX = 20
"""Names of foreign files that one listing reports."""

PARSE_MAX_BYTES = 1 << 20
"""Documents up to here are parsed before they are believed. Parsing holds the interpreter, 3 ms a megabyte; of larger ones only the ends
and the absence of NUL are looked at, which finds the usual damage: a file cut short, or blocks of zeros."""


@attrs.frozen
class Unusable:
    """Something that stands where a document should, and what is wrong with it."""

    reason: str


@attrs.frozen
class Listing:
    """Ids of documents, lowest first, and names of files that belong to nobody."""

    message_ids: list[str]
    strays: list[str]


@attrs.frozen
class QueueStatus:
    """A queue in figures. ``oldest``: when the oldest document was written (Unix time), None when there is none."""

    queue: str
    documents: int
    size: int
    oldest: float | None


@attrs.frozen
class Reader:
    """Reads the queues of one directory. Changes nothing; needs no lock; safe while a gateway runs. Raises :class:`OSError`.

    Attributes:
        directory: the queue directory.
        document_limit: larger files are unusable.
        files: system calls.
    """

    directory: Path
    document_limit: int
    files: Files = attrs.field(factory=Files)

    def queues(self) -> list[str]:
        """Names of all queues that have a folder, sorted. None where the directory does not exist yet."""
        try:
            with os.scandir(self.directory) as entries:
                names = (queue_name(entry.name) for entry in entries if entry.is_dir(follow_symlinks=False))
                return sorted(name for name in names if name is not None)
        except FileNotFoundError:
            return []

    def quarantined(self, queue: str) -> int:
        """How many documents of a queue were set aside."""
        try:
            return len(os.listdir(self.directory / folder_name(queue) / QUARANTINE))
        except FileNotFoundError:
            return 0

    def listing(self, queue: str, limit: int = SCAN_MAX, after: str = "") -> Listing:
        """The lowest ids above ``after``, at most ``limit``."""
        found: list[str] = []
        strays: list[str] = []
        below: str | None = None
        with self._new(queue) as folder:
            if folder is None:
                return Listing([], [])
            for name in self.files.names(folder):
                message_id = message_id_of(name)
                if message_id is None:
                    if len(strays) < STRAYS_MAX:
                        strays.append(name)
                elif message_id > after and (below is None or message_id < below):
                    found.append(message_id)
                    if len(found) >= 2 * limit:
                        found.sort()
                        del found[limit:]
                        below = found[-1]
        found.sort()
        return Listing(found[:limit], strays)

    def message_ids(self, queue: str) -> Iterator[str]:
        """Ids of the documents that stand in a queue, lowest first; of those that come meanwhile, the ones that sort later."""
        after = ""
        while ids := self.listing(queue, after=after).message_ids:
            yield from ids
            after = ids[-1]

    def holds_any(self, queue: str) -> bool:
        """Whether there is a document, at the cost of a few names."""
        with self._new(queue) as folder:
            return folder is not None and any(message_id_of(name) is not None for name in self.files.names(folder))

    def read(self, queue: str, message_id: str) -> bytes | Unusable | None:
        """A document; None when somebody has taken it off meanwhile."""
        with self._new(queue) as folder:
            return None if folder is None else self.read_in(folder, message_id)

    def read_in(self, folder: int, message_id: str) -> bytes | Unusable | None:
        """The same, in a folder that is open already."""
        try:
            file = self.files.open(file_name(message_id), folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return Unusable("a symbolic link")
            if error.errno in (errno.EACCES, errno.ENXIO):
                return Unusable(f"cannot be opened: {error.strerror}")
            raise
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                return Unusable("not a regular file")
            if not 0 < status.st_size <= self.document_limit:
                return Unusable(f"{status.st_size} bytes, a document has 1 to {self.document_limit}")
            body = _read_all(file, status.st_size)
        except OSError as error:  # A bad sector must not stop the documents behind it.
            return Unusable(f"cannot be read: {error.strerror}")
        finally:
            self.files.close(file)
        damage = damage_of(body)
        return body if damage is None else Unusable(damage)

    def status(self, queue: str) -> QueueStatus:
        """Count a queue's documents: one system call for each."""
        documents = size = 0
        oldest: str | None = None
        with self._new(queue) as folder:
            if folder is None:
                return QueueStatus(queue, 0, 0, None)
            with os.scandir(folder) as entries:
                for entry in entries:
                    message_id = message_id_of(entry.name)
                    if message_id is None:
                        continue
                    try:
                        size += entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
                    documents += 1
                    if oldest is None or message_id < oldest:
                        oldest = message_id
            return QueueStatus(queue, documents, size, None if oldest is None else self._written_at(folder, oldest))

    def changed_at(self, queue: str) -> int:
        """A number that differs after documents came or went (nanoseconds); 0 where there is no folder."""
        with self._new(queue) as folder:
            return 0 if folder is None else os.fstat(folder).st_mtime_ns

    @staticmethod
    def _written_at(folder: int, message_id: str) -> float | None:
        try:
            return os.stat(file_name(message_id), dir_fd=folder, follow_symlinks=False).st_mtime
        except FileNotFoundError:
            return None

    @contextmanager
    def _new(self, queue: str) -> Iterator[int | None]:
        """A descriptor of a queue's ``new``; None where there is none."""
        opened: list[int] = []
        try:
            folder: int | None = None
            try:
                for name in (str(self.directory), folder_name(queue), NEW):
                    folder = self.files.open_folder(name, folder)
                    opened.append(folder)
            except FileNotFoundError:
                folder = None
            yield folder
        finally:
            for descriptor in opened:
                self.files.close(descriptor)


def damage_of(body: bytes) -> str | None:
    """Why these bytes are no document; None when they may be one (see :data:`PARSE_MAX_BYTES`)."""
    if len(body) > PARSE_MAX_BYTES:
        whole = body[:1] == b"{" and body[-16:].rstrip()[-1:] == b"}" and b"\0" not in body
        return None if whole else "not a whole JSON object"
    try:
        return None if isinstance(json.loads(body.decode()), dict) else "JSON, but not an object"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {str(error)[:100]}"


def _read_all(file: int, size: int) -> bytes:
    body = os.read(file, size)
    if len(body) == size:
        return body
    chunks, length = [body], len(body)
    while length < size and (chunk := os.read(file, size - length)):
        chunks.append(chunk)
        length += len(chunk)
    return b"".join(chunks)
