"""Identifiers: sortable, unique, monotonic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.message_id import ALPHABET, MessageIds, per_recipient

NODE = bytes(range(8))
NOW = 1_763_287_200_000


def test_form() -> None:
    """26 characters of the alphabet, time first."""
    text = MessageIds(NODE).next(NOW)
    assert len(text) == 26
    assert set(text) <= set(ALPHABET)
    assert text < MessageIds(b"\x00" * 8).next(NOW + 1)


def test_alphabet_sorts() -> None:
    """Text order is number order."""
    assert sorted(ALPHABET) == list(ALPHABET)
    assert len(set(ALPHABET)) == 32


@given(st.lists(st.integers(0, 2**50 - 1), min_size=2, max_size=50))
def test_monotonic_whatever_the_clock_does(moments: list[int]) -> None:
    """OP04: every identifier is greater than the one before, through steps back and standing still."""
    ids = MessageIds(NODE)
    made = [ids.next(moment) for moment in moments]
    assert made == sorted(set(made))


def test_counter_runs_over_into_the_next_millisecond() -> None:
    """More identifiers than the counter holds in one millisecond borrow from the next."""
    ids = MessageIds(NODE)
    made = [ids.next(NOW) for _ in range((1 << 20) + 2)]
    assert made[-3] < made[-2] < made[-1]
    assert len(set(made)) == len(made)
    assert made[-1] < MessageIds(NODE).next(NOW + 2)


def test_nodes_differ() -> None:
    """Two processes that start in the same millisecond differ; every used bit of the node counts."""
    texts = {MessageIds((1 << bit).to_bytes(8, "big")).next(NOW) for bit in range(60)}
    assert len(texts) == 60


@pytest.mark.parametrize("moment", [-1, 1 << 50])
def test_times_out_of_range(moment: int) -> None:
    """A time that the form cannot hold is an error, not a wrong order."""
    with pytest.raises(ValueError, match="no time in milliseconds"):
        MessageIds(NODE).next(moment)


def test_node_length() -> None:
    """A short node would not be unique."""
    with pytest.raises(ValueError, match="8 random bytes"):
        MessageIds(b"short")


def test_per_recipient() -> None:
    """One recipient has the transaction's identifier, several have numbered ones in order, within what a queue takes."""
    assert per_recipient("t", 1) == ("t",)
    assert per_recipient("t", 3) == ("t-1", "t-2", "t-3")
    many = per_recipient(MessageIds(NODE).next(NOW), 1000)
    assert many == tuple(sorted(set(many)))
    assert max(map(len, many)) <= 64
