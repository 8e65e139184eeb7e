"""Which document an answer of the broker is about."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.amqp.delivery import Delivery, Transaction
from tidegate.adapters.amqp.frames import Chunk, FrameWriter
from tidegate.adapters.amqp.lane import Lane


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


class Notes:
    """A lane and everything that it settles."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.settled: list[tuple[Delivery, str]] = []
        writer = FrameWriter(1, "", persistent=True, content_encoding="", frame_max=0)
        self.lane = Lane(1, writer, lambda delivery, reason: self.settled.append((delivery, reason)))

    def send(self, message_id: str, queue: str = "inbox") -> Delivery:
        delivery = Delivery(queue, message_id, (b"{}",), 2, Transaction(self.loop.create_future(), 0, 1))
        chunks: list[Chunk] = []
        self.lane.send(delivery, chunks)
        assert chunks
        return delivery


answers = st.lists(
    st.one_of(
        st.just("send"),
        st.tuples(st.sampled_from(["ack", "nack"]), st.integers(0, 12), st.booleans()),
    ),
    max_size=40,
)


@given(steps=answers)
def test_against_a_model(steps: list[str | tuple[str, int, bool]]) -> None:
    """QU04: any mixture of answers settles what a set of open numbers says, each document once, in order of number for ``multiple``."""
    loop = asyncio.new_event_loop()
    try:
        notes = Notes(loop)
        sent: list[Delivery] = []
        open_tags: list[int] = []
        expected: list[tuple[Delivery, str]] = []
        for step in steps:
            if isinstance(step, str):
                sent.append(notes.send(f"id-{len(sent)}"))
                open_tags.append(len(sent))
                continue
            answer, tag, multiple = step
            reason = "" if answer == "ack" else "refused"
            assert notes.lane.answered(tag, multiple, reason) is (tag <= len(sent))
            if tag > len(sent):
                continue
            due = [t for t in open_tags if (multiple and (t <= tag or not tag)) or t == tag]
            expected += [(sent[t - 1], reason) for t in due]
            open_tags = [t for t in open_tags if t not in due]
        assert notes.settled == expected
        notes.lane.ended("gone")
        assert notes.settled == expected + [(sent[t - 1], "gone") for t in open_tags]
    finally:
        loop.close()


def test_a_return_belongs_to_its_queue(loop: asyncio.AbstractEventLoop) -> None:
    """Copies of one document for several queues bear one id: the queue tells them apart."""
    notes = Notes(loop)
    first, second = notes.send("id", "inbox"), notes.send("id", "reports")
    assert notes.lane.returned("reports", "id", "NO_ROUTE")
    assert (first.returned, second.returned) == ("", "NO_ROUTE")
    assert not notes.lane.returned("elsewhere", "id", "NO_ROUTE")
    assert not notes.lane.returned("inbox", "other", "NO_ROUTE")


def test_returns_of_one_document_under_way_twice(loop: asyncio.AbstractEventLoop) -> None:
    """After a time-out the same document may be sent again: each return marks the next of them, in order."""
    notes = Notes(loop)
    first, second = notes.send("id"), notes.send("id")
    assert notes.lane.returned("inbox", "id", "NO_ROUTE")
    assert (first.returned, second.returned) == ("NO_ROUTE", "")
    assert notes.lane.returned("inbox", "id", "NO_ROUTE")
    assert second.returned == "NO_ROUTE"
    assert not notes.lane.returned("inbox", "id", "NO_ROUTE")
