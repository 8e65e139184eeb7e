"""Until when calls may wait, and when a broker that owes answers is given up."""

import asyncio
from collections.abc import Callable

from tidegate.adapters.amqp.delivery import Transaction
from tidegate.adapters.amqp.window import Window


class Deadlines:
    """The calls under way on one connection.

    A call that was cancelled, or has failed for one of its documents, stays here while the broker owes answers for the others: otherwise
    impatient callers would hide a broker that has stopped answering.

    Args:
        window: told when a call has expired.
        timeout_s: time to live of a call, and how much longer a broker may owe answers before it is given up.
        blocked: whether the broker has said that it reads nothing now; such a one is not given up.
        give_up: called when the connection is of no more use.
    """

    def __init__(self, window: Window, timeout_s: float, blocked: Callable[[], bool], give_up: Callable[[], None]) -> None:
        self._window, self._timeout_s, self._blocked, self._on_give_up = window, timeout_s, blocked, give_up
        self._loop = asyncio.get_running_loop()
        self._transactions: dict[Transaction, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._closed = False

    def begin(self, transaction: Transaction) -> None:
        """A call begins. One timer serves all: they have the same time to live, so the oldest is due first."""
        self._transactions[transaction] = None
        if self._timer is None:
            self._timer = self._loop.call_at(transaction.deadline, self._expire_due)

    def end(self, transaction: Transaction) -> None:
        """A call has ended, one way or another."""
        if not transaction.in_flight:
            self._transactions.pop(transaction, None)

    async def finish(self, timeout_s: float) -> None:
        """Wait until all calls have ended, or ``timeout_s`` has passed."""
        if self._transactions:
            await asyncio.wait([transaction.outcome for transaction in self._transactions], timeout=timeout_s)

    def expire_all(self, reason: str) -> None:
        """No call has a chance any more."""
        for transaction in list(self._transactions):
            self._window.expire(transaction, reason)
        self._be_patient()

    def close(self, reason: str) -> None:
        """The connection has ended: so have all calls."""
        self._closed = True
        for timer in (self._timer, self._patience):
            if timer is not None:
                timer.cancel()
        for transaction in list(self._transactions):
            transaction.fail(reason)

    def _expire_due(self) -> None:
        self._timer = None
        now = self._loop.time()
        for transaction in list(self._transactions):
            if transaction.deadline > now:
                self._timer = self._loop.call_at(transaction.deadline, self._expire_due)
                break
            self._transactions.pop(transaction)
            state = "confirmed" if transaction.in_flight else "took"
            self._window.expire(transaction, f"the broker {state} nothing within {self._timeout_s:g} s")
        self._be_patient()

    def _be_patient(self) -> None:
        if self._window.overdue and self._patience is None and not self._closed:
            self._patience = self._loop.call_later(self._timeout_s, self._give_up)

    def _give_up(self) -> None:
        self._patience = None
        if self._blocked():
            self._be_patient()
        elif self._window.overdue:
            self._on_give_up()
