"""What the publisher wants to know of what passes on its connection."""

from typing import Protocol

from tidegate.adapters.amqp.lane import Lane


class Listener(Protocol):
    """Whom a tap tells what it sees; called from within the event loop's callbacks, so it must not block."""

    def on_answers(self) -> None:
        """Confirms have arrived and were settled: there may be room for more."""

    def on_blocked(self, reason: str) -> None:
        """The broker is short of memory or disk and reads no more from this connection."""

    def on_unblocked(self) -> None:
        """It reads again."""

    def on_writable(self) -> None:
        """The socket's buffer has drained."""

    def on_lane_closed(self, lane: Lane, reason: str) -> None:
        """The broker has closed a channel; the lane is already taken off, and what was on it has failed."""

    def on_disconnected(self, reason: str) -> None:
        """The socket is closed."""
