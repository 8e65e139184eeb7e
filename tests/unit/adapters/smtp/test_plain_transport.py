"""The transport of connections without TLS, over a pair of sockets, on both event loops."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from socket import SocketType
from typing import Any

import attrs
import pytest
import uvloop

from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.plain_transport import BULK_BYTES, READ_BYTES, PlainTransport
from tidegate.adapters.smtp.poller import Poller

HIGH = 4096
MUCH = bytes(range(256)) * 8192  # 2 MiB: more than the buffers of a pair of sockets


@attrs.define(eq=False)
class Receiver:
    """Keeps what it is told.

    Attributes:
        told: names of the calls, in order; for data and the end, with it.
        bulk: what comes is cheap to take.
        keep: go on sending after the other side's last byte.
        fails: raise at input.
        pauses: pause reading of this transport at input.
    """

    told: list[object] = attrs.field(factory=list)
    bulk: bool = True
    keep: bool = False
    fails: bool = False
    pauses: PlainTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note it."""
        if self.fails:
            raise ArithmeticError("a defect")
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        """Note it."""
        if self.fails:
            raise ArithmeticError("a defect")
        if self.pauses is not None:
            self.pauses.pause_reading()
        self.told.append(data)

    def in_bulk(self) -> bool:
        """As set."""
        return self.bulk

    def eof_received(self) -> bool:
        """Note it."""
        self.told.append("eof")
        return self.keep

    def pause_writing(self) -> None:
        """Note it."""
        self.told.append("pause")

    def resume_writing(self) -> None:
        """Note it."""
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self.told.append(("lost", type(exc)))


@attrs.define(eq=False)
class Line:
    """A transport and the socket of its other side."""

    transport: PlainTransport
    receiver: Receiver
    peer: socket.socket
    poller: Poller
    complaints: list[dict[str, Any]]

    async def told(self, count: int) -> list[object]:
        """What the receiver was told, once it is that much."""
        await until(lambda: len(self.receiver.told) >= count)
        return self.receiver.told

    async def read(self, count: int) -> bytes:
        """What the other side receives, up to so many bytes or the end."""
        loop, received = asyncio.get_running_loop(), b""
        while len(received) < count and (piece := await loop.sock_recv(self.peer, 65536)):
            received += piece
        return received


def carried(ours: socket.socket, poller: Poller, receiver: Receiver) -> PlainTransport:
    """A transport on a socket, which belongs to it from now on."""
    sock = SocketType(ours.family, ours.type, ours.proto, ours.detach())
    return PlainTransport(asyncio.get_running_loop(), poller, sock, receiver)


Test = Callable[[Line], Coroutine[object, object, None]]


