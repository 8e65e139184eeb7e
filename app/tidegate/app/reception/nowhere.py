"""The publisher of a gateway that has no queue: all mail is accepted and discarded."""

from collections.abc import Sequence

from tidegate.ports.errors import PermanentFailure
from tidegate.ports.publisher import Publication


class Nowhere:
    """Implements :class:`tidegate.ports.publisher.Publisher` where nothing is published: no disk and no broker has a say in what is taken."""

    max_document_bytes: int | None = None

    def accepting(self) -> bool:
        """Always."""
        return True

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Refused: a document that has no queue is not to be made."""
        raise PermanentFailure(f"no queue is configured, and {len(publications)} documents are to be published")
