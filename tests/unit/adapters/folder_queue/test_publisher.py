"""How the folder queue shares the disk between calls, guards its bounds, and copes with what happens to its folders."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.adapters.folder_queue.usage import Usage
from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.testing.publisher import document


class Time:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def stored(directory: Path, queue: str = "inbox") -> list[str]:
    """Names of a queue's files."""
    return sorted(path.name for path in (directory / queue / "new").glob("*"))


async def settled(publisher: FolderPublisher, clock: Time, accepting: bool) -> None:
    """Wait until a look at the disk, due each second, gives this answer."""
    async with asyncio.timeout(10):
        while publisher.accepting() is not accepting:
            clock.now += 1.0
            await asyncio.sleep(0.001)


async def test_layout_and_modes(tmp_path: Path) -> None:
    """A document is where the docs say, readable by its owner alone."""
    async with FolderPublisher(tmp_path) as publisher:
        await publisher.publish([document("inbox", 1)])
    path = tmp_path / "inbox" / "new" / "00000001-check.json"
    assert path.read_bytes() == document("inbox", 1).body
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in ("inbox", "inbox/new", "inbox/tmp"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "inbox" / "tmp").iterdir()) == []


async def test_same_document_twice(tmp_path: Path) -> None:
    """A repetition under the same id replaces the file."""
    async with FolderPublisher(tmp_path) as publisher:
        await asyncio.gather(*(publisher.publish([document("inbox", 1)] * 3) for _ in range(3)))
    assert stored(tmp_path) == ["00000001-check.json"]


