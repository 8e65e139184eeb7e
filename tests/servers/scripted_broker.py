"""A broker that does what a test tells it: confirm late, out of order or never, refuse, return, block, close channels, talk nonsense."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import attrs
import pamqp.frame
from pamqp import commands
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.common import FieldTable
from pamqp.header import ContentHeader, ProtocolHeader


@attrs.define
class Published:
    """One message as it came in. ``tag`` counts the publishes of its channel from 1, as confirms do."""

    session: "Session"
    channel: int
    tag: int
    queue: str
    exchange: str
    mandatory: bool
    header: ContentHeader
    body: bytes = b""

    @property
    def message_id(self) -> str:
        """The AMQP property."""
        return self.header.properties.message_id or ""

    def ack(self, *, multiple: bool = False) -> None:
        """Confirm it; with ``multiple`` all up to it."""
        self.session.send(self.channel, commands.Basic.Ack(self.tag, multiple))

    def nack(self, *, multiple: bool = False) -> None:
        """Refuse it; with ``multiple`` all up to it."""
        self.session.send(self.channel, commands.Basic.Nack(self.tag, multiple, False))

    def give_back(self) -> None:
        """Return it as unroutable (no ack yet)."""
        self.session.send(self.channel, commands.Basic.Return(312, "NO_ROUTE", self.exchange, self.queue), self.header, ContentBody(self.body))

    def close_channel(self, code: int = 406, text: str = "PRECONDITION_FAILED - as the test wants it") -> None:
        """Close the channel that it came on; as RabbitMQ does, ignore what still comes on it, until the client has agreed."""
        self.session.closing.add(self.channel)
        self.session.send(self.channel, commands.Channel.Close(code, text, 60, 40))


def confirm(message: Published) -> None:
    """The script of a good broker."""
    message.ack()


@attrs.define(eq=False)
class ScriptedBroker:
    """Listens on a free port of 127.0.0.1 while its context is entered.

    Attributes:
        script: called for every message; decides what the broker says.
        version: as told in Connection.Start.
        password: any other is refused.
        frame_max: largest frame offered.
        refused_queues: declaring one of these closes the channel with the code and text.
        mute: says nothing at all after the TCP connection.
        accidents: what happens once instead of an answer, by the name of the frame to be answered: ``abort``, ``close`` or ``silence``.
        reading: cleared while nothing is read from any connection.
        tls: makes it an amqps listener.
        published: every message so far.
        declared: every queue declaration so far.
        logins: attempts so far, also refused ones.
    """

    script: Callable[[Published], None] = confirm
    version: str = "3.13.7"
    password: str = "guest"
    frame_max: int = 131_072
    refused_queues: dict[str, tuple[int, str]] = attrs.Factory(dict)
    mute: bool = False
    accidents: dict[str, str] = attrs.Factory(dict)
    reading: asyncio.Event = attrs.Factory(asyncio.Event)
    tls: ssl.SSLContext | None = None
    published: list[Published] = attrs.Factory(list)
    declared: list[commands.Queue.Declare] = attrs.Factory(list)
    channels_opened: int = 0
    logins: int = 0
    sessions: list["Session"] = attrs.Factory(list)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.reading.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        for session in self.sessions:
            session.abort()
        await asyncio.gather(*(session.ended.wait() for session in self.sessions))

    @property
    def url(self) -> str:
        """Address with the right password."""
        assert self._server is not None
        return f"amqp{'s' if self.tls else ''}://guest:guest@127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def arrived(self, count: int) -> Sequence[Published]:
        """Wait until so many messages are there."""
        async with asyncio.timeout(10):
            while len(self.published) < count:  # noqa: ASYNC110 - polled by tests only
                await asyncio.sleep(0.001)
        return self.published

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self.sessions.append(session)
        try:
            await session.run()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
            session.ended.set()


@attrs.define(eq=False)
class Session:
    """One connection of a client."""

    broker: ScriptedBroker
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: asyncio.Event = attrs.Factory(asyncio.Event)
    closing: set[int] = attrs.Factory(set)
    _tags: dict[int, int] = attrs.Factory(dict)
    _partial: dict[int, Published] = attrs.Factory(dict)
    _publishing: dict[int, commands.Basic.Publish] = attrs.Factory(dict)

    def send(self, channel: int, *frames: Frame | ContentHeader | ContentBody) -> None:
        """Send frames in one piece."""
        self.send_bytes(b"".join(pamqp.frame.marshal(frame, channel) for frame in frames))

    def send_bytes(self, data: bytes) -> None:
        """Send anything."""
        self.writer.write(data)

    def abort(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()

    def block(self, reason: str = "low on memory") -> None:
        """Connection.Blocked."""
        self.send(0, commands.Connection.Blocked(reason))

    def unblock(self) -> None:
        """Connection.Unblocked."""
        self.send(0, commands.Connection.Unblocked())

    async def run(self) -> None:
        """Greet, then answer frames until the client goes."""
        await self.reader.readexactly(len(ProtocolHeader().marshal()))
        if self.broker.mute:
            await self.reader.read()
            return
        capabilities: FieldTable = {"publisher_confirms": True, "basic.nack": True, "connection.blocked": True}
        properties: FieldTable = {"product": "RabbitMQ", "version": self.broker.version, "capabilities": capabilities}
        self.send(0, commands.Connection.Start(0, 9, properties, "PLAIN", "en_US"))
        while True:
            await self.broker.reading.wait()
            head = await self.reader.readexactly(7)
            rest = await self.reader.readexactly(int.from_bytes(head[3:7]) + 1)
            _, channel, frame = pamqp.frame.unmarshal(head + rest)
            if not self._answer(channel, frame):
                await self.writer.drain()
                return

    def _answer(self, channel: int, frame: object) -> bool:
        broker = self.broker
        match broker.accidents.pop(getattr(frame, "name", ""), None):
            case "abort":
                self.abort()
                return False
            case "close":
                self.send(0, commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0))
                return True
            case "silence":
                return True
        match frame:
            case commands.Connection.StartOk():
                broker.logins += 1
                if frame.response.split("\0")[-1] != broker.password:
                    self.send(0, commands.Connection.Close(403, "ACCESS_REFUSED - Login was refused", 0, 0))
                    return True
                self.send(0, commands.Connection.Tune(2047, broker.frame_max, 60))
            case commands.Connection.Open():
                self.send(0, commands.Connection.OpenOk())
            case commands.Connection.Close():
                self.send(0, commands.Connection.CloseOk())
                return False
            case commands.Channel.Open():
                broker.channels_opened += 1
                self._tags[channel] = 0
                self.send(channel, commands.Channel.OpenOk())
            case commands.Channel.Close():
                del self._tags[channel]
                self.send(channel, commands.Channel.CloseOk())
            case commands.Channel.CloseOk():
                self.closing.discard(channel)
                del self._tags[channel]
            case commands.Confirm.Select():
                self.send(channel, commands.Confirm.SelectOk())
            case commands.Queue.Declare():
                broker.declared.append(frame)
                if frame.queue in broker.refused_queues:
                    code, text = broker.refused_queues[frame.queue]
                    self.send(channel, commands.Channel.Close(code, text, 50, 10))
                else:
                    self.send(channel, commands.Queue.DeclareOk(frame.queue, 0, 0))
            case commands.Exchange.Declare():
                self.send(channel, commands.Exchange.DeclareOk())
            case commands.Queue.Bind():
                self.send(channel, commands.Queue.BindOk())
            case commands.Basic.Publish() | ContentHeader() | ContentBody() if channel in self.closing:
                pass
            case commands.Basic.Publish() if channel not in self._tags:
                self.send(0, commands.Connection.Close(504, "CHANNEL_ERROR - expected 'channel.open'", 60, 40))
            case commands.Basic.Publish():
                self._publishing[channel] = frame
            case ContentHeader():
                self._begin(channel, frame)
            case ContentBody():
                message = self._partial[channel]
                message.body += frame.value
                self._complete(channel)
        return True

    def _begin(self, channel: int, header: ContentHeader) -> None:
        publish = self._publishing.pop(channel)
        self._tags[channel] += 1
        self._partial[channel] = Published(
            self, channel, self._tags[channel], publish.routing_key, publish.exchange, bool(publish.mandatory), header
        )
        self._complete(channel)

    def _complete(self, channel: int) -> None:
        message = self._partial[channel]
        if len(message.body) == message.header.body_size:
            del self._partial[channel]
            self.broker.published.append(message)
            self.broker.script(message)
