"""Whether the disk takes more documents: a question that costs nothing, because the answer is looked up elsewhere.

The writer's thread looks at the disk at most once a second and keeps what it saw; the event loop reads that. Three things close the queue:
too many bytes of documents, too little free space (or too few free inodes), and a failed fsync. After the last nothing on that disk is to
be trusted until a self-test has written, fsynced and removed a file.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.usage import Usage

CHECK_INTERVAL_S = 1.0
"""What is known of the disk is at most about this old; documents written since are subtracted."""

RECOUNT_INTERVAL_S = 60.0
"""Pause between recounts while the queue is full: a recount of a million files costs seconds of one core."""

SHARE_BYTES = 1 << 20
"""Bytes that a process counts alone before it tells the others, at most a thousandth of the limit: the shared number costs four system
calls."""

MIN_FREE_INODES = 1000
"""A disk can run out of inodes with space left; a group needs at most 128. On small disks one in a hundred is kept free."""


@attrs.define
class Capacity:
    """State of the disk as last seen. Written by one thread, read by any.

    Attributes:
        directory: the queue directory.
        max_bytes: most bytes of documents, all queues together; None for no limit.
        min_free_bytes: free space that is left to others.
        monotonic: clock in seconds.
    """

    directory: Path
    max_bytes: int | None
    min_free_bytes: int
    monotonic: Callable[[], float]
    used: int = 0
    free: int = 0
    refusal: str | None = "the disk has not been looked at yet"
    broken: str | None = None
    checked_at: float = float("-inf")
    _unshared: int = 0
    _inodes_short: bool = False
    _recounted_at: float = float("-inf")
    _recounting: threading.Thread | None = None
    _usage: Usage = attrs.field(default=attrs.Factory(lambda self: Usage(self.directory), takes_self=True))

    @property
    def stale(self) -> bool:
        """Whether :meth:`check` is due."""
        return self.monotonic() - self.checked_at >= CHECK_INTERVAL_S

    def refuses(self, nbytes: int) -> str | None:
        """Why documents of this size cannot be taken now, for the log; None when they can."""
        if self.refusal is None and self.free - nbytes < self.min_free_bytes:
            return f"{self.free} bytes are free, {nbytes} more would leave less than {self.min_free_bytes}"
        if self.refusal is None and self.max_bytes is not None and self.used + nbytes > self.max_bytes:
            return f"the queue holds {self.used} bytes of at most {self.max_bytes}"
        return self.refusal

    def wrote(self, nbytes: int) -> None:
        """Account for documents that came (or, negative, went)."""
        self.free -= nbytes
        if self.max_bytes is not None:
            self.used += nbytes
            self._unshared += nbytes
            if abs(self._unshared) >= min(SHARE_BYTES, self.max_bytes // 1000):
                # Where the file of the number cannot be written, this process counts alone until it can.
                with suppress(OSError):
                    self._share()
        self._judge()

    def _share(self) -> None:
        self.used = self._usage.add(self._unshared)
        self._unshared = 0

    def full(self, reason: str) -> None:
        """The disk said that it is full: refuse until the next look."""
        self.free = 0
        self.refusal = reason

    def failed(self, reason: str) -> None:
        """An fsync failed: refuse until :meth:`passed`."""
        self.broken = self.refusal = reason

    def passed(self) -> None:
        """A self-test passed."""
        self.broken = None
        self._judge()

    def check(self) -> None:
        """Look at the disk. Microseconds, but for a recount, which runs in a thread of its own."""
        self.checked_at = self.monotonic()
        try:
            status = os.statvfs(self.directory)
            self.free = status.f_bavail * status.f_frsize
            # Some file systems (btrfs) have no fixed number of inodes and say 0.
            self._inodes_short = status.f_files > 0 and status.f_favail < min(MIN_FREE_INODES, status.f_files // 100)
            if self.max_bytes is not None:
                self._share()
                self._recount_if_due()
        except OSError as error:
            self.refusal = f"cannot look at the disk: {error.strerror}"
            return
        self._judge()

    def _recount_if_due(self) -> None:
        if self._recounting is not None and self._recounting.is_alive():
            return
        full = self.max_bytes is not None and self.used >= self.max_bytes
        if self._usage.take_recount() or (full and self.checked_at - self._recounted_at >= RECOUNT_INTERVAL_S):
            self._recounted_at = self.checked_at
            self._recounting = threading.Thread(target=self._recount, name="folder-queue-recount", daemon=True)
            self._recounting.start()

    def _recount(self) -> None:
        try:
            self._usage.recount()
        except OSError:  # The next one is due in a minute, or the look at the disk reports it.
            return

    def _judge(self) -> None:
        if self.broken is not None:
            self.refusal = self.broken
        elif self.free < self.min_free_bytes:
            self.refusal = f"{self.free} bytes are free on the disk, at least {self.min_free_bytes} have to stay so"
        elif self._inodes_short:
            self.refusal = "the disk has hardly any inodes left: too many files, here or elsewhere on it"
        elif self.max_bytes is not None and self.used >= self.max_bytes:
            self.refusal = f"the queue holds {self.used} bytes, at most {self.max_bytes} are allowed"
        else:
            self.refusal = None

    def close(self) -> None:
        """Wait for a recount, tell the others what was not told yet, and close the shared number."""
        if self._unshared:
            with suppress(OSError):
                self._share()
        if self._recounting is not None:
            self._recounting.join()
        self._usage.close()
