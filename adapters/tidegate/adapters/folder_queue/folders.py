"""The folders of each queue, opened once.

``<queue-directory>/<queue>/`` holds ``tmp`` (files being written), ``new`` (documents), ``quarantine`` (what a reader set aside) and
``.lock`` (held by who takes documents off). Before a folder is used for the first time, the entries that lead to it are brought to disk: a
document is not durable in a folder that a power cut removes.
"""

import os
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.names import folder_name

TMP, NEW, QUARANTINE, LOCK = "tmp", "new", "quarantine", ".lock"
SELF_TEST_PREFIX = ".self-test."

OPEN_QUEUES_MAX = 128
"""Descriptors kept open are bounded (two a queue). Queue names come from configuration: a handful."""


@attrs.frozen
class QueueFolder:
    """Descriptors of one queue's ``tmp`` and ``new``, and what ``new`` was when they were opened."""

    tmp: int
    new: int
    identity: tuple[int, int]


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
            try:
                status = os.stat(f"{name}/{NEW}", dir_fd=self.root, follow_symlinks=False)
                if (status.st_dev, status.st_ino) == known.identity:
                    return known
            except FileNotFoundError:
                pass
            self._forget(queue)
        self._open[queue] = made = self._make(name)
        return made

    def _make(self, name: str) -> QueueFolder:
        files, root = self.files, self.root
        files.make_folder(name, root)
        folder = files.open_folder(name, root)
        opened: list[int] = []
        try:
            for part in (TMP, NEW):
                files.make_folder(part, folder)
                opened.append(files.open_folder(part, folder))
            # Also for folders that are there: whoever made them may have been killed before this.
            files.sync(folder)
            files.sync(root)
            status = os.fstat(opened[1])
        except BaseException:
            for descriptor in opened:
                files.close(descriptor)
            raise
        finally:
            files.close(folder)
        return QueueFolder(opened[0], opened[1], (status.st_dev, status.st_ino))

    def trim(self) -> None:
        """Close what was opened first, down to the bound. To be called while no folder is in use."""
        while len(self._open) > OPEN_QUEUES_MAX:
            self._forget(next(iter(self._open)))

    def _forget(self, queue: str) -> None:
        folder = self._open.pop(queue)
        self.files.close(folder.tmp)
        self.files.close(folder.new)

    def close(self) -> None:
        """Close all descriptors; the next use opens them again."""
        for queue in list(self._open):
            self._forget(queue)
        if self._root is not None:
            self.files.close(self._root)
            self._root = None
