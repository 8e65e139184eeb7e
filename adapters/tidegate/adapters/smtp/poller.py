"""Watches the sockets of all clients without TLS, behind one entry of the event loop.

An event loop makes objects of its own for each descriptor that it watches, and uvloop asks the kernel six times for each (three of them fail by
design of libuv); here it is one dictionary entry and twice. What became readable is handled in one go, each handler called from Python. A
connection with one message costs a tenth less CPU.

Connections are watched by edges: the kernel tells of one when something new has come, and looks at it no more until then. Watched by level, it
would look at each of them twice more after every command to find that it was read. Mail over connections that are kept costs 7 % less.
"""

import asyncio
import select
from collections.abc import Callable

from tidegate.adapters.smtp.outbox import Outbox

INPUT = select.EPOLLIN
"""What a handler is told when there is input and nothing else; any other number tells that the connection has ended or broken, too, or that it
has urgent data."""
# Urgent data (RFC 9293 section 3.8.5) ends a read before the socket is empty.
_EDGES = select.EPOLLIN | select.EPOLLPRI | select.EPOLLRDHUP | select.EPOLLET

Ready = Callable[[int], None]


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
        self._readers: dict[int, Ready] = {}
        loop.add_reader(self._epoll.fileno(), self._turn)

    def add_listener(self, descriptor: int, ready: Ready) -> None:
        """Call ``ready`` as long as there is something to accept; it may find nothing all the same.

        What it raises goes to the loop's exception handler.
        """
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = ready

    def add_reader(self, descriptor: int, ready: Ready) -> None:
        """Call ``ready`` when there is input now, and then whenever more has come, or the connection has ended or broken.

        A stream socket is empty when it gave less than it was asked for. Whoever leaves something in it, or has read input of which he was told
        more than :data:`INPUT`, says :meth:`again`. What ``ready`` raises goes to the loop's exception handler.
        """
        self._epoll.register(descriptor, _EDGES)
        self._readers[descriptor] = ready

    def again(self, descriptor: int) -> None:
        """Call the handler in the next turn if there is input still, or the end."""
        self._epoll.modify(descriptor, _EDGES)

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
            for descriptor, what in self._epoll.poll(0):
                ready = readers.get(descriptor)
                if ready is None:  # removed by one before it
                    continue
                try:
                    ready(what)
                except Exception as error:  # the others have been told of, and would not be again
                    self._loop.call_exception_handler({"message": "a handler of input failed", "exception": error})
        finally:
            self._outbox.release()
