"""Watches the sockets of all clients without TLS, behind one entry of the event loop.

An event loop makes objects of its own for each descriptor that it watches, and uvloop asks the kernel six times for each (three of them fail by
design of libuv); here it is one dictionary entry and twice. What became readable is handled in one go, each handler called from Python. A
connection with one message costs a tenth less CPU.
"""

import asyncio
import select
from collections.abc import Callable

from tidegate.adapters.smtp.outbox import Outbox


class Poller:
    """For one event loop. Replies that are put into the outbox while handlers run leave when all of them have.

    Args:
        loop: the running loop.
        outbox: of that loop.
    """

    __slots__ = ("_epoll", "_loop", "_outbox", "_readers")

    def __init__(self, loop: asyncio.AbstractEventLoop, outbox: Outbox) -> None:
        self._loop = loop
        self._outbox = outbox
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        loop.add_reader(self._epoll.fileno(), self._turn)

    def add_reader(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Call ``ready`` when there is something to read or to accept, or the connection has ended; it may find nothing all the same. What it
        raises goes to the loop's exception handler."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = ready

    def remove_reader(self, descriptor: int) -> None:
        """Watch it no more; always before it is closed: another process that has it too would keep it watched for ever."""
        del self._readers[descriptor]
        self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Watch nothing any more."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _turn(self) -> None:
        readers = self._readers
        self._outbox.hold()
        try:
            for descriptor, _ in self._epoll.poll(0):
                ready = readers.get(descriptor)
                if ready is not None:  # not removed by one before it
                    ready()
        finally:
            self._outbox.release()
