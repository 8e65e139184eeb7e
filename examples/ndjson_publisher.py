"""The smallest real adapter: a publisher that appends documents to one file per queue, a line each, and fsyncs before it returns.

It shows what an adapter is: a class that plays a role of :mod:`tidegate.ports` and raises only its two families of failure.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from tidegate.ports.errors import DocumentTooLarge, PermanentFailure, TemporaryFailure
from tidegate.ports.publisher import Publication


@attrs.define(eq=False)
class NdjsonPublisher:
    """A :class:`tidegate.ports.publisher.Publisher` over ``<directory>/<queue>.ndjson``.

    Attributes:
        directory: exists and can be written to.
        max_document_bytes: as in the port.
    """

    directory: Path
    max_document_bytes: int | None = 16_000_000
    _lock: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)

    def accepting(self) -> bool:
        """Always: a full disk shows when it is written to."""
        return True

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Append and fsync, one call after the other; see the port."""
        for publication in publications:
            if not publication.queue or "/" in publication.queue or "\0" in publication.queue or len(publication.queue.encode()) > 240:
                raise PermanentFailure(f"no file can have the name of queue {publication.queue!r}")
            if self.max_document_bytes is not None and publication.size > self.max_document_bytes:
                raise DocumentTooLarge(f"{publication.message_id} has {publication.size} bytes")
        async with self._lock:
            await asyncio.to_thread(self._append, publications)

    def _append(self, publications: Sequence[Publication]) -> None:
        try:
            for publication in publications:
                with (self.directory / f"{publication.queue}.ndjson").open("ab") as file:
                    file.write(publication.body + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            descriptor = os.open(self.directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise TemporaryFailure(f"{self.directory}: {error.strerror}") from error
