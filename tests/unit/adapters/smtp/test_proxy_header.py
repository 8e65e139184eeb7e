"""The header of a proxy is read from the socket, in whatever pieces it comes, and nothing behind it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.poller import Poller
from tidegate.adapters.smtp.proxy_header import ProxyHeader
from tidegate.domain.connection import Endpoints
from tidegate.domain.proxy_protocol import Header, Rejected

ENDPOINTS = Endpoints("192.0.2.7", 50000, "198.51.100.25", 25)
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.25 50000 25\r\n"
V2 = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([192, 0, 2, 7, 198, 51, 100, 25]) + (50000).to_bytes(2) + (25).to_bytes(2)
BEHIND = b"EHLO client.example\r\n"


@attrs.define
class Line:
    """A connection of a proxy, and what was found on it."""

    ours: socket.socket
    proxy: socket.socket
    header: ProxyHeader
    outcomes: list[Header | Rejected]

    async def send(self, data: bytes) -> None:
        """Send, and let it arrive."""
        self.proxy.send(data)
        for _ in range(3):
            await asyncio.sleep(0)

    def rest(self) -> bytes:
        """What was left in the socket."""
        self.ours.setblocking(False)
        return self.ours.recv(1000)


@contextmanager
def line(*, there: bytes = b"", deadline: float = 5.0) -> Iterator[Line]:
    """A connection on which some bytes have come before it is looked at."""
    loop = asyncio.get_running_loop()
    poller, outcomes = Poller(loop, Outbox(loop)), list[Header | Rejected]()
    ours, proxy = socket.socketpair()
    with ours, proxy:
        proxy.send(there)
        header = ProxyHeader(ours, poller, deadline, lambda _, outcome: outcomes.append(outcome))
        header.begin()
        yield Line(ours, proxy, header, outcomes)
    poller.close()


def of(outcomes: list[Header | Rejected]) -> Endpoints | None:
    """The client of the one outcome."""
    (outcome,) = outcomes
    assert isinstance(outcome, Header)
    return outcome.endpoints


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_there_at_once(header: bytes) -> None:
    """What came with the connection is taken in one look."""
    with line(there=header + BEHIND) as at:
        assert of(at.outcomes) == ENDPOINTS
        assert at.rest() == BEHIND


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_split_at_every_place(header: bytes) -> None:
    """PX17: two pieces, the second with the client's first bytes."""
    for place in range(len(header)):
        with line(there=header[:place]) as at:
            assert at.outcomes == []
            await at.send(header[place:] + BEHIND)
            assert of(at.outcomes) == ENDPOINTS
            assert at.rest() == BEHIND


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_byte_by_byte(header: bytes) -> None:
    """PX17: as slowly as can be."""
    with line() as at:
        for byte in header:
            assert at.outcomes == []
            await at.send(bytes([byte]))
        assert of(at.outcomes) == ENDPOINTS


@pytest.mark.parametrize("there", [b"", V1[:10], V2[:10]], ids=["nothing", "v1", "v2"])
async def test_end_before_the_header(there: bytes) -> None:
    """PX21: a proxy that hangs up before the header is whole."""
    with line(there=there) as at:
        at.proxy.shutdown(socket.SHUT_WR)
        for _ in range(3):
            await asyncio.sleep(0)
        assert at.outcomes == [Rejected("the connection ended before the header")]


async def test_no_header() -> None:
    """A peer that speaks SMTP at once; what it said is nobody's."""
    with line(there=BEHIND) as at:
        assert isinstance(at.outcomes[0], Rejected)


async def test_too_late() -> None:
    """PX05: half a header is not waited for beyond the time, and what comes then is not looked at."""
    with line(there=V1[:20], deadline=5.0) as at:
        at.header.tick(4.9)
        assert at.outcomes == []
        at.header.tick(5.0)
        assert at.outcomes == [Rejected("no complete header in time")]
        await at.send(V1[20:])
        assert len(at.outcomes) == 1
