"""The process-wide budget of message data in memory (``smtp-memory``)."""

import logging
import time
from collections.abc import Callable

import attrs

from tidegate.app.logs.once_a_minute import OnceAMinute

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
    _spent: OnceAMinute = attrs.field(init=False, default=attrs.Factory(lambda self: OnceAMinute(self.monotonic), takes_self=True))

    def has_room(self, count: int) -> bool:
        """Whether so much could be reserved now; if not, the log is told."""
        if self.taken + count <= self.limit:
            return True
        if self._spent.due():
            _log.warning("smtp-memory is spent, clients are answered 452", extra={"limit": self.limit, "taken": self.taken, "wanted": count})
        return False

    def take_bytes(self, count: int) -> bool:
        """Reserve; False when the budget is spent, then nothing is reserved."""
        if not self.has_room(count):
            return False
        self.taken += count
        return True

    def give_bytes(self, count: int) -> None:
        """Give back what was reserved."""
        self.taken -= count
