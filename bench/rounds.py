"""The order of a run: every system up, warmed up, then rounds in which each is measured once, in shuffled order."""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import attrs
from tqdm import tqdm

from bench.load.client import ClientError
from bench.load.smtp_source import LoadError
from bench.measure import Payload, check_arrivals, check_awkward, collect, measure
from bench.samples import Sample
from bench.systems.system import Running, Sink, Site, StartError, System, start
from bench.workloads import Kind, Workload

FAILURES = (LoadError, ClientError, StartError, OSError)  # TimeoutError is an OSError

WARM_UP_ROUNDS = 2
"""A just-in-time compiler (Node) is still at it in the second round."""


@attrs.define
class Results:
    """What a run found: samples, and in words what went wrong (``system, workload: what``)."""

    samples: list[Sample] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def note(self, system: System, workload: str, problems: Iterable[object]) -> None:
        """Keep what went wrong, once each."""
        for problem in problems:
            line = f"{system.key}, {workload}: {problem}"
            if line not in self.problems:
                self.problems.append(line)


@contextmanager
def started(system: System, site: Site) -> Iterator[Running]:
    """A running instance for the length of the block."""
    running = start(system, site)
    try:
        yield running
    finally:
        running.stop()


def fits(system: System, workload: Workload) -> bool:
    """Whether the system can be measured so: TLS needs TLS."""
    return system.tls or workload.kind is not Kind.TLS


def run_workload(workload: Workload, systems: Sequence[System], site: Site, rounds: int, results: Results) -> None:
    """Measure one workload on all systems that can do it; a system that fails is noted and left out from then on."""
    payload = Payload(workload, site.folder)
    order = random.Random(f"{workload.key}")
    wanted = [system for system in systems if fits(system, workload)]
    with ExitStack() as stack, tqdm(total=(rounds + 1) * len(wanted), desc=workload.title, unit="round", leave=False) as bar:
        up: list[tuple[System, Running | None]] = []
        for system in wanted:
            try:
                # Memory that connections once used stays with the process: each round of an idle workload needs a fresh one.
                running = None if workload.kind is Kind.IDLE else stack.enter_context(started(system, site))
                if running is not None:
                    _warm_up(running, workload, payload)
                up.append((system, running))
            except FAILURES as error:
                results.note(system, workload.key, [error])
            bar.update()
        for number in range(rounds):
            order.shuffle(up)
            for system, running in list(up):
                try:
                    _one_round(system, running, workload, payload, site, number, results)
                except FAILURES as error:
                    results.note(system, workload.key, [error])
                    up.remove((system, running))
                bar.update()


def _warm_up(running: Running, workload: Workload, payload: Payload) -> None:
    """Rounds that do not count: compilers have compiled, caches are warm, pools are filled, and the document of the start is gone."""
    for _ in range(WARM_UP_ROUNDS):
        measure(running, workload, payload)
        collect(running)


def _one_round(
    system: System, running: Running | None, workload: Workload, payload: Payload, site: Site, number: int, results: Results
) -> None:
    with ExitStack() as stack:
        if running is None:
            running = stack.enter_context(started(system, site))
        values = measure(running, workload, payload)
        results.samples.append(Sample(system.key, workload.key, number, values))
        if workload.kind is Kind.IDLE:
            collect(running)
        else:
            results.note(system, workload.key, check_arrivals(running, workload, payload))


def run_proof(systems: Sequence[System], site: Site, results: Results) -> None:
    """Send the awkward messages to every system that keeps what it takes, and note what comes back changed."""
    for system in systems:
        if system.sink is Sink.DISCARD:
            continue
        try:
            with started(system, site) as running:
                collect(running)
                results.note(system, "awkward messages", check_awkward(running))
        except FAILURES as error:
            results.note(system, "awkward messages", [error])
