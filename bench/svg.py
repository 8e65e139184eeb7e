"""Plots as SVG text: panels of bars and panels of curves. Small enough to need no plotting library."""

import math
from collections.abc import Sequence
from html import escape

import attrs

COLOURS = ("#0b6e4f", "#2a9d8f", "#8ab17d", "#6c757d", "#e9a23b", "#c8553d", "#7b4b94")
FONT = "font-family='system-ui, sans-serif'"
PANEL_WIDTH, PADDING = 440, 16
BAR_HEIGHT, LABEL_WIDTH, VALUE_WIDTH = 20, 180, 90
CURVE_HEIGHT, AXIS = 230, 52


@attrs.frozen
class Bar:
    """One bar; ``low`` and ``high`` are drawn as a whisker."""

    label: str
    value: float
    low: float
    high: float
    colour: str


@attrs.frozen
class Curve:
    """A line through points (x, y), x and y positive."""

    label: str
    points: Sequence[tuple[float, float]]
    colour: str


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", weight: str = "normal", colour: str = "#222") -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' text-anchor='{anchor}' font-weight='{weight}' fill='{colour}'>"
        f"{escape(text)}</text>"
    )


def bar_panel(title: str, bars: Sequence[Bar]) -> tuple[str, float]:
    """Horizontal bars on a scale of their own; the drawing and its height."""
    largest = max(bar.high for bar in bars) or 1.0
    width = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH - 2 * PADDING
    parts = [_text(PADDING, 24, title, size=14, weight="600")]
    for number, bar in enumerate(bars):
        y = 36 + number * BAR_HEIGHT
        left, middle = PADDING + LABEL_WIDTH, y + BAR_HEIGHT / 2
        length, low, high = (width * value / largest for value in (bar.value, bar.low, bar.high))
        parts.append(_text(left - 6, middle + 4, bar.label, anchor="end"))
        parts.append(f"<rect x='{left}' y='{y + 3}' width='{max(length, 0.5):.1f}' height='{BAR_HEIGHT - 6}' fill='{bar.colour}'/>")
        parts.append(f"<path d='M{left + low:.1f} {middle:.1f}H{left + high:.1f}' stroke='#222' stroke-width='1'/>")
        parts.append(_text(left + max(length, high) + 6, middle + 4, f"{bar.value:.3g}"))
    return "".join(parts), 36 + len(bars) * BAR_HEIGHT + PADDING


def _decades(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def curve_panel(title: str, x_label: str, y_label: str, curves: Sequence[Curve]) -> tuple[str, float]:
    """Curves on logarithmic axes, whole decades; the drawing and its height."""
    xs = _decades(*_range([x for curve in curves for x, _ in curve.points]))
    ys = _decades(*_range([y for curve in curves for _, y in curve.points]))
    left, right, top, bottom = AXIS, PANEL_WIDTH - 2 * PADDING, 40, 40 + CURVE_HEIGHT - AXIS

    def place(value: float, ticks: Sequence[float], start: float, end: float) -> float:
        low, high = math.log10(ticks[0]), math.log10(ticks[-1])
        return start + (math.log10(value) - low) / ((high - low) or 1.0) * (end - start)

    parts = [_text(PADDING, 24, title, size=14, weight="600")]
    for tick in xs:
        x = place(tick, xs, left, right)
        parts.append(f"<path d='M{x:.1f} {top}V{bottom}' stroke='#ddd'/>" + _text(x, bottom + 16, f"{tick:g}", size=10, anchor="middle"))
    for tick in ys:
        y = place(tick, ys, bottom, top)
        parts.append(f"<path d='M{left} {y:.1f}H{right}' stroke='#ddd'/>" + _text(left - 5, y + 4, f"{tick:g}", size=10, anchor="end"))
    parts.append(_text((left + right) / 2, bottom + 32, f"{x_label} → {y_label}", size=11, anchor="middle", colour="#555"))
    for number, curve in enumerate(curves):
        points = [(place(x, xs, left, right), place(y, ys, bottom, top)) for x, y in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{curve.colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{curve.colour}'/>" for x, y in points]
        parts.append(_text(right - 4, top + 14 + 15 * number, curve.label, size=11, anchor="end", colour=curve.colour))
    return "".join(parts), 40 + CURVE_HEIGHT


def _range(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def page(panels: Sequence[tuple[str, float]], columns: int = 2) -> str:
    """Panels side by side, row after row, on a white ground."""
    parts: list[str] = []
    y = 0.0
    for start in range(0, len(panels), columns):
        row = panels[start : start + columns]
        parts += [f"<g transform='translate({column * PANEL_WIDTH} {y:.1f})'>{body}</g>" for column, (body, _) in enumerate(row)]
        y += max(height for _, height in row)
    width = columns * PANEL_WIDTH
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {y:.0f}' width='{width}' height='{y:.0f}'>"
        f"<rect width='100%' height='100%' fill='#fff'/>{''.join(parts)}</svg>\n"
    )
