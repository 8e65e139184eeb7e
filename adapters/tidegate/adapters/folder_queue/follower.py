"""Noticing documents that arrive, by looking at the folders again and again."""

import time
from collections.abc import Callable

import attrs

from tidegate.adapters.folder_queue.reader import Reader

SETTLED_NS = 2_000_000_000
"""A folder's time of change has the grain of the kernel's clock, some milliseconds: only an older one proves that nothing came since the
last look."""


@attrs.define
class Follower:
    """Tells which documents are new at each look. Holds the ids of all that stand in the queues: about 100 MB a million. Raises
    :class:`OSError`.

    Attributes:
        reader: of the directory.
        queues: which queues; all there are, later ones included, when None.
        clock_ns: the clock that files are dated by.
    """

    reader: Reader
    queues: tuple[str, ...] | None = None
    clock_ns: Callable[[], int] = time.time_ns
    _seen: dict[str, set[str]] = attrs.field(init=False, factory=dict)
    _changed_at: dict[str, int] = attrs.field(init=False, factory=dict)

    def look(self) -> list[tuple[str, str]]:
        """Queue and id of what came since the last look, oldest first in each queue; at the first look everything."""
        new: list[tuple[str, str]] = []
        for queue in self.queues if self.queues is not None else self.reader.queues():
            changed_at = self.reader.changed_at(queue)
            if changed_at == self._changed_at.get(queue) and self.clock_ns() - changed_at > SETTLED_NS:
                continue
            self._changed_at[queue] = changed_at
            seen = self._seen.get(queue, set())
            present = list(self.reader.message_ids(queue))
            new += [(queue, message_id) for message_id in present if message_id not in seen]
            self._seen[queue] = set(present)
        return new
