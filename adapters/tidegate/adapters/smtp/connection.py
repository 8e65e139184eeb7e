"""One client connection: an ``asyncio.Protocol`` that carries out what a session asks for."""

import asyncio
import ssl
from collections.abc import Iterable
from socket import socket
from typing import cast

import attrs

from tidegate.adapters.smtp.outbox import Write, nowhere
from tidegate.adapters.smtp.owner import Owner
from tidegate.adapters.smtp.plain_transport import PlainTransport
from tidegate.domain.connection import Client, Endpoints, Tls
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Authenticate, Close, Event, MessageComplete, MessageExpected, Send, StartTls
from tidegate.domain.smtp.machine import Mode
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.session import Session
from tidegate.ports.reception import Expectation, IncomingMessage

WRITE_BUFFER = 65536
"""Bytes of replies that may wait for a client before nothing more is read from it: an EHLO reply is 250 bytes, no honest client gets near."""
READ_AHEAD = 65536
"""Bytes of pipelined input that are kept while a message is being made durable; past it reading stops, until no more are left. The read that
passes it is kept, too, and so is what came with the end of the message."""
ANSWERS_AT_ONCE = 16
"""Messages of one piece of input that are answered before other connections have their turn: a client that pipelines whole messages may have a
thousand in it."""
LINGER_BYTES = 1 << 20
"""Bytes read and dropped after the last reply before the connection is reset."""

# Names of their own: reading a member off its class takes 60 to 100 ns (Python 3.11).
_COMMAND, _DATA, _CHUNK, _RESPONSE, _WAITING, _CLOSED = Mode.COMMAND, Mode.DATA, Mode.CHUNK, Mode.RESPONSE, Mode.WAITING, Mode.CLOSED


