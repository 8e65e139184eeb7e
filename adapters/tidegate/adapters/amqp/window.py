"""How much may be under way: the throttle, and the documents that wait behind it."""

from collections import deque
from collections.abc import Callable

from tidegate.adapters.amqp.delivery import Delivery, Transaction
from tidegate.adapters.amqp.frames import Chunk
from tidegate.adapters.amqp.lane import Lane
from tidegate.adapters.amqp.outlet import GATHER_BYTES
from tidegate.adapters.amqp.settings import MEBIBYTE

LARGE_BYTES = MEBIBYTE
"""Documents from here on have a channel of their own: the broker answers one above its limit by closing the channel it came on."""


class Window:
    """Sends deliveries as long as the throttle has room, and frees the room when they are answered.

    Args:
        throttle: most deliveries in flight.
        throttle_bytes: most body bytes in flight; a larger document travels alone.
        write: sends chunks; told the size of their bodies, and whether nothing else is in flight, so that gathering more would only delay.
        writable: whether the socket's buffer has room.
        unroutable: takes a delivery that the broker has returned.
    """

    def __init__(
        self,
        throttle: int,
        throttle_bytes: int,
        write: Callable[[list[Chunk], int, bool], None],
        writable: Callable[[], bool],
        unroutable: Callable[[Delivery], None],
    ) -> None:
        self._throttle, self._throttle_bytes = throttle, throttle_bytes
        self._write, self._writable, self._unroutable = write, writable, unroutable
        self._waiting: deque[Delivery] = deque()
        self._count = self._bytes = 0
        self._overdue: set[Transaction] = set()
        self.small: Lane | None = None
        self.large: Lane | None = None

    @property
    def full(self) -> bool:
        """Whether a new delivery would have to wait."""
        return self._count >= self._throttle or self._bytes >= self._throttle_bytes or bool(self._waiting)

    @property
    def overdue(self) -> bool:
        """Whether the broker owes answers for calls whose deadline has passed: it does not keep up, or is frozen."""
        return bool(self._overdue)

    def submit(self, deliveries: list[Delivery]) -> None:
        """Take deliveries; those that find no room wait in order."""
        self._waiting.extend(deliveries)
        self.pump()

    def resubmit(self, delivery: Delivery) -> None:
        """Send one again, before those that wait."""
        self._waiting.appendleft(delivery)
        self.pump()

    def pump(self) -> None:
        """Send what there is room for."""
        waiting = self._waiting
        while waiting and self._writable():
            chunks: list[Chunk] = []
            batch, alone = 0, not self._count
            while waiting and batch < GATHER_BYTES:
                delivery = waiting[0]
                transaction = delivery.transaction
                if transaction.outcome.done():
                    waiting.popleft()  # expired, cancelled, or another document of it has failed: not sent, so no copy to no use
                    continue
                if self._count and (self._count >= self._throttle or self._bytes + delivery.size > self._throttle_bytes):
                    break
                waiting.popleft()
                lane = self.large if delivery.size >= LARGE_BYTES else self.small
                if lane is None:
                    transaction.fail("the broker has closed the channel")
                    continue
                self._count += 1
                self._bytes += delivery.size
                transaction.in_flight += 1
                lane.send(delivery, chunks)
                batch += delivery.size
            if not chunks:
                break
            self._write(chunks, batch, alone)

    def settle(self, delivery: Delivery, reason: str) -> None:
        """A delivery was answered: confirmed or returned (no reason), or refused or lost."""
        self._count -= 1
        self._bytes -= delivery.size
        transaction = delivery.transaction
        transaction.in_flight -= 1
        if transaction.expired and not transaction.in_flight:
            self._overdue.discard(transaction)
        if reason:
            transaction.fail(f"a document for {delivery.queue!r} was not confirmed: {reason}")
        elif delivery.returned:
            self._unroutable(delivery)
        else:
            transaction.confirm_one()

    def expire(self, transaction: Transaction, reason: str) -> None:
        """Its deadline has passed: fail the call. What is in flight stays counted until the broker answers it."""
        transaction.expired = True
        transaction.fail(reason)
        if transaction.in_flight:
            self._overdue.add(transaction)
        self._forget_done()

    def fail_waiting(self, reason: str) -> None:
        """Nothing more is sent: fail all that waits."""
        waiting, self._waiting = self._waiting, deque()
        for delivery in waiting:
            delivery.transaction.fail(reason)

    def _forget_done(self) -> None:
        # All calls have the same time to live, so the expired ones are at the front.
        while self._waiting and self._waiting[0].transaction.outcome.done():
            self._waiting.popleft()
