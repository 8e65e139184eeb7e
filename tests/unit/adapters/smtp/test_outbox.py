"""Replies of one turn of the event loop."""

import asyncio
from typing import cast

import attrs

from tidegate.adapters.smtp.outbox import Outbox


@attrs.define(eq=False)
class Wire:
    """A transport that keeps what is written to it."""

    written: list[bytes] = attrs.field(factory=list)
    closing: bool = False

    def is_closing(self) -> bool:
        """As set."""
        return self.closing

    def write(self, data: bytes) -> None:
        """Keep it."""
        assert not self.closing
        self.written.append(data)

    @property
    def transport(self) -> asyncio.Transport:
        """As what it is given away."""
        return cast("asyncio.Transport", self)


async def test_written_at_the_end_of_the_turn() -> None:
    """Nothing leaves at once, everything before the loop waits again, each connection's replies in order."""
    outbox, one, two = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    outbox.put(one.transport, b"a")
    outbox.put(two.transport, b"b")
    outbox.put(one.transport, b"c")
    assert (one.written, two.written) == ([], [])
    await asyncio.sleep(0)
    assert (one.written, two.written) == ([b"a", b"c"], [b"b"])
    outbox.put(one.transport, b"d")
    await asyncio.sleep(0)
    assert one.written == [b"a", b"c", b"d"]


async def test_flushed_at_once_and_not_twice() -> None:
    """Whoever closes a connection has its replies written first."""
    outbox, wire = Outbox(asyncio.get_running_loop()), Wire()
    outbox.put(wire.transport, b"bye")
    outbox.flush()
    assert wire.written == [b"bye"]
    await asyncio.sleep(0)
    assert wire.written == [b"bye"]


async def test_nothing_for_a_connection_that_has_gone() -> None:
    """A client that hung up in the same turn gets no reply, and the others get theirs."""
    outbox, gone, there = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    outbox.put(gone.transport, b"a")
    outbox.put(there.transport, b"b")
    gone.closing = True
    await asyncio.sleep(0)
    assert (gone.written, there.written) == ([], [b"b"])
