"""How slow message data may be (``smtp-min-rate``), and what ends a silence, by a clock of the test."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import cast

import attrs
from tests.unit.domain.smtp.dialogue import StaticPolicy

from tidegate.adapters.smtp.connection import SmtpConnection
from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.timing import Timing
from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.limits import Limits
from tidegate.domain.smtp.profile import Profile
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.reception import Expectation, IncomingMessage

TIMING = Timing(min_rate=1000, rate_grace=10.0)
START = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
END = b"\r\n.\r\n"
PROFILE = Profile("mx.example.com")
PROFILE_OF_MANY = attrs.evolve(PROFILE, limits=Limits(errors=1 << 30, idle_commands=1 << 30))


@attrs.define(eq=False)
class Wire:
    """A transport that keeps what is written to it."""

    written: bytearray = attrs.field(factory=bytearray)
    closed: bool = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def can_write_eof(self) -> bool:
        """No: the connection is closed at once."""
        return False

    def close(self) -> None:
        """Note it."""
        self.closed = True

    def get_extra_info(self, name: str) -> None:
        """No TLS."""

    def set_write_buffer_limits(self, high: int) -> None:
        """Nothing is buffered."""


@attrs.define(eq=False)
class Server:
    """What a connection needs of a server: a clock that is set, and an answer at once or later.

    Attributes:
        seconds: the time.
        waiting: answers that are owed, where they are not given at once.
    """

    outbox: Outbox
    at_once: bool = True
    seconds: float = 0.0
    timing: Timing = TIMING
    draining: bool = False
    retiring: bool = False
    waiting: list[Callable[[Reply], None]] = attrs.field(factory=list)
    now: Callable[[], float] = attrs.field(default=attrs.Factory(lambda self: lambda: self.seconds, takes_self=True))

    def opened(self, connection: SmtpConnection) -> None:
        """Nothing."""

    def connection_lost(self, connection: SmtpConnection) -> None:
        """Nothing."""

    def handshake_failed(self, endpoints: Endpoints, error: BaseException) -> None:
        """There is no TLS."""

    def start(self, coroutine: Coroutine[object, object, None]) -> None:
        """Nothing is started."""
        coroutine.close()

    def expect(self, client: Client, sender: str, hostname: str) -> Expectation | None:
        """Nothing is begun."""

    def receive(self, message: IncomingMessage, answered: Callable[[Reply], None]) -> Reply | None:
        """At once, or kept."""
        if self.at_once:
            return replies.OK
        self.waiting.append(answered)
        return None

    async def authenticate(self, credentials: Credentials) -> AuthVerdict | Reply:
        """Nobody logs in."""
        return AuthVerdict.REFUSED


def connected(*, at_once: bool = True, profile: Profile = PROFILE) -> tuple[Server, SmtpConnection, Wire]:
    """A client that has said EHLO."""
    server, wire = Server(Outbox(asyncio.get_running_loop()), at_once), Wire()
    session = Session(profile, StaticPolicy(max_bytes=1 << 20, memory=1 << 20))
    connection = SmtpConnection(server, session, Endpoints("192.0.2.1", 4711, "192.0.2.25", 25), None)
    connection.connection_made(cast("asyncio.Transport", wire))
    connection.data_received(b"EHLO client.example\r\n")
    return server, connection, wire


def tick(server: Server, connection: SmtpConnection, seconds: float) -> None:
    """Time passes, and the server looks."""
    server.seconds += seconds
    connection.tick(server.seconds)
    server.outbox.flush()


async def test_slow_data_is_cut_off() -> None:
    """After the time of grace, data below the rate ends the session with 421; data at the rate does not."""
    for size, cut in ((400, True), (1100, False)):
        server, connection, wire = connected()
        connection.data_received(START + b"x")
        for _ in range(12):
            connection.data_received(b"y" * size)
            tick(server, connection, 1.0)
        assert (b"421 4.4.2 Message data arrives too slowly" in wire.written, wire.closed) == (cut, cut)


async def test_each_message_has_its_own_rate() -> None:
    """Data of the next message that comes with the end of one counts from there, whether the answer is given at once or takes its time: a client
    that was slow within the grace, or had to wait for us, is not cut off for it later."""
    for at_once in (True, False):
        server, connection, wire = connected(at_once=at_once)
        connection.data_received(START + b"A: b")
        tick(server, connection, 9.0)
        connection.data_received(END + START + b"x" * 2000)
        if not at_once:
            tick(server, connection, 30.0)
            server.waiting.pop()(replies.OK)
        for _ in range(9):
            tick(server, connection, 1.0)
            connection.data_received(b"y" * 1300)
        tick(server, connection, 2.0)
        assert b"421" not in wire.written
        tick(server, connection, 20.0)
        assert b"421 4.4.2 Message data arrives too slowly" in wire.written


async def test_refused_data_does_not_prolong_a_session() -> None:
    """RS02: a message that may still be taken is finished beyond the limit of the session; one that is refused already, or a chunk, is not."""
    chunk = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nBDAT %d\r\n"
    for pieces, cut in (
        ([START, b"data"], False),
        ([START, b"x" * 2_000_000], True),
        ([chunk % 1_000_000, b"data"], False),
        ([chunk % 3_000_000, b"x" * 2_000_000], True),
        ([b"MAIL FROM:<a@example.org>\r\nBDAT 1000000\r\n", b"data"], True),
        ([b"MAIL FROM:<a@example.org>\r\nBDAT 1\r\nxRCPT TO:<b@example.com>\r\nDATA\r\n", b"data"], False),
    ):
        server, connection, wire = connected()
        server.timing = attrs.evolve(TIMING, session=3600.0, silence=5000.0, min_rate=0)
        for piece in pieces:
            connection.data_received(piece)
        tick(server, connection, 3601.0)
        assert (b"421 4.4.2" in wire.written or b"421 4.7.0" in wire.written) is cut, pieces[0]


async def test_only_message_data_is_taken_in_bulk() -> None:
    """CM19: a megabyte of commands would keep the others waiting for a tenth of a second."""
    _, connection, _ = connected(profile=PROFILE_OF_MANY)
    for piece, bulk in (
        (b"NOOP\r\n" * 10_000, False),
        (START, True),
        (b"x" * 100_000, True),
        (END, False),
        (b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nBDAT 10\r\n", True),
        (b"x" * 10 + b"NO", False),
    ):
        connection.data_received(piece)
        assert connection.in_bulk() is bulk, piece[:10]


async def test_every_line_ends_a_silence() -> None:
    """A client is cut off when it has said nothing for the time of silence: no command, no line of a login, no piece of data."""
    for pieces in (
        [b"NOOP\r\n", b"NOOP\r\n"],
        [b"AUTH LOGIN\r\n", b"Ym9i\r\n"],
        [START, b"data"],
        [b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nBDAT 100\r\n", b"data"],
    ):
        server, connection, wire = connected(profile=attrs.evolve(PROFILE, authentication=True))
        connection.session.tls = Tls("TLSv1.3", "")
        server.timing = attrs.evolve(TIMING, silence=300.0, min_rate=0)
        for piece in pieces:
            tick(server, connection, 200.0)
            connection.data_received(piece)
        tick(server, connection, 200.0)
        assert b"421" not in wire.written, pieces
        tick(server, connection, 200.0)
        assert b"421 4.4.2" in wire.written, pieces
