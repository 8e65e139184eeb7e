"""The folder queue against the kernel: killed at single system calls, failing ones, and disks that are full."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.servers.folder_publishing import QUEUES, transaction

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.testing.publisher import document

pytestmark = pytest.mark.integration

CALLS = 40
BODIES = {item.message_id: item.body for number in range(2 * CALLS) for item in transaction(number)}


@attrs.frozen
class Run:
    """What the program said before it ended."""

    status: int
    durable: set[str]
    failed: set[str]


def run(directory: Path, first: int, concurrency: int, inject: str | None = None) -> Run:
    """Run the publishing program, under strace when a system call is to be disturbed."""
    program = [sys.executable, "-m", "tests.servers.folder_publishing", str(directory), str(first), str(CALLS), str(concurrency)]
    calls = inject.partition(":")[0] if inject else ""
    strace = ["strace", "-f", "-qqq", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={inject}"] if inject else []
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run([*strace, *program], cwd=root, capture_output=True, text=True, timeout=100, check=False)
    if "ptrace" in done.stderr and "not permitted" in done.stderr and not os.environ.get("CI"):
        pytest.skip("strace may not trace here")
    lines = [line.split() for line in done.stdout.splitlines()]
    found = Run(
        done.returncode,
        {message_id for word, *ids in lines if word == "durable" for message_id in ids},
        {message_id for word, *ids in lines if word == "failed" for message_id in ids},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return found


def standing(directory: Path) -> dict[str, bytes]:
    """All documents after a start; none of them torn."""
    with claim(directory):
        reader = Reader(directory, 1 << 20)
        found = {message_id: reader.read(queue, message_id) for queue in QUEUES for message_id in reader.message_ids(queue)}
    assert list(directory.glob("*/tmp/*")) == []
    for message_id, body in found.items():
        assert body == BODIES[message_id], f"{message_id} is torn"
    return {message_id: body for message_id, body in found.items() if isinstance(body, bytes)}


@pytest.fixture(scope="module", autouse=True)
def _strace() -> None:
    if shutil.which("strace") is None:
        if os.environ.get("CI"):
            pytest.fail("strace is not installed (make services installs it)")
        pytest.skip("strace is not installed (make services installs it)")


@pytest.mark.parametrize("concurrency", [1, 10])
@pytest.mark.parametrize(
    ("call", "number"),
    # The first fsyncs belong to the making of the folders; later ones are of files and of new in turn.
    [("fsync", 2), ("fsync", 9), ("fsync", 30), ("fsync", 31), ("fsync", 32), ("writev", 21), ("renameat", 20), ("renameat", 21)],
)
def test_killed_at_a_system_call(call: str, number: int, concurrency: int, tmp_path: Path) -> None:
    """QU18: what was promised before the kill is there; the next start clears the rest away and goes on."""
    directory = tmp_path / "queue"
    killed = run(directory, 0, concurrency, f"{call}:signal=SIGKILL:when={number}")
    assert killed.status == -9, "the program was not killed"
    found = standing(directory)
    assert killed.durable <= set(found)
    # Two of each call that was under way may stand there although nobody was told.
    assert len(set(found) - killed.durable) <= 2 * concurrency
    after = run(directory, CALLS, concurrency)
    assert (after.status, len(after.durable), after.failed) == (0, 2 * CALLS, set())
    assert set(found) | after.durable == set(standing(directory))


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize(("call", "number"), [("fsync", 2), ("fsync", 30), ("writev", 30), ("renameat", 30), ("mkdirat", 2)])
def test_one_failing_system_call(call: str, number: int, error: str, tmp_path: Path) -> None:
    """QU16 QU17: a call that fails once fails its transaction, whose documents are not there; everything else is."""
    directory = tmp_path / "queue"
    done = run(directory, 0, 10, f"{call}:error={error}:when={number}")
    assert done.status == 0
    assert done.failed
    assert len(done.durable) + len(done.failed) == 2 * CALLS
    assert set(standing(directory)) == done.durable


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB and 200 inodes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200,mode=0700", "none", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root only; the unit tests let single calls fail instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("size", [20_000, 300], ids=["out-of-space", "out-of-inodes"])
async def test_full_disk(size: int, small_disk: Path) -> None:
    """QU16: a disk that is full, of bytes or of inodes, refuses, keeps what it promised, leaves nothing half done, and recovers."""
    directory, now = small_disk / "queue", [0.0]
    with claim(directory):
        async with FolderPublisher(directory, min_free_bytes=0, monotonic=lambda: now[0]) as publisher:
            durable, refused = 0, None
            while refused is None:
                try:
                    await publisher.publish([document("inbox", durable, size)])
                    durable += 1
                except TemporaryFailure as failure:
                    refused = failure
            assert durable > 20
            assert "No space left" in str(refused) or "bytes are free" in str(refused)
            assert not publisher.accepting()
            assert list(directory.glob("*/tmp/*")) == []
            documents = sorted((directory / "inbox" / "new").iterdir())
            assert [path.read_bytes() for path in documents] == [document("inbox", number, size).body for number in range(durable)]
            for path in documents[:20]:
                path.unlink()
            async with asyncio.timeout(20):
                while not publisher.accepting():
                    now[0] += 1
                    await asyncio.sleep(0.01)
            await publisher.publish([document("inbox", 5000, size)])
