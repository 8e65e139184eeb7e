"""The process-wide budget of message data in memory (``smtp-memory``)."""

import attrs


@attrs.define
class MemoryBudget:
    """Counts bytes of message data that sessions hold, from the first byte after 354 until the reply is given.

    A message that is being made durable needs about three times its size in all: the data, its JSON text and what the publisher writes. Used on
    one event loop only; nothing here is locked.
    """

    limit: int
    taken: int = 0

    def take_bytes(self, count: int) -> bool:
        """Reserve; False when the budget is spent, then nothing is reserved."""
        if self.taken + count > self.limit:
            return False
        self.taken += count
        return True

    def give_bytes(self, count: int) -> None:
        """Give back what was reserved."""
        self.taken -= count
