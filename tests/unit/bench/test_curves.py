"""Curves and their bends."""

import pytest
from bench.curves import BEND_LIMIT, CURVES, Curve, Point, bend, points
from bench.record import Record
from bench.samples import Metric, Sample


@pytest.mark.parametrize(
    ("costs", "grows", "bends"),
    [
        ({1: 0.3, 10: 0.3, 100: 0.31}, False, False),
        ({1: 0.3, 10: 0.1, 100: 0.2}, False, True),  # falls first, then doubles
        ({1: 1.1, 10: 2.0, 100: 11.0, 1000: 101.0}, True, False),  # a fixed cost and a constant one per unit
        ({1: 1.1, 10: 2.0, 100: 20.0, 1000: 1000.0}, True, True),  # quadratic in the end
        ({5: 1.0}, True, False),
        ({}, False, False),
    ],
)
def test_bend(costs: dict[int, float], grows: bool, bends: bool) -> None:
    """A fixed cost only bends a curve downwards; growth beyond proportion bends it upwards."""
    assert bends == (bend([Point(x, cost) for x, cost in costs.items()], grows=grows) > BEND_LIMIT)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.key)
def test_points_can_be_measured(curve: Curve) -> None:
    """Every point is a load with at least a message for each session, and x only grows."""
    assert list(curve.xs) == sorted(set(curve.xs))
    for x in curve.xs:
        load = curve.workload(x)
        assert load.messages >= min(load.sessions, 4)
        assert load.messages * load.recipients <= 10_000
        assert load.messages * load.size <= 300_000_000


def test_points_of_a_record() -> None:
    """Medians over the rounds, by growing x, of one system and one curve; a point that was cut short counts where it was measured."""
    samples = [
        Sample("us", "size 1024", 0, {Metric.CPU: 1.0}),
        Sample("us", "size 1024", 1, {Metric.CPU: 3.0}),
        Sample("us", "size 1024", 2, {Metric.CPU: 2.0}),
        Sample("us", "size 300", 0, {Metric.CPU: 0.5}),
        Sample("them", "size 1024", 0, {Metric.CPU: 9.0}),
        Sample("us", "idle 0", 0, {Metric.CPU: 9.0}),
    ]
    record = Record("", "", 3, {}, {}, {}, {}, samples, [], [])
    [curve] = [curve for curve in CURVES if curve.key == "size"]
    assert points(record, "us", curve) == [Point(300, 0.5), Point(1024, 2.0)]
