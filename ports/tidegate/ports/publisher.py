"""Role: put documents durably on queues."""

from collections.abc import Sequence
from typing import Protocol

from tidegate.domain.value_object import value_object

QUEUE_NAME_MAX_BYTES = 255
"""Longest queue name in bytes of UTF-8: AMQP 0-9-1 (section 4.2.5.3, short strings) has one length byte for it."""


@value_object
class Publication:
    """One JSON document and where it goes.

    Attributes:
        queue: queue name (the routing key), 1 to :data:`QUEUE_NAME_MAX_BYTES` bytes of UTF-8.
        message_id: the document's ``message-id``; ``[0-9a-z-]``, at most 64 characters, unique for ever.
        parts: the UTF-8 JSON text in pieces. Recipients of one message share the large piece, so that 100 recipients of a 10 MB message cost
            10 MB and not 1 GB; a publisher joins them only when it writes.
    """

    queue: str
    message_id: str
    parts: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Length of the document in bytes."""
        return sum(map(len, self.parts))

    @property
    def body(self) -> bytes:
        """The whole document; a copy unless there is one part."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


class Publisher(Protocol):
    """Puts the documents of one transaction on their queues, durably.

    Implementations serve many concurrent calls of one event loop.
    """

    @property
    def max_document_bytes(self) -> int | None:
        """Largest document (bytes of JSON) that can be taken, or None for no limit of its own. May change over time; never blocks."""

    def accepting(self) -> bool:
        """Whether a publish started now has a chance: False while the broker blocks publishers, the throttle is full or disk space is short.

        Called for every transaction before its data is read; must not block and costs at most microseconds.
        """

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Make every document durable on its queue.

        Returns only when each document is on disk, or confirmed by a broker that has routed it to a queue. Documents with the same
        ``message_id`` may arrive twice after a failure, never with other content. Cancelling a call leaves each of its documents whole on its
        queue or absent, and no other call is disturbed.

        Args:
            publications: at least one; all documents of one transaction.

        Raises:
            TemporaryFailure: at least one document is not known to be durable. Others of the same call may be.
            DocumentTooLarge: at least one exceeds :attr:`max_document_bytes`; none was published.
            PermanentFailure: a queue name is one that no queue can have; none was published.
        """
