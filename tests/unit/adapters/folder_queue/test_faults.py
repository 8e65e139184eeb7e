"""QU16 QU17: a call that fails, whichever it is, fails the documents concerned and nothing else."""

import asyncio
import errno
from pathlib import Path

import pytest
from tests.unit.adapters.folder_queue.crash_disk import CrashDisk

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.files import Files, SyncFailed
from tidegate.adapters.folder_queue.names import folder_name
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.testing.publisher import document


class Time:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


CALLS = ([document("inbox", 1), document("local", 2)], [document("inbox", 3)], [document("inbox", 4), document("inbox", 5)])


def standing(directory: Path, publication: Publication) -> bytes | None:
    """What stands in a document's place."""
    path = directory / folder_name(publication.queue) / "new" / f"{publication.message_id}.json"
    return path.read_bytes() if path.exists() else None


async def accepted_again(publisher: FolderPublisher, clock: Time) -> None:
    """Wait until the publisher accepts: a look at the disk is due each second."""
    async with asyncio.timeout(10):
        while not publisher.accepting():
            clock.now += 1.0
            await asyncio.sleep(0.001)


async def publish_with_fault(top: Path, fail_at: int, error: int) -> CrashDisk:
    """Publish with one failing call, check what came of it, and publish again."""
    top.mkdir()  # noqa: ASYNC240 - a test has nothing else to do
    directory, disk, clock = top / "queue", CrashDisk(top), Time()
    with claim(directory, disk):
        offset = len(disk.made)
        disk.fail_at, disk.error = (offset + fail_at, error) if fail_at >= 0 else (-1, 0)
        async with FolderPublisher(directory, min_free_bytes=0, files=disk, monotonic=clock, report=lambda _: None) as publisher:
            outcomes = await asyncio.gather(*(publisher.publish(call) for call in CALLS), return_exceptions=True)
            disk.fail_at = -1
            for call, outcome in zip(CALLS, outcomes, strict=True):
                assert outcome is None or isinstance(outcome, TemporaryFailure), repr(outcome)
                for publication in call:
                    if outcome is None:
                        assert standing(directory, publication) == publication.body
                    elif disk.failed != "remove":
                        assert standing(directory, publication) is None, "a failed transaction left a document"
            if disk.failed != "remove":
                assert list(directory.glob("*/tmp/*")) == [], "a failed document left its unfinished file"
            if disk.failed == "sync":
                assert not publisher.accepting()
                with pytest.raises(TemporaryFailure, match="self-test"):
                    await publisher.publish([document("inbox", 8)])
            await accepted_again(publisher, clock)
            await publisher.publish([document("inbox", 9)])
            assert standing(directory, document("inbox", 9)) == document("inbox", 9).body
    return disk


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
async def test_fault_at_every_call(error: int, tmp_path: Path) -> None:
    """Each call in turn fails once; afterwards the queue works by itself."""
    total = len((await publish_with_fault(tmp_path / "none", -1, 0)).made)
    failed = set()
    for number in range(total):
        disk = await publish_with_fault(tmp_path / str(number), number, error)
        failed.add(disk.failed)
    assert failed >= {"open_folder", "make_folder", "create", "write", "start_writing", "sync", "close", "rename"}


class BreakableDisk(Files):
    """A disk whose fsync fails while it is broken."""

    broken = False
    syncs = 0

    def sync(self, descriptor: int) -> None:
        """Counted; fails while broken."""
        self.syncs += 1
        if self.broken:
            raise SyncFailed(errno.EIO, "Input/output error")


async def test_failed_fsync_is_final(tmp_path: Path) -> None:
    """QU17: nothing is accepted until a self-test passes, and a self-test that fails keeps it so."""
    disk, clock, reports = BreakableDisk(), Time(), list[str]()
    async with FolderPublisher(tmp_path, min_free_bytes=0, files=disk, monotonic=clock, report=reports.append) as publisher:
        await publisher.publish([document("inbox", 1)])
        disk.broken = True
        with pytest.raises(TemporaryFailure, match="Input/output error"):
            await publisher.publish([document("inbox", 2)])
        before = disk.syncs
        async with asyncio.timeout(10):
            while disk.syncs < before + 3:
                assert not publisher.accepting()
                clock.now += 1.0
                await asyncio.sleep(0.001)
        disk.broken = False
        await accepted_again(publisher, clock)
        await publisher.publish([document("inbox", 3)])
    assert [standing(tmp_path, document("inbox", number)) is not None for number in (1, 2, 3)] == [True, False, True]
    assert [report.partition(": ")[2] for report in reports] == [
        "an fsync failed (Input/output error); nothing is accepted until a self-test passes",
        "the self-test passed, documents are accepted again",
    ]
