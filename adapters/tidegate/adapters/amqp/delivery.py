"""What one call of ``publish`` waits for."""

import asyncio

import attrs

from tidegate.ports.errors import TemporaryFailure

Document = tuple[str, str, tuple[bytes, ...], int]
"""Queue, message id, body in parts, and its size: what the wire needs of a publication."""


@attrs.define(eq=False)
class Transaction:
    """The documents of one call.

    Attributes:
        outcome: result None when all are confirmed, or the first failure.
        unconfirmed: documents that are not confirmed yet.
        in_flight: documents that the broker has and has not answered.
        deadline: time of the event loop at which the call fails.
        expired: that time has come, or the broker was given up.
    """

    outcome: asyncio.Future[None]
    deadline: float
    unconfirmed: int
    in_flight: int = 0
    expired: bool = False

    def confirm_one(self) -> None:
        """One of its documents is durable."""
        self.unconfirmed -= 1
        if not self.unconfirmed and not self.outcome.done():
            self.outcome.set_result(None)

    def fail(self, reason: str) -> None:
        """One of its documents is not known to be durable: so is the call."""
        if not self.outcome.done():
            self.outcome.set_exception(TemporaryFailure(reason))


@attrs.define(eq=False)
class Delivery:
    """One document on its way to the broker.

    Attributes:
        returned: why the broker could not route it, from its Basic.Return on; the confirm that follows then means nothing.
        retried: it was sent once more after a return.
    """

    queue: str
    message_id: str
    parts: tuple[bytes, ...]
    size: int
    transaction: Transaction
    returned: str = ""
    retried: bool = False