class SmtpConnection(asyncio.Protocol):
    """The socket side of one session.

    Owned by an :class:`~tidegate.adapters.smtp.server.SmtpServer`, which calls :meth:`tick` about once a second; there is no timer per
    connection, so that an idle one costs memory only.
    """

    __slots__ = (
        "_at_once",
        "_data_bytes",
        "_data_since",
        "_dropped_bytes",
        "_ended",
        "_expectation",
        "_half_closed",
        "_owner",
        "_progress",
        "_read_paused",
        "_since",
        "_tls_context",
        "_transport",
        "_write",
        "_write_blocked_since",
        "counted",
        "endpoints",
        "session",
    )

    def __init__(
        self, owner: Owner, session: Session, endpoints: Endpoints, tls_context: ssl.SSLContext | None, *, counted: bool = True
    ) -> None:
        self.counted = counted
        self.session = session
        self.endpoints = endpoints
        self._owner = owner
        self._tls_context = tls_context
        self._transport: asyncio.Transport | None = None
        self._write: Write = nowhere
        self._since = self._progress = owner.now()
        self._data_since = 0.0
        self._data_bytes = 0
        self._at_once = 0
        self._dropped_bytes = 0
        self._read_paused = False
        self._write_blocked_since = 0.0
        self._ended = 0.0
        self._half_closed = False
        self._expectation: Expectation | None = None

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client; on an implicit-TLS port the handshake is done by now. After STARTTLS, go on."""
        self._adopt(cast("asyncio.Transport", transport))
        tls = _negotiated(transport)
        session = self.session
        if session.mode is _WAITING:  # for what STARTTLS asked for
            assert tls is not None
            self._progress = self._owner.now()
            self._read_paused = False
            self._carry_out(session.tls_established(tls))
            return
        session.tls = tls
        self._owner.opened(self)
        self._carry_out(session.open())

    def data_received(self, data: bytes) -> None:
        """Hand input to the session."""
        session = self.session
        before = session.mode
        events = session.receive(data)
        if before is _COMMAND or before is _RESPONSE:
            if events:
                self._progress = self._owner.now()  # silence counts from the last line or piece of data, not from the last byte
        else:
            self._count(len(data), before)
        if events:
            self._carry_out(events)

    def in_bulk(self) -> bool:
        """Whether message data is being received."""
        return self.session.receiving_data

    def eof_received(self) -> bool:
        """The client sends no more: what it has sent is still answered, then the connection ends."""
        if self.session.mode is _WAITING and self.session.tls is None:
            self._half_closed = True
            return True
        self._owner.outbox.flush()  # the connection is closed now, and what was answered just before may not have left
        return False

    def pause_writing(self) -> None:
        """The client does not read its replies: read nothing from it either."""
        self._write_blocked_since = self._owner.now()
        self._pause_reading()

    def resume_writing(self) -> None:
        """The client has read enough to go on."""
        self._write_blocked_since = 0.0
        self._resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone. A message being made durable is not affected."""
        self._transport, self._write = None, nowhere
        self._give_up_expectation()
        self.session.connection_lost()
        self._owner.connection_lost(self)

    # -- what the server calls -------------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Apply the time limits."""
        timing = self._owner.timing
        if self._ended:
            if now - self._ended > timing.linger:
                self._abort()
        elif self._write_blocked_since:
            if now - self._write_blocked_since > timing.write:
                self._abort()
        elif self.session.mode is _WAITING:
            pass  # what stands behind the reception has deadlines of its own
        elif now - self._progress > timing.silence:
            self._refuse(replies.TIMEOUT)
        elif self.session.receiving_data and self._too_slow(now):
            self._refuse(replies.TOO_SLOW)
        elif now - self._since > timing.session and (self.session.discarding or not self.session.in_transaction):
            self._refuse(replies.SESSION_TOO_LONG)
        elif self._owner.retiring and now - self._progress > timing.retire_silence and not self.session.in_transaction:
            self._refuse(replies.SHUTTING_DOWN)

    def stop(self, *, now_or_never: bool = False) -> None:
        """End the session with 421 unless a message is under way; then too, when ``now_or_never``, but never while it is being committed."""
        session = self.session
        if self._ended or session.mode in (_WAITING, _CLOSED) or (session.in_transaction and not now_or_never):
            return
        self._refuse(replies.SHUTTING_DOWN)

    # -- events ----------------------------------------------------------------------------------------------------------------------------

    def _carry_out(self, events: Iterable[Event]) -> None:
        owner = self._owner
        for event in events:
            if isinstance(event, Send):
                owner.outbox.put((self._write, event.data))
            elif isinstance(event, MessageComplete):
                self._receive(event)
            elif isinstance(event, MessageExpected):
                self._expect(event.sender)
            else:
                owner.outbox.flush()
                self._turn(event)
        if owner.draining:
            self.stop()

    def _turn(self, event: Close | StartTls | Authenticate) -> None:
        """What changes the connection itself. What was said before is on its way."""
        if isinstance(event, Close):
            self._end(linger=event.linger)
        elif isinstance(event, Authenticate):
            self._owner.start(self._authenticate(event))
        elif isinstance(transport := self._transport, PlainTransport):
            self._transport, self._write = None, nowhere
            transport.pause_reading()  # now: a fast ClientHello belongs to the TLS layer
            self._owner.start(self._start_tls(transport))

    def _receive(self, event: MessageComplete) -> None:
        """Pass a message on. The last event of several: the session waits for the answer, which may be there at once."""
        expectation, self._expectation = self._expectation, None
        hostname = self.session.profile.hostname
        reply = self._owner.receive(IncomingMessage(self._client(), event.envelope, event.data, hostname, expectation), self._answered)
        if reply is None:
            return
        if self._at_once < ANSWERS_AT_ONCE:
            self._at_once += 1
            self._data_bytes = 0  # what follows may be data of the next message
            self._carry_out(self.session.message_done(reply))
            self._at_once -= 1
        else:
            self._owner.start(self._answer_later(reply))

    def _expect(self, sender: str) -> None:
        self._give_up_expectation()
        self._expectation = self._owner.expect(self._client(), sender, self.session.profile.hostname)

    def _give_up_expectation(self) -> None:
        if self._expectation is not None:
            self._expectation.cancel()
            self._expectation = None

    def _client(self) -> Client:
        session = self.session
        return Client(self.endpoints, session.helo, session.esmtp, session.tls, session.user)

    def _answered(self, reply: Reply) -> None:
        self._go_on(self.session.message_done(reply))

    async def _answer_later(self, reply: Reply) -> None:
        self._answered(reply)

    async def _authenticate(self, event: Authenticate) -> None:
        verdict = await self._owner.authenticate(attrs.evolve(event.credentials, remote_ip=self.endpoints.remote_ip))
        self._go_on(self.session.authentication_done(verdict))

    def _go_on(self, events: Iterable[Event]) -> None:
        """Carry out what follows an answer that the session waited for."""
        session = self.session
        self._progress = self._owner.now()
        self._data_bytes = 0
        self._carry_out(events)
        if self._half_closed and session.mode is not _WAITING and self._transport is not None:
            self._owner.outbox.flush()
            self._transport.close()
        elif self._read_paused and not self._write_blocked_since:
            self._resume_reading()

    async def secure(self, sock: socket) -> None:
        """Shake hands and begin, or go on, in TLS. The socket is used up, however that ends.

        Raises:
            OSError: the client broke the handshake off, or nothing came of it; nothing has been begun.
            TimeoutError: it took too long.
        """
        assert self._tls_context is not None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self, sock, ssl=self._tls_context, ssl_handshake_timeout=self._owner.timing.handshake
            )
        except BaseException:
            sock.close()
            raise

    async def _start_tls(self, transport: PlainTransport) -> None:
        try:
            async with asyncio.timeout(self._owner.timing.handshake):
                sock = await transport.detach()
            await self.secure(sock)
        except OSError as error:  # ssl.SSLError and TimeoutError are, too
            self._owner.handshake_failed(self.endpoints, error)
            transport.abort()
            self.connection_lost(None)

    def _refuse(self, reply: Reply) -> None:
        self._carry_out(self.session.refuse(reply))

    def _end(self, *, linger: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        self._ended = self._owner.now()
        if linger and self.session.tls is None and not self._write_blocked_since and transport.can_write_eof():
            try:
                transport.write_eof()
            except OSError:  # the client is gone
                transport.close()
                return
            self._resume_reading()
        else:
            transport.close()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- flow ------------------------------------------------------------------------------------------------------------------------------

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport, self._write = transport, transport.write
        transport.set_write_buffer_limits(high=WRITE_BUFFER)

    def _pause_reading(self) -> None:
        if not self._read_paused and self._transport is not None:
            self._read_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self.session.mode is _WAITING and self.session.kept > READ_AHEAD:
            return  # the next message is waited for, and enough of what follows it is here: else each answer would add to it
        if self._read_paused and self._transport is not None and not self._transport.is_closing():
            self._read_paused = False
            self._transport.resume_reading()

    def _count(self, count: int, before: Mode) -> None:
        """Account for input that was no command.

        Args:
            count: its bytes.
            before: what they were taken for.
        """
        if before is _DATA or before is _CHUNK:
            if not self._data_bytes:
                self._data_since = self._progress  # the time of DATA or BDAT, or of the answer to the message before
            self._progress = self._owner.now()
            self._data_bytes = self._data_bytes + count if self.session.receiving_data else 0
        elif before is _WAITING:
            if self.session.kept > READ_AHEAD:
                self._pause_reading()
        elif before is _CLOSED:
            self._dropped_bytes += count
            if self._dropped_bytes > LINGER_BYTES:
                self._abort()

    def _too_slow(self, now: float) -> bool:
        timing = self._owner.timing
        elapsed = now - (self._data_since if self._data_bytes else self._progress)
        return elapsed > timing.rate_grace and self._data_bytes < timing.min_rate * elapsed


def _negotiated(transport: asyncio.BaseTransport) -> Tls | None:
    ssl_object = transport.get_extra_info("ssl_object")
    if ssl_object is None:
        return None
    cipher = ssl_object.cipher()
    return Tls(ssl_object.version() or "", cipher[0] if cipher else "")