@pytest.mark.parametrize("what", ["removed", "moved", "replaced by a link"])
async def test_folders_change_while_running(what: str, tmp_path: Path) -> None:
    """A queue folder that an operator removes or moves is made anew; one replaced by a link is refused, not followed."""
    directory = tmp_path / "queue"
    directory.mkdir()
    async with FolderPublisher(directory) as publisher:
        await publisher.publish([document("inbox", 1)])
        (directory / "inbox").rename(tmp_path / "elsewhere")
        if what == "replaced by a link":
            (directory / "inbox").symlink_to(tmp_path / "elsewhere")
            with pytest.raises(TemporaryFailure):
                await publisher.publish([document("inbox", 2)])
            (directory / "inbox").unlink()
        elif what == "removed":
            for path in sorted((tmp_path / "elsewhere").rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        await publisher.publish([document("inbox", 3)])
    assert stored(directory) == ["00000003-check.json"]
    if what != "removed":
        assert sorted(path.name for path in (tmp_path / "elsewhere" / "new").iterdir()) == ["00000001-check.json"]


async def test_more_queues_than_descriptors_kept(tmp_path: Path) -> None:
    """Any number of queues works with a bounded number of open folders."""
    async with FolderPublisher(tmp_path) as publisher:
        before = len(os.listdir("/proc/self/fd"))
        await publisher.publish([document(f"q{number}", number) for number in range(100)])
        assert len(os.listdir("/proc/self/fd")) - before < 3 * 64 + 10
        await publisher.publish([document(f"q{number}", 1000 + number) for number in range(100)])
    assert all(len(stored(tmp_path, f"q{number}")) == 2 for number in range(100))


async def test_bound_on_bytes(tmp_path: Path) -> None:
    """Documents beyond ``max_bytes`` are refused, calls under way included; removing some makes room."""
    clock = Time()
    async with FolderSpool(tmp_path, max_bytes=10_000, monotonic=clock) as publisher:
        assert publisher.max_document_bytes == 10_000
        outcomes = await asyncio.gather(*(publisher.publish([document("inbox", n, 1000)]) for n in range(14)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None)] * 10 + [TemporaryFailure] * 4
        assert not publisher.accepting()
        with pytest.raises(DocumentTooLarge):
            await publisher.publish([document("inbox", 50, 10_001)])
        drain = await publisher.drain("inbox")
        assert drain is not None
        await drain.remove(await drain.take(3, 1 << 20))
        await drain.close()
        await settled(publisher, clock, True)
        await publisher.publish([document("inbox", 60, 3000)])
        with pytest.raises(TemporaryFailure, match="the queue holds 10000 bytes"):
            await publisher.publish([document("inbox", 61)])


async def test_recount(tmp_path: Path) -> None:
    """What a person removed by hand is noticed when the queue is full, and what an earlier run left is counted after a start. Both are told."""
    clock, reports = Time(), list[str]()
    (tmp_path / "inbox" / "new").mkdir(parents=True)
    for number in range(5):
        (tmp_path / "inbox" / "new" / f"{number}.json").write_bytes(b"{" + b" " * 1998 + b"}")
    async with FolderPublisher(tmp_path, max_bytes=10_000, monotonic=clock, report=reports.append) as publisher:
        await settled(publisher, clock, False)
        for path in (tmp_path / "inbox" / "new").iterdir():
            path.unlink()
        await settled(publisher, clock, True)
        await publisher.publish([document("inbox", 1, 9000)])
    assert Usage(tmp_path).add(0) == 9000
    assert [report.partition(": ")[2] for report in reports] == [
        "the queue holds 10000 bytes, at most 10000 are allowed; no documents are accepted until there is room",
        "there is room, documents are accepted again",
    ]


async def test_usage_is_shared_by_processes(tmp_path: Path) -> None:
    """Two publishers on one directory count together."""
    clock = Time()
    async with (
        FolderPublisher(tmp_path, max_bytes=10_000, monotonic=clock) as one,
        FolderPublisher(tmp_path, max_bytes=10_000, monotonic=clock) as two,
    ):
        await one.publish([document("inbox", 1, 6000)])
        await settled(two, clock, True)
        await two.publish([document("inbox", 2, 3000)])
        async with asyncio.timeout(10):
            while one.capacity.used != 9000:
                clock.now += 1.0
                one.accepting()
                await asyncio.sleep(0.001)
        with pytest.raises(TemporaryFailure, match="the queue holds 9000 bytes"):
            await one.publish([document("inbox", 3, 2000)])


async def test_free_space(tmp_path: Path) -> None:
    """QU16: too little free space closes the queue before anything is written, and is told once."""
    clock, reports = Time(), list[str]()
    async with FolderPublisher(tmp_path, min_free_bytes=1 << 60, monotonic=clock, report=reports.append) as publisher:
        for _ in range(5):
            assert not publisher.accepting()
            clock.now += 1.0
            await asyncio.sleep(0.01)
        with pytest.raises(TemporaryFailure, match="bytes are free on the disk"):
            await publisher.publish([document("inbox", 1)])
    assert os.listdir(tmp_path) == []
    (report,) = reports
    assert report.endswith(f"bytes are free on the disk, at least {1 << 60} have to stay so; no documents are accepted until there is room")


class SlowFiles(Files):
    """A disk that stops at the first fsync until it is let go."""

    def __init__(self) -> None:
        self.stopped, self.go = threading.Event(), threading.Event()

    def sync(self, descriptor: int) -> None:
        """Wait."""
        self.stopped.set()
        self.go.wait(30)


async def test_stalled_disk(tmp_path: Path) -> None:
    """A disk that hangs closes the queue; what was handed in is finished when it comes back."""
    disk, clock = SlowFiles(), Time()
    async with FolderPublisher(tmp_path, files=disk, monotonic=clock) as publisher:
        call = asyncio.ensure_future(publisher.publish([document("inbox", 1)]))
        await asyncio.to_thread(disk.stopped.wait, 30)
        assert publisher.accepting()
        clock.now += 60
        assert not publisher.accepting()
        disk.go.set()
        await call
        await settled(publisher, clock, True)


async def test_calls_cancelled_before_their_turn_are_not_written(tmp_path: Path) -> None:
    """A call that is given up while another holds the disk leaves nothing; closing finishes the rest."""
    disk = SlowFiles()
    publisher = FolderPublisher(tmp_path, files=disk)
    first = asyncio.ensure_future(publisher.publish([document("inbox", 1)]))
    await asyncio.to_thread(disk.stopped.wait, 30)
    second, third = (asyncio.ensure_future(publisher.publish([document("inbox", number)])) for number in (2, 3))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    disk.go.set()
    await publisher.close()
    await asyncio.gather(first, third)
    assert stored(tmp_path) == ["00000001-check.json", "00000003-check.json"]
    assert not publisher.accepting()
    with pytest.raises(TemporaryFailure, match="closed"):
        await publisher.publish([document("inbox", 4)])
    await publisher.close()


async def test_bad_ids_are_refused(tmp_path: Path) -> None:
    """An id that could leave the folder never reaches the disk."""
    async with FolderPublisher(tmp_path) as publisher:
        with pytest.raises(PermanentFailure, match="not a message-id"):
            await publisher.publish([document("inbox", 1), Publication("inbox", "../../x", (b"{}",))])
    assert os.listdir(tmp_path) == []


async def test_a_fault_of_the_program_ends_in_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody expects fails its calls; the next one works."""

    class Faulty(Files):
        faulty = True

        def create(self, name: str, folder: int) -> int:
            if self.faulty:
                raise ZeroDivisionError
            return super().create(name, folder)

    files = Faulty()
    async with FolderPublisher(tmp_path, files=files) as publisher:
        with pytest.raises(TemporaryFailure, match="a fault of this program"):
            await publisher.publish([document("inbox", 1)])
        files.faulty = False
        await publisher.publish([document("inbox", 2)])
    assert any(record.exc_info for record in caplog.records)
