"""Blocking back ends on a bounded number of threads."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import attrs

from tidegate.ports.errors import TemporaryFailure

T = TypeVar("T")

NICENESS = 10
"""Added to the niceness of the threads, so that password hashes take the CPU that mail leaves (niceness belongs to a thread on Linux)."""


def _be_nice() -> None:
    with suppress(OSError):  # an operator's own limits; nothing depends on it
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)


@attrs.define(eq=False)
class BoundedThreads:
    """Runs blocking calls off the event loop: so many at a time, so many waiting, the rest refused at once.

    Attributes:
        name: of the threads.
        running: most calls at a time.
        waiting: most calls that wait for a thread.
        deadline_s: seconds for a call, with its time of waiting. A thread cannot be stopped: what runs in it has time limits of its own.
    """

    name: str
    running: int
    waiting: int
    deadline_s: float
    _taken: int = attrs.field(default=0, init=False)
    _executor: ThreadPoolExecutor | None = attrs.field(default=None, init=False)
    _closed: bool = attrs.field(default=False, init=False)

    async def run(self, function: Callable[[], T]) -> T:
        """The result of the function.

        Raises:
            TemporaryFailure: too many calls, or the deadline has passed.
        """
        if self._closed:
            raise TemporaryFailure("the back end is closed")
        if self._taken >= self.running + self.waiting:
            raise TemporaryFailure("too many logins at the same time")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.running, self.name, _be_nice)
        self._taken += 1
        future = self._executor.submit(function)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: self._give_back(loop))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.deadline_s)
        except TimeoutError:
            raise TemporaryFailure(f"no answer within {self.deadline_s:g} seconds") from None

    def close(self) -> None:
        """Take no more calls; those that run are not waited for."""
        self._closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _give_back(self, loop: asyncio.AbstractEventLoop) -> None:
        def less() -> None:
            self._taken -= 1

        with suppress(RuntimeError):  # the loop has ended, and with it the count
            loop.call_soon_threadsafe(less)
