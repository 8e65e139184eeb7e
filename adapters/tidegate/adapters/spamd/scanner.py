"""Asks spamd which rules match a message, over TCP or a UNIX socket; several daemons stand in for one another."""

import asyncio
import logging
from collections.abc import Sequence

import attrs

from tidegate.domain.spamc import Answer, Question, Unusable, is_user, parse_answer, request
from tidegate.domain.spamd_address import SpamdAddress
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.spam_scanner import Handover, SpamVerdict

MAX_MESSAGE_BYTES = 512_000
"""What SpamAssassin's own client sends at most: larger messages are rarely spam and take minutes."""
CONNECT_TIMEOUT_S = 3.0
"""A daemon of one's own network is there or it is not."""
MAX_IN_FLIGHT = 32
"""Messages at a time in one process. A daemon works on five by default and lets the others wait; many more would only wait longer, each with a
connection and a copy of its message."""

_CHUNK_BYTES = 16 * 1024

_log = logging.getLogger("tidegate.spamd")


def _valid_user(_: object, __: object, user: str) -> None:
    if user and not is_user(user):
        raise ValueError(f"not a user name for spamd: {user!r}")


@attrs.define(eq=False)
class SpamdScanner:
    """Implements :class:`tidegate.ports.spam_scanner.SpamScanner`, for one event loop.

    A scan ends within ``timeout_s`` for each daemon, waiting for a place included.

    Attributes:
        addresses: at least one. A daemon that fails is left for the next one, which is then asked first until it fails too.
        user: whose preferences apply; empty for those of the user that spamd runs as.
        timeout_s: how long one try may take.
        max_message_bytes: the largest message it takes.
        report: whether to ask for the points of each rule too. Where a report cannot be read, which is logged, the same daemon is asked again,
            for the names alone.
        connect_timeout_s: the part of it for the connection.
        max_in_flight: scans at a time; more wait.
    """

    addresses: Sequence[SpamdAddress] = attrs.field(validator=attrs.validators.min_len(1))
    user: str = attrs.field(default="", validator=_valid_user)
    timeout_s: float = 20.0
    max_message_bytes: int = MAX_MESSAGE_BYTES
    report: bool = False
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    max_in_flight: int = MAX_IN_FLIGHT
    _free: asyncio.Semaphore = attrs.field(
        init=False, default=attrs.Factory(lambda self: asyncio.Semaphore(self.max_in_flight), takes_self=True)
    )
    _first: int = attrs.field(init=False, default=0)

    async def scan(self, message: bytes, handover: Handover | None = None) -> SpamVerdict:
        """See the port. Spamd reads how a message came from its trace fields: ``handover`` is not used."""
        if len(message) > self.max_message_bytes:
            raise PermanentFailure(f"larger than {self.max_message_bytes} bytes")
        failures = []
        for _ in self.addresses:
            number = self._first
            address = self.addresses[number % len(self.addresses)]
            try:
                answer = await self._judge(address, message)
            except TimeoutError:
                failures.append(f"{address}: no answer within {self.timeout_s:g} s")
            except (OSError, _NoAnswer) as error:
                failures.append(f"{address}: {error or type(error).__name__}")
            else:
                return SpamVerdict(answer.spam, answer.score, answer.threshold, answer.symbols, answer.rules)
            # One step for all scans that found the same daemon failing.
            self._first = max(self._first, number + 1)
        raise TemporaryFailure("; ".join(failures))

    async def _judge(self, address: SpamdAddress, message: bytes) -> Answer:
        """What one daemon says, within ``timeout_s``.

        Raises:
            TimeoutError, OSError, _NoAnswer: there was no answer.
        """
        deadline = asyncio.get_running_loop().time() + self.timeout_s
        async with asyncio.timeout_at(deadline), self._free:
            answer = await self._ask(address, message, Question.REPORT if self.report else Question.SYMBOLS)
        if not answer.unread:
            return answer
        _log.warning("spam report cannot be read", extra={"reason": f"{address}: {answer.unread}"})
        try:
            async with asyncio.timeout_at(deadline), self._free:
                return await self._ask(address, message, Question.SYMBOLS)
        except (OSError, _NoAnswer):  # TimeoutError is one
            return answer

    async def _ask(self, address: SpamdAddress, message: bytes, question: Question) -> Answer:
        """One question to one daemon.

        Raises:
            TimeoutError, OSError, _NoAnswer: there was no answer.
        """
        async with asyncio.timeout(self.connect_timeout_s):
            if address.is_path:
                reader, writer = await asyncio.open_unix_connection(address.host)
            else:
                reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            writer.write(request(question, len(message), self.user))
            writer.write(message)
            writer.write_eof()
            await writer.drain()
            return await _answer(reader, question)
        finally:
            # Whatever is not sent by now is of no use to anybody.
            writer.transport.abort()


class _NoAnswer(Exception):
    """What came is no answer. ``args[0]`` says why."""


async def _answer(reader: asyncio.StreamReader, question: Question) -> Answer:
    data = bytearray()
    while True:
        piece = await reader.read(_CHUNK_BYTES)
        data += piece
        outcome = parse_answer(bytes(data), ended=not piece, question=question)
        if isinstance(outcome, Answer):
            return outcome
        if isinstance(outcome, Unusable):
            raise _NoAnswer(outcome.reason)
