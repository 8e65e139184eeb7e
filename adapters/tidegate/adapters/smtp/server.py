"""Accepts connections and owns what they share: tasks, time limits, the way to the reception."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from socket import MSG_DONTWAIT, SHUT_WR, SocketType
from typing import Any

import attrs

from tidegate.adapters.smtp.connection import SmtpConnection
from tidegate.adapters.smtp.gate import Gate
from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.plain_socket import PlainSocket, full, plain
from tidegate.adapters.smtp.plain_transport import PlainTransport
from tidegate.adapters.smtp.poller import Poller
from tidegate.adapters.smtp.proxy_header import ProxyHeader
from tidegate.adapters.smtp.timing import Timing
from tidegate.domain.connection import Client, Endpoints
from tidegate.domain.credentials import AuthVerdict, Credentials
from tidegate.domain.ip_address import canonical
from tidegate.domain.proxy_protocol import Header, Origin, Rejected
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.ports.login import Login
from tidegate.ports.reception import Expect, Expectation, IncomingMessage, Reception

ACCEPT_BATCH = 16
"""Connections taken at one wake-up, so that a flood of them does not starve those that are open."""
ROOM_PAUSE = 0.05
"""Seconds between two looks for a free place while every one is taken: a place may be given back by another process."""
ACCEPT_PAUSE = 1.0
"""Seconds without accepting after the process ran out of descriptors or memory: the clients wait in the backlog."""
TICK = 1.0
"""Seconds between two looks at the time limits of all connections: limits are kept to about a second."""

_log = logging.getLogger("tidegate.smtp")


def _local_end(sock: SocketType) -> tuple[str, int]:
    address, port, *_ = sock.getsockname()
    return canonical(address), port


def _bound_to(listener: "Listener") -> tuple[str, int] | None:
    local = _local_end(listener.sock)
    return None if local[0] in ("0.0.0.0", "::") else local


@attrs.frozen
class Listener:
    """One listening socket.

    Attributes:
        sock: bound and listening, non-blocking.
        secure: TLS from the first byte (``smtp-secure-port``).
        local: the one address that it is bound to, which its connections need not be asked for; None where it listens on all.
    """

    sock: PlainSocket = attrs.field(converter=plain)
    secure: bool = False
    local: tuple[str, int] | None = attrs.field(init=False, default=attrs.Factory(_bound_to, takes_self=True))


@attrs.define(eq=False)
class SmtpServer:
    """Serves SMTP on its listeners until it is stopped.

    Attributes:
        reception: takes the messages.
        gate: decides on each connection.
        timing: time limits.
        login: judges login attempts; None where no session offers AUTH.
        expectations: begins what can begin before a message comes; asked where profiles announce messages.
        tls_context: for STARTTLS and secure listeners; may be replaced while running, for connections made from then on.
        connections: those that are open.
        draining: no new connections, sessions end as soon as no message is under way.
        retiring: no new connections, sessions end as soon as the client falls silent.
    """

    reception: Reception
    gate: Gate
    timing: Timing = attrs.field(factory=Timing)
    tls_context: ssl.SSLContext | None = None
    login: Login | None = None
    expectations: Expect | None = None
    connections: set[SmtpConnection] = attrs.field(factory=set, init=False)
    draining: bool = attrs.field(default=False, init=False)
    retiring: bool = attrs.field(default=False, init=False)
    now: Callable[[], float] = attrs.field(init=False)
    outbox: Outbox = attrs.field(init=False)
    _poller: Poller = attrs.field(init=False)
    _listeners: list[Listener] = attrs.field(factory=list, init=False)
    _headers: set[ProxyHeader] = attrs.field(factory=set, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _idle: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _loop: asyncio.AbstractEventLoop = attrs.field(init=False)
    _ticker: asyncio.TimerHandle | None = attrs.field(default=None, init=False)
    _accepting: bool = attrs.field(default=False, init=False)
    _pause: asyncio.TimerHandle | None = attrs.field(default=None, init=False)
    _full: bool = attrs.field(default=False, init=False)  # accepting pauses until a place is given back

    def open(self, listeners: Sequence[Listener]) -> None:
        """Start accepting, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.outbox = Outbox(self._loop)
        self._poller = Poller(self._loop, self.outbox)
        self._listeners = list(listeners)
        self._start_accepting()
        self._tick()

    async def retire(self) -> None:
        """Stop accepting, for another server listens on the same sockets; return when all clients have left, or after ``timing.retire``.

        Nobody is turned away but those who are silent between messages for ``timing.retire_silence``. :meth:`close` may follow at any time.
        """
        self.retiring = True
        self._stop_listening()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.timing.retire):
                while self.connections or self._headers or self._tasks:
                    self._idle.clear()
                    await self._idle.wait()

    async def close(self) -> None:
        """Stop accepting; end idle sessions with 421; give message data ``timing.drain`` seconds; wait for every commit under way."""
        self.draining = True
        self._stop_listening()
        for connection in list(self.connections):
            connection.stop()
        deadline = self.now() + self.timing.drain
        while self.connections or self._headers or self._tasks:
            self._idle.clear()
            try:
                await asyncio.wait_for(self._idle.wait(), max(0.01, deadline - self.now()))
            except TimeoutError:
                for connection in list(self.connections):
                    connection.stop(now_or_never=True)
                deadline = self.now() + 1.0
        if self._ticker is not None:
            self._ticker.cancel()
        self._poller.close()

    # -- what connections call -------------------------------------------------------------------------------------------------------------

    def expect(self, client: Client, sender: str, hostname: str) -> Expectation | None:
        """Tell the checks that a message is to come."""
        if self.expectations is None:
            return None
        try:
            return self.expectations(client, sender, hostname)
        except Exception:
            _log.exception("nothing is begun before a message", extra={"remote_ip": client.endpoints.remote_ip})
            return None

    def receive(self, message: IncomingMessage, answered: Callable[[Reply], None]) -> Reply | None:
        """Pass a message on; whatever goes wrong inside, the client learns only that it should try again."""
        try:
            outcome = self.reception.receive(message)
        except Exception:
            return _failed(message)
        if isinstance(outcome, Reply):
            return outcome
        self.start(_deliver(outcome, message, answered))
        return None

    async def authenticate(self, credentials: Credentials) -> AuthVerdict | Reply:
        """Have a login attempt judged; whatever goes wrong inside is no acceptance."""
        if self.login is None:
            return AuthVerdict.UNAVAILABLE
        try:
            return await self.login.attempt(credentials)
        except Exception:
            _log.exception("authentication failed", extra={"remote_ip": credentials.remote_ip})
            return AuthVerdict.UNAVAILABLE

    def start(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run something that outlives its connection if need be."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def opened(self, connection: SmtpConnection) -> None:
        """Look after its time limits."""
        self.connections.add(connection)

    def connection_lost(self, connection: SmtpConnection) -> None:
        """Forget a connection and give its place back."""
        if connection in self.connections:
            self.connections.discard(connection)
            if connection.counted:
                self.gate.left(connection.endpoints)
            self.gate.give_place()
            if self._full:
                self._start_accepting()
        self._left()

    def handshake_failed(self, endpoints: Endpoints, error: BaseException) -> None:
        """Note a failed TLS handshake."""
        _log.info("TLS handshake failed", extra={"remote_ip": endpoints.remote_ip, "reason": _reason(error)})

    # -- accepting -------------------------------------------------------------------------------------------------------------------------

    def _start_accepting(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._full = False
        if not self.draining and not self._accepting:
            self._accepting = True
            for listener in self._listeners:
                self._poller.add_listener(listener.sock.fileno(), partial(self._accept, listener))

    def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting = False
            for listener in self._listeners:
                self._poller.remove_reader(listener.sock.fileno())

    def _stop_listening(self) -> None:
        self._stop_accepting()
        while self._listeners:
            self._listeners.pop().sock.close()

    def _pause_accepting(self, seconds: float) -> None:
        self._stop_accepting()
        if self._pause is None:  # one, however many connections end meanwhile and have the next look made at once
            self._pause = self._loop.call_later(seconds, self._start_accepting)

    def _accept(self, listener: Listener, _what: int) -> None:
        for _ in range(ACCEPT_BATCH):
            if not self.gate.take_place():
                self._full = True
                self._pause_accepting(ROOM_PAUSE)
                return
            try:
                sock, address = listener.sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                self.gate.give_place()
                return
            except OSError as error:
                self.gate.give_place()
                _log.error("cannot accept connections for a moment", extra={"reason": _reason(error)})
                self._pause_accepting(ACCEPT_PAUSE)
                return
            self._take(sock, address, listener)

    def _take(self, sock: SocketType, address: Sequence[Any], listener: Listener) -> None:
        """Take a connection to its session, or to the header of its proxy first."""
        secure = listener.secure
        try:
            local = listener.local or _local_end(sock)
        except OSError:  # gone already
            self._drop(sock)
            return
        endpoints = Endpoints(canonical(address[0]), address[1], *local)
        if self.gate.expects_proxy_header(endpoints.remote_ip):
            header = ProxyHeader(
                sock, self._poller, self.now() + self.timing.proxy_header, partial(self._take_from_proxy, sock, endpoints, secure)
            )
            self._headers.add(header)
            header.begin()
        else:
            self._admit(sock, endpoints, Origin.CLIENT, secure=secure)

    def _take_from_proxy(self, sock: SocketType, endpoints: Endpoints, secure: bool, header: ProxyHeader, outcome: Header | Rejected) -> None:
        self._headers.discard(header)
        if isinstance(outcome, Rejected):
            _log.warning("PROXY header refused", extra={"remote_ip": endpoints.remote_ip, "reason": outcome.reason})
            self._drop(sock)
        else:
            self._admit(sock, outcome.endpoints or endpoints, outcome.origin_on(endpoints), secure=secure)
        self._left()

    def _admit(self, sock: SocketType, endpoints: Endpoints, origin: Origin, *, secure: bool) -> None:
        try:
            admitted = self.gate.admit(endpoints, origin)
        except BaseException:
            self._drop(sock)
            raise
        if isinstance(admitted, Reply):
            _log.info("connection refused", extra={"remote_ip": endpoints.remote_ip, "reply": str(admitted)})
            _refuse(sock, b"" if secure else admitted.wire)
            self._drop(sock)
            return
        connection = SmtpConnection(self, admitted.session, endpoints, self.tls_context, counted=admitted.counted)
        if secure:
            self.start(self._secure(sock, connection))
        else:
            PlainTransport(self._loop, self._poller, sock, connection).begin()

    async def _secure(self, sock: SocketType, connection: SmtpConnection) -> None:
        """Begin a session in TLS; from then on the connection gives its place back itself."""
        try:
            await connection.secure(full(sock))
        except BaseException as error:
            if connection.counted:
                self.gate.left(connection.endpoints)
            self._drop(sock)
            if not isinstance(error, OSError):  # ssl.SSLError and TimeoutError are, too
                raise
            self.handshake_failed(connection.endpoints, error)

    def _drop(self, sock: SocketType) -> None:
        """Close a connection that has not come to its session."""
        sock.close()
        self.gate.give_place()

    def _left(self) -> None:
        """Let whoever waits for the last one look again."""
        if self.draining or self.retiring:
            self._idle.set()

    # -- time ------------------------------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._ticker = self._loop.call_later(TICK, self._tick)
        now = self.now()
        everyone: tuple[SmtpConnection | ProxyHeader, ...] = (*self.connections, *self._headers)
        for limited in everyone:
            try:
                limited.tick(now)
            except Exception as error:  # the others have time limits, too
                self._loop.call_exception_handler({"message": "a time limit could not be applied", "exception": error})

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._left()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("connection failed", exc_info=error)


async def _deliver(outcome: Awaitable[Reply], message: IncomingMessage, answered: Callable[[Reply], None]) -> None:
    try:
        reply = await outcome
    except Exception:
        reply = _failed(message)
    answered(reply)


def _failed(message: IncomingMessage) -> Reply:
    """Log the exception that is being handled."""
    _log.exception("reception failed", extra={"remote_ip": message.client.endpoints.remote_ip})
    return replies.NOT_QUEUED


def _refuse(sock: SocketType, data: bytes) -> None:
    """Say one line into an empty socket buffer, which always takes it, and say that it was the last."""
    try:
        with suppress(BlockingIOError):
            sock.recv(65536, MSG_DONTWAIT)  # a socket that is closed with input unread is reset, and the line is lost with it
        sock.send(data, MSG_DONTWAIT)
        sock.shutdown(SHUT_WR)
    except OSError:
        pass  # the client is gone


def _reason(error: BaseException) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
