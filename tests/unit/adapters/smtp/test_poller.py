"""One watcher for many sockets."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tidegate.adapters.smtp.outbox import Outbox
from tidegate.adapters.smtp.poller import INPUT, Poller


@pytest.fixture
def pair() -> Iterator[Callable[[], tuple[socket.socket, socket.socket]]]:
    """Makes pairs of connected sockets, which are closed after the test."""
    with ExitStack() as stack:

        def make() -> tuple[socket.socket, socket.socket]:
            ours, peer = socket.socketpair()
            return stack.enter_context(ours), stack.enter_context(peer)

        yield make


async def turns(count: int = 3) -> None:
    """Give the loop its turns."""
    for _ in range(count):
        await asyncio.sleep(0.001)


async def test_replies_leave_after_all_handlers(pair: Callable[[], tuple[socket.socket, socket.socket]]) -> None:
    """Everything that became readable is handled before anything is written; later replies leave at the end of their turn as ever."""
    loop = asyncio.get_running_loop()
    outbox, order = Outbox(loop), list[str]()
    poller = Poller(loop, outbox)
    for name in "ab":
        ours, peer = pair()
        peer.send(b"x")

        def ready(_what: int, name: str = name, ours: socket.socket = ours) -> None:
            order.append(f"read {name}")
            ours.recv(1)
            outbox.put((lambda data: order.append(data.decode()), f"write {name}".encode()))

        poller.add_reader(ours.fileno(), ready)
    await turns()
    assert order == ["read a", "read b", "write a", "write b"]
    outbox.put((lambda data: order.append(data.decode()), b"later"))
    await asyncio.sleep(0)
    assert order[4:] == ["later"]
    poller.close()


async def test_removed_is_not_called(pair: Callable[[], tuple[socket.socket, socket.socket]]) -> None:
    """A handler may remove another one of the same turn, and take its number for something new."""
    loop = asyncio.get_running_loop()
    poller, called = Poller(loop, Outbox(loop)), list[int]()
    (one, one_peer), (two, two_peer), (three, _) = pair(), pair(), pair()
    one_peer.send(b"x")
    two_peer.send(b"x")
    number = two.fileno()

    def first(_what: int) -> None:
        one.recv(1)
        poller.remove_reader(number)
        os.dup2(three.fileno(), number)
        poller.add_reader(number, lambda _: called.append(number))

    poller.add_reader(one.fileno(), first)
    poller.add_reader(number, lambda _: called.append(0))
    await turns()
    assert 0 not in called
    poller.close()


async def test_an_exception_costs_the_others_nothing(pair: Callable[[], tuple[socket.socket, socket.socket]]) -> None:
    """The loop is told, what was said is written all the same, and whoever comes after in the same turn is called."""
    loop = asyncio.get_running_loop()
    outbox, called, told = Outbox(loop), list[bytes](), list[dict[str, object]]()
    loop.set_exception_handler(lambda _, context: told.append(context))
    poller = Poller(loop, outbox)
    (one, one_peer), (two, two_peer) = pair(), pair()
    one_peer.send(b"x")
    two_peer.send(b"y")

    def broken(_what: int) -> None:
        outbox.put((called.append, b"said"))
        poller.remove_reader(one.fileno())
        raise ArithmeticError("a defect")

    poller.add_reader(one.fileno(), broken)
    poller.add_reader(two.fileno(), lambda _: called.append(two.recv(1)))
    await turns()
    assert called == [b"y", b"said"]
    assert [type(context["exception"]) for context in told] == [ArithmeticError]
    poller.close()
    poller.close()


async def test_told_once_of_what_is_new(pair: Callable[[], tuple[socket.socket, socket.socket]]) -> None:
    """Of input that is left where it is nobody is told twice, unless he asks; a listener is told as long as there is something to accept."""
    loop = asyncio.get_running_loop()
    poller, told = Poller(loop, Outbox(loop)), list[tuple[str, bool]]()
    (one, one_peer), (two, two_peer) = pair(), pair()
    poller.add_reader(one.fileno(), lambda what: told.append(("edge", what == INPUT)))
    one_peer.send(b"a")
    await turns()
    assert told == [("edge", True)]
    one_peer.send(b"b")
    await turns()
    assert told == [("edge", True)] * 2
    poller.again(one.fileno())
    await turns()
    assert told == [("edge", True)] * 3
    one_peer.shutdown(socket.SHUT_WR)
    await turns()
    assert told == [*[("edge", True)] * 3, ("edge", False)]
    poller.add_listener(two.fileno(), lambda what: told.append(("level", what == INPUT)))
    two_peer.send(b"x")
    await turns()
    assert told.count(("level", True)) > 1
    poller.close()
