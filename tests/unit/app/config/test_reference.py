"""The pages and examples that go with the table."""

import re
from pathlib import Path

import pytest
from tests.unit.app.config.reading import loaded, warnings

from tidegate.app.config.reference import explain, page
from tidegate.app.config.table.key import Status
from tidegate.app.config.table.keys import KEYS

ROOT = Path(__file__).resolve().parents[4]


def test_page_is_up_to_date() -> None:
    """docs/config.md is what the table says: ``make docs`` makes it again."""
    assert (ROOT / "docs" / "config.md").read_text() == page()


def test_page_has_every_key() -> None:
    """Each key is a heading and a row of the overview, and every mark is closed."""
    text = page()
    for key in KEYS:
        assert f"### `{key.name}`\n" in text
        assert f"| [`{key.name}`](#{key.name}) |" in text
    assert text.count("`") % 2 == 0
    assert text.count("**") % 2 == 0


def test_explain() -> None:
    """One key for the terminal: no Markdown, no line too long to read."""
    for key in KEYS:
        text = explain(key)
        assert text.startswith(f"{key.name}\n")
        assert "`" not in text
        assert all(len(line) <= 100 or "://" in line or "{$" in line for line in text.splitlines())


def test_first_run_is_loopback_only() -> None:
    """What ``make run`` starts is of no danger: it listens on this machine for this machine, with state in the checkout."""
    settings = loaded("--config-file", "first-run.txt", files={"first-run.txt": (ROOT / "examples" / "first-run.txt").read_text()}).settings
    assert list(map(str, settings.smtp.ip)) == ["127.0.0.1"]
    assert settings.smtp.port == (2525,)
    assert str(settings.smtp.range) == "127.0.0.1;::1"
    assert settings.state.directory == Path("var")
    assert settings.queue.directory == Path("var/queue")


def test_full_example() -> None:
    """The full example can be used as it is and with every commented setting switched on, and shows each available key."""
    text = (ROOT / "examples" / "config.txt").read_text()
    everything = re.sub(r"(?m)^#(?=[a-z-]+: )", "", text)
    assert warnings("--config-file", "c", files={"c": text}) == []
    assert warnings("--config-file", "c", files={"c": everything}) == []
    shown = set(re.findall(r"(?m)^([a-z-]+):", everything))
    assert shown == {key.name for key in KEYS if key.status is Status.AVAILABLE}


@pytest.mark.parametrize("file", ["config.txt", "first-run.txt"])
def test_examples_end_with_a_line_end(file: str) -> None:
    """Lines added with ``echo >>`` become lines of their own."""
    assert (ROOT / "examples" / file).read_text().endswith("\n")
