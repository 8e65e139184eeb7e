"""What is read from /proc."""

import os
import subprocess
import sys
import time

import pytest
from bench.process_tree import ProcessStat, cpu_seconds, family, parse_kib, parse_stat, peak_bytes, resident_bytes, tree

LINE = "4242 (a ) b (c) S 17 4242 4242 0 -1 4194560 100 200 0 0 31 11 7 5 20 0 1 0 12345 1000 200"


def test_stat_is_counted_from_the_last_bracket() -> None:
    """A process may be called anything, brackets and spaces too."""
    assert parse_stat(LINE) == ProcessStat(pid=4242, parent=17, own_ticks=42, reaped_ticks=12)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (1, [1, 2, 3, 4]),
        (2, [2, 4]),
        (4, [4]),
        (9, []),
    ],
)
def test_family(root: int, expected: list[int]) -> None:
    """Descendants of any depth, in whatever order processes are listed; nobody else's."""
    parents = {4: 2, 3: 1, 2: 1, 1: 0, 5: 0}
    processes = [ProcessStat(pid, parent, 0, 0) for pid, parent in parents.items()]
    assert sorted(process.pid for process in family(processes, root)) == expected


def test_field_in_kib() -> None:
    """Values come in bytes; a field that is not there is 0, and a longer name is another field."""
    text = "VmPeak:\t  2000 kB\nVmHWM:\t  10 kB\n"
    assert parse_kib(text, "VmHWM") == 10 * 1024
    assert parse_kib(text, "Vm") == 0


def test_cpu_grows_with_work() -> None:
    """The CPU of this process is that of its own clock, and it grows by the work done."""
    before = cpu_seconds(os.getpid())
    own = time.process_time()
    while time.process_time() - own < 0.05:
        pass
    assert cpu_seconds(os.getpid()) - before >= 0.05


def test_cpu_of_children_that_were_waited_for() -> None:
    """A child's time is not lost when it has ended."""
    before = cpu_seconds(os.getpid())
    own = time.process_time()
    work = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    assert cpu_seconds(os.getpid()) - before - (time.process_time() - own) >= 0.15


def test_memory_of_this_process() -> None:
    """Peak and present memory are of the right size, and a process that is gone has none."""
    assert peak_bytes(os.getpid()) > 1 << 20
    assert resident_bytes(os.getpid()) > 1 << 20
    assert os.getpid() in [process.pid for process in tree(os.getpid())]
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert (tree(child.pid), cpu_seconds(child.pid), peak_bytes(child.pid)) == ([], 0.0, 0)
