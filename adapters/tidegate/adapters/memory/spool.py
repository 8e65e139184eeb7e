"""A spool in memory."""

from collections.abc import Sequence

import attrs

from tidegate.adapters.memory.publisher import MemoryPublisher
from tidegate.ports.publisher import Publication


@attrs.define
class MemorySpool(MemoryPublisher):
    """A :class:`tidegate.ports.spool.Spool` on top of the publisher in memory.

    Attributes:
        draining: queues that somebody drains; put a name in to be that somebody.
        aside: documents that were set aside, with the reason.
    """

    draining: set[str] = attrs.field(factory=set)
    aside: list[tuple[Publication, str]] = attrs.field(factory=list)

    async def backlog(self) -> Sequence[str]:
        """Queues that hold documents."""
        return [queue for queue, publications in self.queues.items() if publications]

    async def drain(self, queue: str) -> "MemoryDrain | None":
        """The sole right to a queue, or None."""
        if queue in self.draining:
            return None
        self.draining.add(queue)
        return MemoryDrain(self, queue)


@attrs.define
class MemoryDrain:
    """A :class:`tidegate.ports.spool.SpoolDrain`."""

    spool: MemorySpool
    queue: str
    offered: set[str] = attrs.field(factory=set)

    async def take(self, max_documents: int, max_bytes: int) -> Sequence[Publication]:
        """The next documents, lowest id first."""
        taken: list[Publication] = []
        nbytes = 0
        waiting = {item.message_id: item for item in self.spool.queues.get(self.queue, ()) if item.message_id not in self.offered}
        for message_id in sorted(waiting):
            if len(taken) == max_documents or nbytes > max_bytes:
                break
            taken.append(waiting[message_id])
            nbytes += waiting[message_id].size
            self.offered.add(message_id)
        return taken

    async def remove(self, publications: Sequence[Publication]) -> None:
        """Forget documents."""
        gone = {publication.message_id for publication in publications}
        kept = [item for item in self.spool.queues.get(self.queue, ()) if item.message_id not in gone]
        self.spool.queues[self.queue] = kept

    async def set_aside(self, publication: Publication, reason: str) -> None:
        """Move a document to :attr:`MemorySpool.aside`."""
        await self.remove([publication])
        self.spool.aside.append((publication, reason))

    async def close(self) -> None:
        """Give up the right."""
        self.spool.draining.discard(self.queue)
