"""The received log: one line per message and recipient, made from a template (``received-log-format``)."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs
import orjson

from tidegate.domain.smtp.reply import Reply
from tidegate.ports.errors import PermanentFailure
from tidegate.ports.publisher import Publication
from tidegate.ports.reception import IncomingMessage

FLUSH_INTERVAL = 0.2
"""Seconds that lines wait, so that a busy server writes many at once."""
MAX_WAITING = 100_000
"""Lines that may wait for a slow disk; more are dropped and counted in a line of their own."""

_log = logging.getLogger("tidegate.received_log")

_VARIABLE = re.compile(r"\{\$([a-z0-9._-]+)\}", re.IGNORECASE)


@attrs.frozen
class _Line:
    """What a line can tell of."""

    message: IncomingMessage
    transaction_id: str
    message_id: str
    publication: Publication | None
    recipient: str
    reply: Reply
    now: datetime


KNOWN: dict[str, Callable[[_Line], str]] = {
    "date": lambda line: line.now.strftime("%Y-%m-%d %H:%M:%S"),
    "time": lambda line: str(int(line.now.timestamp())),
    "queue": lambda line: line.publication.queue if line.publication else "",
    "size": lambda line: str(len(line.message.data)),
    "reply": lambda line: f"{line.reply.code} {line.reply.enhanced}",
    "transaction": lambda line: line.transaction_id,
    "json.message-id": lambda line: line.message_id,
    "json.envelope": lambda line: line.message.envelope.sender,
    "json.recipient": lambda line: line.recipient,
    "json.hostname": lambda line: line.message.hostname,
    "json.connection.remote-ip": lambda line: line.message.client.endpoints.remote_ip,
    "json.connection.remote-port": lambda line: str(line.message.client.endpoints.remote_port),
    "json.connection.local-ip": lambda line: line.message.client.endpoints.local_ip,
    "json.connection.local-port": lambda line: str(line.message.client.endpoints.local_port),
    "json.connection.helo": lambda line: line.message.client.helo,
    "json.connection.user": lambda line: line.message.client.user or "",
}
"""Variables that need no look into the document."""


def check(path: Path) -> None:
    """Try the file; it is made where it is missing.

    Raises:
        PermanentFailure: it cannot be written to.
    """
    try:
        path.open("a").close()
    except OSError as error:
        raise PermanentFailure(f"received-log-file {path}: cannot be written to: {error.strerror}") from error


@attrs.define
class ReceivedLog:
    """Plays :class:`tidegate.app.reception.Journal`: keeps lines and writes them a few times a second from a thread.

    Attributes:
        path: the file; opened anew for each write, so that it may be rotated at any time.
        template: text with ``{$variable}``; ``{$json.…}`` is any property of the document.
    """

    path: Path
    template: str
    _pieces: list[str | Callable[[_Line], str]] = attrs.field(init=False)
    _waiting: list[str] = attrs.field(factory=list, init=False)
    _dropped: int = attrs.field(default=0, init=False)
    _failing: bool = attrs.field(default=False, init=False)
    _flush_due: bool = attrs.field(default=False, init=False)
    _flushes: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        parts = _VARIABLE.split(self.template)
        self._pieces = [_variable(part) if index % 2 else part for index, part in enumerate(parts)]

    def note(
        self,
        message: IncomingMessage,
        transaction_id: str,
        message_ids: Sequence[str],
        publications: Sequence[Publication],
        reply: Reply,
    ) -> None:
        """One line per recipient of a message that was accepted."""
        if not reply.positive:
            return
        now = datetime.now(UTC)
        by_id = {publication.message_id: publication for publication in publications}
        for message_id, recipient in zip(message_ids, message.envelope.recipients, strict=True):
            if len(self._waiting) >= MAX_WAITING:
                self._dropped += 1
                continue
            line = _Line(message, transaction_id, message_id, by_id.get(message_id), recipient.address, reply, now)
            self._waiting.append("".join([piece if isinstance(piece, str) else _printable(piece(line)) for piece in self._pieces]))
        if not self._flush_due:
            self._flush_due = True
            task = asyncio.get_running_loop().create_task(self._flush_soon())
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)

    async def close(self) -> None:
        """Write what is waiting; what is noted meanwhile too."""
        while self._flushes:
            await asyncio.wait(self._flushes)

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_INTERVAL)
        lines, self._waiting = self._waiting, []
        if self._dropped:
            lines.append(f"{self._dropped} lines dropped: the log could not be written, or not fast enough")
            self._dropped = 0
        self._flush_due = False
        await asyncio.to_thread(self._write, "\n".join(lines) + "\n")

    def _write(self, text: str) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            self._dropped += text.count("\n")
            if not self._failing:
                _log.error("received-log-file cannot be written to", extra={"file": str(self.path), "reason": error.strerror})
            self._failing = True
        else:
            self._failing = False


def _variable(name: str) -> Callable[[_Line], str]:
    name = name.lower().replace("_", "-")  # both spellings are in use: {$json.connection.remote_ip}
    known = KNOWN.get(name)
    if known is not None:
        return known
    if not name.startswith("json."):
        return lambda _: ""
    path = name[5:].split(".")

    def property_of_the_document(line: _Line) -> str:
        value: object = orjson.loads(line.publication.body) if line.publication else None
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value if isinstance(value, str) else "" if value is None else json.dumps(value)

    return property_of_the_document


def _printable(text: str) -> str:
    """The text without anything that could end the line or move a terminal's cursor."""
    return text if text.isprintable() else "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
