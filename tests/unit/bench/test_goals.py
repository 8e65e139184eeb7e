"""Goals and whether a run meets them."""

import pytest
from bench.goals import GOALS, Goal, judge
from bench.run import SYSTEMS
from bench.samples import Metric, Sample
from bench.workloads import WORKLOADS


@pytest.mark.parametrize(
    ("limit", "below", "word"),
    [
        (0.5, False, "met"),
        (0.5, True, "MISSED"),
        (0.49, False, "MISSED"),
        (0.51, True, "met"),
    ],
)
def test_limit_of_a_ratio(limit: float, below: bool, word: str) -> None:
    """A limit may be reached unless the goal says below."""
    samples = [Sample("us", "w", 0, {Metric.CPU: 1.0}), Sample("them", "w", 0, {Metric.CPU: 2.0})]
    [outcome] = judge([Goal("", "us", "w", Metric.CPU, limit, "them", below)], samples)
    assert word == outcome.word


def test_limit_of_a_value() -> None:
    """Without a peer the metric itself is judged, by its median."""
    samples = [Sample("us", "w", number, {Metric.IDLE: value}) for number, value in enumerate([1.0, 9.0, 2.0])]
    [outcome] = judge([Goal("", "us", "w", Metric.IDLE, 2.0)], samples)
    assert outcome.value is not None
    assert (outcome.value.median, outcome.met) == (2.0, True)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    """A peer that could not run on the machine is no failure and no success."""
    [outcome] = judge([Goal("", "us", "w", Metric.CPU, 1.0, "them")], [Sample("us", "w", 0, {Metric.CPU: 1.0})])
    assert (outcome.met, outcome.word) == (None, "not measured")


def test_goals_name_what_exists() -> None:
    """A misspelt key would never be measured, and nobody would notice."""
    systems = {system.key for system in SYSTEMS}
    workloads = {workload.key for workload in WORKLOADS}
    for goal in GOALS:
        assert {goal.system, goal.peer or goal.system} <= systems
        assert goal.workload in workloads
