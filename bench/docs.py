"""Puts a run into docs/performance.md, between markers, with its plots beside it."""

from pathlib import Path

from bench import curves, report
from bench.record import Record
from bench.samples import Metric, by_round, spread
from bench.svg import COLOURS, Bar, Curve, bar_panel, curve_panel, page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
COMPARISON_PLOT = PAGE.with_name("performance-comparison.svg")
CURVES_PLOT = PAGE.with_name("performance-curves.svg")


def replace_between(text: str, name: str, body: str) -> str:
    """``text`` with what stands between the markers of ``name`` replaced.

    Raises:
        ValueError: a marker is missing, or they stand the wrong way round.
    """
    begin, end = f"<!-- {name}: made by the benchmark -->", f"<!-- end of {name} -->"
    start, stop = text.find(begin), text.find(end)
    if start < 0 or stop < start:
        raise ValueError(f"the lines {begin!r} and {end!r} are not in the page")
    return f"{text[: start + len(begin)]}\n\n{body.strip()}\n\n{text[stop:]}"


def colours(record: Record) -> dict[str, str]:
    """A colour for each system."""
    return {system: COLOURS[number % len(COLOURS)] for number, system in enumerate(record.systems)}


def comparison_plot(record: Record) -> str:
    """CPU per message, one panel for each workload, and the memory of idle connections."""
    colour = colours(record)
    panels = []
    for workload, title in record.workloads.items():
        for metric, unit in ((Metric.CPU, "CPU ms per message"), (Metric.IDLE, "KiB per connection")):
            bars = []
            for system, name in record.systems.items():
                found = spread(list(by_round(record.samples, system, workload, metric).values()))
                if found is not None:
                    bars.append(Bar(name, found.median, found.low, found.high, colour[system]))
            if bars:
                panels.append(bar_panel(f"{title}: {unit}", bars))
    return page(panels)


def curves_plot(record: Record) -> str:
    """One panel for each curve."""
    colour = colours(record)
    panels = []
    for curve in curves.CURVES:
        lines = [
            Curve(name, [(max(point.x, curve.least_x), point.cpu_ms) for point in points], colour[system])
            for system, name in record.systems.items()
            if (points := curves.points(record, system, curve))
        ]
        if lines:
            panels.append(curve_panel(curve.title, curve.axis, "CPU ms per message", lines))
    return page(panels)


def _write(plot: Path, drawing: str, name: str, body: str) -> list[Path]:
    plot.write_text(drawing)
    PAGE.write_text(replace_between(PAGE.read_text(), name, body))
    return [PAGE, plot]


def write_comparison(record: Record) -> list[Path]:
    """Write the comparison into the page; returns the files written."""
    body = f"![CPU per message of each server, by workload]({COMPARISON_PLOT.name})\n\n{report.full(record)}"
    return _write(COMPARISON_PLOT, comparison_plot(record), "comparison", body)


def write_curves(record: Record) -> list[Path]:
    """Write the curves into the page; returns the files written."""
    body = f"![How CPU per message grows]({CURVES_PLOT.name})\n\n{curves.report(record)}"
    return _write(CURVES_PLOT, curves_plot(record), "curves", body)
