"""CPU time and memory of a server with all its processes, read from Linux's /proc.

CPU of a live process is its own clock (``clock_gettime`` on the process: nanoseconds, threads that ended included); children that have
been waited for are added from ``/proc/PID/stat`` (``cutime``, ``cstime``; proc(5)). The sum only grows while the tree lives, so the cost of a
load is the difference of two readings.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import attrs

PROC = Path("/proc")
KIB = 1024


@attrs.frozen
class ProcessStat:
    """What ``/proc/PID/stat`` says of one process; times in clock ticks."""

    pid: int
    parent: int
    own_ticks: int
    reaped_ticks: int


def parse_stat(text: str) -> ProcessStat:
    """Read one line of ``/proc/PID/stat``.

    The command name is in brackets and may hold anything, brackets and spaces too: fields are counted from the last ``)``.
    """
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    return ProcessStat(
        pid=int(head.split(" ", 1)[0]),
        parent=int(fields[1]),
        own_ticks=int(fields[11]) + int(fields[12]),
        reaped_ticks=int(fields[13]) + int(fields[14]),
    )


def family(processes: Iterable[ProcessStat], root: int) -> list[ProcessStat]:
    """``root`` and all its descendants among ``processes``, parents before children."""
    children: dict[int, list[ProcessStat]] = {}
    found: list[ProcessStat] = []
    for process in processes:
        children.setdefault(process.parent, []).append(process)
        if process.pid == root:
            found.append(process)
    for process in found:  # grows while it is walked
        found.extend(children.get(process.pid, ()))
    return found


def tree(root: int) -> list[ProcessStat]:
    """The live process tree below and including ``root``; empty when it has ended."""
    processes = []
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it ended while we looked
                processes.append(parse_stat((entry / "stat").read_text()))
    return family(processes, root)


def _clock_id(pid: int) -> int:
    """The clock of another process: what ``clock_getcpuclockid(3)`` computes on Linux (CPUCLOCK_SCHED)."""
    return (~pid << 3) | 2


def cpu_seconds(root: int) -> float:
    """CPU time (user and system) that the tree has used so far, in seconds."""
    ticks_per_second = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for process in tree(root):
        try:
            total += time.clock_gettime(_clock_id(process.pid))
        except OSError:  # it ended, or the kernel does not let us: ticks are coarser and always there
            total += process.own_ticks / ticks_per_second
        total += process.reaped_ticks / ticks_per_second
    return total


def parse_kib(text: str, field: str) -> int:
    """The value in bytes of a line ``field:  123 kB`` of a /proc file; 0 when there is none."""
    for line in text.splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * KIB
    return 0


def reset_peak(root: int) -> None:
    """Start the peak of every process of the tree anew at what it holds now (proc(5): 5 written to clear_refs)."""
    for process in tree(root):
        with suppress(OSError):
            (PROC / str(process.pid) / "clear_refs").write_text("5")


def _memory(root: int) -> Iterator[tuple[int, int, int]]:
    """Of every process of the tree: the peak and the present size of its resident set, and the latter with shared pages in proportion."""
    for process in tree(root):
        with suppress(OSError):
            folder = PROC / str(process.pid)
            status, rollup = (folder / "status").read_text(), (folder / "smaps_rollup").read_text()
            yield parse_kib(status, "VmHWM"), parse_kib(rollup, "Rss"), parse_kib(rollup, "Pss")


def peak_bytes(root: int) -> int:
    """The largest memory of the tree since :func:`reset_peak`.

    The sum of its processes' own peaks (VmHWM), less what they share with others now: a process that forks has its pages once, not twice.
    """
    return sum(peak - (resident - proportional) for peak, resident, proportional in _memory(root))


def resident_bytes(root: int) -> int:
    """Memory of the tree now, shared pages in proportion to those that share them (Pss)."""
    return sum(proportional for _, _, proportional in _memory(root))
