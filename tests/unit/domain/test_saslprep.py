"""The examples of RFC 4013 section 3, and what must hold for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.saslprep import Prohibited, saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", Prohibited.CHARACTER),
        ("\u0627\u0031", Prohibited.DIRECTION),
        ("\u0627\u0628", "\u0627\u0628"),
        ("a\u00a0b", "a b"),
        ("a\u200bb", "ab"),
        ("\ue000", Prohibited.CHARACTER),
        ("\U0001f600", Prohibited.CHARACTER),  # unassigned in Unicode 3.2
    ],
)
def test_examples(text: str, prepared: str | Prohibited) -> None:
    """RFC 4013 section 3, and one text for each table that matters."""
    assert saslprep(text) == prepared


@given(st.text(max_size=50))
def test_total_and_stable(text: str) -> None:
    """Never raises, and what is prepared stays as it is."""
    prepared = saslprep(text)
    if isinstance(prepared, str) and prepared:
        assert saslprep(prepared) == prepared
