"""The system calls that the queue makes: the one place where it touches the disk, so that tests can record them and let them fail.

Folders are named by open descriptors, never by paths that could be redirected meanwhile; no call follows a symbolic link. Every method
raises :class:`OSError`.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from itertools import islice

FILE_MODE = 0o600
FOLDER_MODE = 0o700
"""Mail is private: nobody but the gateway's own user reads it."""

_IOV_MAX = 1024  # Linux: limits.h; os.sysconf says the same.


class SyncFailed(OSError):
    """An fsync failed: what was to be on disk is lost, and the disk itself is in doubt."""


class Files:
    """The real system calls. Stateless."""

    def open_folder(self, name: str, parent: int | None = None) -> int:
        """A descriptor of a folder in ``parent``, or of the path ``name``, which may then be a symbolic link: the operator's choice."""
        nofollow = os.O_NOFOLLOW if parent is not None else 0
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | nofollow, dir_fd=parent)

    def make_folder(self, name: str, parent: int) -> None:
        """Make a folder, or leave the one that is there."""
        try:
            os.mkdir(name, FOLDER_MODE, dir_fd=parent)
        except FileExistsError:
            return

    def names(self, folder: int) -> Iterator[str]:
        """What is in a folder, in no order and a few at a time: there may be millions. One iteration of a descriptor at a time."""
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name

    def open(self, name: str, folder: int) -> int:
        """A descriptor of an existing file to read. Does not wait for the other end where it is a pipe."""
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)

    def create(self, name: str, folder: int) -> int:
        """A descriptor of a new file to write."""
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE, dir_fd=folder)

    def write(self, file: int, parts: Sequence[bytes]) -> None:
        """Write all parts one after another, without joining them."""
        left: Iterator[bytes | memoryview] = iter(parts)
        while chunk := list(islice(left, _IOV_MAX)):
            self._write_all(file, chunk)

    def _write_all(self, file: int, chunk: Sequence[bytes | memoryview]) -> None:
        """One ``writev``, and more of them where the kernel took less than everything."""
        expected, written = sum(map(len, chunk)), os.writev(file, chunk)
        while written < expected:
            if written == 0:
                raise OSError(errno.EIO, "the kernel took no byte")
            rest: list[bytes | memoryview] = []
            for part in chunk:
                if written < len(part):
                    rest.append(memoryview(part)[written:])
                written = max(0, written - len(part))
            chunk, expected = rest, sum(map(len, rest))
            written = os.writev(file, chunk)

    def start_writing(self, file: int) -> None:
        """Let the kernel begin to write the file's pages without waiting for them (and, unlike what the flag says, keep them: they are not
        clean)."""
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self, descriptor: int) -> None:
        """Return when the file's content, or the folder's entries, are on disk.

        A failure is final. The kernel has dropped the error and may have dropped the pages, so a second call would succeed without having
        written anything.

        Raises:
            SyncFailed: it failed.
        """
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise SyncFailed(*error.args) from error

    def close(self, descriptor: int) -> None:
        """Close a descriptor."""
        os.close(descriptor)

    def rename(self, name: str, folder: int, new_name: str, new_folder: int) -> None:
        """Give a file its new name in one step; a file of that name is replaced."""
        os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder)

    def link(self, name: str, folder: int, new_name: str, new_folder: int) -> None:
        """Give a file, or a symbolic link itself, a second name. Folders cannot have one."""
        os.link(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder, follow_symlinks=False)

    def remove(self, name: str, folder: int) -> None:
        """Remove a file."""
        os.unlink(name, dir_fd=folder)
