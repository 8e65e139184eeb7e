"""The folder queue as a spool: documents come in by ``publish`` and go out by drains, with the file work in threads."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import attrs

from tidegate.adapters.folder_queue.drain import QueueDrain, open_drain
from tidegate.adapters.folder_queue.publisher import FolderPublisher
from tidegate.adapters.folder_queue.reader import Reader
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.publisher import Publication

P = ParamSpec("P")
R = TypeVar("R")


@attrs.define(eq=False)
class FolderSpool(FolderPublisher):
    """A :class:`tidegate.ports.spool.Spool` in a queue directory."""

    async def backlog(self) -> Sequence[str]:
        """Names of the queues that hold documents."""
        return await _in_thread(self._backlog)

    async def drain(self, queue: str) -> "FolderDrain | None":
        """The sole right to a queue, among all processes of the machine; None while another has it."""
        opening = asyncio.ensure_future(_in_thread(open_drain, self._reader(), queue, self.report))
        try:
            drain = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise
        return None if drain is None else FolderDrain(drain)

    def _backlog(self) -> Sequence[str]:
        reader = self._reader()
        return [queue for queue in reader.queues() if reader.holds_any(queue)]

    def _reader(self) -> Reader:
        return Reader(self.directory, self.document_limit, self.files)


@attrs.frozen(eq=False)
class FolderDrain:
    """A :class:`tidegate.ports.spool.SpoolDrain`."""

    _drain: QueueDrain

    async def take(self, max_documents: int, max_bytes: int) -> Sequence[Publication]:
        """The next documents, lowest id first."""
        return await _in_thread(self._drain.take, max_documents, max_bytes)

    async def remove(self, publications: Sequence[Publication]) -> None:
        """Remove the files of documents that were handed over."""
        await _in_thread(self._drain.remove, publications)

    async def set_aside(self, publication: Publication, reason: str) -> None:
        """Move a document's file to the queue's ``quarantine`` folder."""
        await _in_thread(self._drain.set_aside, publication.message_id, reason)

    async def close(self) -> None:
        """Give up the right."""
        await _in_thread(self._drain.close)


def _close_opened(opening: "asyncio.Future[QueueDrain | None]") -> None:
    """Whoever asked for this drain has gone: do not keep its lock."""
    if not opening.cancelled() and opening.exception() is None and (drain := opening.result()) is not None:
        drain.close()


async def _in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do file work without holding up the event loop; what the disk refuses is a temporary failure."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise TemporaryFailure(f"folder queue: {error.strerror or error}") from error
