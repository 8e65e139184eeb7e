"""How many bytes of documents stand in the directory: one number in a file that all processes share.

Counting files costs a system call each, and there may be millions; so writers add and readers subtract, a few microseconds a group of
documents. Files that a person removes or copies in are not noticed until the next recount, which comes after a start and when the number
says full.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidegate.adapters.folder_queue.files import FILE_MODE
from tidegate.adapters.folder_queue.folders import NEW
from tidegate.adapters.folder_queue.names import queue_name

USAGE_NAME = ".usage"

_RECORD = struct.Struct("<qq")  # Bytes; 1 when somebody has recounted since the start.


class Usage:
    """The shared number. Safe between threads and processes. Its methods raise :class:`OSError`."""

    def __init__(self, directory: Path) -> None:
        """Opens nothing yet."""
        self._directory = directory
        self._descriptor: int | None = None
        self._threads = threading.Lock()  # A record lock (lockf) keeps processes apart, not the threads of one.

    @classmethod
    def existing(cls, directory: Path) -> "Usage | None":
        """The shared number of a directory where somebody keeps one; no limit, no number."""
        return cls(directory) if (directory / USAGE_NAME).is_file() else None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with self._threads:
            if self._descriptor is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                self._descriptor = os.open(self._directory / USAGE_NAME, flags, FILE_MODE)
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                yield self._descriptor
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    @staticmethod
    def _read(descriptor: int) -> tuple[int, int]:
        raw = os.pread(descriptor, _RECORD.size, 0)
        if len(raw) != _RECORD.size:
            return 0, 0
        used, counted = _RECORD.unpack(raw)
        return max(0, used), counted

    def add(self, nbytes: int) -> int:
        """Add (or subtract) bytes; the new number. With 0 it only reads."""
        with self._locked() as descriptor:
            used, counted = self._read(descriptor)
            if nbytes:
                used = max(0, used + nbytes)
                os.pwrite(descriptor, _RECORD.pack(used, counted), 0)
            return used

    def expire(self) -> None:
        """Note that a recount is due: the number is what the last run left."""
        with self._locked() as descriptor:
            os.pwrite(descriptor, _RECORD.pack(self._read(descriptor)[0], 0), 0)

    def take_recount(self) -> bool:
        """True for the first process that asks after :meth:`expire`: it is to recount."""
        with self._locked() as descriptor:
            used, counted = self._read(descriptor)
            if counted == 1:
                return False
            os.pwrite(descriptor, _RECORD.pack(used, 1), 0)
            return True

    def recount(self) -> int:
        """Count all documents anew; the new number.

        Takes seconds for a million of them. What comes and goes meanwhile is allowed for about, not exactly.
        """
        before = self.add(0)
        counted = count_bytes(self._directory)
        with self._locked() as descriptor:
            used = max(0, counted + self._read(descriptor)[0] - before)
            os.pwrite(descriptor, _RECORD.pack(used, 1), 0)
        return used

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._threads:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def count_bytes(directory: Path) -> int:
    """Sum of the sizes of the files in all ``new`` folders."""
    total = 0
    with os.scandir(directory) as queues:
        for queue in queues:
            if queue_name(queue.name) is None or not queue.is_dir(follow_symlinks=False):
                continue
            try:
                documents = os.scandir(Path(queue.path, NEW))
            except (FileNotFoundError, NotADirectoryError):
                continue
            with documents:
                for document in documents:
                    try:
                        total += document.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:  # Taken off meanwhile.
                        continue
    return total
