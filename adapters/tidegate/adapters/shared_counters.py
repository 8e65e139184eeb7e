"""The board of connections in shared memory: one file, mapped by every process that takes part, of whatever program.

The file (native byte order and alignment, so for programs of one machine) is 64 bytes of head and two arrays of one 64-bit integer per slot:

====== ======================================================================
offset content
====== ======================================================================
0      ``TIDEGATE``
8      version of this layout, 1
16     number of slots, 128
64     process id of each slot's owner, 0 when it has none; for people to read
1088   open connections of each slot: outgoing ones times 2**32, plus incoming ones
====== ======================================================================

A process claims a slot by an exclusive open-file-description lock (``F_OFD_SETLK``) on the eight bytes of its process id, sets its counter to
zero and holds the lock while it lives. From then on it alone writes to the slot, and everybody reads all of them without a lock. The kernel
drops the lock when the process ends, in whatever way: a slot that can be locked has no owner, whatever its numbers say, so neither a crash nor
a process id used anew nor a reboot leaves places taken for ever. Process ids and start times would have to be compared across users and
containers, where they cannot be seen.

Limits: to take a place a process raises its own counter, then adds up all of them, and lowers its counter again if that is too many. Of several
that ask for the last place at once, each sees the counters of those whose write came before its reading. When all writes came first, all
withdraw: the place stays free until the next asks. When a processor still holds back a write (for less than a microsecond), two can miss each
other and both stay: in the worst case every process once, so the limit is passed by at most the number of processes less one, and nobody comes
in after that. A lock would make it exact, and would let a process that is stopped while it holds the lock stop all others.
"""

import errno
import fcntl
import os
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from mmap import mmap
from pathlib import Path

from tidegate.domain.connection_budget import UNLIMITED, ConnectionCounts, ConnectionLimits, Direction, room_for
from tidegate.ports.errors import PermanentFailure, TemporaryFailure

SLOTS = 128
"""Most processes at a time; ``smtp-threads`` and senders of one machine stay far below."""

_MAGIC = int.from_bytes(b"TIDEGATE", "little")
_VERSION = 1
_HEAD = (_MAGIC, _VERSION, SLOTS)
_HEAD_WORDS, _WORD_BYTES = 8, 8
_PIDS = _HEAD_WORDS
_COUNTERS = _PIDS + SLOTS
_END = _COUNTERS + SLOTS
_OUT_SHIFT = 32  # both directions in one number: one sum tells both, of the same moment for each process
_IN_MASK = (1 << _OUT_SHIFT) - 1
_ONE: dict[Direction, int] = {"in": 1, "out": 1 << _OUT_SHIFT}
_FILE_BYTES = 4096  # one page
_GIVE_BACK_INTERVAL_S = 1.0  # between two searches for dead owners by a process that finds no room

_TEMPORARY_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR}


