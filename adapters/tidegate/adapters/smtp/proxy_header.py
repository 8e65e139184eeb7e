"""Reads a PROXY header from a socket and not one byte more: what follows belongs to TLS or SMTP."""

import asyncio
from socket import MSG_DONTWAIT, MSG_PEEK, SocketType

from tidegate.domain.proxy_protocol import Header, NeedMore, Rejected, parse

_PEEK = 4096
"""Bytes looked at in one go: more than any header that is taken."""


async def read_proxy_header(sock: SocketType, timeout_s: float) -> Header | Rejected:
    """Read the header.

    Bytes are looked at first and taken only when they are known to belong to the header, since the client's first bytes may follow in the same
    segment.

    Args:
        sock: connected.
        timeout_s: for the whole header (a proxy sends it in one piece).

    Returns:
        The header, or why there is none that may be acted on: wrong bytes, end of input, or too slow.
    """
    try:
        return await asyncio.wait_for(_read(sock), timeout_s)
    except TimeoutError:
        return Rejected("no complete header in time")
    except OSError:
        return Rejected("the connection was reset")


async def _read(sock: SocketType) -> Header | Rejected:
    received = b""
    while True:
        await _readable(sock)
        try:
            seen = sock.recv(_PEEK, MSG_PEEK | MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            continue
        if not seen:
            return Rejected("the connection ended before the header")
        outcome = parse(received + seen)
        match outcome:
            case Header(consumed=consumed):
                sock.recv(consumed - len(received))
                return outcome
            case NeedMore():
                received += sock.recv(len(seen))
            case _:
                return outcome


async def _readable(sock: SocketType) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sock)
