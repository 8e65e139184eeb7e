"""The AUTH command and its exchange: mechanisms PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login), by RFC 4954.

Both send the password itself, so they are offered under TLS only; what a channel protected by TLS would gain from a challenge costs the server
passwords stored in clear.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from enum import Enum

import attrs

from tidegate.domain.connection import Tls
from tidegate.domain.credentials import AuthVerdict, Unfit, credentials
from tidegate.domain.smtp import replies
from tidegate.domain.smtp.events import Authenticate, Event
from tidegate.domain.smtp.machine import Machine, Mode
from tidegate.domain.smtp.reply import Reply

MAX_RESPONSE = 12288
"""Octets of base64 in one line of an exchange, without its CRLF: what RFC 4954 section 4 asks servers to take."""
MAX_FAILURES = 3
"""Refused attempts in one session: two for a person's slips, the third is answered and the session ends."""

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class _Step(Enum):
    """What the next line of an exchange holds."""

    PLAIN = "authorization identity, user name and password, with NUL between them"
    USERNAME = "user name"
    PASSWORD = "password"  # noqa: S105 - the name of a step


@attrs.define
class Authentication(Machine):
    """AUTH.

    Attributes:
        user: who has authenticated, prepared with SASLprep, or None.
    """

    user: str | None = None
    _step: _Step = _Step.PLAIN
    _username: bytes = b""
    _failures: int = 0

    def authentication_done(self, verdict: AuthVerdict | Reply) -> list[Event]:
        """Answer :class:`Authenticate`: tell the client, go on.

        Args:
            verdict: of the back ends; or a reply that ends the session.
        """
        if self.mode is Mode.CLOSED:
            return []
        self.mode = Mode.COMMAND
        claimed, self._username = self._username, b""
        if isinstance(verdict, Reply):
            self._end(verdict)
        elif verdict is AuthVerdict.ACCEPTED:
            self.user = claimed.decode()
            self._reply(replies.AUTHENTICATED)
        elif verdict is AuthVerdict.UNAVAILABLE:
            self._error(replies.AUTH_UNAVAILABLE)
        else:
            self._login_failed()
        self._advance()
        return self._drain()

    def tls_established(self, tls: Tls) -> list[Event]:
        """Nobody is authenticated in a new TLS session (RFC 3207 section 4.2)."""
        self.user = None
        return super().tls_established(tls)

    def _auth(self, argument: bytes) -> None:
        if not self.profile.authentication:
            return self._error(replies.NOT_IMPLEMENTED)
        if self.tls is None:
            return self._error(replies.AUTH_NEEDS_TLS)
        if not self.esmtp:
            return self._error(replies.HELLO_FIRST)
        if self.user is not None:
            return self._error(replies.ALREADY_AUTHENTICATED)
        if self._transaction is not None:
            return self._error(replies.IN_TRANSACTION)
        mechanism, *initial = argument.split(b" ") if argument else (b"",)
        if not mechanism or len(initial) > 1:
            return self._error(replies.AUTH_SYNTAX)
        match mechanism.upper():
            case b"PLAIN":
                self._step, challenge = _Step.PLAIN, replies.EMPTY_CHALLENGE
            case b"LOGIN":
                self._step, challenge = _Step.USERNAME, replies.USERNAME_CHALLENGE
            case _:
                return self._error(replies.UNKNOWN_MECHANISM)
        if initial and initial[0]:
            return self._response(b"" if initial[0] == b"=" else initial[0])  # RFC 4954 section 4: = is a response of no octets
        return self._challenge(challenge)

    def _challenge(self, challenge: Reply) -> None:
        self.mode = Mode.RESPONSE
        self._reply(challenge)

    def _next_response(self) -> bool:
        data, start = self._input, self._at
        end = data.find(b"\r\n", start)
        complete = end >= 0
        line = data[start:end] if complete else data[start:]
        if len(line) > self.profile.limits.unterminated:
            self._end(replies.RESPONSE_TOO_LONG)
        elif (_CONTROL.search(line) is not None) if complete else self._spoiled(line):
            self._end(replies.BAD_LINE)  # a client that ends lines otherwise would wait for ever
        elif complete:
            self._at, self._looked = end + 2, 0
            self.mode = Mode.COMMAND
            if len(line) > MAX_RESPONSE:
                self._error(replies.RESPONSE_TOO_LONG)
            elif line == b"*":
                self._error(replies.AUTH_CANCELLED)
            else:
                self._response(line)
            return True
        return False

    def _response(self, line: bytes) -> None:
        try:
            decoded = a2b_base64(line, strict_mode=True)
        except Base64Error:
            return self._error(replies.BAD_RESPONSE)
        if self._step is _Step.USERNAME:
            self._username, self._step = decoded, _Step.PASSWORD
            return self._challenge(replies.PASSWORD_CHALLENGE)
        if self._step is _Step.PASSWORD:
            return self._judge(self._username, decoded)
        fields = decoded.split(b"\0", 3)
        if len(fields) != 3:
            return self._error(replies.BAD_RESPONSE)
        identity, username, password = fields
        if identity not in (b"", username):  # to act for another is nobody's right here
            return self._login_failed()
        return self._judge(username, password)

    def _judge(self, username: bytes, password: bytes) -> None:
        presented = credentials(username, password)
        if presented is Unfit.MALFORMED:
            return self._error(replies.BAD_RESPONSE)
        if isinstance(presented, Unfit):
            return self._login_failed()
        self._username = presented.username.encode()
        self.mode = Mode.WAITING
        return self._emit(Authenticate(presented))

    def _login_failed(self) -> None:
        self._username = b""
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._reply(replies.AUTH_FAILED)
            self._end(replies.TOO_MANY_LOGINS)
        else:
            self._error(replies.AUTH_FAILED)
