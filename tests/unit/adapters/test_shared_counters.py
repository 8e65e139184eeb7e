"""The board in shared memory, within one process; real processes are in the integration tests."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tidegate.adapters.shared_counters import SLOTS, MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits
from tidegate.ports.connection_board import ConnectionBoard
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.testing.connection_board import CONNECTION_BOARD_CHECKS, BoardMaker, BoardUnderTest


@contextmanager
def make() -> Iterator[BoardUnderTest]:
    """A machine whose processes are one, each place with a descriptor of its own."""
    boards: list[MmapConnectionBoard] = []
    with TemporaryDirectory() as folder:

        def join(limits: ConnectionLimits) -> ConnectionBoard:
            boards.append(MmapConnectionBoard(Path(folder) / "connections", limits))
            return boards[-1]

        yield BoardUnderTest(join)
        for board in boards:
            board.close()


@pytest.mark.parametrize("check", CONNECTION_BOARD_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[BoardMaker], None]) -> None:
    """Every contract check passes."""
    check(make)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a board can be made."""
    return tmp_path / "connections"


def test_file_is_private_and_whole(path: Path) -> None:
    """Only its owner may write to a new file, and its blocks are allocated."""
    board = MmapConnectionBoard(path, ConnectionLimits())
    facts = path.stat()
    assert stat.S_IMODE(facts.st_mode) == 0o600
    assert facts.st_size == 4096
    assert facts.st_blocks * 512 >= 4096
    board.close()


def test_layout_is_what_other_programs_read(path: Path) -> None:
    """The documented offsets hold: a sender in another language finds its numbers there."""
    board = MmapConnectionBoard(path, ConnectionLimits())
    assert board.acquire("in")
    for _ in range(3):
        assert board.acquire("out")
    data = path.read_bytes()
    assert data[:8] == b"TIDEGATE"

    def word(offset: int) -> int:
        return int.from_bytes(data[offset : offset + 8], "little")

    assert [word(offset) for offset in (8, 16, 64, 1088)] == [1, SLOTS, os.getpid(), 3 * 2**32 + 1]
    assert board.processes() == {os.getpid(): ConnectionCounts(1, 3)}
    board.close()
    assert path.read_bytes()[64:] == bytes(4096 - 64)


def test_numbers_without_an_owner_are_given_back(path: Path) -> None:
    """What a crash or a power cut left in the file does not count for a process that needs the room."""
    MmapConnectionBoard(path, ConnectionLimits()).close()
    data = bytearray(path.read_bytes())
    for slot in (0, 1, 5):
        data[64 + 8 * slot] = 77
        data[1088 + 8 * slot] = 4
    path.write_bytes(data)
    now_s = [0.0]
    board = MmapConnectionBoard(path, ConnectionLimits(total=10), monotonic_s=lambda: now_s[0])
    assert board.counts() == ConnectionCounts(8, 0), "the claimed slot was emptied"
    assert [board.acquire("out") for _ in range(3)] == [True, True, False]
    now_s[0] = 1.0
    assert sum(board.acquire("out") for _ in range(20)) == 8
    board.close()


def test_a_full_board(path: Path) -> None:
    """One process more than there are slots is a temporary failure, and takes nothing with it."""
    boards = [MmapConnectionBoard(path, ConnectionLimits()) for _ in range(SLOTS)]
    descriptors = len(os.listdir("/proc/self/fd"))
    with pytest.raises(TemporaryFailure, match="all 128 places"):
        MmapConnectionBoard(path, ConnectionLimits())
    assert len(os.listdir("/proc/self/fd")) == descriptors
    boards[7].close()
    boards[7] = MmapConnectionBoard(path, ConnectionLimits())
    for board in boards:
        board.close()


@pytest.mark.parametrize("content", [b"x", b"{}\n" * 2000, b"TIDEGATE" + bytes(100), b"TIDEGATE\2" + bytes(4087)])
def test_another_file_is_not_touched(path: Path, content: bytes) -> None:
    """A file that is something else, or another version, is refused by name and stays as it is."""
    path.write_bytes(content)
    with pytest.raises(PermanentFailure, match=str(path)):
        MmapConnectionBoard(path, ConnectionLimits())
    assert path.read_bytes() == content


def test_an_unfinished_file_is_finished(path: Path) -> None:
    """A file that its maker did not come to fill is made into a board."""
    path.write_bytes(b"")
    board = MmapConnectionBoard(path, ConnectionLimits(total=1))
    assert board.acquire("in")
    board.close()


def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Nobody makes the server write elsewhere."""
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(PermanentFailure):
        MmapConnectionBoard(path, ConnectionLimits())
    assert not (tmp_path / "victim").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The failure names the file."""
    with pytest.raises(PermanentFailure, match="No such file"):
        MmapConnectionBoard(tmp_path / "no" / "connections", ConnectionLimits())