class MmapConnectionBoard:
    """Implements :class:`tidegate.ports.connection_board.ConnectionBoard` for the processes that name the same file.

    After a fork the child has no part in its parent's place: it opens a board of its own.
    """

    __slots__ = ("_counter", "_fd", "_map", "_monotonic_s", "_path", "_searched_at_s", "_slot", "_words", "limits")

    def __init__(self, path: Path, limits: ConnectionLimits, *, mode: int = 0o600, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Take part.

        Args:
            path: the file, made when it is not there; on a local file system.
            limits: what this process keeps to.
            mode: permissions of a new file, less the umask. Whoever can write to it can stop the server from accepting.
            monotonic_s: tells durations.

        Raises:
            PermanentFailure: the file is something else, or may not be used.
            TemporaryFailure: no slot, disk space, memory or file descriptor is free.
        """
        self.limits = limits
        self._path = path
        self._monotonic_s = monotonic_s
        self._searched_at_s = monotonic_s()
        with ExitStack() as undo:
            try:
                self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
                undo.callback(os.close, self._fd)
                _prepare(self._fd, path)
                self._map = mmap(self._fd, _FILE_BYTES)
                undo.callback(self._map.close)
                self._words = memoryview(self._map).cast("q")
                undo.callback(self._words.release)
                self._slot = self._claim()
                self._counter = _COUNTERS + self._slot
            except OSError as error:
                family = TemporaryFailure if error.errno in _TEMPORARY_ERRORS else PermanentFailure
                raise family(f"{path}: {error.strerror}") from error
            undo.pop_all()
        _boards.add(self)

    def acquire(self, direction: Direction) -> bool:
        """See the port."""
        return self._take(direction) or (self._may_search() and self.give_back_dead() and self._take(direction))

    def release(self, direction: Direction) -> None:
        """See the port."""
        own = self._words[self._counter]
        if not (own & _IN_MASK if direction == "in" else own >> _OUT_SHIFT):
            raise ValueError(f"no connection in direction {direction!r} is held here")
        self._words[self._counter] = own - _ONE[direction]

    def counts(self) -> ConnectionCounts:
        """See the port."""
        return _split(sum(self._words[_COUNTERS:_END]))

    def processes(self) -> dict[int, ConnectionCounts]:
        """Connections of each process id, for people; those that share an id (in different containers) are shown once."""
        words = self._words
        return {words[_PIDS + slot]: _split(words[_COUNTERS + slot]) for slot in range(SLOTS) if words[_PIDS + slot]}

    def give_back_dead(self) -> bool:
        """Free the slots whose owners have ended; whether there were any. One system call per process that takes part."""
        found = False
        # A lock that cannot be had for want of kernel memory leaves things as they are.
        with suppress(OSError):
            for slot in range(SLOTS):
                if slot != self._slot and self._words[_PIDS + slot] and _lock(self._fd, slot):
                    self._clear(slot)
                    found = True
                    _unlock(self._fd, slot)
        return found

    def close(self) -> None:
        """See the port."""
        if self not in _boards:
            return
        self._clear(self._slot)
        self._detach()

    def _claim(self) -> int:
        for slot in range(SLOTS):
            if _lock(self._fd, slot):
                self._clear(slot)
                self._words[_PIDS + slot] = os.getpid()
                return slot
        raise TemporaryFailure(f"{self._path}: all {SLOTS} places are taken by running processes")

    def _take(self, direction: Direction) -> bool:
        one, limits = _ONE[direction], self.limits
        if limits.total == UNLIMITED and (limits.incoming if direction == "in" else limits.outgoing) == UNLIMITED:
            self._words[self._counter] += one
            return True
        if not self._room(direction, 0):
            return False
        self._words[self._counter] += one
        if self._room(direction, one):
            return True
        self._words[self._counter] -= one
        return False

    def _room(self, direction: Direction, mine: int) -> bool:
        """Whether there is room for one more, not counting ``mine``, the place that was taken on trial."""
        return room_for(direction, _split(sum(self._words[_COUNTERS:_END]) - mine), self.limits) > 0

    def _may_search(self) -> bool:
        now_s = self._monotonic_s()
        if now_s - self._searched_at_s < _GIVE_BACK_INTERVAL_S:
            return False
        self._searched_at_s = now_s
        return True

    def _clear(self, slot: int) -> None:
        """Empty a slot whose lock this process holds."""
        self._words[_COUNTERS + slot] = self._words[_PIDS + slot] = 0

    def _detach(self) -> None:
        """Let go of the file; the slot's lock goes when no process has this descriptor any more."""
        _boards.discard(self)
        self._words.release()
        self._map.close()
        os.close(self._fd)


def _split(number: int) -> ConnectionCounts:
    return ConnectionCounts(number & _IN_MASK, number >> _OUT_SHIFT)


# A forked child inherits the descriptors and with them the locks, which would outlive the parent.
_boards: set[MmapConnectionBoard] = set()


def _leave_to_parent() -> None:
    for board in list(_boards):
        board._detach()


os.register_at_fork(after_in_child=_leave_to_parent)


def _prepare(fd: int, path: Path) -> None:
    """Make a new file into a board; leave a board as it is. Several processes may do so at once: they write the same."""
    head = struct.pack("=3q", *_HEAD)
    found = os.pread(fd, len(head), 0)
    if found.strip(b"\0") and found != head:
        raise PermanentFailure(f"{path}: not a board of connections, version {_VERSION}; move it away or name another state-directory")
    # Allocated, not sparse: a write to a mapped page that finds the disk full would kill the process.
    os.posix_fallocate(fd, 0, _FILE_BYTES)
    os.pwrite(fd, head, 0)


def _lock(fd: int, slot: int) -> bool:
    """Lock a slot without waiting; False when another process holds it."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _lock_request(fcntl.F_WRLCK, slot))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _unlock(fd: int, slot: int) -> None:
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _lock_request(fcntl.F_UNLCK, slot))


def _lock_request(kind: int, slot: int) -> bytes:
    """``struct flock`` for the bytes of a slot's process id; its own pid field has to be 0."""
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, (_PIDS + slot) * _WORD_BYTES, _WORD_BYTES, 0)
