"""What is taken out of the broker's byte stream, and what goes on to the library."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import attrs
import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

from tidegate.adapters.amqp.delivery import Delivery, Transaction
from tidegate.adapters.amqp.frames import FrameWriter
from tidegate.adapters.amqp.lane import Lane
from tidegate.adapters.amqp.tap import Tap

OURS, THEIRS = 7, 8


@attrs.define
class Record:
    """Everything that a tap tells its listener, in order."""

    events: list[str] = attrs.Factory(list)

    def on_answers(self) -> None:
        """Not recorded: how often it comes depends on how the bytes are cut."""

    def on_blocked(self, reason: str) -> None:
        self.events.append(f"blocked {reason}")

    def on_unblocked(self) -> None:
        self.events.append("unblocked")

    def on_writable(self) -> None:
        self.events.append("writable")

    def on_lane_closed(self, lane: Lane, reason: str) -> None:
        self.events.append(f"closed {lane.number} {reason}")

    def on_disconnected(self, reason: str) -> None:
        self.events.append("disconnected")


@attrs.define
class Bench:
    """A tap with one lane on which ten documents are under way."""

    loop: asyncio.AbstractEventLoop
    record: Record = attrs.Factory(Record)
    settled: list[str] = attrs.Factory(list)
    reader: asyncio.StreamReader = attrs.field(init=False)
    tap: Tap = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reader = asyncio.StreamReader(loop=self.loop)
        self.tap = Tap(self.reader, self.record, self.loop)
        lane = Lane(OURS, FrameWriter(OURS, "", persistent=True, content_encoding="", frame_max=0), self._settle)
        self.tap.add(lane)
        for number in range(1, 11):
            transaction = Transaction(self.loop.create_future(), 0, 1)
            lane.send(Delivery("inbox", f"id-{number}", (b"{}",), 2, transaction), [])

    def _settle(self, delivery: Delivery, reason: str) -> None:
        self.settled.append(f"{delivery.message_id} {reason[:15] or delivery.returned or 'confirmed'}")

    def passed_on(self) -> bytes:
        """What the library gets."""
        self.reader.feed_eof()
        return self.loop.run_until_complete(self.reader.read())


def frames(channel: int, *parts: Frame | ContentHeader | ContentBody | Heartbeat) -> bytes:
    return b"".join(pamqp.frame.marshal(part, channel) for part in parts)


RETURN = (
    commands.Basic.Return(312, "NO_ROUTE", "", "inbox"),
    ContentHeader(body_size=500, properties=commands.Basic.Properties(message_id="id-4", delivery_mode=2)),
    ContentBody(b"\xce" * 300),
    ContentBody(b"\x01" * 200),
)

STREAM: tuple[tuple[bytes, bool], ...] = (
    (frames(0, commands.Connection.Start(0, 9, {"product": "x"}, "PLAIN", "en_US")), True),
    (frames(OURS, commands.Basic.Ack(2, False)), False),
    (frames(0, Heartbeat()), True),
    (frames(THEIRS, commands.Basic.Ack(1, True)), True),
    (frames(OURS, *RETURN), False),
    (frames(OURS, commands.Basic.Nack(3, False, False)), False),
    (frames(0, commands.Connection.Blocked("low on disk")), True),
    (frames(OURS, commands.Basic.Ack(5, True)), False),
    (frames(0, commands.Connection.Unblocked()), True),
    (frames(OURS, commands.Channel.Close(406, "PRECONDITION_FAILED", 60, 40)), True),
    (frames(OURS, commands.Basic.Ack(6, False)), True),
)
"""Frames, and whether the library is to see them. After Channel.Close the channel is the library's alone."""

SETTLED = [
    "id-2 confirmed",
    "id-3 the broker refu",
    "id-1 confirmed",
    "id-4 312 NO_ROUTE",
    "id-5 confirmed",
    *(f"id-{n} the broker clos" for n in range(6, 11)),
]
EVENTS = ["blocked low on disk", "unblocked", f"closed {OURS} 406 PRECONDITION_FAILED"]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def check(loop: asyncio.AbstractEventLoop, pieces: list[bytes]) -> None:
    bench = Bench(loop)
    for piece in pieces:
        bench.tap.data_received(piece)
    assert bench.settled == SETTLED
    assert bench.record.events == EVENTS
    assert bench.passed_on() == b"".join(data for data, theirs in STREAM if theirs)


def test_stream_in_one_piece(loop: asyncio.AbstractEventLoop) -> None:
    """Answers on our channel are handled, in order; everything else goes on unchanged."""
    check(loop, [b"".join(data for data, _ in STREAM)])


def test_stream_byte_by_byte(loop: asyncio.AbstractEventLoop) -> None:
    """QU10: a broker that sends single bytes is understood as well."""
    whole = b"".join(data for data, _ in STREAM)
    check(loop, [whole[at : at + 1] for at in range(len(whole))])


def test_stream_cut_at_every_place(loop: asyncio.AbstractEventLoop) -> None:
    """Two pieces, cut anywhere."""
    whole = b"".join(data for data, _ in STREAM)
    for at in range(1, len(whole)):
        check(loop, [whole[:at], whole[at:]])


@given(cuts=st.lists(st.integers(0, sum(len(data) for data, _ in STREAM)), max_size=30))
def test_stream_cut_at_random(cuts: list[int]) -> None:
    """Any number of pieces."""
    whole = b"".join(data for data, _ in STREAM)
    edges = [0, *sorted(cuts), len(whole)]
    loop = asyncio.new_event_loop()
    try:
        check(loop, [whole[start:end] for start, end in pairwise(edges)])
    finally:
        loop.close()


@given(data=st.binary(max_size=400), at=st.integers(0, 400))
def test_any_bytes(data: bytes, at: int) -> None:
    """Whatever comes, nothing is raised and nothing confirmed that was not: only a well-formed Basic.Ack confirms."""
    loop = asyncio.new_event_loop()
    try:
        bench = Bench(loop)
        bench.tap.data_received(data[:at])
        bench.tap.data_received(data[at:])
        assert b"\x00\x3c\x00\x50" in data or not any("confirmed" in line for line in bench.settled)
    finally:
        loop.close()


def test_before_amqp_has_begun_nonsense_is_the_librarys(loop: asyncio.AbstractEventLoop) -> None:
    """A broker of another version answers with its own protocol header, which the library reports."""
    bench = Bench(loop)
    bench.tap.data_received(b"AMQP\x00\x01")
    bench.tap.data_received(b"\x00\x00")
    assert bench.passed_on() == b"AMQP\x00\x01\x00\x00"


def test_library_sees_that_a_busy_broker_lives(loop: asyncio.AbstractEventLoop) -> None:
    """A broker that sends confirms sends no heartbeats: the library gets one in their place, at most one a second."""
    bench = Bench(loop)
    bench.tap._fed_at -= 2
    for tag in range(1, 5):
        bench.tap.data_received(frames(OURS, commands.Basic.Ack(tag, False)))
    assert bench.passed_on() == frames(0, Heartbeat())
