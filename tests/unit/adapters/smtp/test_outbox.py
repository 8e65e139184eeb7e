"""Replies of one turn of the event loop."""

import asyncio

import attrs

from tidegate.adapters.smtp.outbox import Outbox, nowhere


@attrs.define(eq=False)
class Wire:
    """A transport that keeps what is written to it, and refuses like uvloop's once it is closed."""

    written: list[bytes] = attrs.field(factory=list)
    closed: bool = False

    def write(self, data: bytes) -> None:
        """Keep it."""
        if self.closed:
            raise RuntimeError("the handler is closed")
        self.written.append(data)


async def test_written_at_the_end_of_the_turn() -> None:
    """Nothing leaves at once, everything before the loop waits again, each connection's replies in order."""
    outbox, one, two = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    outbox.put((one.write, b"a"))
    outbox.put((two.write, b"b"))
    outbox.put((one.write, b"c"))
    assert (one.written, two.written) == ([], [])
    await asyncio.sleep(0)
    assert (one.written, two.written) == ([b"a", b"c"], [b"b"])
    outbox.put((one.write, b"d"))
    await asyncio.sleep(0)
    assert one.written == [b"a", b"c", b"d"]


async def test_flushed_at_once_and_not_twice() -> None:
    """Whoever closes a connection has its replies written first."""
    outbox, wire = Outbox(asyncio.get_running_loop()), Wire()
    outbox.put((wire.write, b"bye"))
    outbox.flush()
    assert wire.written == [b"bye"]
    await asyncio.sleep(0)
    assert wire.written == [b"bye"]


async def test_nothing_for_a_connection_that_has_gone() -> None:
    """A client that hung up in the same turn gets no reply, and the others get theirs."""
    outbox, gone, there = Outbox(asyncio.get_running_loop()), Wire(), Wire()
    outbox.put((gone.write, b"a"))
    outbox.put((there.write, b"b"))
    gone.closed = True
    await asyncio.sleep(0)
    assert (gone.written, there.written) == ([], [b"b"])
    outbox.put((nowhere, b"c"))
    outbox.put((there.write, b"d"))
    outbox.flush()
    assert there.written == [b"b", b"d"]


async def test_held() -> None:
    """Whoever holds it says when it is written; afterwards it is as before."""
    outbox, wire = Outbox(asyncio.get_running_loop()), Wire()
    outbox.hold()
    outbox.put((wire.write, b"a"))
    await asyncio.sleep(0)
    assert wire.written == []
    outbox.release()
    assert wire.written == [b"a"]
    outbox.put((wire.write, b"b"))
    await asyncio.sleep(0)
    assert wire.written == [b"a", b"b"]
