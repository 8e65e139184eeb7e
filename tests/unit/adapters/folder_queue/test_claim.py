"""QU22: one gateway per queue directory; and what a dead one left is cleared away."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.adapters.folder_queue.claim import claim, remove_leftovers
from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.ports.errors import PermanentFailure
from tidegate.ports.testing.publisher import document

CLAIM = "import sys; from pathlib import Path; from tidegate.adapters.folder_queue.claim import claim\nwith claim(Path(sys.argv[1])): pass"


def other_gateway(directory: Path) -> subprocess.CompletedProcess[str]:
    """Another process that claims the directory."""
    return subprocess.run([sys.executable, "-c", CLAIM, str(directory)], capture_output=True, text=True, timeout=60, check=False)


def test_second_gateway_is_refused(tmp_path: Path) -> None:
    """QU22: a second process is told who has the directory and what to do; when the first has gone it gets it."""
    directory = tmp_path / "deep" / "queue"
    with claim(directory):
        refused = other_gateway(directory)
        assert refused.returncode != 0
        message = refused.stderr.splitlines()[-1]
        assert "PermanentFailure" in message
        assert f"in use by another gateway (process {os.getpid()})" in message
        assert str(directory) in message
    assert other_gateway(directory).returncode == 0


def test_second_claim_in_one_process_is_refused(tmp_path: Path) -> None:
    """The lock belongs to the claim, not to the process."""
    with claim(tmp_path), pytest.raises(PermanentFailure, match="in use"):
        claim(tmp_path)
    claim(tmp_path).close()


def test_forked_workers_share_the_claim(tmp_path: Path) -> None:
    """Workers inherit the lock: it holds until the last of them has gone, also when the parent went first."""
    held = claim(tmp_path)
    release, wait = os.pipe()[::-1]
    child = os.fork()
    if child == 0:
        os.close(release)
        os.read(wait, 1)
        os._exit(0)
    os.close(wait)
    held.close()
    held.close()
    with pytest.raises(PermanentFailure, match="in use"):
        claim(tmp_path)
    os.close(release)
    os.waitpid(child, 0)
    claim(tmp_path).close()


def test_private(tmp_path: Path) -> None:
    """OP10: the directory and what is made in it are for their owner alone."""
    with claim(tmp_path / "a" / "queue"):
        for path in (tmp_path / "a", tmp_path / "a" / "queue"):
            assert path.stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "a" / "queue" / ".lock").stat().st_mode & 0o777 == 0o600


def test_unusable_directory(tmp_path: Path) -> None:
    """A path that cannot be a queue directory is a permanent failure that names it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(PermanentFailure, match=r"queue-directory .*/file: .*must be a folder"):
        claim(tmp_path / "file")
    with pytest.raises(PermanentFailure, match=r"queue-directory .*/file/queue"):
        claim(tmp_path / "file" / "queue")


def leave(directory: Path) -> list[Path]:
    """Unfinished files as dead and living processes leave them, and things that only look like it."""
    tmp = directory / "inbox" / "tmp"
    for folder in (tmp, directory / "inbox" / "new", directory / "no queue" / "tmp", directory / "empty"):
        folder.mkdir(parents=True)
    dead, living = tmp / "4194305.abc.0", tmp / f"{os.getpid()}.abc.1"  # Above the largest process id of Linux.
    files = [dead, living, tmp / "strange", directory / ".self-test.4194305.abc.3", directory / "no queue" / "tmp" / "4194305.abc.4"]
    for file in (*files, directory / "inbox" / "new" / "1.json"):
        file.write_text("{}")
    (directory / "link").symlink_to(tmp_path_of(directory))
    (tmp / "folder").mkdir()
    return files


def tmp_path_of(directory: Path) -> Path:
    """A folder outside with a file that must stay."""
    outside = directory.parent / "outside"
    (outside / "tmp").mkdir(parents=True)
    (outside / "tmp" / "4194305.abc.9").write_text("not ours")
    return outside


def test_claiming_removes_all_leftovers(tmp_path: Path) -> None:
    """Whoever claims the directory removes every unfinished file, in queues' own folders only, and no document."""
    directory = tmp_path / "queue"
    files = leave(directory)
    with claim(directory):
        assert [file.exists() for file in files] == [False, False, False, False, True]
        assert (directory / "inbox" / "new" / "1.json").exists()
        assert (tmp_path / "outside" / "tmp" / "4194305.abc.9").exists()


class Listing(Files):
    """Keeps the names of the folders that were listed."""

    def __init__(self) -> None:
        self.listed: list[str] = []

    def names(self, folder: int) -> Iterator[str]:
        """List it, and note it."""
        self.listed.append(os.readlink(f"/proc/self/fd/{folder}"))
        return super().names(folder)


async def test_a_backlog_is_not_looked_at_before_the_start(tmp_path: Path) -> None:
    """RS16: whatever stands in the queues, claiming them and taking the first document lists no folder of documents."""
    directory = tmp_path / "queue"
    leave(directory)
    files = Listing()
    with claim(directory, files):
        assert str(directory / "inbox" / "tmp") in files.listed
        publisher = FolderPublisher(directory, files=files)
        await publisher.open()
        await publisher.publish([document("inbox", 5)])
        await publisher.close()
    assert (directory / "inbox" / "new" / "1.json").exists()
    assert [folder for folder in files.listed if folder.endswith("/new")] == []


def test_a_worker_spares_files_of_the_living(tmp_path: Path) -> None:
    """A worker that starts beside others removes only what dead processes left."""
    directory = tmp_path / "queue"
    files = leave(directory)
    remove_leftovers(directory, Files(), spare_living=True)
    assert [file.exists() for file in files] == [False, True, False, False, True]
