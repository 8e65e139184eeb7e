"""The byte stream between the broker and the AMQP library, with the publisher's share of it taken out on the way.

The library opens the connection, logs in, keeps heartbeats, opens and closes channels, declares queues. What belongs to publishes on our lanes
(Basic.Ack, Basic.Nack, Basic.Return with its content) is handled where it arrives; the library needs two task switches and a dozen objects for
each. All other frames go on to the library unchanged. Writes of both sides are whole frames on one transport, in order.
"""

import asyncio
import logging
import ssl
import struct
from typing import Any, cast

import aiormq
import pamqp.exceptions
import pamqp.frame
from pamqp import commands, header
from yarl import URL

from tidegate.adapters.amqp.frames import BODY, END, FRAME, HEADER, HEARTBEAT, METHOD
from tidegate.adapters.amqp.lane import Lane
from tidegate.adapters.amqp.listener import Listener
from tidegate.adapters.amqp.outlet import Outlet

log = logging.getLogger(__name__)

ANSWER = struct.Struct(">IQB")
"""Basic.Ack and Basic.Nack: class and method, delivery tag, flags; bit 0 is ``multiple``."""

ACK, NACK, RETURN = 60 << 16 | 80, 60 << 16 | 120, 60 << 16 | 50
CHANNEL_CLOSE = 20 << 16 | 40
BLOCKED, UNBLOCKED = 10 << 16 | 60, 10 << 16 | 61

MAX_FRAME_BYTES = 16 * 1024 * 1024
"""RabbitMQ's frames have at most 128 KiB unless its ``frame_max`` was raised; a length beyond this is no AMQP."""

ALIVE_S = 1.0
HEARTBEAT_FRAME = FRAME.pack(HEARTBEAT, 0, 0) + END


