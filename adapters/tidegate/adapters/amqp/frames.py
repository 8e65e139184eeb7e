"""A document as AMQP frames (AMQP 0-9-1 section 4.2): method, header, bodies.

All that does not change from one document to the next is marshalled once, by pamqp; per document only the message id and the lengths are
packed in. pamqp builds and walks several objects per publish instead, which costs more than everything else together.
"""

import struct
from collections.abc import Sequence

import pamqp.frame
from pamqp import commands

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
"""Frame types (AMQP 0-9-1 section 4.2.3)."""

END = b"\xce"
"""Last byte of every frame."""

OVERHEAD = 8
"""Type, channel and length before a payload, the end byte after it."""

BASIC = 60
FRAME = struct.Struct(">BHI")
CONTENT = struct.Struct(">BHIHHQ")
"""A header frame up to the body size: type, channel, length, class, weight, body size."""

CONTENT_LENGTH = 12
"""Bytes of class, weight and body size."""

MAX_CACHED_QUEUES = 1024
"""Queue names come from the configuration: a handful. The bound is for whoever derives them from mail."""

DEFAULT_FRAME_BYTES = 131_072
"""RabbitMQ's ``frame_max``; taken where the broker sets no limit."""

Chunk = bytes | memoryview


class FrameWriter:
    """Frames for the documents of one channel.

    Args:
        channel: its number.
        exchange: where documents go, with their queue as routing key.
        persistent: delivery mode 2 rather than 1.
        content_encoding: AMQP property of that name, left out when empty.
        frame_max: largest frame agreed with the broker, in bytes; 0 for no limit.
    """

    def __init__(self, channel: int, exchange: str, *, persistent: bool, content_encoding: str, frame_max: int) -> None:
        self._channel = channel
        self._exchange = exchange
        self._room = (frame_max or DEFAULT_FRAME_BYTES) - OVERHEAD
        properties = commands.Basic.Properties(
            content_type="application/json",
            content_encoding=content_encoding or None,
            delivery_mode=2 if persistent else 1,
            message_id="x",
        )
        # The message id is the last of these properties on the wire (AMQP 0-9-1 section 1.8.1, in the order of the specification).
        self._properties = properties.marshal()[: -len(b"\x01x")]
        self._methods: dict[str, bytes] = {}

    def append(self, chunks: list[Chunk], queue: str, message_id: str, parts: Sequence[bytes], size: int) -> None:
        """Append the frames of one document to ``chunks``; the parts themselves are not copied.

        Args:
            chunks: what is to be written, in order.
            queue: at most 255 bytes of UTF-8.
            message_id: at most 255 bytes of ASCII.
            parts: the body.
            size: sum of the parts' lengths.
        """
        method = self._methods.get(queue) or self._method(queue)
        identifier = message_id.encode()
        properties, channel, room = self._properties, self._channel, self._room
        length = CONTENT_LENGTH + len(properties) + 1 + len(identifier)
        head = b"%b%b%b%c%b\xce" % (
            method,
            CONTENT.pack(HEADER, channel, length, BASIC, 0, size),
            properties,
            len(identifier),
            identifier,
        )
        if 0 < size <= room:
            chunks.append(head + FRAME.pack(BODY, channel, size))
            chunks.extend(parts)
            chunks.append(END)
            return
        chunks.append(head)
        self._split(chunks, parts, size)

    def _split(self, chunks: list[Chunk], parts: Sequence[bytes], left: int) -> None:
        """Body frames of at most the agreed size, cut wherever they are full."""
        free = 0
        for part in parts:
            view = memoryview(part)
            while view:
                if not free:
                    free = min(left, self._room)
                    left -= free
                    chunks.append(FRAME.pack(BODY, self._channel, free))
                piece = view[:free]
                chunks.append(piece)
                view = view[len(piece) :]
                free -= len(piece)
                if not free:
                    chunks.append(END)

    def _method(self, queue: str) -> bytes:
        if len(self._methods) >= MAX_CACHED_QUEUES:
            self._methods.clear()
        publish = commands.Basic.Publish(exchange=self._exchange, routing_key=queue, mandatory=True)
        return self._methods.setdefault(queue, pamqp.frame.marshal(publish, self._channel))
