"""The tables of a run, as Markdown that is also readable on a terminal."""

from collections.abc import Sequence

from bench.goals import GOALS, Outcome, judge
from bench.record import Record
from bench.samples import Metric, Spread, by_round, ratio, spread

TITLES = {
    Metric.CPU: "CPU per message, ms (user + system, whole process tree): median (lowest–highest round)",
    Metric.RATE: "Messages per second in the same rounds (with these few sessions; a measure of waiting as much as of work)",
    Metric.LATENCY: "From sending a message to its 250, ms, one session",
    Metric.LATENCY_P99: "The same, 99th percentile of a round",
    Metric.PEAK: "Largest resident memory, MiB",
    Metric.IDLE: "Memory of an idle connection, KiB",
}

PAIRS = (
    ("tidegate-discard", "smtp-sink"),
    ("tidegate-folder", "smtp-sink"),
    ("tidegate-rabbitmq", "node"),
    ("tidegate-rabbitmq", "haraka"),
    ("tidegate-rabbitmq", "aiosmtpd"),
)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An aligned Markdown table; the first column is text, the others are numbers."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join([first, *others]) + " |"

    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([line(head), rule, *map(line, rows)])


def number(value: float) -> str:
    """Three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.3f}"


def cell(value: Spread | None) -> str:
    """Median with the lowest and highest round."""
    return "–" if value is None else f"{number(value.median)} ({number(value.low)}–{number(value.high)})"


def metric_table(record: Record, metric: Metric) -> str:
    """Workloads down, systems across; empty when the run has no value of the metric."""
    spreads = {
        (system, workload): spread(list(by_round(record.samples, system, workload, metric).values()))
        for system in record.systems
        for workload in record.workloads
    }
    workloads = [workload for workload in record.workloads if any(spreads[system, workload] for system in record.systems)]
    systems = [system for system in record.systems if any(spreads[system, workload] for workload in workloads)]
    if not workloads:
        return ""
    head = ["", *(record.systems[system] for system in systems)]
    return table(head, [[record.workloads[workload], *(cell(spreads[system, workload]) for system in systems)] for workload in workloads])


def goal_table(outcomes: Sequence[Outcome]) -> str:
    """Each goal, what was measured, and the word on it."""
    rows = [
        [
            outcome.goal.title,
            ("< " if outcome.goal.below else "≤ ") + f"{outcome.goal.limit:g}",
            "–" if outcome.value is None else f"{outcome.value.median:.2f} ({outcome.value.low:.2f}–{outcome.value.high:.2f})",
            outcome.word,
        ]
        for outcome in outcomes
    ]
    return table(["goal", "limit", "measured", ""], rows)


def ratio_table(record: Record) -> str:
    """CPU ratios of Tidegate to a peer that keeps the same promise, for every workload that both were measured with."""
    pairs = [(ours, theirs) for ours, theirs in PAIRS if ours in record.systems and theirs in record.systems]
    rows = []
    for workload, title in record.workloads.items():
        cells = []
        for ours, theirs in pairs:
            value = ratio(by_round(record.samples, ours, workload, Metric.CPU), by_round(record.samples, theirs, workload, Metric.CPU))
            cells.append("–" if value is None else f"{value.median:.2f}")
        if any(text != "–" for text in cells):
            rows.append([title, *cells])
    return (
        table(["CPU per message, ours / theirs", *(f"{record.systems[ours]} / {record.systems[theirs]}" for ours, theirs in pairs)], rows)
        if rows
        else ""
    )


def origin(record: Record) -> str:
    """When, on what, with which versions."""
    facts = [f"{record.began}, `{record.command}`, {record.rounds} rounds", *(f"{name}: {text}" for name, text in record.machine.items())]
    facts += [f"{record.systems.get(key, key)}: {text}" for key, text in record.versions.items()]
    return "\n".join(f"- {fact}" for fact in facts)


def full(record: Record) -> str:
    """Everything of a run."""
    parts = ["### Goals", goal_table([outcome for outcome in judge(GOALS, record.samples) if outcome.value is not None])]
    ratios = ratio_table(record)
    parts += ["### Ratios", ratios] if ratios else []
    for metric, title in TITLES.items():
        body = metric_table(record, metric)
        if body:
            parts += [f"### {title}", body]
    parts += ["### Measured on", origin(record)]
    if record.skipped:
        parts += ["### Left out", "\n".join(f"- {line}" for line in record.skipped)]
    parts += ["### Arrival", arrival(record)]
    return "\n\n".join(parts) + "\n"


def arrival(record: Record) -> str:
    """Whether what was acknowledged arrived."""
    if not record.problems:
        return "Every acknowledged document arrived exactly once, and its message was the one sent, byte for byte, less the Received field."
    return "\n".join(f"- {line}" for line in record.problems)
