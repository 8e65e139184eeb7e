"""Tables, plots, records and the page they go into."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bench import docs, record, report
from bench.record import Record
from bench.samples import Metric, Sample, Spread


def a_record(problems: list[str] | None = None) -> Record:
    """A run of two systems, one of which was not measured with the second workload."""
    samples = [
        Sample("tidegate-discard", "w1", 0, {Metric.CPU: 0.1, Metric.RATE: 2000.0}),
        Sample("tidegate-discard", "w1", 1, {Metric.CPU: 0.3, Metric.RATE: 1000.0}),
        Sample("smtp-sink", "w1", 0, {Metric.CPU: 0.2, Metric.RATE: 4000.0}),
        Sample("smtp-sink", "w1", 1, {Metric.CPU: 0.2, Metric.RATE: 4000.0}),
        Sample("smtp-sink", "idle", 0, {Metric.IDLE: 12.0}),
    ]
    return Record(
        command="make bench",
        began="2026-01-01 00:00 UTC",
        rounds=2,
        machine={"processor": "one <of> them"},
        systems={"tidegate-discard": "Tidegate", "smtp-sink": "Sink & co"},
        workloads={"w1": "small", "idle": "idle"},
        versions={"broker": "RabbitMQ 1"},
        samples=samples,
        problems=problems or [],
        skipped=["Haraka: no Node"],
    )


def test_table_is_aligned_markdown() -> None:
    """Columns line up on a terminal, numbers to the right."""
    assert report.table(["", "a"], [["x", "10"], ["long", "2"]]).splitlines() == [
        "|      |  a |",
        "|------|---:|",
        "| x    | 10 |",
        "| long |  2 |",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.012"), (0.5, "0.500"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_number(value: float, text: str) -> None:
    """As many digits as say something."""
    assert text == report.number(value)


def test_cell() -> None:
    """Median and range; a dash for what was not measured."""
    assert report.cell(Spread(2.0, 1.0, 3.0)) == "2 (1–3)"
    assert report.cell(None) == "–"


def test_full_report() -> None:
    """Goals that the run can judge, ratios, every metric measured, machine, versions, what was left out, and the arrival."""
    text = report.full(a_record())
    assert "| 4 KB, one per connection, discarded, against smtp-sink | ≤ 1.3 | 1.00 (0.50–1.50) | met |" in " ".join(text.split("  ")).replace(
        "  ", " "
    )
    assert "against Node" not in text
    assert "Tidegate / Sink & co" in text
    assert "0.200 (0.100–0.300)" in text
    assert "RabbitMQ 1" in text
    assert "Haraka: no Node" in text
    assert "byte for byte" in text


def test_report_of_a_run_that_lost_something() -> None:
    """The claim gives way to what happened."""
    text = report.full(a_record(["node, w1: 3 documents acknowledged, 2 arrived"]))
    assert "byte for byte" not in text
    assert "- node, w1: 3 documents acknowledged, 2 arrived" in text


def test_record_is_read_as_written(tmp_path: Path) -> None:
    """Tables can be made again from the file alone."""
    file = tmp_path / "results" / "run.json"
    a_record().write(file)
    assert a_record() == record.read(file)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": 0}'])
def test_other_files_are_no_record(tmp_path: Path, text: str) -> None:
    """A file of something else, or of another format, is refused with a word."""
    file = tmp_path / "run.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="no record"):
        record.read(file)


def test_plot_is_well_formed() -> None:
    """One panel for each workload and metric that has bars; names are escaped."""
    drawing = ET.fromstring(docs.comparison_plot(a_record()))
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "small: CPU ms per message" in texts
    assert "idle: KiB per connection" in texts
    assert texts.count("Sink & co") == 2


def test_page_keeps_what_is_written_by_hand() -> None:
    """Only what stands between the markers is replaced, however often."""
    page = "intro\n<!-- x: made by the benchmark -->\nold\n<!-- end of x -->\noutro\n"
    once = docs.replace_between(page, "x", "new")
    assert once == "intro\n<!-- x: made by the benchmark -->\n\nnew\n\n<!-- end of x -->\noutro\n"
    assert once == docs.replace_between(once, "x", "new")


@pytest.mark.parametrize("page", ["", "<!-- end of x -->\n<!-- x: made by the benchmark -->"])
def test_page_without_markers(page: str) -> None:
    """Nothing is overwritten by guessing."""
    with pytest.raises(ValueError, match="not in the page"):
        docs.replace_between(page, "x", "new")


def test_the_page_has_its_markers() -> None:
    """docs/performance.md can take both kinds of results."""
    page = docs.PAGE.read_text()
    for name in ("comparison", "curves"):
        docs.replace_between(page, name, "")
