"""The process-wide budget of message data in memory (``smtp-memory``)."""

import logging
import time
from collections.abc import Callable

import attrs

TELL_INTERVAL_S = 60.0
"""Between two log lines that say that the budget is spent."""

_log = logging.getLogger("tidegate.reception")


@attrs.define
class MemoryBudget:
    """Counts bytes of message data that sessions hold, from the first byte after 354 until the reply is given.

    A message that is being made durable needs about three times its size in all: the data, its JSON text and what the publisher writes. Used on
    one event loop only; nothing here is locked.
    """

    limit: int
    taken: int = 0
    monotonic: Callable[[], float] = time.monotonic
    _told_at: float = attrs.field(default=float("-inf"), init=False)

    def has_room(self, count: int) -> bool:
        """Whether so much could be reserved now."""
        if self.taken + count > self.limit:
            self._tell(count)
            return False
        return True

    def take_bytes(self, count: int) -> bool:
        """Reserve; False when the budget is spent, then nothing is reserved."""
        if self.taken + count > self.limit:
            self._tell(count)
            return False
        self.taken += count
        return True

    def give_bytes(self, count: int) -> None:
        """Give back what was reserved."""
        self.taken -= count

    def _tell(self, count: int) -> None:
        """Clients read 452 and are not told why; whoever runs the server is."""
        now = self.monotonic()
        if now - self._told_at >= TELL_INTERVAL_S:
            self._told_at = now
            _log.warning("smtp-memory is spent, clients are answered 452", extra={"limit": self.limit, "taken": self.taken, "wanted": count})
