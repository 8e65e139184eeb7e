"""One gateway per queue directory, and what it finds there when it starts.

A gateway holds ``.lock`` locked (flock) as long as it lives. The lock belongs to the open file, which forked workers inherit: they share
it, and it is held until the last of them has gone. A second gateway is refused instead of the two removing each other's files.
"""

import fcntl
import os
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.files import FILE_MODE, FOLDER_MODE, Files
from tidegate.adapters.folder_queue.folders import SELF_TEST_PREFIX, TMP
from tidegate.adapters.folder_queue.names import queue_name
from tidegate.adapters.folder_queue.usage import Usage
from tidegate.ports.errors import PermanentFailure, TemporaryFailure

LOCK_NAME = ".lock"


@attrs.define
class Claim:
    """The right to write to a queue directory; lasts until :meth:`close` here and in every process forked since."""

    directory: Path
    _descriptor: int

    def close(self) -> None:
        """Give up this process's share."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def claim(directory: Path, files: Files | None = None) -> Claim:
    """Take a queue directory: make it if need be, lock it, and remove the unfinished files that a predecessor left in ``tmp``.

    Call it before workers are forked and after privileges were dropped (what it makes belongs to the present user), and keep the result.

    Raises:
        PermanentFailure: another gateway has it, or this user cannot write there.
        TemporaryFailure: the disk refuses (full, input/output error).
    """
    files = files or Files()
    try:
        _make(directory, files)
        descriptor = _lock(directory)
        try:
            remove_leftovers(directory, files, spare_living=False)
            usage = Usage.existing(directory)
            if usage is not None:
                usage.expire()
                usage.close()
        except BaseException:
            os.close(descriptor)
            raise
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise PermanentFailure(f"queue-directory {directory}: {error.strerror}; it must be a folder that this user can write to") from error
    except OSError as error:
        raise TemporaryFailure(f"queue-directory {directory}: {error.strerror}") from error
    return Claim(directory, descriptor)


def _make(directory: Path, files: Files) -> None:
    """Make the directory and its missing parents, each entry on disk before the next."""
    missing = []
    while not directory.is_dir():
        missing.append(directory)
        directory = directory.parent
    for path in reversed(missing):
        path.mkdir(FOLDER_MODE, exist_ok=True)
        parent = files.open_folder(str(path.parent))
        try:
            files.sync(parent)
        finally:
            files.close(parent)


def _lock(directory: Path) -> int:
    descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise PermanentFailure(
                f"queue-directory {directory} is in use by another gateway (process {holder or 'unknown'}); "
                "stop it, or give this one a directory of its own"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def remove_leftovers(directory: Path, files: Files, *, spare_living: bool) -> None:
    """Remove files that were never finished.

    Args:
        directory: the queue directory.
        files: system calls.
        spare_living: keep files of processes that live: True for a worker that starts beside others, False for whoever has just claimed the
            directory.
    """
    root = files.open_folder(str(directory))
    try:
        for name in files.names(root):
            if name.startswith(SELF_TEST_PREFIX):
                _remove_if_left(name, name.removeprefix(SELF_TEST_PREFIX), root, files, spare_living)
            elif queue_name(name) is not None:
                _clear(name, root, files, spare_living)
    finally:
        files.close(root)


def _clear(queue: str, root: int, files: Files, spare_living: bool) -> None:
    """Remove the unfinished files of one queue. Step by step, because a path of two parts would follow a link in the first."""
    opened: list[int] = []
    try:
        opened.append(files.open_folder(queue, root))
        opened.append(files.open_folder(TMP, opened[0]))
        for file in files.names(opened[1]):
            _remove_if_left(file, file, opened[1], files, spare_living)
    except (FileNotFoundError, NotADirectoryError):  # No folder, or a link.
        return
    finally:
        for descriptor in opened:
            files.close(descriptor)


def _remove_if_left(name: str, owner: str, folder: int, files: Files, spare_living: bool) -> None:
    """Remove one file of a ``tmp`` folder unless its owner, ``<process id>.…``, lives."""
    pid = owner.partition(".")[0]
    if spare_living and pid.isascii() and pid.isdigit() and _alive(int(pid)):
        return
    try:
        files.remove(name, folder)
    except (FileNotFoundError, IsADirectoryError):  # Another worker was faster, or it is no file of ours.
        return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
