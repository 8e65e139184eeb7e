"""What input means: command lines, message data, chunks; and the order in which replies and events leave (RFC 5321, RFC 2920, RFC 3030).

:class:`Machine` cuts the stream of bytes into commands and messages. What a command does is told by its subclass
:class:`~tidegate.domain.smtp.session.Session`. The result does not depend on how the input is cut into pieces.
"""

import re
from enum import Enum

import attrs

from tidegate.domain.connection import Tls
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Close, Event, MessageComplete, Send
from tidegate.domain.smtp.message_data import Refusal
from tidegate.domain.smtp.policy import Policy
from tidegate.domain.smtp.profile import Profile, greeting
from tidegate.domain.smtp.reply import Reply
from tidegate.domain.smtp.transaction import Transaction

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]").search
# First words of other protocols that browsers and scanners are made to speak at mail servers; and TLS where none was asked for.
OTHER_PROTOCOL = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) |\x16|SSH-")
_CLOSE, _CLOSE_LINGERING = Close(linger=False), Close(linger=True)
# How refused data is answered.
_REFUSALS = {
    Refusal.TOO_BIG: replies.TOO_BIG,
    Refusal.NO_MEMORY: replies.NO_SPACE,
    Refusal.BARE_LINE_ENDS: replies.BARE_LINE_ENDS,
}


class Mode(Enum):
    """What the next byte of input means."""

    COMMAND = "command"
    DATA = "data"
    CHUNK = "chunk"
    RESPONSE = "response"
    WAITING = "waiting"
    CLOSED = "closed"


# Names of their own: reading a member off its class takes 60 to 100 ns (Python 3.11), and a message asks for modes two dozen times.
_COMMAND, _DATA, _CHUNK, _RESPONSE, _WAITING, _CLOSED = Mode.COMMAND, Mode.DATA, Mode.CHUNK, Mode.RESPONSE, Mode.WAITING, Mode.CLOSED


