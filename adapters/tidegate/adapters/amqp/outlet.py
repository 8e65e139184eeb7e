"""The way of frames to the socket: gathered for a turn of the event loop, then written at once."""

import asyncio

from tidegate.adapters.amqp.frames import Chunk

GATHER_BYTES = 256 * 1024
"""So much is written without waiting for the end of the turn, and the socket's buffer asked whether there is room for more."""

JOIN_BYTES = 64 * 1024
"""Up to here one copy is cheaper than handing the kernel many pieces."""

WRITE_AHEAD_BYTES = 1024 * 1024
"""More than this in the socket's buffer and nothing more is put there until it drains."""


class Outlet:
    """Writes whole frames to one transport.

    Args:
        transport: of the connection.
        loop: its event loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered: list[Chunk] = []
        self._bytes = 0
        self._due = False
        transport.set_write_buffer_limits(high=WRITE_AHEAD_BYTES)

    @property
    def buffered(self) -> int:
        """Bytes that the transport holds because the kernel does not take them yet."""
        return self._transport.get_write_buffer_size()

    def write(self, chunks: list[Chunk], size: int, *, now: bool) -> None:
        """Send whole frames, ``size`` bytes of bodies in them. Never waits.

        Unless ``now`` is set or much has gathered, what is written in one turn of the event loop leaves in one system call at its end.
        """
        self._gathered += chunks
        self._bytes += size
        if now or self._bytes >= GATHER_BYTES:
            self._flush()
        elif not self._due:
            self._due = True
            self._loop.call_soon(self._flush)

    def forget(self) -> None:
        """Drop what has gathered: nobody waits for its answers any more."""
        self._gathered, self._bytes = [], 0

    def abort(self) -> None:
        """Drop the connection without a word."""
        self.forget()
        self._transport.abort()

    def _flush(self) -> None:
        self._due = False
        chunks, self._gathered = self._gathered, []
        size, self._bytes = self._bytes, 0
        if not chunks or self._transport.is_closing():
            return
        if size <= JOIN_BYTES:
            self._transport.write(b"".join(chunks))
        else:
            self._transport.writelines(chunks)
