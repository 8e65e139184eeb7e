"""Keeps accepting mail while the broker is away: documents go to a spool on this machine, and from there to the broker when it is back.

Each queue has a route of its own, because a broker may refuse one queue (full, deleted) and take the others. A route that fails is given up
for a while: its documents go to the spool at once instead of each waiting for a failure, until a document from the spool got through or,
after a growing pause, one new document was tried and taken.

Order. What is in the spool goes out oldest first, queue by queue. Mail that arrives when the broker is back does not queue up behind it: an
hour of backlog must not delay new mail by an hour. So a new document may overtake spooled ones; their ids and ``received`` dates tell.

Loss and duplicates. A document leaves the spool after the broker has confirmed it, not before; killed in between, the next process hands it
over again, with the same ``message-id``. At most :data:`tidegate.app.spool_drainer.WINDOW` documents are between confirm and
removal.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Self

import attrs

from tidegate.app.patience import Patience
from tidegate.app.pauses import LONGEST_S, Pauses
from tidegate.app.spool_drainer import SpoolDrainer
from tidegate.ports.errors import DocumentTooLarge, TemporaryFailure
from tidegate.ports.publisher import Publication, Publisher
from tidegate.ports.spool import Spool

log = logging.getLogger(__name__)

PATIENCE_S = 4.0
"""How long a new document waits for the broker before it goes to the spool. A client should have its 250 within five seconds, and the spool
answers in milliseconds. The broker may still take the document: then it arrives twice."""


@attrs.define(eq=False)
class SpoolingPublisher:
    """A :class:`tidegate.ports.publisher.Publisher` that falls back to a spool and drains it.

    Several processes may share a spool; each drains what it can get the right to. Draining runs between :meth:`open` and :meth:`close`; the
    primary and the spool are opened and closed by whoever made them.

    Attributes:
        primary: where documents belong.
        spool: where they wait.
        drainer: moves them; made from the two unless given.
        patience_s: seconds that a new document waits for the primary.
        routes: queues that are given up for now, and until when.
    """

    primary: Publisher
    spool: Spool
    drainer: SpoolDrainer = attrs.field(default=attrs.Factory(lambda self: SpoolDrainer(self.spool, self.primary), takes_self=True))
    patience_s: float = PATIENCE_S
    routes: Pauses = attrs.field(factory=Pauses)
    _patience: Patience = attrs.field(init=False, default=attrs.Factory(lambda self: Patience(self.patience_s), takes_self=True))

    def __attrs_post_init__(self) -> None:
        self.drainer.worked = self._worked

    async def open(self) -> None:
        """Start to drain."""
        await self.drainer.open()

    async def close(self) -> None:
        """Stop draining."""
        await self.drainer.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def max_document_bytes(self) -> int | None:
        """The smaller of both limits. Before the broker was reached only the spool's is known."""
        direct, spooled = self.primary.max_document_bytes, self.spool.max_document_bytes
        return direct if spooled is None else spooled if direct is None else min(direct, spooled)

    def accepting(self) -> bool:
        """Whether one of the two takes documents."""
        return self.primary.accepting() or self.spool.accepting()

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Return when every document is confirmed by the primary or durable in the spool; see the port."""
        limit = self.max_document_bytes
        if limit is not None:
            for publication in publications:
                if publication.size > limit:
                    raise DocumentTooLarge(f"document {publication.message_id} has {publication.size} bytes, at most {limit} are taken")
        direct, waiting = self._split(publications)
        if direct:
            queues = {publication.queue for publication in direct}
            failure = await self._try(direct)
            if failure is None:
                for queue in queues:
                    self._worked(queue)
            else:
                self._failed(queues, failure)
                waiting = [*waiting, *direct]
        if waiting:
            await self.spool.publish(waiting)
            self.drainer.wake()

    def _split(self, publications: Sequence[Publication]) -> tuple[Sequence[Publication], Sequence[Publication]]:
        """Which documents go to the primary now, and which to the spool."""
        # Whether the primary accepts is not asked: one that is away or blocked says so at once, and one whose throttle is full has a turn for
        # these documents soon, at a fraction of what a file costs.
        if not self.routes or not self.spool.accepting():
            return publications, ()
        longest = self.patience_s + LONGEST_S
        closed = {queue for queue in {publication.queue for publication in publications} if not self.routes.attempt(queue, longest)}
        return [item for item in publications if item.queue not in closed], [item for item in publications if item.queue in closed]

    async def _try(self, publications: Sequence[Publication]) -> TemporaryFailure | None:
        try:
            await self._patience.limit(self.primary.publish(publications))
        except TemporaryFailure as failure:
            return failure
        except TimeoutError:
            return TemporaryFailure(f"not confirmed within {self.patience_s:g} s")
        return None

    def _failed(self, queues: Iterable[str], failure: TemporaryFailure) -> None:
        for queue in queues:
            if self.routes.failed(queue):
                log.warning("documents for queue %r go to the spool: %s", queue, failure)

    def _worked(self, queue: str) -> None:
        if self.routes.worked(queue):
            log.info("documents for queue %r go to the broker again", queue)
