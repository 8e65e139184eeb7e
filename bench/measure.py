"""One measurement: a load against a running server, what it cost, and whether what it acknowledged arrived."""

import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from bench import process_tree, proof
from bench.broker import drain, wait_until_arrived
from bench.load import sessions, smtp_source
from bench.load.client import Client, ClientError
from bench.messages import awkward, plain, stuffed
from bench.samples import Metric, percentile
from bench.systems.system import Running, Sink
from bench.workloads import KIB, MIB, Kind, Workload

SETTLE_S = 0.05
"""Between the last 250 and the reading of the clocks: sessions are closed, nothing else is left to do."""
IDLE_SETTLE_S = 0.5
QUIET_SHARE = 0.02
"""Of one processor; timers and heartbeats stay below."""
QUIET_WAIT_S = 5.0
FOLDER_NEW = "new"
FOLDER_TAKEN = "taken"


class Payload:
    """The message of a workload, in the three forms in which it is needed."""

    def __init__(self, workload: Workload, folder: Path) -> None:
        message = plain(workload.size, workload.header_lines)
        self.wire = stuffed(message)
        self.digest = proof.digest(message)
        self.file = folder / f"payload-{workload.key}-{workload.size}-{workload.header_lines}"
        smtp_source.write_payload(self.file, message)


@attrs.frozen
class Cost:
    """What a block of work cost a server."""

    cpu_s: float
    peak_bytes: int


@contextmanager
def costs(running: Running) -> Iterator[list[Cost]]:
    """Measures the block; the list holds one :class:`Cost` after it."""
    found: list[Cost] = []
    _wait_quiet(running)
    process_tree.reset_peak(running.pid)
    cpu = process_tree.cpu_seconds(running.pid)
    yield found
    time.sleep(SETTLE_S)
    found.append(Cost(process_tree.cpu_seconds(running.pid) - cpu, process_tree.peak_bytes(running.pid)))


def _wait_quiet(running: Running) -> None:
    """Returns when the server has stopped working on what came before (closing connections, collecting garbage), or does not stop."""
    deadline = time.monotonic() + QUIET_WAIT_S
    before = process_tree.cpu_seconds(running.pid)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_S)
        now = process_tree.cpu_seconds(running.pid)
        if now - before < QUIET_SHARE * SETTLE_S:
            return
        before = now


def measure(running: Running, workload: Workload, payload: Payload) -> dict[Metric, float]:
    """Apply the load of one round to a server that is up.

    Raises:
        LoadError, ClientError, OSError: the server did not acknowledge everything.
    """
    if workload.kind is Kind.IDLE:
        return _measure_idle(running, workload)
    latencies: list[float] = []
    with costs(running) as found:
        began = time.perf_counter()
        if workload.kind is Kind.LOAD:
            smtp_source.run(
                running.port, payload.file, workload.messages, workload.sessions, workload.recipients, keep_alive=workload.keep_alive
            )
        elif workload.kind is Kind.TLS:
            sessions.starttls_sessions(running.port, payload.wire, workload.messages, workload.sessions)
        else:
            latencies = sessions.latencies_ms(running.port, payload.wire, workload.messages)
        seconds = time.perf_counter() - began
        if running.system.sink is Sink.QUEUE:
            # A document that was stored first and is sent on later costs that too.
            wait_until_arrived(running.site.broker_url, running.system.key, workload.messages * workload.recipients)
    cost = found[0]
    values = {
        Metric.CPU: cost.cpu_s * 1000 / workload.messages,
        Metric.RATE: workload.messages / seconds,
        Metric.PEAK: cost.peak_bytes / MIB,
    }
    if latencies:
        values |= {Metric.LATENCY: statistics.median(latencies), Metric.LATENCY_P99: percentile(latencies, 0.99)}
    return values


def _measure_idle(running: Running, workload: Workload) -> dict[Metric, float]:
    before = process_tree.resident_bytes(running.pid)
    with sessions.idle_connections(running.port, workload.messages):
        time.sleep(IDLE_SETTLE_S)
        after = process_tree.resident_bytes(running.pid)
    return {Metric.IDLE: (after - before) / workload.messages / KIB}


def collect(running: Running) -> proof.Arrivals | None:
    """Take out what the server stored; None of one that stores nothing.

    Files are emptied and moved aside, and removed with the folder of the run: ext4 without a journal, which some virtual machines have, passes
    over every inode that was deleted in the last minutes for each file it makes. Removing the documents of a round would make the next one
    up to nine times as expensive there.
    """
    if running.system.sink is Sink.QUEUE:
        return drain(running.site.broker_url, running.system.key)
    if running.system.sink is Sink.FOLDER:
        arrivals = proof.Arrivals()
        taken = running.site.folder / FOLDER_TAKEN
        taken.mkdir(exist_ok=True)
        for file in (running.site.folder / "queue" / running.system.key / FOLDER_NEW).glob("*.json"):
            arrivals.add(file.read_bytes())
            os.truncate(file, 0)
            file.rename(taken / file.name)
        return arrivals
    return None


def check_arrivals(running: Running, workload: Workload, payload: Payload) -> list[str]:
    """After :func:`measure`: what is wrong with the documents of the round, in words; empties the queue."""
    expected = Counter({payload.digest: workload.messages * workload.recipients})
    arrivals = collect(running)
    return [] if arrivals is None else proof.problems(expected, arrivals)


def check_awkward(running: Running) -> list[str]:
    """Send every awkward message; what was refused, lost or changed, in words."""
    found = []
    expected: Counter[str] = Counter()
    for message in awkward():
        try:
            with Client(running.port) as client:
                client.hello()
                client.send(stuffed(message), 1)
                client.quit()
            expected[proof.digest(message)] += 1
        except (ClientError, OSError) as error:
            found.append(f"refused a message ({error})")
    arrivals = collect(running)
    return found + (proof.problems(expected, arrivals) if arrivals is not None else [])
