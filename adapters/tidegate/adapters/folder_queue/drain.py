"""Taking documents off a queue: one process at a time, each file removed only after it was handed over.

The right to a queue is a lock (flock) on ``<queue>/.lock``, which a killed process loses by itself. What it had taken and not removed is
still in ``new``, and the next one hands it over again under the same id.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

import attrs

from tidegate.adapters.folder_queue.files import FILE_MODE
from tidegate.adapters.folder_queue.folders import LOCK, NEW, QUARANTINE
from tidegate.adapters.folder_queue.names import file_name, folder_name
from tidegate.adapters.folder_queue.reader import SCAN_MAX, Reader, Unusable
from tidegate.adapters.folder_queue.usage import Usage
from tidegate.ports.publisher import Publication

SYNC_EVERY = 1000
"""Removals after which the folder is fsynced: after a power cut at most so many documents are handed over a second time."""


@attrs.define(eq=False)
class QueueDrain:
    """The sole right to one queue. Made by :func:`open_drain`. Safe between threads; raises :class:`OSError`."""

    queue: str
    _reader: Reader
    _report: Callable[[str], None]
    _usage: Usage | None
    _folder: int  # Descriptors: the queue's folder, its new, its lock.
    _new: int
    _lock: int
    _listed: deque[str] = attrs.field(factory=deque)
    _offered: set[str] = attrs.field(factory=set)
    _strays: set[str] = attrs.field(factory=set)
    _unsynced: int = 0
    # A task that is cancelled leaves its call running in a thread, and then closes.
    _mutex: threading.RLock = attrs.field(factory=threading.RLock)

    def take(self, max_documents: int, max_bytes: int) -> list[Publication]:
        """See :meth:`tidegate.ports.spool.SpoolDrain.take`."""
        with self._mutex:
            return self._take(max_documents, max_bytes)

    def remove(self, publications: Sequence[Publication]) -> None:
        """See :meth:`tidegate.ports.spool.SpoolDrain.remove`."""
        with self._mutex:
            self._remove(publications)

    def set_aside(self, message_id: str, reason: str) -> None:
        """Move whatever stands under this id to ``quarantine``, and say so."""
        with self._mutex:
            self._set_aside(message_id, reason)

    def close(self) -> None:
        """Give up the right."""
        with self._mutex:
            self._close()

    def _take(self, max_documents: int, max_bytes: int) -> list[Publication]:
        taken: list[Publication] = []
        nbytes = 0
        while len(taken) < max_documents and nbytes <= max_bytes:
            if not self._listed and not self._list():
                break
            message_id = self._listed.popleft()
            body = self._reader.read_in(self._new, message_id)
            if isinstance(body, Unusable):
                self._set_aside(message_id, body.reason)
            elif body is not None:
                self._offered.add(message_id)
                taken.append(Publication(self.queue, message_id, (body,)))
                nbytes += len(body)
        return taken

    def _list(self) -> bool:
        """Look for documents that were not offered yet; False when there are none."""
        listing = self._reader.listing(self.queue, SCAN_MAX + len(self._offered))
        for stray in listing.strays:
            if stray not in self._strays and len(self._strays) < SCAN_MAX:
                self._strays.add(stray)
                self._report(f"queue {self.queue!a}: {stray!a} in {NEW} is not the name of a document; it is left alone")
        self._listed.extend(message_id for message_id in listing.message_ids if message_id not in self._offered)
        return bool(self._listed)

    def _remove(self, publications: Sequence[Publication]) -> None:
        nbytes = 0
        try:
            for publication in publications:
                try:
                    self._reader.files.remove(file_name(publication.message_id), self._new)
                    nbytes += publication.size
                except FileNotFoundError:
                    pass
                self._offered.discard(publication.message_id)
                self._unsynced += 1
        finally:
            self._account(-nbytes)
        if self._unsynced >= SYNC_EVERY:
            self._sync()

    def _set_aside(self, message_id: str, reason: str) -> None:
        files, name = self._reader.files, file_name(message_id)
        files.make_folder(QUARANTINE, self._folder)
        quarantine = files.open_folder(QUARANTINE, self._folder)
        try:
            size = os.stat(name, dir_fd=self._new, follow_symlinks=False).st_size
            try:
                # It leaves one place only when its entry in the other is on disk.
                files.link(name, self._new, name, quarantine)
                files.sync(quarantine)
                files.sync(self._folder)
                files.remove(name, self._new)
            except (FileExistsError, PermissionError):  # Set aside before a power cut that undid the removal; a folder.
                files.rename(name, self._new, name, quarantine)
        except FileNotFoundError:
            return
        finally:
            files.close(quarantine)
        self._offered.discard(message_id)
        self._unsynced += 1
        self._account(-size)
        self._report(f"queue {self.queue!a}: document {message_id} was moved to {QUARANTINE}: {reason}")

    def _account(self, nbytes: int) -> None:
        if self._usage is not None and nbytes:
            try:
                self._usage.add(nbytes)
            except OSError:  # The next recount puts it right.
                return

    def _sync(self) -> None:
        self._unsynced = 0
        self._reader.files.sync(self._new)

    def _close(self) -> None:
        if self._lock < 0:
            return
        try:
            if self._unsynced:
                self._sync()
        finally:
            for descriptor in (self._new, self._folder, self._lock):
                os.close(descriptor)
            self._lock = -1
            if self._usage is not None:
                self._usage.close()


def open_drain(reader: Reader, queue: str, report: Callable[[str], None]) -> QueueDrain | None:
    """The right to take documents off a queue; None while somebody else has it.

    A queue that has no folder yet gets one.

    Raises:
        PermanentFailure: no queue can have this name.
        OSError: its folder cannot be opened.
    """
    files, opened = reader.files, list[int]()
    try:
        opened.append(root := files.open_folder(str(reader.directory)))
        files.make_folder(folder_name(queue), root)
        opened.append(folder := files.open_folder(folder_name(queue), root))
        files.make_folder(NEW, folder)
        opened.append(new := files.open_folder(NEW, folder))
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        opened.append(lock := os.open(LOCK, flags, FILE_MODE, dir_fd=folder))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        del opened[1:]
        return QueueDrain(queue, reader, report, Usage.existing(reader.directory), folder, new, lock)
    finally:
        for descriptor in opened:
            files.close(descriptor)
