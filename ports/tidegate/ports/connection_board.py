"""Role: count the open connections of all processes of a machine against their common limits."""

from typing import Protocol

from tidegate.domain.connection_budget import ConnectionCounts, ConnectionLimits, Direction


class ConnectionBoard(Protocol):
    """One process's place on the board. Used by one thread; no call blocks or waits for another process, each costs microseconds."""

    limits: ConnectionLimits
    """Limits that this process keeps to; may be replaced at any time. All processes of a machine should be given the same."""

    def acquire(self, direction: Direction) -> bool:
        """Take one place, if there is room (:mod:`tidegate.domain.connection_budget`); True when it was taken.

        Taken before the connection is accepted or opened. Processes that ask for the last place at the same instant may all be refused, so a
        refused caller that has somebody waiting asks again within a tenth of a second. They may also all be let in: the limit is passed by
        fewer than there are processes, never by more.
        """

    def release(self, direction: Direction) -> None:
        """Give one place back.

        Raises:
            ValueError: this process holds none in this direction.
        """

    def counts(self) -> ConnectionCounts:
        """Places that are taken now, by all processes. Those of a process that died are counted until somebody is refused for want of room."""

    def close(self) -> None:
        """Give back all places of this process, which takes part no longer. Can be called twice; nothing else may be called afterwards."""
