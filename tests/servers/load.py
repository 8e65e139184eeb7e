"""Clients that keep a server busy and write down what became of each message: sent, answered 250, refused, or no reply."""

import asyncio
import itertools
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import attrs

REPLY_S = 30.0


@attrs.define(eq=False)
class Ledger:
    """What became of the messages, by the number in their text.

    Attributes:
        accepted: answered 250 after the data.
        unknown: no reply after the data: the message may have arrived or not.
        refused: replies that were not the expected ones, 421 among them.
        failed: connections that could not be made, or ended before the data was sent.
    """

    accepted: set[int] = attrs.field(factory=set)
    unknown: set[int] = attrs.field(factory=set)
    refused: list[str] = attrs.field(factory=list)
    failed: list[str] = attrs.field(factory=list)

    def lost(self, documents: Iterable[Mapping[str, Any]]) -> set[int]:
        """Accepted messages that are not among the documents."""
        return self.accepted - arrived(documents)

    def unexpected(self, documents: Iterable[Mapping[str, Any]]) -> set[int]:
        """Documents of messages that nobody sent to the end."""
        return arrived(documents) - self.accepted - self.unknown


def arrived(documents: Iterable[Mapping[str, Any]]) -> set[int]:
    """The numbers of the messages that the documents hold."""
    return {int(document["mime"].rpartition("number ")[2].split(".")[0]) for document in documents}


@attrs.define(eq=False)
class Load:
    """Clients under way between ``async with``. Each connects, sends some messages, leaves, and begins again.

    Attributes:
        port: of the server on 127.0.0.1.
        clients: how many at a time.
        per_connection: messages that each sends before it leaves.
        ledger: what became of them.
    """

    port: int
    clients: int = 8
    per_connection: int = 3
    ledger: Ledger = attrs.field(factory=Ledger)
    _numbers: "itertools.count[int]" = attrs.field(factory=itertools.count, init=False)
    _ending: bool = attrs.field(default=False, init=False)
    _tasks: list[asyncio.Task[None]] = attrs.field(factory=list, init=False)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._client()) for _ in range(self.clients)]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let every client finish its connection."""
        self._ending = True
        await asyncio.gather(*self._tasks)

    async def reach(self, accepted: int, within_s: float = 30.0) -> None:
        """Wait until so many more messages have been accepted."""
        wanted = len(self.ledger.accepted) + accepted
        async with asyncio.timeout(within_s):
            while len(self.ledger.accepted) < wanted:  # noqa: ASYNC110 - the ledger has no event
                await asyncio.sleep(0.005)

    async def _client(self) -> None:
        while not self._ending:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as error:
                self.ledger.failed.append(f"connect: {error}")
                await asyncio.sleep(0.02)
                continue
            try:
                await self._session(reader, writer)
            except (OSError, EOFError) as error:
                self.ledger.failed.append(f"{type(error).__name__}: {error}")
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def said(expected: bytes, line: bytes | None = None) -> bool:
            if line is not None:
                writer.write(line)
            async with asyncio.timeout(REPLY_S):
                while True:
                    reply = await reader.readuntil(b"\r\n")
                    if reply[3:4] == b" ":
                        break
            if not reply.startswith(expected):
                self.ledger.refused.append(reply.decode().strip())
            return reply.startswith(expected)

        if not (await said(b"220") and await said(b"250", b"EHLO load.example\r\n")):
            return
        for _ in range(self.per_connection):
            for command, expected in ((b"MAIL FROM:<a@b.c>", b"250"), (b"RCPT TO:<d@e.f>", b"250"), (b"DATA", b"354")):
                if not await said(expected, command + b"\r\n"):
                    return
            number = next(self._numbers)
            self.ledger.unknown.add(number)
            accepted = await said(b"250", b"Subject: load\r\n\r\nThis is number %d.\r\n.\r\n" % number)
            self.ledger.unknown.discard(number)
            if not accepted:
                return
            self.ledger.accepted.add(number)
        await said(b"221", b"QUIT\r\n")
