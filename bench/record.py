"""What a run leaves behind: a JSON file that holds every sample, from which every table and plot can be made again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import attrs

from bench.machine import describe
from bench.samples import Metric, Sample

FORMAT = 1


@attrs.frozen
class Record:
    """A whole run.

    Attributes:
        command: what makes such a record.
        systems: key → title, in the order of the tables.
        workloads: key → title, in the order of the tables.
        versions: key → software; ``broker`` names RabbitMQ.
        problems: what went wrong, in words; empty in a good run.
        skipped: what was left out and why.
    """

    command: str
    began: str
    rounds: int
    machine: dict[str, str]
    systems: dict[str, str]
    workloads: dict[str, str]
    versions: dict[str, str]
    samples: list[Sample]
    problems: list[str]
    skipped: list[str]

    def write(self, path: Path) -> None:
        """Write the JSON file, and its folder if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"format": FORMAT, **attrs.asdict(self)}, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> Record:
    """Read what :meth:`Record.write` wrote.

    Raises:
        ValueError: it is no such file.
    """
    fields = json.loads(path.read_text())
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
        raise ValueError(f"{path} is no record of this version of the benchmark")
    samples = [
        Sample(entry["system"], entry["workload"], entry["round"], {Metric(name): value for name, value in entry["values"].items()})
        for entry in fields.pop("samples")
    ]
    return Record(samples=samples, **fields)


def begin() -> tuple[str, dict[str, str]]:
    """The time of day and the machine, asked before the load changes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), describe()
