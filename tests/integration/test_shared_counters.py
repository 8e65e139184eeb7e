"""The board of connections between real processes: contract, sudden death, fork, and many that want the last place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest

from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits, Direction
from tidegate.ports.connection_board import ConnectionBoard
from tidegate.ports.testing.connection_board import CONNECTION_BOARD_CHECKS, BoardMaker, BoardUnderTest

pytestmark = pytest.mark.integration

# Reads one expression a line, answers with its value; what a process that takes part would do.
PROCESS = """
import sys
from pathlib import Path
from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionLimits
board = MmapConnectionBoard(Path(sys.argv[1]), ConnectionLimits(*map(int, sys.argv[2:])))
def release(direction):
    try:
        board.release(direction)
    except ValueError:
        return "ValueError"
print("ready", flush=True)
for line in sys.stdin:
    word, *arguments = line.split()
    if word == "acquire":
        print(int(board.acquire(arguments[0])), flush=True)
    elif word == "release":
        print(release(arguments[0]), flush=True)
    elif word == "counts":
        counts = board.counts()
        print(counts.incoming, counts.outgoing, flush=True)
    elif word == "limits":
        board.limits = ConnectionLimits(*map(int, arguments))
        print("ok", flush=True)
    elif word == "close":
        board.close()
        print("ok", flush=True)
"""


def spawn(script: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of this interpreter that runs the script, once it has said that it is ready."""
    process = subprocess.Popen([sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Kill without a chance to tidy up, and wait."""
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def words(limits: ConnectionLimits) -> tuple[str, str, str]:
    """Limits as arguments."""
    return str(limits.total), str(limits.incoming), str(limits.outgoing)


@attrs.define(eq=False)
class RemoteBoard:
    """The place of another process, worked through its pipes."""

    process: subprocess.Popen[str]
    _limits: ConnectionLimits

    def ask(self, *command: str) -> str:
        """Send one command, wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join(command) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    @property
    def limits(self) -> ConnectionLimits:
        """See the port."""
        return self._limits

    @limits.setter
    def limits(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self.ask("limits", *words(limits))

    def acquire(self, direction: Direction) -> bool:
        """See the port."""
        return self.ask("acquire", direction) == "1"

    def release(self, direction: Direction) -> None:
        """See the port."""
        if self.ask("release", direction) == "ValueError":
            raise ValueError

    def counts(self) -> ConnectionCounts:
        """See the port."""
        return ConnectionCounts(*map(int, self.ask("counts").split()))

    def close(self) -> None:
        """See the port."""
        self.ask("close")


@contextmanager
def make() -> Iterator[BoardUnderTest]:
    """A machine with one real process per place."""
    boards: list[RemoteBoard] = []
    with TemporaryDirectory() as folder:

        def join(limits: ConnectionLimits) -> ConnectionBoard:
            boards.append(RemoteBoard(spawn(PROCESS, f"{folder}/connections", *words(limits)), limits))
            return boards[-1]

        def kill(board: ConnectionBoard) -> None:
            assert isinstance(board, RemoteBoard)
            end(board.process)
            boards.remove(board)
            # The survivors look for the dead at most once a second.
            time.sleep(1.1)

        try:
            yield BoardUnderTest(join, kill)
        finally:
            for board in boards:
                end(board.process)


@pytest.mark.parametrize("check", CONNECTION_BOARD_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[BoardMaker], None]) -> None:
    """Every contract check passes between processes, killed ones included."""
    check(make)


HAMMER = """
import sys
from pathlib import Path
from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionLimits
board = MmapConnectionBoard(Path(sys.argv[1]), ConnectionLimits(total=3, incoming=3, outgoing=2))
print("ready", flush=True)
sys.stdin.readline()
most_in = most_out = most = taken = 0
for _ in range(3000):
    for direction in ("in", "out"):
        if board.acquire(direction):
            counts = board.counts()
            most = max(most, counts.incoming + counts.outgoing)
            most_in, most_out = max(most_in, counts.incoming), max(most_out, counts.outgoing)
            taken += 1
            board.release(direction)
print(most, most_in, most_out, taken, flush=True)
sys.stdin.readline()
"""


def test_many_want_the_last_place(tmp_path: Path) -> None:
    """Under contention the limit is passed by fewer than there are processes, somebody always gets in, and all is given back."""
    path = tmp_path / "connections"
    processes = [spawn(HAMMER, str(path)) for _ in range(4)]
    watcher = MmapConnectionBoard(path, ConnectionLimits())
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            most, most_in, most_out, taken = map(int, process.stdout.readline().split())
            # The trial places of the others, which they are about to withdraw, are in these counts too.
            assert most <= 3 + len(processes) - 1
            assert most_in <= 3 + len(processes) - 1
            assert most_out <= 2 + len(processes) - 1
            assert taken > 0
        assert watcher.counts() == ConnectionCounts()
    finally:
        watcher.close()
        for process in processes:
            end(process)


FORKING = """
import os, sys
from pathlib import Path
from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionLimits
path = Path(sys.argv[1])
board = MmapConnectionBoard(path, ConnectionLimits())
board.acquire("in")
if os.fork() == 0:
    own = MmapConnectionBoard(path, ConnectionLimits())
    own.acquire("out")
    print("ready", flush=True)
    sys.stdin.readline()
    os._exit(0)
os.wait()
"""


def test_a_forked_child_does_not_keep_its_parents_place(tmp_path: Path) -> None:
    """A parent is killed while its child lives on: the parent's places are free, the child's are not."""
    path = tmp_path / "connections"
    parent = spawn(FORKING, str(path))
    watcher = MmapConnectionBoard(path, ConnectionLimits())
    try:
        assert watcher.counts() == ConnectionCounts(1, 1)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        assert watcher.give_back_dead()
        assert watcher.counts() == ConnectionCounts(0, 1)
        assert len(watcher.processes()) == 2
        assert os.getpid() in watcher.processes()
    finally:
        end(parent)
        watcher.close()
