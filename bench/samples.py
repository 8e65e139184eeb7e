"""The arithmetic of a run: samples, their medians, and ratios of two systems."""

import statistics
from collections.abc import Iterable, Sequence
from enum import StrEnum

import attrs


class Metric(StrEnum):
    """What is measured; the value names it in the raw results."""

    CPU = "cpu_ms"
    """CPU milliseconds (user and system) of the server's process tree per message."""
    RATE = "messages_per_s"
    LATENCY = "latency_ms"
    """Median time of one round from sending the last byte of a message to its 250, milliseconds."""
    LATENCY_P99 = "latency_p99_ms"
    PEAK = "peak_mib"
    """Largest resident memory of the process tree, MiB."""
    IDLE = "idle_kib"
    """Memory of one idle connection, KiB."""


@attrs.frozen
class Sample:
    """One system under one workload in one round."""

    system: str
    workload: str
    round: int
    values: dict[Metric, float]


@attrs.frozen
class Spread:
    """Median, smallest and largest value of a metric over the rounds."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of ``values``, or None of nothing."""
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values))


def by_round(samples: Iterable[Sample], system: str, workload: str, metric: Metric) -> dict[int, float]:
    """The values of one metric of one system under one workload, by round."""
    return {
        sample.round: sample.values[metric]
        for sample in samples
        if sample.system == system and sample.workload == workload and metric in sample.values
    }


def ratio(ours: dict[int, float], theirs: dict[int, float]) -> Spread | None:
    """How ours compares to theirs: the ratio of the two medians; low and high are the ratios of single rounds.

    A round measures both within seconds of each other, so what the machine did meanwhile struck both. None when there is no common round or
    theirs is zero.
    """
    common = ours.keys() & theirs.keys()
    if not common or any(theirs[number] <= 0 for number in common):
        return None
    single = [ours[number] / theirs[number] for number in common]
    medians = statistics.median(ours[number] for number in common) / statistics.median(theirs[number] for number in common)
    return Spread(medians, min(single), max(single))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0…1) of ``values`` do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]
