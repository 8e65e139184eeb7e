"""Role: keep documents durably on this machine until they can go where they belong."""

from collections.abc import Sequence
from typing import Protocol

from tidegate.ports.publisher import Publication, Publisher


class SpoolDrain(Protocol):
    """The sole right to take documents off one queue of a spool. For one task."""

    async def take(self, max_documents: int, max_bytes: int) -> Sequence[Publication]:
        """The next documents, by ``message_id``, lowest (oldest) first; empty when there are none left.

        Nothing is removed: what is taken and neither removed nor set aside is offered again by the next drain. One drain offers each
        document once. A document that is damaged is set aside instead of being returned.

        Args:
            max_documents: at least 1.
            max_bytes: stop after the document that passes it.

        Raises:
            TemporaryFailure: the spool cannot be read now.
        """

    async def remove(self, publications: Sequence[Publication]) -> None:
        """Forget documents that were handed over.

        Raises:
            TemporaryFailure: at least one may still be there, and will be offered again.
        """

    async def set_aside(self, publication: Publication, reason: str) -> None:
        """Keep a document out of the way: it is not offered again, and a person can still read it.

        Raises:
            TemporaryFailure: it is still there.
        """

    async def close(self) -> None:
        """Give up the right."""


class Spool(Publisher, Protocol):
    """A publisher on this machine whose documents can be taken off again, by several processes in turn."""

    async def backlog(self) -> Sequence[str]:
        """Names of the queues that hold documents, in no order.

        Raises:
            TemporaryFailure: the spool cannot be read now.
        """

    async def drain(self, queue: str) -> SpoolDrain | None:
        """Begin to take documents off a queue; None while somebody else does.

        Raises:
            TemporaryFailure: the spool cannot be read now.
        """
