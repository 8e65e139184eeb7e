"""A time limit for many calls under way, all of the same length, with one timer for all of them.

``asyncio.timeout`` arms and disarms a timer for each; calls that nearly always end in time pay 3 % of a message's whole cost for that.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import attrs

Result = TypeVar("Result")


@attrs.define(eq=False)
class _Wait:
    task: asyncio.Task[object]
    deadline: float
    cancellations: int
    expired: bool = False


class Patience:
    """How long each of many awaitables of one event loop may take.

    Args:
        seconds: the limit.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waits: dict[_Wait, None] = {}  # in the order of their deadlines
        self._timer: asyncio.TimerHandle | None = None

    async def limit(self, awaitable: Awaitable[Result]) -> Result:
        """Wait for the result. To be called in a task.

        Raises:
            TimeoutError: it took longer; the awaitable was cancelled.
        """
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("Patience.limit is called outside a task")
        wait = _Wait(task, self._loop.time() + self._seconds, task.cancelling())
        self._waits[wait] = None
        if self._timer is None:
            self._timer = self._loop.call_at(wait.deadline, self._expire, self._loop)
        try:
            return await awaitable
        except asyncio.CancelledError:
            # As asyncio.timeout does: somebody else may have cancelled the task in the same turn, and that must not be swallowed.
            if wait.expired and task.uncancel() <= wait.cancellations:
                raise TimeoutError(f"not within {self._seconds:g} s") from None
            raise
        finally:
            del self._waits[wait]

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for wait in self._waits:
            if wait.expired:
                continue
            if wait.deadline > now:
                self._timer = loop.call_at(wait.deadline, self._expire, loop)
                break
            wait.expired = True
            wait.task.cancel()
