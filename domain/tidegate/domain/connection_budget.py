"""How many connections may be open: ``smtp-connections``, ``smtp-connections-in`` and ``smtp-connections-out``.

Incoming and outgoing connections of one machine share ``total``. Each side also has a limit of its own, and what one side's limit leaves of
the total is the other side's reserved room: with 100 in total, at most 50 in and at most 75 out, 25 clients can always be connected and 50
messages can always be under way.
"""

import sys
from typing import Literal

import attrs

Direction = Literal["in", "out"]

UNLIMITED = sys.maxsize
"""A limit that no count reaches."""


@attrs.frozen
class ConnectionCounts:
    """Connections that are open now, over all processes; never negative."""

    incoming: int = 0
    outgoing: int = 0


@attrs.frozen
class ConnectionLimits:
    """The most connections that may be open, in total and per direction; not negative. Zero allows none."""

    total: int = attrs.field(default=UNLIMITED, validator=attrs.validators.ge(0))
    incoming: int = attrs.field(default=UNLIMITED, validator=attrs.validators.ge(0))
    outgoing: int = attrs.field(default=UNLIMITED, validator=attrs.validators.ge(0))


def room_for_in(counts: ConnectionCounts, limits: ConnectionLimits) -> int:
    """How many more clients may be accepted; 0 also when the counts are beyond the limits, as after a reload that lowered them."""
    return max(0, min(limits.incoming - counts.incoming, limits.total - counts.incoming - counts.outgoing))


def room_for_out(counts: ConnectionCounts, limits: ConnectionLimits) -> int:
    """How many more outgoing connections may be opened; 0 also when the counts are beyond the limits."""
    return max(0, min(limits.outgoing - counts.outgoing, limits.total - counts.incoming - counts.outgoing))


def room_for(direction: Direction, counts: ConnectionCounts, limits: ConnectionLimits) -> int:
    """:func:`room_for_in` or :func:`room_for_out`."""
    return room_for_in(counts, limits) if direction == "in" else room_for_out(counts, limits)


def reserved(limits: ConnectionLimits) -> ConnectionCounts:
    """How many connections each side can always have, whatever the other side does.

    Zero for a side means that the other can take every place: worth a warning when a total is set.
    """
    return ConnectionCounts(
        incoming=max(0, min(limits.incoming, limits.total - min(limits.outgoing, limits.total))),
        outgoing=max(0, min(limits.outgoing, limits.total - min(limits.incoming, limits.total))),
    )
