"""The socket of a client without TLS, as a transport of asyncio.

The event loop has transports of its own, for any protocol and any kind of socket. To hand it a connection that was accepted already takes a
task, a future and two more turns of the loop: with this one a connection with one message costs a tenth less CPU (uvloop 0.23).
"""

import asyncio
from socket import MSG_DONTWAIT, SHUT_WR, SocketType, socket
from typing import Any, Protocol

from tidegate.adapters.smtp.plain_socket import full
from tidegate.adapters.smtp.poller import INPUT, Poller

READ_BYTES = 65536
"""Most bytes of one read."""
BULK_BYTES = 1 << 20
"""The same in the middle of a large message. What a connection may have of the loop before the others have their turn: bytes of a message cost
next to nothing, but so many bytes of commands would keep the others waiting for a tenth of a second. A quarter of it costs a message of 10 MB
half as much again."""


class Receiver(Protocol):
    """What is told of the connection: the methods of ``asyncio.Protocol``, and one more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has begun."""

    def data_received(self, data: bytes) -> None:
        """Input."""

    def in_bulk(self) -> bool:
        """Whether what comes next is cheap to take, however much it is."""

    def eof_received(self) -> bool:
        """The other side sends no more; True to go on sending all the same."""

    def pause_writing(self) -> None:
        """More waits to be sent than should."""

    def resume_writing(self) -> None:
        """Nearly all of it is sent."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""


class PlainTransport(asyncio.Transport):
    """Reads and writes one connected socket on an event loop, without ever waiting for it; the socket belongs to it.

    Keeps to the contract of ``asyncio.Transport`` but for one thing: a connection that is closed with nothing left to send has ended when
    :meth:`close` returns, ``connection_lost`` included.

    Args:
        loop: the running loop.
        poller: of that loop.
        sock: the connection.
        receiver: told of everything, on the loop.
    """

    __slots__ = (
        "_blocked",
        "_closing",
        "_detached",
        "_ended",
        "_fd",
        "_high",
        "_loop",
        "_most",
        "_poller",
        "_reading",
        "_receiver",
        "_shut",
        "_sock",
        "_unsent",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, poller: Poller, sock: SocketType, receiver: Receiver) -> None:
        self._loop = loop
        self._poller = poller
        self._sock = sock
        self._fd = sock.fileno()
        self._receiver = receiver
        self._unsent = b""
        self._high = 65536
        self._blocked = False  # the receiver was told to pause
        self._reading = False
        self._most = READ_BYTES
        self._ended = False  # the other side sends no more
        self._shut = False  # no more is to be sent
        self._closing = False
        self._detached: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Tell the receiver that the connection is made, and read."""
        try:
            self._receiver.connection_made(self)
            self.resume_reading()
        except Exception as error:
            self._give_up(error)

    # -- reading ---------------------------------------------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Leave input in the socket. May be called at any time."""
        if self._reading:
            self._reading = False
            self._poller.remove_reader(self._fd)

    def resume_reading(self) -> None:
        """Read on. May be called at any time."""
        if not (self._reading or self._ended or self._closing):
            self._poller.add_reader(self._fd, self._readable)
            self._reading = True

    def is_reading(self) -> bool:
        """Whether input is read."""
        return self._reading

    def _readable(self, what: int) -> None:
        most = self._most
        try:
            data = self._sock.recv(most, MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        size = len(data)
        try:
            if data:
                self._receiver.data_received(data)
                self._most = BULK_BYTES if size >= READ_BYTES and self._receiver.in_bulk() else READ_BYTES
            else:
                self._ended = True
                self.pause_reading()
                if not self._receiver.eof_received():
                    self.close()
        except Exception as error:
            self._give_up(error)
        if (size == most or what != INPUT) and self._reading:
            self._poller.again(self._fd)

    # -- writing ---------------------------------------------------------------------------------------------------------------------------

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        """Send, now or as soon as the other side takes it; lost when the connection is closing."""
        if self._unsent or self._closing:
            self._keep(data)
            return
        try:
            sent = self._sock.send(data, MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._loop.call_soon(self._end, error)
            return
        if sent != len(data):
            self._keep(data[sent:])

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Bytes that may wait to be sent; the receiver is told above that, and when no more than a quarter is left."""
        if high is not None:
            self._high = high

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return len(self._unsent)

    def can_write_eof(self) -> bool:
        """Yes."""
        return True

    def write_eof(self) -> None:
        """Send no more after what was written.

        Raises:
            OSError: the other side is gone.
        """
        self._shut = True
        if not self._unsent:
            self._sock.shutdown(SHUT_WR)

    def _keep(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        if self._closing:
            return
        if not self._unsent:
            self._loop.add_writer(self._fd, self._writable)
        self._unsent += bytes(data)
        if len(self._unsent) > self._high and not self._blocked:
            self._blocked = True
            self._receiver.pause_writing()

    def _writable(self) -> None:
        try:
            sent = self._sock.send(self._unsent, MSG_DONTWAIT)
            self._unsent = self._unsent[sent:]
            if not self._unsent:
                self._loop.remove_writer(self._fd)
                if self._shut:
                    self._sock.shutdown(SHUT_WR)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        if self._blocked and len(self._unsent) <= self._high // 4:
            self._blocked = False
            self._receiver.resume_writing()
        if not self._unsent:
            if self._closing:
                self._end(None)
            else:
                self._wake_detaching()

    # -- the end ---------------------------------------------------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether it is closed, or will be once everything is sent."""
        return self._closing

    def close(self) -> None:
        """Close once everything is sent."""
        if not self._closing:
            self._closing = True
            self.pause_reading()
            if not self._unsent:
                self._end(None)

    def abort(self) -> None:
        """Close now."""
        self._end(None)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The ``socket``; nothing else is known here."""
        return self._sock if name == "socket" else default

    async def detach(self) -> socket:
        """Give the connection up once everything is sent, with the input that is in it. The receiver is not told of anything any more.

        Raises:
            OSError: the connection ended before.
        """
        self.pause_reading()
        if self._unsent:
            self._detached = self._loop.create_future()
            await self._detached
        if self._sock.fileno() < 0:
            raise ConnectionResetError("the connection has ended")
        self._closing = True
        return full(self._sock)

    def _give_up(self, error: Exception) -> None:
        """End the connection for a defect, and tell the loop of it."""
        self._loop.call_exception_handler({"message": "a connection is given up", "exception": error, "transport": self})
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        if self._sock.fileno() < 0:
            return
        self._closing = True
        self.pause_reading()
        if self._unsent:
            self._unsent = b""
            self._loop.remove_writer(self._fd)
        self._sock.close()
        self._wake_detaching()
        self._receiver.connection_lost(error)

    def _wake_detaching(self) -> None:
        """Let :meth:`detach` look at what has become of the connection, if it waits."""
        if self._detached is not None and not self._detached.done():
            self._detached.set_result(None)
