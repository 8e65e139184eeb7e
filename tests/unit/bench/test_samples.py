"""Medians and ratios."""

import pytest
from bench.samples import Metric, Sample, Spread, by_round, percentile, ratio, spread


def test_spread() -> None:
    """Median, lowest, highest; nothing of nothing."""
    assert spread([5.0, 1.0, 3.0]) == Spread(3.0, 1.0, 5.0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)
    assert spread([]) is None


def test_by_round_takes_one_system_one_workload_one_metric() -> None:
    """Other samples, and samples without the metric, do not come in."""
    samples = [
        Sample("a", "w1", 0, {Metric.CPU: 1.0}),
        Sample("a", "w1", 1, {Metric.CPU: 2.0, Metric.RATE: 9.0}),
        Sample("a", "w1", 2, {Metric.RATE: 9.0}),
        Sample("a", "w2", 0, {Metric.CPU: 7.0}),
        Sample("b", "w1", 0, {Metric.CPU: 8.0}),
    ]
    assert by_round(samples, "a", "w1", Metric.CPU) == {0: 1.0, 1: 2.0}


def test_ratio_is_of_medians_and_its_range_of_rounds() -> None:
    """A slow round that struck both leaves the ratio of that round what it was."""
    assert ratio({0: 1.0, 1: 10.0, 2: 2.0}, {0: 2.0, 1: 20.0, 2: 4.0}) == Spread(0.5, 0.5, 0.5)
    assert ratio({0: 1.0, 1: 3.0}, {0: 2.0, 1: 2.0}) == Spread(1.0, 0.5, 1.5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {0: 1.0}),
        ({0: 1.0}, {1: 1.0}),  # no round in common
        ({0: 1.0}, {0: 0.0}),
    ],
)
def test_no_ratio(ours: dict[int, float], theirs: dict[int, float]) -> None:
    """What cannot be compared is not compared."""
    assert ratio(ours, theirs) is None


def test_ratio_uses_common_rounds_only() -> None:
    """A round in which one side failed says nothing about the other."""
    assert ratio({0: 1.0, 1: 100.0}, {0: 2.0}) == Spread(0.5, 0.5, 0.5)


@pytest.mark.parametrize(("share", "expected"), [(0.99, 99.0), (0.5, 50.0), (0.0, 1.0), (1.0, 100.0)])
def test_percentile(share: float, expected: float) -> None:
    """Nearest rank: a value that was measured, not one between two."""
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected
    assert percentile([7.0], share) == 7.0
