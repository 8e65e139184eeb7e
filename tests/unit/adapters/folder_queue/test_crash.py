"""QU18 QU19: a power cut after any call loses nothing that was promised, and publishes nothing torn."""

import random
from pathlib import Path

import pytest
from tests.unit.adapters.folder_queue.crash_disk import CrashDisk

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.drain import open_drain
from tidegate.adapters.folder_queue.folders import QueueFolders
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.adapters.folder_queue.writer import Writer
from tidegate.ports.testing.publisher import document

SEEDS = 6
LIMIT = 1 << 20

GROUPS = (("inbox", 1), ("inbox", 2), ("local", 3)), (("inbox", 4),), (("local", 5), ("a/b", 6), ("inbox", 7), ("inbox", 8))
BODIES = {item.message_id: item.body for group in GROUPS for queue, number in group for item in [document(queue, number, 900)]}


def work(disk: CrashDisk, directory: Path) -> None:
    """Commit groups of documents, take some off, and note on the disk what was promised when."""
    with claim(directory, disk):
        writer = Writer(QueueFolders(directory, disk), disk)
        for number, group in enumerate(GROUPS):
            publications = [document(queue, number, 900) for queue, number in group]
            for publication, outcome in zip(publications, writer.commit(publications), strict=True):
                assert outcome is None
                disk.note("durable", publication.message_id)
            if number == 1:
                drain = open_drain(Reader(directory, LIMIT, disk), "inbox", lambda _: None)
                assert drain is not None
                taken = drain.take(2, LIMIT)
                assert len(taken) == 2
                for publication in taken:
                    disk.note("handed over", publication.message_id)
                drain.remove(taken)
                drain.close()
        drain = open_drain(Reader(directory, LIMIT, disk), "local", lambda _: None)
        assert drain is not None
        drain.set_aside(drain.take(1, LIMIT)[0].message_id, "by the test")
        drain.close()


def lost_or_torn(disk: CrashDisk, crash: int, seed: int, scratch: Path) -> str | None:
    """Cut the power, start again, and compare what is there with what was promised."""
    target = scratch / f"{crash}-{seed}"
    disk.power_cut(crash, random.Random(f"{crash}-{seed}"), target)
    directory = target / "queue"
    with claim(directory):
        reader, found = Reader(directory, LIMIT), {}
        for queue in reader.queues():
            for message_id in reader.message_ids(queue):
                body = reader.read(queue, message_id)
                if body != BODIES[message_id]:
                    return f"{message_id} is torn: {body!r}"
                found[message_id] = body
        for path in directory.glob("*/quarantine/*.json"):
            found[path.stem] = path.read_bytes()
            if found[path.stem] != BODIES[path.stem]:
                return f"{path} is torn"
        missing = disk.promised(crash, "durable") - disk.promised(crash, "handed over") - set(found)
        if missing:
            return f"lost: {sorted(missing)}"
        if list(directory.glob("*/tmp/*")):
            return "unfinished files were left"
    return None


def test_power_cut_after_every_call(tmp_path: Path) -> None:
    """Whatever part of the unsynced survives, acknowledged documents are there, whole, and unfinished ones are gone."""
    disk = CrashDisk(tmp_path / "disk")
    disk.top.mkdir()
    work(disk, disk.top / "queue")
    assert len(disk.calls) > 60
    for crash in range(len(disk.calls) + 1):
        for seed in range(SEEDS):
            assert lost_or_torn(disk, crash, seed, tmp_path) is None, f"power cut after call {crash} ({disk.calls[:crash][-1:]}), seed {seed}"


class NoFileSync(CrashDisk):
    """Forgets to fsync files."""

    def sync(self, descriptor: int) -> None:
        """Folders only."""
        if self._open[descriptor] in self._tree:
            super().sync(descriptor)


class NoFolderSync(CrashDisk):
    """Forgets to fsync folders."""

    def sync(self, descriptor: int) -> None:
        """Files only."""
        if self._open[descriptor] not in self._tree:
            super().sync(descriptor)


class NoNewQueueSync(CrashDisk):
    """Forgets to fsync the entry of a new queue."""

    def sync(self, descriptor: int) -> None:
        """All but the queue directory."""
        if self._open[descriptor] != self._tree[0].get("queue"):
            super().sync(descriptor)


@pytest.mark.parametrize("careless", [NoFileSync, NoFolderSync, NoNewQueueSync])
def test_a_missing_fsync_is_found(careless: type[CrashDisk], tmp_path: Path) -> None:
    """The check above is able to fail: leaving out any kind of fsync loses or tears a document in some replay."""
    disk = careless(tmp_path / "disk")
    disk.top.mkdir()
    work(disk, disk.top / "queue")
    assert any(lost_or_torn(disk, crash, seed, tmp_path) for crash in range(len(disk.calls) + 1) for seed in range(SEEDS))
