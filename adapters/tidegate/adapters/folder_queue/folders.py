"""The folders of each queue, opened once.

``<queue-directory>/<queue>/`` holds ``tmp`` (files being written), ``new`` (documents), ``quarantine`` (what a reader set aside) and
``.lock`` (held by who takes documents off). Before a folder is used for the first time, the entries that lead to it are brought to disk: a
document is not durable in a folder that a power cut removes.
"""

import os
from contextlib import suppress
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.names import folder_name

TMP, NEW, QUARANTINE, LOCK = "tmp", "new", "quarantine", ".lock"
SELF_TEST_PREFIX = ".self-test."

OPEN_QUEUES_MAX = 64
"""Descriptors kept open are bounded (three a queue). Queue names come from configuration: a handful."""


@attrs.frozen
class QueueFolder:
    """Descriptors of one queue's folder and of its ``tmp`` and ``new``, and which folders these were when they were opened."""

    folder: int
    tmp: int
    new: int
    identity: tuple[int, int]
    new_identity: tuple[int, int]


@attrs.define
class QueueFolders:
    """Opens, makes and remembers the folders of the queues of one directory. For one thread."""

    directory: Path
    files: Files = attrs.field(factory=Files)
    _root: int | None = None
    _open: dict[str, QueueFolder] = attrs.field(factory=dict)

    @property
    def root(self) -> int:
        """Descriptor of the queue directory, which must exist."""
        if self._root is None:
            self._root = self.files.open_folder(str(self.directory))
        return self._root

    def get(self, queue: str) -> QueueFolder:
        """The folders of a queue, made if need be.

        A folder that was moved away or removed since is noticed and made anew.

        Raises:
            PermanentFailure: no queue can have this name.
            OSError: they cannot be opened or made.
        """
        name = folder_name(queue)
        known = self._open.get(queue)
        if known is not None:
            with suppress(FileNotFoundError):
                if _identity(name, self.root) == known.identity and _identity(NEW, known.folder) == known.new_identity:
                    return known
            self._forget(queue)
        self._open[queue] = made = self._make(name)
        return made

    def _make(self, name: str) -> QueueFolder:
        files, root = self.files, self.root
        files.make_folder(name, root)
        opened = [files.open_folder(name, root)]
        folder = opened[0]
        try:
            for part in (TMP, NEW):
                files.make_folder(part, folder)
                opened.append(files.open_folder(part, folder))
            # Also for folders that are there: whoever made them may have been killed before this.
            files.sync(folder)
            files.sync(root)
            return QueueFolder(folder, opened[1], opened[2], _identity(name, root), _identity(NEW, folder))
        except BaseException:
            for descriptor in opened:
                files.close(descriptor)
            raise

    def trim(self) -> None:
        """Close what was opened first, down to the bound. To be called while no folder is in use."""
        while len(self._open) > OPEN_QUEUES_MAX:
            self._forget(next(iter(self._open)))

    def _forget(self, queue: str) -> None:
        folder = self._open.pop(queue)
        for descriptor in (folder.tmp, folder.new, folder.folder):
            self.files.close(descriptor)

    def close(self) -> None:
        """Close all descriptors; the next use opens them again."""
        for queue in list(self._open):
            self._forget(queue)
        if self._root is not None:
            self.files.close(self._root)
            self._root = None


def _identity(name: str, folder: int) -> tuple[int, int]:
    """Which file or folder has this name; of a symbolic link, the link."""
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return status.st_dev, status.st_ino
