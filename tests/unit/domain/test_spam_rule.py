"""Rules of spam scanners, as documents tell them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.json_value import stdlib_dumps
from tidegate.domain.spam_rule import MAX_DESCRIPTION_CHARS, SpamRule, by_weight, tidy


def test_entries() -> None:
    """A description is there when there is one."""
    assert SpamRule("A", 1.5, "b").entry() == {"name": "A", "score": 1.5, "description": "b"}
    assert SpamRule("A", 1.5).entry() == {"name": "A", "score": 1.5}


def test_order() -> None:
    """The greatest comes first; equal ones stay as they were."""
    a, b, c, d = (SpamRule(name, score) for name, score in (("A", 0.0), ("B", -1.0), ("C", 2.0), ("D", 0.0)))
    assert by_weight([a, b, c, d]) == (c, a, d, b)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" a \t\r\n b\u00a0c ", "a b c"),
        ("\x1b]0;x\x07 \x00", "\ufffd]0;x\ufffd \ufffd"),
        ("\ud800\u202e", "\ufffd\ufffd"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("é日", "é日"),
    ],
)
def test_descriptions(text: str, expected: str) -> None:
    """One line, printable, and of a length."""
    assert tidy(text) == expected


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=400))
def test_every_description_can_be_shown(text: str) -> None:
    """Whatever a scanner says is printable, bounded and JSON afterwards."""
    shown = tidy(text)
    assert shown.isprintable()
    assert len(shown) <= MAX_DESCRIPTION_CHARS
    assert json.loads(stdlib_dumps(SpamRule("A", 0.0, shown).entry()))["name"] == "A"
    assert tidy(shown) == shown
