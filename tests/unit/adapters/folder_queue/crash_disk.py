"""A disk that remembers every call, so that a power cut can be replayed after each of them.

What a power cut leaves is modelled after what POSIX and Linux promise, and no more: the content of a file that was fsynced; the entries of a folder that was
fsynced; of everything else any part. Entries of one folder do not order those of another, so that a rename between folders may be half done: the
file under both names or under none. Unsynced content may be whole, cut short, missing, or zeros. An fsync that failed spoils the file: no later
one makes up for it.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from tidegate.adapters.folder_queue.files import Files, SyncFailed


@attrs.frozen
class Call:
    """One call that changed something. Nodes are files and folders by number; folder 0 is the queue directory's parent."""

    kind: str
    node: int
    name: str = ""
    child: int | None = None
    data: bytes = b""


@attrs.define
class CrashDisk(Files):
    """The real system calls, recorded. ``fail_at``: number of the call that fails with ``error``, counting all of them from 0."""

    top: Path
    fail_at: int = -1
    error: int = 5
    calls: list[Call] = attrs.field(factory=list)
    notes: list[tuple[int, str, str]] = attrs.field(factory=list)
    made: list[str] = attrs.field(factory=list)
    failed: str | None = None
    _tree: dict[int, dict[str, int]] = attrs.field(factory=lambda: {0: {}})
    _open: dict[int, int] = attrs.field(factory=dict)
    _nodes: int = 0

    def note(self, what: str, message_id: str) -> None:
        """Remember that something was promised at this point."""
        self.notes.append((len(self.calls), what, message_id))

    def _count(self, name: str) -> None:
        number = len(self.made)
        self.made.append(name)
        if number == self.fail_at:
            self.failed = name
            raise OSError(self.error, "set by the test")

    def _new_node(self) -> int:
        self._nodes += 1
        return self._nodes

    def _node_at(self, name: str, parent: int | None) -> int:
        node = 0 if parent is None else self._open[parent]
        parts = Path(name).relative_to(self.top).parts if parent is None else Path(name).parts
        for part in parts:
            if part not in self._tree[node]:
                self._enter_folder(node, part)
            node = self._tree[node][part]
        return node

    def _enter_folder(self, parent: int, name: str) -> None:
        child = self._new_node()
        self._tree[parent][name] = child
        self._tree[child] = {}
        self.calls.append(Call("enter", parent, name, child))

    def open_folder(self, name: str, parent: int | None = None) -> int:
        """Recorded."""
        self._count("open_folder")
        descriptor = super().open_folder(name, parent)
        node = self._open[descriptor] = self._node_at(name, parent)
        if parent is None:  # Folders made by a path come to light here.
            for path in Path(name).iterdir():
                if path.is_dir() and path.name not in self._tree[node]:
                    self._enter_folder(node, path.name)
        return descriptor

    def make_folder(self, name: str, parent: int) -> None:
        """Recorded."""
        self._count("make_folder")
        super().make_folder(name, parent)
        self._node_at(name, parent)

    def create(self, name: str, folder: int) -> int:
        """Recorded."""
        self._count("create")
        descriptor = super().create(name, folder)
        node = self._open[descriptor] = self._new_node()
        self._tree[self._open[folder]][name] = node
        self.calls.append(Call("enter", self._open[folder], name, node))
        return descriptor

    def write(self, file: int, parts: Sequence[bytes]) -> None:
        """Recorded; a failing one leaves half of the bytes."""
        data = b"".join(parts)
        try:
            self._count("write")
        except OSError:
            super().write(file, [data[: len(data) // 2]])
            raise
        super().write(file, parts)
        self.calls.append(Call("write", self._open[file], data=data))

    def start_writing(self, file: int) -> None:
        """Promises nothing."""
        self._count("start_writing")

    def sync(self, descriptor: int) -> None:
        """Recorded, not done: the disk is a model. A failing one spoils the file for good."""
        node = self._open[descriptor]
        assert Call("spoil", node) not in self.calls, "a file was fsynced again after a failure"
        try:
            self._count("sync")
        except OSError as error:
            if node not in self._tree:
                self.calls.append(Call("spoil", node))
            raise SyncFailed(*error.args) from error
        self.calls.append(Call("sync", node))

    def close(self, descriptor: int) -> None:
        """Closes, also when it fails, as Linux does."""
        self._open.pop(descriptor, None)
        super().close(descriptor)
        self._count("close")

    def rename(self, name: str, folder: int, new_name: str, new_folder: int) -> None:
        """Recorded as two changes: each belongs to its own folder."""
        self._count("rename")
        super().rename(name, folder, new_name, new_folder)
        node = self._tree[self._open[folder]].pop(name)
        self._tree[self._open[new_folder]][new_name] = node
        self.calls.append(Call("enter", self._open[new_folder], new_name, node))
        self.calls.append(Call("enter", self._open[folder], name, None))

    def link(self, name: str, folder: int, new_name: str, new_folder: int) -> None:
        """Recorded."""
        self._count("link")
        super().link(name, folder, new_name, new_folder)
        node = self._tree[self._open[folder]][name]
        self._tree[self._open[new_folder]][new_name] = node
        self.calls.append(Call("enter", self._open[new_folder], new_name, node))

    def remove(self, name: str, folder: int) -> None:
        """Recorded."""
        self._count("remove")
        super().remove(name, folder)
        self._tree[self._open[folder]].pop(name, None)
        self.calls.append(Call("enter", self._open[folder], name, None))

    def names(self, folder: int) -> Iterator[str]:
        """Reading; can fail like the rest."""
        self._count("names")
        return super().names(folder)

    def open(self, name: str, folder: int) -> int:
        """Reading; can fail like the rest."""
        self._count("open")
        return super().open(name, folder)

    def promised(self, crash: int, what: str) -> set[str]:
        """Ids noted before the power cut."""
        return {message_id for position, noted, message_id in self.notes if noted == what and position <= crash}

    def power_cut(self, crash: int, chance: random.Random, target: Path) -> None:
        """Write to ``target`` what may be left of the parent folder after the first ``crash`` calls."""
        entries: dict[int, dict[str, int]] = {}
        unsynced: dict[int, list[Call]] = {}
        content: dict[int, bytes] = {}
        pending: dict[int, bytes] = {}
        spoiled: set[int] = set()
        for call in self.calls[:crash]:
            if call.kind == "enter":
                unsynced.setdefault(call.node, []).append(call)
            elif call.kind == "write":
                pending[call.node] = pending.get(call.node, content.get(call.node, b"")) + call.data
            elif call.kind == "spoil":
                spoiled.add(call.node)
            elif call.node not in spoiled:
                for change in unsynced.pop(call.node, []):
                    _enter(entries, change)
                if call.node in pending:
                    content[call.node] = pending.pop(call.node)
        keep = chance.choice((0.0, 0.5, 0.5, 0.5, 1.0))
        for changes in unsynced.values():
            for change in changes:
                if chance.random() < keep:
                    _enter(entries, change)
        for node, data in pending.items():
            content[node] = chance.choice((data, data[: chance.randrange(len(data) + 1)], bytes(len(data)), b"", data[:-1] + b"\0"))
        folders = set(self._tree)
        _materialise(0, target, entries, content, folders)


def _enter(entries: dict[int, dict[str, int]], change: Call) -> None:
    folder = entries.setdefault(change.node, {})
    if change.child is None:
        folder.pop(change.name, None)
    else:
        folder[change.name] = change.child


def _materialise(node: int, path: Path, entries: dict[int, dict[str, int]], content: dict[int, bytes], folders: set[int]) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    for name, child in entries.get(node, {}).items():
        if child in folders:
            _materialise(child, path / name, entries, content, folders)
        else:
            (path / name).write_bytes(content.get(child, b""))
