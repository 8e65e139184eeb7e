"""How the cost of a message grows with what a user may ask for: a curve each, and whether it bends upwards."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Never

import attrs
from tqdm import tqdm

from bench.limits import most_connections
from bench.load.sessions import idle_connections
from bench.measure import Payload, check_arrivals, collect, measure
from bench.messages import OWN_FIELDS
from bench.record import Record
from bench.report import arrival, number, origin, table
from bench.rounds import FAILURES, Results, started
from bench.run import measured, say
from bench.samples import Metric, Sample, by_round
from bench.systems.system import Running, Site, System
from bench.systems.tidegate import TIDEGATE_RABBITMQ
from bench.workloads import KIB, MIB, Workload

SYSTEMS = (TIDEGATE_RABBITMQ,)
ROUNDS = 3
BEND_LIMIT = 1.5
"""A unit that costs half as much again as it did earlier on the curve is a bend; less is noise, caches and buffers of the kernel."""


@attrs.frozen
class Curve:
    """One quantity that grows while the rest stays.

    Attributes:
        axis: what x counts, in the plural.
        grows: the cost of a message is expected to grow with x in proportion, so that the cost of a unit is judged; else it should stay level.
        base: the workload, which :func:`workload` changes.
    """

    key: str
    title: str
    axis: str
    xs: tuple[int, ...]
    grows: bool
    base: Workload
    least_x: int = 1

    def workload(self, x: int) -> Workload:
        """The load of one point."""
        return _WORKLOADS[self.key](self.base, x)


def _in_flight(base: Workload, x: int) -> Workload:
    return attrs.evolve(base, sessions=x, messages=max(1000, 3 * x))


def _size(base: Workload, x: int) -> Workload:
    return attrs.evolve(base, size=x, messages=max(4, min(1000, 40 * MIB // x)))


def _recipients(base: Workload, x: int) -> Workload:
    return attrs.evolve(base, recipients=x, messages=max(4, min(1000, 4000 // x)))


def _headers(base: Workload, x: int) -> Workload:
    return attrs.evolve(base, header_lines=x - OWN_FIELDS, messages=500)


def _idle(base: Workload, x: int) -> Workload:
    return base


_WORKLOADS = {"in-flight": _in_flight, "size": _size, "recipients": _recipients, "idle": _idle, "headers": _headers}
_BASE = Workload("", "", 4 * KIB, 1000, 10)
CURVES = (
    Curve("in-flight", "Messages in flight, 4 KB", "sessions", (1, 3, 10, 30, 100, 300, 1000), False, _BASE),
    Curve(
        "size",
        "Size",
        "bytes",
        (KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 50 * MIB),
        True,
        attrs.evolve(_BASE, sessions=4),
        KIB,
    ),
    Curve("recipients", "Recipients, 4 KB", "recipients", (1, 3, 10, 30, 100, 300, 1000), True, attrs.evolve(_BASE, sessions=4)),
    Curve("idle", "Idle connections beside the load, 4 KB", "connections", (0, 1000, 5000, 10_000, 20_000), False, _BASE, 100),
    Curve("headers", "Header fields, at least 4 KB", "header fields", (8, 30, 100, 300, 1000), True, _BASE),
)


@attrs.frozen
class Point:
    """CPU milliseconds of a message at x."""

    x: int
    cpu_ms: float


def bend(points: Sequence[Point], *, grows: bool) -> float:
    """The steepest rise: the largest cost of a unit, divided by the smallest at any smaller x. 1 or less: the curve never bends upwards.

    The unit is one of x where cost ``grows`` in proportion (a fixed cost per message only makes it fall), else the message.
    """
    units = [point.cpu_ms / point.x if grows else point.cpu_ms for point in points]
    return max((later / min(units[:place]) for place, later in enumerate(units) if place), default=1.0)


def points(record: Record, system: str, curve: Curve) -> list[Point]:
    """The medians of a record, by growing x."""
    found = []
    for x in sorted({_x_of(sample.workload) for sample in record.samples if sample.workload.startswith(curve.key + " ")}):
        values = by_round(record.samples, system, f"{curve.key} {x}", Metric.CPU)
        if values:
            found.append(Point(x, statistics.median(values.values())))
    return found


def _x_of(workload: str) -> int:
    return int(workload.rpartition(" ")[2])


def measure_curves(systems: Sequence[System], curves: Sequence[Curve], rounds: int) -> Record:
    """Measure every point ``rounds`` times, all points of a curve once in each round.

    Raises:
        Impossible: RabbitMQ or ``smtp-source`` is not installed.
    """

    def apply(there: Sequence[System], place: Site, results: Results) -> Sequence[str]:
        skipped = []
        for curve in curves:
            say(f"{curve.title}…")
            xs = tuple(min(x, most_connections()) for x in curve.xs) if curve.key == "idle" else curve.xs
            if xs != curve.xs:
                skipped.append(f"{curve.title}: the limit of open files ends the curve at {xs[-1]:,}")
            with ExitStack() as stack, tqdm(total=rounds * len(xs) * len(there), desc=curve.title, leave=False) as bar:
                for system in there:
                    try:
                        _measure_curve(stack.enter_context(started(system, place)), curve, xs, rounds, results, bar)
                    except FAILURES as error:
                        results.note(system, curve.key, [error])
        return skipped

    return measured(systems, {curve.key: curve.title for curve in curves}, rounds, "python -m bench curves", apply)


def _measure_curve(running: Running, curve: Curve, xs: Sequence[int], rounds: int, results: Results, bar: "tqdm[Never]") -> None:
    folder = running.site.folder
    loads = {x: (load := curve.workload(x), Payload(load, folder)) for x in xs}
    warm, payload = loads[xs[0]]
    measure(running, warm, payload)
    collect(running)
    for round_number in range(rounds):
        for x, (load, payload) in loads.items():
            with ExitStack() as stack:
                if curve.key == "idle":
                    stack.enter_context(idle_connections(running.port, x))
                values = measure(running, load, payload)
            results.samples.append(Sample(running.system.key, f"{curve.key} {x}", round_number, values))
            results.note(running.system, f"{curve.key} {x}", check_arrivals(running, load, payload))
            bar.update()


def report(record: Record) -> str:
    """A table for each curve, with its steepest rise."""
    parts = []
    for curve in CURVES:
        for system, name in record.systems.items():
            found = points(record, system, curve)
            if found:
                parts.append(f"### {curve.title}: {name}")
                head = [curve.axis, *(f"{point.x:,}" for point in found)]
                parts.append(table(head, [["CPU ms per message", *(number(point.cpu_ms) for point in found)]]))
                rise = bend(found, grows=curve.grows)
                unit = f"a {curve.axis.removesuffix('s')}" if curve.grows else "a message"
                parts.append(f"Steepest rise of the cost of {unit}: {rise:.2f} ({'no bend' if rise <= BEND_LIMIT else 'BENDS UPWARDS'}).")
    parts += ["### Curves measured on", origin(record)]
    parts += [f"- {line}" for line in record.skipped]
    return "\n\n".join([*parts, arrival(record)]) + "\n"