@attrs.define
class Machine:
    """Input, output and the one transaction of a session; no command has a meaning here.

    Every public method returns the events to carry out, in order, and none raises on any input. In WAITING mode the owner of the socket stops
    reading: what still comes is kept.

    Attributes:
        profile: what is offered.
        policy: decisions beyond syntax.
        tls: what protects the session; set from the start on an implicit-TLS port.
        relax_line_ends: make bare CR and LF in message data a CRLF instead of refusing the message (for known clients only).
        helo: argument of the last EHLO or HELO, ``""`` before.
        esmtp: whether it was EHLO.
        mode: what the next byte of input means; set by the session alone.
    """

    profile: Profile
    policy: Policy
    tls: Tls | None = None
    relax_line_ends: bool = False
    helo: str = ""
    esmtp: bool = False
    mode: Mode = attrs.field(default=_COMMAND, init=False)
    _input: bytes = b""
    _at: int = 0  # where the unread part of the input begins
    _looked: int = 0  # bytes of a line without its end that have been looked at
    _events: list[Event] = attrs.field(factory=list)
    _transaction: Transaction | None = None
    _errors: int = 0
    _idle_commands: int = 0
    _transactions: int = 0
    _chunk_left: int = 0
    _chunk_last: bool = False
    _chunk_refused: Reply | None = None

    # -- what the owner of the socket calls ------------------------------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        """Whether a message is on its way: a shutdown lets it finish."""
        return self._transaction is not None

    @property
    def receiving_data(self) -> bool:
        """Whether message data is expected: the time limits of data apply."""
        return self.mode is _DATA or self.mode is _CHUNK

    @property
    def discarding(self) -> bool:
        """Whether message data is read only to find its end: the message is refused already."""
        if self.mode is _CHUNK and self._chunk_refused is not None:
            return True
        data = None if self._transaction is None else self._transaction.data
        return self.receiving_data and data is not None and data.refusal is not None

    @property
    def kept(self) -> int:
        """Bytes of input whose turn has not come: behind what the session waits for, or a line without its end."""
        return len(self._input) - self._at

    def open(self) -> list[Event]:
        """Greet the client."""
        self._reply(greeting(self.profile.hostname))
        return self._drain()

    def refuse(self, reply: Reply) -> list[Event]:
        """Say one reply and close: a refusal in place of the greeting, a time-out, a shutdown. Nothing happens on a closed session."""
        if self.mode is _CLOSED:
            return []
        self._end(reply)
        return self._drain()

    def receive(self, data: bytes) -> list[Event]:
        """Take input of any length, cut anywhere."""
        if self._input:
            self._input, self._at = self._input[self._at :] + data, 0
            self._advance()
        elif self.mode is _COMMAND:
            end = self._usual_command(data, 0) if data else 0
            if end < len(data):
                self._input, self._at = data, end
                self._advance()
        elif self.mode is _DATA:
            self._take_data(data)
            if self._input:
                self._advance()
        elif self.mode is not _CLOSED:
            self._input = data
            self._advance()
        events = self._events
        self._events = []
        return _joined(events) if len(events) > 1 else events

    def message_done(self, reply: Reply) -> list[Event]:
        """Answer :class:`MessageComplete`: the reply goes to the client, the transaction is over."""
        if self.mode is _CLOSED:
            return []
        self.mode = _COMMAND
        self._reset()
        self._reply(reply)
        if self._input:
            self._advance()
        return self._drain()

    def tls_established(self, tls: Tls) -> list[Event]:
        """Answer :class:`StartTls`: the handshake is done; the client starts anew (RFC 3207 section 4.2)."""
        self.tls = tls
        self.helo, self.esmtp = "", False
        self._input, self._at = b"", 0
        self._reset()
        self.mode = _COMMAND
        return []

    def connection_lost(self) -> None:
        """The client is gone: what it had not finished is dropped."""
        self.mode = _CLOSED
        self._input, self._at = b"", 0
        self._reset()

    # -- input -----------------------------------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        while self._at < len(self._input):
            mode = self.mode
            if mode is _COMMAND:
                if not self._next_command():
                    self._keep_rest()
                    return
            elif mode is _DATA:
                data = self._input[self._at :]
                self._input, self._at = b"", 0
                self._take_data(data)
            elif mode is _CHUNK:
                self._take_chunk()
            elif mode is _RESPONSE:
                if not self._next_response():
                    self._keep_rest()
                    return
            elif mode is _WAITING:
                return
            else:  # closed: what follows is not read
                break
        self._input, self._at = b"", 0

    def _keep_rest(self) -> None:
        """Keep a line without its end, which may stay so for long, and nothing of what it came with."""
        self._input, self._at = self._input[self._at :], 0

    def _next_command(self) -> bool:
        """Handle one command line; False when none is complete."""
        data, start = self._input, self._at
        usual = self._usual_command(data, start)
        if usual:
            self._at, self._looked = usual, 0
            return True
        end = data.find(b"\r\n", start)
        if end < 0:
            self._incomplete_line(data[start:])
            return False
        line = data[start:end]
        self._at, self._looked = end + 2, 0
        size = end + 2 - start
        if size > self.profile.limits.unterminated:
            self._end(replies.LINE_TOO_LONG)
        elif _CONTROL(line) is not None:
            self._end(replies.NOT_SMTP if OTHER_PROTOCOL.match(line) else replies.BAD_LINE)
        elif size > self.profile.limits.command_line:
            self._error(replies.LINE_TOO_LONG)
        else:
            self._command(line)
        return True

    def _incomplete_line(self, line: bytes) -> None:
        """End the session where no CRLF could make the line good: a client that ends lines otherwise would wait for ever."""
        if len(line) > self.profile.limits.unterminated:
            self._end(replies.LINE_TOO_LONG)
        elif self._spoiled(line):
            self._end(replies.NOT_SMTP if OTHER_PROTOCOL.match(line) else replies.BAD_LINE)

    def _spoiled(self, line: bytes) -> bool:
        """Whether a line without its end holds a control character, but for a CR at its end. Each byte but the last is looked at once over all
        calls: a line may come byte by byte."""
        looked, self._looked = self._looked, max(0, len(line) - 1)
        return _CONTROL(line.removesuffix(b"\r"), looked) is not None

    def _usual_command(self, data: bytes, start: int) -> int:
        """Handle the line at ``start`` if it is complete and spelled like nearly all of its kind.

        A short cut: what is handled here would be answered alike by :meth:`_command`.

        Returns:
            Where the line ends; 0 for any other line, with which nothing is done.
        """
        raise NotImplementedError

    def _command(self, line: bytes) -> None:
        """Handle one command line, given without its CRLF; free of control characters and not too long."""
        raise NotImplementedError

    def _next_response(self) -> bool:
        """Handle one line of an authentication exchange; False when none is complete."""
        raise NotImplementedError

    def _take_data(self, data: bytes) -> None:
        """Take message data; what stands behind its end is kept as input."""
        transaction = self._transaction
        assert transaction is not None
        if transaction.data is None and (message := transaction.take_whole(data, self.policy.budget)) is not None:
            self._complete(transaction, message)
            return
        consumed = transaction.buffer(self.policy.budget).feed(data)
        if consumed is not None:
            if consumed < len(data):
                self._input, self._at = data, consumed
            self._message_arrived(transaction, dots=True)

    def _take_chunk(self) -> None:
        piece = self._input[self._at : self._at + self._chunk_left]
        self._at += len(piece)
        self._chunk_left -= len(piece)
        if self._chunk_refused is None and self._transaction is not None and self._transaction.data is not None:
            self._transaction.data.feed_chunk(piece)
        if self._chunk_left == 0:
            self._chunk_arrived()

    def _chunk_arrived(self) -> None:
        self.mode = _COMMAND
        transaction = self._transaction
        if self._chunk_refused is not None:
            self._error(self._chunk_refused)
            return
        assert transaction is not None
        assert transaction.data is not None
        refusal = transaction.data.refusal
        if self._chunk_last:
            self._message_arrived(transaction, dots=False)
        elif refusal is not None:  # later chunks are answered 503 (RFC 3030 section 2: a failed chunk ends the transaction)
            self._reset()
            self._reply(_REFUSALS[refusal])
        else:
            self._reply(replies.CHUNK_OK)

    def _message_arrived(self, transaction: Transaction, *, dots: bool) -> None:
        assert transaction.data is not None
        result = transaction.data.finish(dots=dots, relax=self.relax_line_ends, binary=transaction.binary and not dots)
        if isinstance(result, Refusal):
            self._reset()
            self.mode = _COMMAND
            if result is Refusal.BARE_LINE_ENDS and dots:
                # Whatever follows may have been meant as part of the message by whoever wrote it.
                self._end(replies.BARE_LINE_ENDS)
            else:
                self._reply(_REFUSALS[result])
            self._idle_commands = 0
        else:
            self._complete(transaction, result)

    def _complete(self, transaction: Transaction, message: bytes) -> None:
        self._idle_commands = 0
        self.mode = _WAITING
        self._events.append(MessageComplete(transaction.envelope(), message))

    # -- output ----------------------------------------------------------------------------------------------------------------------------

    def _reply(self, reply: Reply) -> None:
        self._events.append(reply.send)

    def _error(self, reply: Reply) -> None:
        """A negative reply to a command; enough of them end the session."""
        self._reply(reply)
        self._errors += 1
        if self._errors >= self.profile.limits.errors:
            self._end(replies.TOO_MANY_ERRORS)

    def _end(self, reply: Reply) -> None:
        self._reply(reply)
        self._emit(_CLOSE if reply is replies.BYE else _CLOSE_LINGERING)
        self.mode = _CLOSED
        self._input, self._at = b"", 0
        self._reset()

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _drain(self) -> list[Event]:
        events = self._events
        self._events = []
        return _joined(events) if len(events) > 1 else events

    def _reset(self) -> None:
        if self._transaction is not None:
            self._transaction.release(self.policy.budget)
            self._transaction = None

    def _idle(self) -> bool:
        """Count a command that brings no message further; True when the session has ended for it."""
        self._idle_commands += 1
        if self._idle_commands > self.profile.limits.idle_commands:
            self._errors += 1
            if self._errors >= self.profile.limits.errors:
                self._end(replies.TOO_MANY_ERRORS)
                return True
        return False


def _joined(events: list[Event]) -> list[Event]:
    """The same with every run of replies in one :class:`Send`: a client that pipelines gets one packet (RFC 2920 section 3.2)."""
    if len(events) == 2 and not isinstance(events[1], Send):
        return events
    joined: list[Event] = []
    replies: list[bytes] = []
    for event in events:
        if isinstance(event, Send):
            replies.append(event.data)
            continue
        if replies:
            joined.append(Send(b"".join(replies)))
            replies = []
        joined.append(event)
    if replies:
        joined.append(Send(b"".join(replies)))
    return joined
