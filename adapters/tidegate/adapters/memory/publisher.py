"""Queues in memory, with failures that a test can set."""

from collections.abc import Awaitable, Callable, Sequence

import attrs

from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, PortError
from tidegate.ports.publisher import QUEUE_NAME_MAX_BYTES, Publication


@attrs.define
class MemoryPublisher:
    """A :class:`tidegate.ports.publisher.Publisher` that keeps what it is given in lists.

    Attributes:
        queues: what was published, by queue name, in order.
        max_document_bytes: as in the port; change it at any time.
        available: what :meth:`accepting` answers.
        failure: raised by every ``publish`` while it is set; nothing is kept then.
        before_publish: awaited with the documents before they are kept; may wait (a slow broker) or raise (a failure of some).
        calls: the documents of every call, refused ones included.
    """

    queues: dict[str, list[Publication]] = attrs.field(factory=dict)
    max_document_bytes: int | None = None
    available: bool = True
    failure: PortError | None = None
    before_publish: Callable[[Sequence[Publication]], Awaitable[None]] | None = None
    calls: list[tuple[Publication, ...]] = attrs.field(factory=list)

    def accepting(self) -> bool:
        """What ``available`` says."""
        return self.available

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Keep the documents, or raise what was set."""
        self.calls.append(tuple(publications))
        limit = self.max_document_bytes
        for publication in publications:
            if not 0 < len(publication.queue.encode()) <= QUEUE_NAME_MAX_BYTES:
                raise PermanentFailure(f"no queue can have the name {publication.queue!r}")
            if limit is not None and publication.size > limit:
                raise DocumentTooLarge(f"{publication.message_id} has {publication.size} bytes, at most {limit} are taken")
        if self.before_publish is not None:
            await self.before_publish(publications)
        if self.failure is not None:
            raise self.failure
        for publication in publications:
            self.queues.setdefault(publication.queue, []).append(publication)

    def bodies(self, queue: str) -> list[bytes]:
        """The documents on a queue, in the order of their arrival."""
        return [publication.body for publication in self.queues.get(queue, ())]