async def until(holds: Callable[[], bool]) -> None:
    """Wait, for five seconds at most."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for is not the test's own
            await asyncio.sleep(0.001)


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Test], None]:
    """Runs a test on one of the loops."""

    async def main(test: Test) -> None:
        loop, complaints = asyncio.get_running_loop(), list[dict[str, Any]]()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        ours, peer = socket.socketpair()
        peer.setblocking(False)
        with peer:
            poller, receiver = Poller(loop, Outbox(loop)), Receiver()
            transport = carried(ours, poller, receiver)
            transport.set_write_buffer_limits(high=HIGH)
            transport.begin()
            await test(Line(transport, receiver, peer, poller, complaints))
            transport.abort()
            poller.close()

    return lambda test: request.param(main(test))


Run = Callable[[Test], None]


def test_input_and_output(run: Run) -> None:
    """Bytes go both ways; the end of input ends the connection, once."""

    async def test(line: Line) -> None:
        line.peer.send(b"EHLO")
        assert await line.told(2) == ["made", b"EHLO"]
        line.transport.write(b"250 ")
        line.transport.write(b"ok")
        assert await line.read(6) == b"250 ok"
        line.peer.shutdown(socket.SHUT_WR)
        assert await line.told(4) == ["made", b"EHLO", "eof", ("lost", type(None))]
        assert await line.read(1) == b""
        line.transport.close()
        line.transport.abort()
        line.transport.write(b"lost")
        await asyncio.sleep(0.01)
        assert len(line.receiver.told) == 4
        assert line.transport.is_closing()

    run(test)


@pytest.mark.parametrize(("bulk", "reads"), [(True, 2), (False, 3)])
def test_the_end_comes_with_input(run: Run, bulk: bool, reads: int) -> None:
    """Input that is there together with the end is read, and so is the end, however large the input. The first read has the usual size, and all
    others, too, unless the receiver takes input in bulk."""

    async def test(line: Line) -> None:
        line.receiver.bulk = bulk
        line.transport.pause_reading()
        line.peer.setblocking(True)
        line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sent = bytes(BULK_BYTES // 8) + b"QUIT"
        line.peer.sendall(sent)
        line.peer.shutdown(socket.SHUT_WR)
        line.transport.resume_reading()
        await until(lambda: ("lost", type(None)) in line.receiver.told)
        pieces = [piece for piece in line.receiver.told if isinstance(piece, bytes)]
        assert b"".join(pieces) == sent
        assert len(pieces) == reads
        assert line.receiver.told[-2:] == ["eof", ("lost", type(None))]

    run(test)


def test_input_left_by_a_pause_is_read_later(run: Run) -> None:
    """A receiver that pauses reading while it takes input gets the rest when reading goes on."""

    async def test(line: Line) -> None:
        line.receiver.pauses = line.transport
        line.peer.setblocking(True)
        line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        line.peer.sendall(bytes(READ_BYTES + 1))
        assert await line.told(2) == ["made", bytes(READ_BYTES)]
        await asyncio.sleep(0.01)
        assert len(line.receiver.told) == 2
        line.receiver.pauses = None
        line.transport.resume_reading()
        assert (await line.told(3))[2] == bytes(1)

    run(test)


def test_half_closed(run: Run) -> None:
    """Where the receiver wants it, output goes on after the end of input, and nobody reads that end again and again."""

    async def test(line: Line) -> None:
        line.receiver.keep = True
        line.peer.shutdown(socket.SHUT_WR)
        await line.told(2)
        line.transport.resume_reading()
        await asyncio.sleep(0.01)
        assert (line.receiver.told, line.transport.is_reading()) == (["made", "eof"], False)
        line.transport.write(b"250")
        assert await line.read(3) == b"250"
        line.transport.close()
        assert await line.read(1) == b""

    run(test)


def test_peer_that_does_not_read(run: Run) -> None:
    """What the socket does not take waits; the receiver is told when it is too much and when it is little again, and every byte arrives."""

    async def test(line: Line) -> None:
        line.transport.write(MUCH)
        line.transport.write(memoryview(b"and more"))
        assert line.receiver.told == ["made", "pause"]
        assert line.transport.get_write_buffer_size() > HIGH
        assert await line.read(len(MUCH) + 8) == MUCH + b"and more"
        assert await line.told(3) == ["made", "pause", "resume"]
        assert line.transport.get_write_buffer_size() == 0

    run(test)


@pytest.mark.parametrize("end", ["close", "write_eof"])
def test_the_end_comes_after_the_output(run: Run, end: str) -> None:
    """Closing, or closing the sending side, waits for what was written before; what is written after a close is lost."""

    async def test(line: Line) -> None:
        line.transport.write(MUCH)
        if end == "close":
            line.transport.close()
            line.transport.write(b"late")
            assert line.receiver.told == ["made", "pause"]
        else:
            assert line.transport.can_write_eof()
            line.transport.write_eof()
        assert await line.read(len(MUCH) + 1) == MUCH
        ended = ("lost", type(None)) in await line.told(3)
        assert ended == (end == "close")
        line.peer.close()
        await until(lambda: ("lost", type(None)) in line.receiver.told)

    run(test)


def test_close_and_write_eof_at_once(run: Run) -> None:
    """With nothing to wait for, both are done when they return, and the receiver knows."""

    async def test(line: Line) -> None:
        line.transport.write_eof()
        assert await line.read(1) == b""
        line.transport.close()
        assert line.receiver.told == ["made", ("lost", type(None))]

    run(test)


def test_abort(run: Run) -> None:
    """What waits to be sent is dropped."""

    async def test(line: Line) -> None:
        line.transport.write(MUCH)
        line.transport.abort()
        assert line.receiver.told == ["made", "pause", ("lost", type(None))]
        assert len(await line.read(len(MUCH))) < len(MUCH)

    run(test)


@pytest.mark.parametrize("waits", [False, True])
def test_peer_that_is_gone(run: Run, waits: bool) -> None:
    """The receiver is told of a connection that breaks, but never within its own call, and output that waits is given up."""

    async def test(line: Line) -> None:
        line.transport.pause_reading()
        if waits:
            line.transport.write(MUCH)
        line.peer.close()
        told = len(line.receiver.told)
        line.transport.write(b"250")
        assert len(line.receiver.told) == told
        assert (await line.told(told + 1))[-1] == ("lost", BrokenPipeError)

    run(test)


def test_reset(run: Run) -> None:
    """A connection that the other side resets has ended."""

    async def test(line: Line) -> None:
        line.transport.write(b"unread")
        line.peer.close()
        assert (await line.told(2))[-1] == ("lost", ConnectionResetError)

    run(test)


def test_reading_can_be_paused(run: Run) -> None:
    """Input stays in the socket until reading goes on, however often either is said."""

    async def test(line: Line) -> None:
        line.transport.pause_reading()
        line.transport.pause_reading()
        line.peer.send(b"a")
        await asyncio.sleep(0.01)
        assert line.receiver.told == ["made"]
        line.transport.resume_reading()
        line.transport.resume_reading()
        assert await line.told(2) == ["made", b"a"]

    run(test)


@pytest.mark.parametrize("written", [b"220 ready", MUCH])
def test_detach(run: Run, written: bytes) -> None:
    """The socket is given up with its input, after everything was sent; the transport is done with it."""

    async def test(line: Line) -> None:
        line.transport.write(written)
        line.peer.send(b"hello")
        reading = asyncio.ensure_future(line.read(len(written)))
        sock = await line.transport.detach()
        assert await reading == written
        line.transport.abort()
        line.transport.write(b"lost")
        assert b"hello" not in line.receiver.told
        assert sock.recv(10) == b"hello"
        sock.send(b"ours")
        assert await line.read(4) == b"ours"
        sock.close()

    run(test)


def test_detach_of_a_connection_that_ends(run: Run) -> None:
    """There is nothing to give up."""

    async def test(line: Line) -> None:
        line.transport.write(MUCH)
        detaching = asyncio.ensure_future(line.transport.detach())
        await asyncio.sleep(0)
        line.peer.close()
        with pytest.raises(OSError, match="has ended"):
            await detaching

    run(test)


def test_a_defect_ends_its_own_connection_only(run: Run) -> None:
    """The loop is told what the receiver raised; its connection ends, and another one of the same turn has its input."""

    async def test(line: Line) -> None:
        ours, peer = socket.socketpair()
        other = Receiver()
        transport = carried(ours, line.poller, other)
        transport.begin()
        line.receiver.fails = True
        line.peer.send(b"x")
        peer.send(b"y")
        await until(lambda: len(other.told) > 1)
        assert line.receiver.told == ["made", ("lost", ArithmeticError)]
        assert [type(complaint["exception"]) for complaint in line.complaints] == [ArithmeticError]
        assert other.told == ["made", b"y"]
        transport.abort()
        peer.close()

    run(test)


def test_a_connection_that_cannot_begin(run: Run) -> None:
    """A defect at the very beginning ends the connection, too."""

    async def test(line: Line) -> None:
        ours, peer = socket.socketpair()
        other = Receiver(fails=True)
        transport = carried(ours, line.poller, other)
        transport.begin()
        assert other.told == [("lost", ArithmeticError)]
        assert [type(complaint["exception"]) for complaint in line.complaints] == [ArithmeticError]
        assert peer.recv(1) == b""
        peer.close()

    run(test)
