"""What counting a connection over all processes costs: the board in shared memory against a lock that all processes share.

Run: ``python -m bench.connection_board``. The peer is what Python offers for the purpose, two integers under one ``multiprocessing`` lock. It
is measured without contention, at its best; a process that dies while it holds that lock stops all others, which is why it is not used.
"""

import multiprocessing
from ctypes import c_int64
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from tidegate.adapters.shared_counters import MmapConnectionBoard
from tidegate.domain.connection_budget import ConnectionLimits

CONNECTIONS = 20_000  # per round: taken and given back
ROUNDS = 5
LIMITS = ConnectionLimits(total=100, incoming=50, outgoing=75)


def main() -> None:
    """Measure and print."""
    incoming: Synchronized[int] = multiprocessing.Value(c_int64, 0)
    outgoing: Synchronized[int] = multiprocessing.Value(c_int64, 0)
    with TemporaryDirectory() as folder:
        board = MmapConnectionBoard(Path(folder) / "connections", LIMITS)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_on_board(board))
            theirs.append(_under_lock(incoming, outgoing))
        board.close()
    ours_us, theirs_us = median(ours) * 1e6, median(theirs) * 1e6
    print(f"one connection taken and given back: {ours_us:.1f} µs on the board, {theirs_us:.1f} µs under a shared lock")
    print(f"board / lock: {ours_us / theirs_us:.2f}")


def _on_board(board: MmapConnectionBoard) -> float:
    started = perf_counter()
    for _ in range(CONNECTIONS):
        board.acquire("in")
        board.release("in")
    return (perf_counter() - started) / CONNECTIONS


def _under_lock(incoming: "Synchronized[int]", outgoing: "Synchronized[int]") -> float:
    lock = incoming.get_lock()
    started = perf_counter()
    for _ in range(CONNECTIONS):
        with lock:
            if incoming.value < LIMITS.incoming and incoming.value + outgoing.value < LIMITS.total:
                incoming.value += 1
        with lock:
            incoming.value -= 1
    return (perf_counter() - started) / CONNECTIONS


if __name__ == "__main__":
    main()
