"""What Tidegate must reach, and whether a run shows it."""

from collections.abc import Sequence

import attrs

from bench.samples import Metric, Sample, Spread, by_round, ratio, spread


@attrs.frozen
class Goal:
    """A limit for one metric under one workload.

    Attributes:
        peer: the system whose value ours is divided by; None when ``limit`` is a value of the metric itself.
        below: the value must be smaller than the limit; otherwise it may equal it.
    """

    title: str
    system: str
    workload: str
    metric: Metric
    limit: float
    peer: str | None = None
    below: bool = False


@attrs.frozen
class Outcome:
    """A goal and what was measured; ``value`` is None when one side was not measured in this run."""

    goal: Goal
    value: Spread | None

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None when it was not measured."""
        if self.value is None:
            return None
        return self.value.median < self.goal.limit if self.goal.below else self.value.median <= self.goal.limit

    @property
    def word(self) -> str:
        """For the table."""
        return {True: "met", False: "MISSED", None: "not measured"}[self.met]


GOALS = (
    Goal("4 KB, one per connection, against Node", "tidegate-rabbitmq", "w1", Metric.CPU, 0.6, "node"),
    Goal("4 KB, keep-alive, against Node", "tidegate-rabbitmq", "w2", Metric.CPU, 1.0, "node"),
    Goal("100 KB, against Node", "tidegate-rabbitmq", "w3", Metric.CPU, 0.75, "node"),
    Goal("10 MB, against Node", "tidegate-rabbitmq", "m10", Metric.CPU, 0.5, "node"),
    Goal("STARTTLS session, against Node", "tidegate-rabbitmq", "tls", Metric.CPU, 0.7, "node"),
    Goal("4 KB, one per connection, discarded, against smtp-sink", "tidegate-discard", "w1", Metric.CPU, 1.3, "smtp-sink"),
    Goal("4 KB, keep-alive, discarded, against smtp-sink", "tidegate-discard", "w2", Metric.CPU, 1.3, "smtp-sink"),
    Goal("100 KB, discarded, against smtp-sink", "tidegate-discard", "w3", Metric.CPU, 1.0, "smtp-sink", below=True),
    Goal("100 recipients, against aiosmtpd + aio-pika", "tidegate-rabbitmq", "r100", Metric.CPU, 0.5, "aiosmtpd"),
    Goal("memory of an idle connection, KiB", "tidegate-rabbitmq", "idle", Metric.IDLE, 4.0),
    Goal("250 after the dot, one session, ms", "tidegate-rabbitmq", "latency", Metric.LATENCY, 1.5),
)


def judge(goals: Sequence[Goal], samples: Sequence[Sample]) -> list[Outcome]:
    """Each goal with what ``samples`` say of it."""
    outcomes = []
    for goal in goals:
        ours = by_round(samples, goal.system, goal.workload, goal.metric)
        theirs = by_round(samples, goal.peer, goal.workload, goal.metric) if goal.peer else {}
        value = ratio(ours, theirs) if goal.peer else spread(list(ours.values()))
        outcomes.append(Outcome(goal, value))
    return outcomes
