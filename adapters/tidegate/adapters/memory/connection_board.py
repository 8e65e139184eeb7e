"""A board of connections for processes that are only imagined."""

import attrs

from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits, Direction, room_for


@attrs.define(eq=False)
class MemoryConnectionBoard:
    """Implements :class:`tidegate.ports.connection_board.ConnectionBoard` without shared memory.

    Boards that are given the same ``machine`` list count together, as processes of one machine do.
    """

    limits: ConnectionLimits = attrs.field(factory=ConnectionLimits)
    machine: "list[MemoryConnectionBoard]" = attrs.field(factory=list, repr=False)
    _taken: dict[Direction, int] = attrs.field(init=False, factory=lambda: {"in": 0, "out": 0})

    def __attrs_post_init__(self) -> None:
        self.machine.append(self)

    def acquire(self, direction: Direction) -> bool:
        """See the port."""
        if not room_for(direction, self.counts(), self.limits):
            return False
        self._taken[direction] += 1
        return True

    def release(self, direction: Direction) -> None:
        """See the port."""
        if not self._taken[direction]:
            raise ValueError(f"no connection in direction {direction!r} is held here")
        self._taken[direction] -= 1

    def counts(self) -> ConnectionCounts:
        """See the port."""
        return ConnectionCounts(sum(board._taken["in"] for board in self.machine), sum(board._taken["out"] for board in self.machine))

    def close(self) -> None:
        """See the port."""
        self._taken = {"in": 0, "out": 0}
