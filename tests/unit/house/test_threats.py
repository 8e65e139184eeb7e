"""docs/threats.md names tests that are there."""

import pytest
from tests.threats import NOT_COVERED, PAGE, covering, filled, problems

TESTS = {"ZZ01": ["unit/test_a.py::test_one", "unit/test_a.py::test_two", "unit/test_b.py::test_three"]}


def test_the_page_is_true() -> None:
    """Every test that the page names exists and names the threat, and nothing is called uncovered that is not: ``make docs`` mends it."""
    tests = covering()
    page = PAGE.read_text()
    assert problems(page, tests) == []
    assert page.count("\n| ") > 140


@pytest.mark.parametrize(
    ("column", "complaint", "mended"),
    [
        ("`unit/test_b.py::test_three`", "", "`unit/test_b.py::test_three`"),
        (
            "`unit/test_b.py::test_gone`",
            "ZZ01: there is no test unit/test_b.py::test_gone that names it",
            "`unit/test_a.py::test_one`, `unit/test_a.py::test_two`",
        ),
        (NOT_COVERED, "ZZ01 is covered by unit/test_a.py::test_one", "`unit/test_a.py::test_one`, `unit/test_a.py::test_two`"),
        ("some day", "ZZ01: the column of its tests cannot be read: 'some day'", "`unit/test_a.py::test_one`, `unit/test_a.py::test_two`"),
        ("–", "", "–"),
    ],
)
def test_rows(column: str, complaint: str, mended: str) -> None:
    """What is wrong with a row is said, and mended; what is right stays."""
    page = f"| id | threat | tests |\n| ZZ01 | a | b | {column} |\n"
    assert problems(page, TESTS) == ([complaint] if complaint else [])
    assert filled(page, TESTS) == f"| id | threat | tests |\n| ZZ01 | a | b | {mended} |\n"
