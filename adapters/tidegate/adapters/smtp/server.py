"""Accepts connections and owns what they share: tasks, time limits, the way to the reception."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence

import attrs

from tidegate.adapters.smtp.connection import SmtpConnection
from tidegate.adapters.smtp.timing import Timing
from tidegate.domain.connection import Endpoints
from tidegate.domain.ip_address import canonical
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.reception import IncomingMessage, Reception

ACCEPT_BATCH = 16
"""Connections taken at one wake-up, so that a flood of them does not starve those that are open."""
ACCEPT_PAUSE = 1.0
"""Seconds without accepting after the process ran out of descriptors or memory: the clients wait in the backlog."""
TICK = 1.0
"""Seconds between two looks at the time limits of all connections: limits are kept to about a second."""

_log = logging.getLogger("tidegate.smtp")

MakeSession = Callable[[Endpoints], Session | Reply]
"""Makes the session for a client, or gives the reply that refuses it in place of the greeting."""


@attrs.frozen
class Listener:
    """One listening socket.

    Attributes:
        sock: bound and listening, non-blocking.
        secure: TLS from the first byte (``smtp-secure-port``).
    """

    sock: socket.socket
    secure: bool = False


@attrs.define(eq=False)
class SmtpServer:
    """Serves SMTP on its listeners until it is stopped.

    Attributes:
        reception: takes the messages.
        make_session: decides on each client.
        timing: time limits.
        tls_context: for STARTTLS and secure listeners; may be replaced while running, for connections made from then on.
        connections: those that are open.
        draining: no new connections, sessions end as soon as no message is under way.
    """

    reception: Reception
    make_session: MakeSession
    timing: Timing = attrs.field(factory=Timing)
    tls_context: ssl.SSLContext | None = None
    connections: set[SmtpConnection] = attrs.field(factory=set, init=False)
    draining: bool = attrs.field(default=False, init=False)
    now: Callable[[], float] = attrs.field(init=False)
    _listeners: list[Listener] = attrs.field(factory=list, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _idle: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _loop: asyncio.AbstractEventLoop = attrs.field(init=False)
    _ticker: asyncio.TimerHandle | None = attrs.field(default=None, init=False)

    def open(self, listeners: Sequence[Listener]) -> None:
        """Start accepting, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._listeners = list(listeners)
        self._start_accepting()
        self._tick()

    async def close(self) -> None:
        """Stop accepting; end idle sessions with 421; give message data ``timing.drain`` seconds; wait for every commit under way."""
        self.draining = True
        while self._listeners:
            sock = self._listeners.pop().sock
            self._loop.remove_reader(sock)
            sock.close()
        for connection in list(self.connections):
            connection.stop()
        deadline = self.now() + self.timing.drain
        while self.connections or self._tasks:
            self._idle.clear()
            try:
                await asyncio.wait_for(self._idle.wait(), max(0.01, deadline - self.now()))
            except TimeoutError:
                for connection in list(self.connections):
                    connection.stop(now_or_never=True)
                deadline = self.now() + 1.0
        if self._ticker is not None:
            self._ticker.cancel()

    # -- what connections call -------------------------------------------------------------------------------------------------------------

    async def receive(self, message: IncomingMessage) -> Reply:
        """Pass a message on; whatever goes wrong inside, the client learns only that it should try again."""
        try:
            return await self.reception.receive(message)
        except Exception:
            _log.exception("reception failed", extra={"remote_ip": message.client.endpoints.remote_ip})
            return replies.NOT_QUEUED

    def start(self, coroutine: Coroutine[object, object, None]) -> None:
        """Run something that outlives its connection if need be."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def connection_lost(self, connection: SmtpConnection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        self._idle.set()

    def handshake_failed(self, endpoints: Endpoints, error: BaseException) -> None:
        """Note a failed TLS handshake."""
        _log.info("TLS handshake failed", extra={"remote_ip": endpoints.remote_ip, "reason": _reason(error)})

    # -- accepting -------------------------------------------------------------------------------------------------------------------------

    def _start_accepting(self) -> None:
        if not self.draining:
            for listener in self._listeners:
                self._loop.add_reader(listener.sock, self._accept, listener)

    def _accept(self, listener: Listener) -> None:
        for _ in range(ACCEPT_BATCH):
            try:
                sock, address = listener.sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.error("cannot accept connections for a moment", extra={"reason": _reason(error)})
                self._pause_accepting()
                return
            try:
                local = sock.getsockname()
            except OSError:  # gone already
                sock.close()
                continue
            endpoints = Endpoints(canonical(address[0]), address[1], canonical(local[0]), local[1])
            sock.setblocking(False)
            self.start(self._connect(sock, endpoints, secure=listener.secure))

    def _pause_accepting(self) -> None:
        for listener in self._listeners:
            self._loop.remove_reader(listener.sock)
        self._loop.call_later(ACCEPT_PAUSE, self._start_accepting)

    async def _connect(self, sock: socket.socket, endpoints: Endpoints, *, secure: bool) -> None:
        session = self.make_session(endpoints)
        if isinstance(session, Reply):
            _log.info("connection refused", extra={"remote_ip": endpoints.remote_ip, "reply": str(session)})
            _refuse(sock, b"" if secure else session.wire)
            return
        connection = SmtpConnection(self, session, endpoints, self.tls_context)
        try:
            if secure:
                assert self.tls_context is not None
                await self._loop.connect_accepted_socket(
                    lambda: connection, sock, ssl=self.tls_context, ssl_handshake_timeout=self.timing.handshake
                )
            else:
                await self._loop.connect_accepted_socket(lambda: connection, sock)
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self.handshake_failed(endpoints, error)
            sock.close()

    # -- time ------------------------------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.now()
        for connection in list(self.connections):
            connection.tick(now)
        self._ticker = self._loop.call_later(TICK, self._tick)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self.draining:
            self._idle.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("connection failed", exc_info=error)


def _refuse(sock: socket.socket, data: bytes) -> None:
    """Say one line into an empty socket buffer, which always takes it, and close."""
    try:
        sock.send(data)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the client is gone
    finally:
        sock.close()


def _reason(error: BaseException) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
