"""Hand-packed publish frames against the library's."""

import pamqp.frame
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from tidegate.adapters.amqp.frames import MAX_CACHED_QUEUES, OVERHEAD, Chunk, FrameWriter

queues = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
exchanges = st.text("abcXYZ019-_.:@#,/+ ", max_size=127)
identifiers = st.text(alphabet="0123456789abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=64)


def by_pamqp(channel: int, exchange: str, queue: str, message_id: str, body: bytes, mode: int, encoding: str | None, room: int) -> bytes:
    """The same publish, marshalled frame by frame by the library."""
    properties = commands.Basic.Properties(
        content_type="application/json", content_encoding=encoding, delivery_mode=mode, message_id=message_id
    )
    frames: list[commands.Basic.Publish | ContentHeader | ContentBody] = [
        commands.Basic.Publish(exchange=exchange, routing_key=queue, mandatory=True),
        ContentHeader(body_size=len(body), properties=properties),
        *(ContentBody(body[start : start + room]) for start in range(0, len(body), room)),
    ]
    return b"".join(pamqp.frame.marshal(frame, channel) for frame in frames)


@given(
    channel=st.integers(1, 65_535),
    exchange=exchanges,
    queue=queues,
    message_id=identifiers,
    parts=st.lists(st.binary(max_size=300), max_size=6),
    persistent=st.booleans(),
    encoding=st.sampled_from(["", "gzip"]),
    room=st.integers(1, 400),
)
def test_frames_are_those_of_the_library(
    channel: int, exchange: str, queue: str, message_id: str, parts: list[bytes], persistent: bool, encoding: str, room: int
) -> None:
    """Byte for byte, for bodies in any number of parts and frames, the second time (from the cache) as the first."""
    writer = FrameWriter(channel, exchange, persistent=persistent, content_encoding=encoding, frame_max=room + OVERHEAD)
    body = b"".join(parts)
    expected = by_pamqp(channel, exchange, queue, message_id, body, 2 if persistent else 1, encoding or None, room)
    for _ in range(2):
        chunks: list[Chunk] = []
        writer.append(chunks, queue, message_id, parts, len(body))
        assert b"".join(chunks) == expected


def test_no_limit_of_the_broker_means_the_usual_frame_size() -> None:
    """A ``frame_max`` of 0 is no limit; bodies are cut at RabbitMQ's 128 KiB all the same."""
    writer = FrameWriter(1, "", persistent=True, content_encoding="", frame_max=0)
    chunks: list[Chunk] = []
    writer.append(chunks, "q", "id", [b"x" * 200_000], 200_000)
    assert b"".join(chunks) == by_pamqp(1, "", "q", "id", b"x" * 200_000, 2, None, 131_072 - OVERHEAD)


def test_parts_are_not_copied() -> None:
    """A large shared part is written from where it is: 100 recipients of one message cost one message."""
    part = b"x" * 100_000
    chunks: list[Chunk] = []
    FrameWriter(1, "", persistent=True, content_encoding="", frame_max=131_072).append(chunks, "q", "id", [b"{", part, b"}"], 100_002)
    assert any(chunk is part for chunk in chunks)


def test_cache_of_queues_is_bounded() -> None:
    """Many queue names do not grow the writer without end."""
    writer = FrameWriter(1, "", persistent=True, content_encoding="", frame_max=0)
    for number in range(MAX_CACHED_QUEUES * 2 + 10):
        writer.append([], f"queue-{number}", "id", [b"{}"], 2)
    assert len(writer._methods) <= MAX_CACHED_QUEUES


def test_longest_names() -> None:
    """Queue and id may fill an AMQP short string; the library lets an exchange have 127 characters."""
    chunks: list[Chunk] = []
    FrameWriter(1, "e" * 127, persistent=True, content_encoding="", frame_max=0).append(chunks, "q" * 255, "i" * 255, [b"{}"], 2)
    assert b"".join(chunks) == by_pamqp(1, "e" * 127, "q" * 255, "i" * 255, b"{}", 2, None, 1000)
