"""The publishing side: a thin asynchronous front of :class:`tidegate.adapters.folder_queue.writer.Writer`.

One thread writes for all calls of the process. Whatever arrives while it waits for the disk becomes the next group, so that groups grow
with the load and a lone document waits for nobody. More threads write no faster per CPU second: measured with 4 KB documents, two threads
cost 10 to 25 % more CPU a document, four 15 to 45 %.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from errno import EDQUOT, ENOSPC
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

import attrs

from tidegate.adapters.folder_queue.capacity import Capacity
from tidegate.adapters.folder_queue.claim import remove_leftovers
from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.folders import QueueFolders
from tidegate.adapters.folder_queue.groups import Call, next_group
from tidegate.adapters.folder_queue.names import file_name, folder_name
from tidegate.adapters.folder_queue.writer import Failed, Writer
from tidegate.ports.errors import DocumentTooLarge, TemporaryFailure
from tidegate.ports.publisher import Publication

log = logging.getLogger(__name__)

STALL_S = 10.0
"""A group that takes longer than this means that the disk hangs: no new documents are accepted meanwhile."""

DEFAULT_MIN_FREE_BYTES = 64 << 20
"""Free space left for the rest of the system: logs, and room to work for whoever cleans up."""

DEFAULT_MAX_DOCUMENT_BYTES = 1 << 30
"""Far above what `smtp-maxsize` allows (100 MB of control characters make 600 MB of JSON), and a bound for readers."""


class _Request(Enum):
    CHECK = "look at the disk"
    STOP = "finish what is there and end"


@attrs.define(eq=False)
class FolderPublisher:
    """A :class:`tidegate.ports.publisher.Publisher` that puts each document into a file of its own.

    Nothing is opened before the first use; the thread is started by it, so that a process may fork before. The directory must exist and should
    be claimed (:func:`tidegate.adapters.folder_queue.claim.claim`) by this process or the one that it was forked from.

    Attributes:
        directory: the queue directory.
        max_bytes: most bytes of documents on disk, all queues and processes together; None for no limit.
        min_free_bytes: free disk space below which nothing is accepted.
        document_limit: largest document in bytes; also the bound for readers.
        report: called, in any thread, with a sentence for the operator's log.
        files: system calls.
        monotonic: clock in seconds.
    """

    directory: Path
    max_bytes: int | None = None
    min_free_bytes: int = DEFAULT_MIN_FREE_BYTES
    document_limit: int = DEFAULT_MAX_DOCUMENT_BYTES
    report: Callable[[str], None] = log.warning
    files: Files = attrs.field(factory=Files)
    monotonic: Callable[[], float] = time.monotonic
    capacity: Capacity = attrs.field(init=False)
    _pending_bytes: int = attrs.field(init=False, default=0)
    _thread: threading.Thread | None = attrs.field(init=False, default=None)
    _inbox: "SimpleQueue[Call | _Request]" = attrs.field(init=False, factory=SimpleQueue)
    _check_asked: bool = attrs.field(init=False, default=False)
    _busy_since: float | None = attrs.field(init=False, default=None)
    _closed: bool = attrs.field(init=False, default=False)
    _full: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self.capacity = Capacity(self.directory, self.max_bytes, self.min_free_bytes, self.monotonic)

    @property
    def max_document_bytes(self) -> int:
        """Largest document: what is configured, or all that the queue may hold."""
        return self.document_limit if self.max_bytes is None else min(self.document_limit, self.max_bytes)

    def accepting(self) -> bool:
        """Whether there is room, and the disk works."""
        if self._closed:
            return False
        self._start()
        self._keep_fresh()
        return self.capacity.refusal is None and not self._stalled()

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Return when every document is on disk; see the port."""
        limit, total = self.max_document_bytes, 0
        for publication in publications:
            folder_name(publication.queue)
            file_name(publication.message_id)
            size = publication.size
            if size > limit:
                raise DocumentTooLarge(f"document {publication.message_id} has {size} bytes, the folder queue takes {limit}")
            total += size
        if self._closed:
            raise TemporaryFailure(f"folder queue {self.directory}: closed")
        self._start()
        self._keep_fresh()
        refusal = self.capacity.refuses(self._pending_bytes + total)
        if refusal is not None:
            raise TemporaryFailure(f"folder queue {self.directory}: {refusal}")
        call = Call(publications, asyncio.get_running_loop().create_future())
        self._pending_bytes += total
        try:
            self._inbox.put(call)
            await call.future
        finally:
            self._pending_bytes -= total

    def _start(self) -> None:
        if self._thread is None:
            self.capacity.check()
            self._tell_of_room()
            self._thread = threading.Thread(target=self._run, name="folder-queue-writer", daemon=True)
            self._thread.start()

    def _tell_of_room(self) -> None:
        """Say once that nothing is accepted for want of room, and once that there is room again: clients are told neither why nor where."""
        if self.capacity.broken is not None:
            return
        refusal = self.capacity.refusal
        if refusal is not None and not self._full:
            self.report(f"folder queue {self.directory}: {refusal}; no documents are accepted until there is room")
        elif refusal is None and self._full:
            self.report(f"folder queue {self.directory}: there is room, documents are accepted again")
        self._full = refusal is not None

    def _keep_fresh(self) -> None:
        """Ask the writer's thread to look at the disk when the last look is old."""
        if not self._check_asked and self.capacity.stale:
            self._check_asked = True
            self._inbox.put(_Request.CHECK)

    def _stalled(self) -> bool:
        since = self._busy_since
        return since is not None and self.monotonic() - since > STALL_S

    async def open(self) -> None:
        """Look at the disk and start the thread. The first use does the same."""
        self._start()

    async def close(self) -> None:
        """Take no more documents, finish those that were handed in, end the thread. May be called twice."""
        self._closed = True
        if self._thread is not None:
            self._inbox.put(_Request.STOP)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        await asyncio.to_thread(self.capacity.close)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # From here on: the writer's thread.

    def _run(self) -> None:
        # Made here and not earlier: it carries the process id.
        writer = Writer(QueueFolders(self.directory, self.files), self.files)
        calls: deque[Call] = deque()
        stopping = False
        try:
            remove_leftovers(self.directory, self.files, spare_living=True)
        except OSError as error:
            self.report(f"folder queue {self.directory}: cannot remove unfinished files: {error.strerror}")
        while not stopping or calls:
            try:
                item = self._inbox.get(block=not calls and not stopping)
                while True:
                    if item is _Request.CHECK:
                        self._check(writer)
                    elif item is _Request.STOP:
                        stopping = True
                    elif isinstance(item, Call):
                        calls.append(item)
                    item = self._inbox.get_nowait()
            except Empty:
                pass
            if calls:
                self._busy_since = self.monotonic()
                self._settle(self._commit(writer, calls))
                self._busy_since = None
        writer.folders.close()

    def _check(self, writer: Writer) -> None:
        self._check_asked = False
        try:
            self.capacity.check()
            if self.capacity.broken is not None and writer.self_test() is None:
                self.capacity.passed()
                self.report(f"folder queue {self.directory}: the self-test passed, documents are accepted again")
            self._tell_of_room()
        except Exception:  # The thread outlives everything; what was known of the disk stays known.
            log.exception("looking at the disk of folder queue %s failed", self.directory)

    def _commit(self, writer: Writer, calls: "deque[Call]") -> list[Call]:
        """Commit one group of documents; the calls that are finished by it."""
        group, shares = next_group(calls)
        try:
            return self._commit_group(writer, group, shares, calls)
        except Exception as error:  # Whatever it is, every caller gets an answer and the thread lives on.
            log.exception("writing to folder queue %s failed", self.directory)
            for call, _ in shares:
                call.failure = TemporaryFailure(f"folder queue {self.directory}: a fault of this program: {error!r}")
            return [call for call, _ in shares if call not in calls]

    def _commit_group(
        self, writer: Writer, group: Sequence[Publication], shares: Sequence[tuple[Call, int]], calls: "deque[Call]"
    ) -> list[Call]:
        outcomes = writer.commit(group)
        self.capacity.wrote(sum(publication.size for publication in group))
        finished: list[Call] = []
        failures: list[Failed] = []
        position = 0
        for call, number in shares:
            failed = [outcome for outcome in outcomes[position : position + number] if outcome is not None]
            position += number
            if failed:
                # Its sender will repeat all of the transaction: take back what is on disk of it already.
                done = call.publications[: call.next]
                writer.withdraw(done)
                self.capacity.wrote(-sum(publication.size for publication in done))
                cause = failed[0].error
                call.failure = TemporaryFailure(f"folder queue {self.directory}: {cause.strerror or cause}")
                failures += failed
            elif call.next < len(call.publications):
                calls.append(call)
                continue
            finished.append(call)
        self._judge(failures)
        return finished

    def _judge(self, failures: Sequence[Failed]) -> None:
        """Note what failures mean for the queue."""
        for failure in failures:
            if failure.disk_in_doubt and self.capacity.broken is None:
                reason = f"an fsync failed ({failure.error.strerror}); nothing is accepted until a self-test passes"
                self.capacity.failed(reason)
                self.report(f"folder queue {self.directory}: {reason}")
            elif failure.error.errno in (ENOSPC, EDQUOT) and self.capacity.broken is None:
                self.capacity.full(f"the disk is full ({failure.error.strerror})")

    def _settle(self, finished: list[Call]) -> None:
        if finished:
            try:
                finished[0].future.get_loop().call_soon_threadsafe(_resolve, finished)
            except RuntimeError:  # The event loop has been closed: nobody waits any more.
                return


def _resolve(finished: list[Call]) -> None:
    """In the event loop: tell the callers."""
    for call in finished:
        if call.future.done():
            continue
        if call.failure is None:
            call.future.set_result(None)
        else:
            call.future.set_exception(call.failure)
