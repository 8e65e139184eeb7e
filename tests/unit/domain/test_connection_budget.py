"""Room for connections, with the example of the documentation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.connection_budget import UNLIMITED, ConnectionCounts, ConnectionLimits, reserved, room_for, room_for_in, room_for_out

EXAMPLE = ConnectionLimits(total=100, incoming=50, outgoing=75)


@pytest.mark.parametrize(
    ("limits", "incoming", "outgoing", "room_in", "room_out"),
    [
        (EXAMPLE, 0, 0, 50, 75),
        (EXAMPLE, 0, 75, 25, 0),  # mostly sending: 25 places are reserved for clients
        (EXAMPLE, 25, 75, 0, 0),
        (EXAMPLE, 25, 74, 1, 1),
        (EXAMPLE, 40, 60, 0, 0),
        (EXAMPLE, 50, 40, 0, 10),  # sending slows down: clients up to 50, then their own limit holds
        (EXAMPLE, 50, 50, 0, 0),
        (ConnectionLimits(total=100), 0, 100, 0, 0),  # only the total: clients wait
        (ConnectionLimits(total=100), 100, 0, 0, 0),  # only the total: nothing can be sent
        (ConnectionLimits(total=100), 99, 0, 1, 1),
        (ConnectionLimits(incoming=50), 49, 10_000, 1, UNLIMITED - 10_049),
        (ConnectionLimits(outgoing=75), 10_000, 75, UNLIMITED - 10_075, 0),
        (ConnectionLimits(total=100, incoming=500, outgoing=500), 60, 30, 10, 10),
        (ConnectionLimits(total=1000, incoming=50, outgoing=75), 10, 10, 40, 65),
        (ConnectionLimits(total=10, incoming=5, outgoing=5), 50, 50, 0, 0),  # lowered by a reload
        (ConnectionLimits(total=0), 0, 0, 0, 0),
        (ConnectionLimits(), 3, 4, UNLIMITED - 7, UNLIMITED - 7),
    ],
)
def test_room(limits: ConnectionLimits, incoming: int, outgoing: int, room_in: int, room_out: int) -> None:
    """RS08: how many more connections fit in each direction."""
    counts = ConnectionCounts(incoming, outgoing)
    assert room_in == room_for_in(counts, limits) == room_for("in", counts, limits)
    assert room_out == room_for_out(counts, limits) == room_for("out", counts, limits)


@pytest.mark.parametrize(
    ("limits", "incoming", "outgoing"),
    [
        (EXAMPLE, 25, 50),
        (ConnectionLimits(total=100), 0, 0),
        (ConnectionLimits(total=100, incoming=60), 0, 40),
        (ConnectionLimits(total=100, outgoing=60), 40, 0),
        (ConnectionLimits(total=100, incoming=10, outgoing=20), 10, 20),
        (ConnectionLimits(incoming=50, outgoing=75), 50, 75),
        (ConnectionLimits(total=100, incoming=150, outgoing=150), 0, 0),
    ],
)
def test_reserved(limits: ConnectionLimits, incoming: int, outgoing: int) -> None:
    """What each side can always have; the document's example guarantees 25 clients."""
    assert ConnectionCounts(incoming, outgoing) == reserved(limits)


limit = st.integers(0, 200) | st.just(UNLIMITED)


@given(limit, limit, limit, st.lists(st.sampled_from(["in", "out"]), max_size=300))
def test_reserved_room_stays_reserved(total: int, incoming: int, outgoing: int, wishes: list[str]) -> None:
    """Whatever came before, no limit is passed and each side finds its reserved room free, less what it has."""
    limits, counts = ConnectionLimits(total, incoming, outgoing), ConnectionCounts()
    guaranteed = reserved(limits)
    for wish in wishes:
        if wish == "in" and room_for_in(counts, limits):
            counts = ConnectionCounts(counts.incoming + 1, counts.outgoing)
        elif wish == "out" and room_for_out(counts, limits):
            counts = ConnectionCounts(counts.incoming, counts.outgoing + 1)
        assert counts.incoming <= incoming
        assert counts.outgoing <= outgoing
        assert counts.incoming + counts.outgoing <= total
        assert room_for_in(counts, limits) >= guaranteed.incoming - counts.incoming
        assert room_for_out(counts, limits) >= guaranteed.outgoing - counts.outgoing


def test_negative_limit() -> None:
    """A negative limit is a mistake of the caller."""
    with pytest.raises(ValueError):
        ConnectionLimits(total=-1)