class Tap(asyncio.StreamReaderProtocol):
    """Protocol of one connection.

    Attributes:
        outlet: the way to the broker; None before and after the connection.
        writable: whether the socket's buffer has room.
    """

    def __init__(self, reader: asyncio.StreamReader, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self._stream = reader
        self._events = loop
        self._listener = listener
        self._lanes: dict[int, Lane] = {}
        self._returning: dict[int, commands.Basic.Return] = {}
        self._partial = bytearray()
        self._needed = 0
        self._framed = self._foreign = False
        self._fed_at = loop.time()
        self.outlet: Outlet | None = None
        self.writable = True

    def add(self, lane: Lane) -> None:
        """Take the answers for this channel out of the stream from now on."""
        self._lanes[lane.number] = lane

    def remove(self, lane: Lane) -> None:
        """Let the library see this channel's frames again."""
        self._lanes.pop(lane.number, None)
        self._returning.pop(lane.number, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.outlet = Outlet(cast("asyncio.Transport", transport), self._events)  # uvloop's is one in all but name
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self.outlet = None
        self._listener.on_disconnected(f"the connection broke ({exc or 'closed by the broker'})")
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio."""
        self.writable = False
        super().pause_writing()

    def resume_writing(self) -> None:
        """See asyncio."""
        self.writable = True
        super().resume_writing()
        self._listener.on_writable()

    def data_received(self, data: bytes) -> None:
        """See asyncio. Handles every whole frame and keeps the rest."""
        if self._foreign:
            super().data_received(data)
            return
        if self._partial:
            self._partial += data
            if len(self._partial) < self._needed:
                return
            data = bytes(self._partial)
            self._partial.clear()
        start, end = 0, len(data)
        answered = False
        others: list[bytes] = []
        while end - start >= FRAME.size:
            kind, channel, size = FRAME.unpack_from(data, start)
            if size > MAX_FRAME_BYTES or kind not in (METHOD, HEADER, BODY, HEARTBEAT):
                if self._framed:
                    self._broken("something that is no frame")
                    return
                # For example the "AMQP" with which a broker of another version answers: the library knows what to say.
                self._foreign = True
                super().data_received(data)
                return
            self._framed = True
            after = start + FRAME.size + size + 1
            if after > end:
                self._needed = after - start
                break
            lane = self._lanes.get(channel)
            if lane is not None and self._take(lane, kind, data, start + FRAME.size, after - 1):
                answered = True
            else:
                if channel == 0 and kind == METHOD:
                    self._watch(data[start:after])
                others.append(data[start:after])
            start = after
        else:
            self._needed = FRAME.size
        if start < end:
            self._partial += data[start:]
        self._pass_on(others, answered)

    def _pass_on(self, others: list[bytes], answered: bool) -> None:
        now = self._events.time()
        if others:
            self._fed_at = now
            super().data_received(b"".join(others))
        elif answered and now - self._fed_at >= ALIVE_S:
            # The broker sends no heartbeats while it has answers to send, and the library must not take it for dead.
            self._fed_at = now
            super().data_received(HEARTBEAT_FRAME)
        if answered:
            self._listener.on_answers()

    def _take(self, lane: Lane, kind: int, data: bytes, start: int, stop: int) -> bool:
        """Handle one frame (payload at ``start``, end byte at ``stop``) of a lane. False when it is the library's."""
        if data[stop] != END[0]:
            self._broken(f"a frame on channel {lane.number} without its end")
            return True
        if kind != METHOD:
            if kind == HEADER and (method := self._returning.pop(lane.number, None)) is not None:
                self._give_back(lane, method, data[start:stop])
            return True  # bodies of returned documents: we have them
        index = int.from_bytes(data[start : start + 4])
        if index in (ACK, NACK) and stop - start == ANSWER.size:
            _, tag, flags = ANSWER.unpack_from(data, start)
            reason = "" if index == ACK else "the broker refused it (basic.nack: its queue is full or it has failed)"
            if not lane.answered(tag, bool(flags & 1), reason):
                self._broken(f"an answer to publish {tag} on channel {lane.number}, which never was")
            return True
        if index == RETURN:
            returned = _method(data[start:stop])
            if isinstance(returned, commands.Basic.Return):
                self._returning[lane.number] = returned
            return True
        if index == CHANNEL_CLOSE:
            # At once, not when the library has told it on: a publish written after its Close-Ok would end the whole connection. What has
            # gathered until now leaves before: the flush is due in the loop ahead of the library's tasks.
            self.remove(lane)
            close = _method(data[start:stop])
            text = f"{close.reply_code} {close.reply_text}" if isinstance(close, commands.Channel.Close) else "no reason given"
            lane.ended(f"the broker closed the channel: {text}")
            self._listener.on_lane_closed(lane, text)
        return False

    def _give_back(self, lane: Lane, method: commands.Basic.Return, payload: bytes) -> None:
        content = header.ContentHeader()
        try:
            content.unmarshal(payload)
        except (ValueError, struct.error):
            self._broken("a returned document with a header that cannot be read")
            return
        reason = f"{method.reply_code} {method.reply_text}"
        if not lane.returned(method.routing_key or "", content.properties.message_id or "", reason):
            self._broken("a returned document that was never sent")

    def _watch(self, frame: bytes) -> None:
        index = int.from_bytes(frame[FRAME.size : FRAME.size + 4])
        if index == BLOCKED:
            method = _method(frame[FRAME.size : -1])
            self._listener.on_blocked((isinstance(method, commands.Connection.Blocked) and method.reason) or "no reason given")
        elif index == UNBLOCKED:
            self._listener.on_unblocked()

    def _broken(self, what: str) -> None:
        """A broker that is wrong once may be wrong about any confirm: nothing it says on this connection counts any more."""
        log.error("the broker sent %s; the connection is dropped", what)
        for lane in list(self._lanes.values()):
            self.remove(lane)
            lane.ended(f"the broker sent {what}")
        if self.outlet is not None:
            self.outlet.abort()


def _method(payload: bytes) -> object:
    """The method in a frame's payload, or None when it cannot be read."""
    try:
        return pamqp.frame.unmarshal(FRAME.pack(METHOD, 0, len(payload)) + payload + END)[2]
    except pamqp.exceptions.PAMQPException:
        return None


class TapFactory(aiormq.TransportFactory):
    """Makes the library's connection run through a :class:`Tap`.

    Args:
        listener: told what the tap sees.
        context: TLS settings, or None for a plain connection.
    """

    def __init__(self, listener: Listener, context: ssl.SSLContext | None) -> None:
        self._listener = listener
        self._context = context
        self.tap: Tap | None = None

    def put_on(self, lane: Lane) -> None:
        """Handle this channel's answers from now on."""
        if self.tap is not None:
            self.tap.add(lane)

    def take_off(self, lane: Lane) -> None:
        """Leave this channel to the library."""
        if self.tap is not None:
            self.tap.remove(lane)

    async def create(self, url: URL, **_: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """See aiormq. Raises ``OSError``, which includes ``ssl.SSLError``."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        transport, tap = await loop.create_connection(
            lambda: Tap(reader, self._listener, loop), url.host or "", url.port or 0, ssl=self._context
        )
        self.tap = tap
        return reader, asyncio.StreamWriter(transport, tap, reader, loop)
