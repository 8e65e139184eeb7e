"""System calls per message, counted by strace: what a server asks of the kernel. No times: a traced process is many times slower."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import process_tree
from bench.load import smtp_source
from bench.measure import Payload, check_arrivals, collect, measure
from bench.report import table
from bench.rounds import FAILURES, Results, started
from bench.run import Impossible, available, say, site
from bench.systems.system import Running, System
from bench.workloads import KIB, Workload

LOADS = (
    Workload("connection", "4 KB, one per connection", 4 * KIB, 500, 20, keep_alive=False),
    Workload("keep-alive", "4 KB, keep-alive", 4 * KIB, 500, 20),
)
LEAST = 0.05
"""Calls seen less than once in twenty messages are timers and the like: they are summed up as others."""
ATTACH_S = 20.0


def parse_summary(text: str) -> dict[str, int]:
    """Calls by name, from what ``strace -c`` prints: a table whose fourth column counts and whose last one names."""
    counts = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[3].isdecimal() and fields[-1] != "total":
            counts[fields[-1]] = int(fields[3])
    return counts


@contextmanager
def _traced(running: Running, summary: Path) -> Iterator[None]:
    pids = [argument for process in process_tree.tree(running.pid) for argument in ("-p", str(process.pid))]
    said = summary.with_suffix(".err")
    with said.open("wb") as errors:
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", str(summary), *pids], stderr=errors, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + ATTACH_S
        while b"attached" not in said.read_bytes():
            if tracer.poll() is not None or time.monotonic() > deadline:
                raise Impossible(f"strace could not attach: {said.read_text().strip()}")
            time.sleep(0.1)
        yield
    finally:
        tracer.send_signal(signal.SIGINT)  # it detaches and writes its summary
        tracer.wait(ATTACH_S)


def count(running: Running, load: Workload, payload: Payload) -> dict[str, float]:
    """System calls of each kind per message.

    Raises:
        Impossible: strace may not attach.
    """
    measure(running, load, payload)
    collect(running)
    summary = running.site.folder / f"strace-{load.key}"
    with _traced(running, summary):
        smtp_source.run(running.port, payload.file, load.messages, load.sessions, keep_alive=load.keep_alive)
    counts = parse_summary(summary.read_text())
    return {name: calls / load.messages for name, calls in counts.items()}


def report(systems: Sequence[System]) -> str:
    """A table for each load: calls down, systems across.

    Raises:
        Impossible: strace is not installed or may not attach; see :func:`bench.run.site` for more.
    """
    if shutil.which("strace") is None:
        raise Impossible("strace is not installed (apt-get install strace, or make services)")
    there, skipped = available(systems)
    results = Results()
    parts = []
    with site() as (place, _):
        for load in LOADS:
            say(f"{load.title}…")
            found: dict[str, dict[str, float]] = {}
            for system in there:
                try:
                    with started(system, place) as running:
                        payload = Payload(load, place.folder)
                        found[system.title] = count(running, load, payload)
                        results.note(system, load.key, check_arrivals(running, load, payload))
                except FAILURES as error:
                    results.note(system, load.key, [error])
            parts += [f"### System calls per message: {load.title}", call_table(found)]
    return "\n\n".join([*parts, *skipped, *results.problems]) + "\n"


def call_table(found: dict[str, dict[str, float]]) -> str:
    """Calls that matter, the most frequent of the first system first, then the rest and the sum."""
    names = sorted({name for calls in found.values() for name, value in calls.items() if value >= LEAST})
    first = next(iter(found.values()), {})
    names.sort(key=lambda name: -first.get(name, 0.0))
    rows = [[name, *(f"{calls.get(name, 0.0):.2f}" for calls in found.values())] for name in names]
    rows.append(["others", *(f"{sum(value for name, value in calls.items() if name not in names):.2f}" for calls in found.values())])
    rows.append(["all", *(f"{sum(calls.values()):.2f}" for calls in found.values())])
    return table(["", *found], rows)
