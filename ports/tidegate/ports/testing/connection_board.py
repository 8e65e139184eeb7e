"""Contract checks for :class:`tidegate.ports.connection_board.ConnectionBoard`."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import attrs

from tidegate.domain.connection_budget import UNLIMITED, ConnectionCounts, ConnectionLimits, Direction
from tidegate.ports.connection_board import ConnectionBoard


@attrs.frozen
class BoardUnderTest:
    """One machine with an empty board.

    Attributes:
        join: gives the place of one more process. The maker's context closes them all.
        kill: optional; ends the process of a place without a chance to close it.
    """

    join: Callable[[ConnectionLimits], ConnectionBoard]
    kill: Callable[[ConnectionBoard], None] | None = None


BoardMaker = Callable[[], AbstractContextManager[BoardUnderTest]]
"""Sets up one fresh machine and takes it down again."""

DOCUMENTED = ConnectionLimits(total=100, incoming=50, outgoing=75)


def taken(board: ConnectionBoard, direction: Direction, wanted: int) -> int:
    """Ask ``wanted`` times; tell how often there was room."""
    return sum(board.acquire(direction) for _ in range(wanted))


def check_counts_are_shared(make: BoardMaker) -> None:
    """Every process sees the places of all, and what one gives back another one can take."""
    with make() as machine:
        one, other = machine.join(ConnectionLimits(incoming=2)), machine.join(ConnectionLimits(incoming=2))
        assert one.counts() == other.counts() == ConnectionCounts()
        assert one.acquire("in")
        assert other.acquire("in")
        assert other.acquire("out")
        assert one.counts() == other.counts() == ConnectionCounts(2, 1)
        assert not one.acquire("in")
        assert not other.acquire("in")
        other.release("in")
        assert one.acquire("in")
        assert one.counts() == other.counts() == ConnectionCounts(2, 1)


def check_documented_example(make: BoardMaker) -> None:
    """With 100 in total, 50 in and 75 out: a busy sender leaves 25 places to clients; when it slows down they get up to 50."""
    with make() as machine:
        sender, gateway = machine.join(DOCUMENTED), machine.join(DOCUMENTED)
        assert taken(sender, "out", 100) == 75
        assert taken(gateway, "in", 100) == 25
        for _ in range(35):
            sender.release("out")
        assert taken(gateway, "in", 100) == 25
        assert sender.counts() == ConnectionCounts(50, 40)
        assert taken(sender, "out", 100) == 10


def check_total_alone(make: BoardMaker) -> None:
    """With nothing but a total either direction can take it all."""
    with make() as machine:
        one, other = machine.join(ConnectionLimits(total=10)), machine.join(ConnectionLimits(total=10))
        assert taken(one, "in", 20) == 10
        assert not other.acquire("out")
        one.release("in")
        assert other.acquire("out")
        assert not one.acquire("in")


def check_unlimited(make: BoardMaker) -> None:
    """Without limits places are counted and never refused."""
    with make() as machine:
        board = machine.join(ConnectionLimits())
        assert taken(board, "in", 300) == 300
        assert taken(board, "out", 300) == 300
        assert board.counts() == ConnectionCounts(300, 300)


def check_refusal_takes_nothing(make: BoardMaker) -> None:
    """A refused process has taken no place: however often it asks, the counts stay."""
    with make() as machine:
        board = machine.join(ConnectionLimits(total=1))
        assert taken(board, "in", 50) == 1
        assert taken(board, "out", 50) == 0
        assert board.counts() == ConnectionCounts(1, 0)


def check_release_without_place(make: BoardMaker) -> None:
    """Giving back more than one's own is an error and changes nothing, even when others hold places."""
    with make() as machine:
        one, other = machine.join(ConnectionLimits()), machine.join(ConnectionLimits())
        assert one.acquire("in")
        attempts: tuple[tuple[ConnectionBoard, Direction], ...] = ((other, "in"), (one, "out"))
        for board, direction in attempts:
            try:
                board.release(direction)
            except ValueError:
                continue
            raise AssertionError("gave back a place that it did not hold")
        assert other.counts() == ConnectionCounts(1, 0)


def check_limits_change(make: BoardMaker) -> None:
    """New limits hold for the next call; places beyond them stay until they are given back."""
    with make() as machine:
        board = machine.join(ConnectionLimits(incoming=5))
        assert taken(board, "in", 5) == 5
        board.limits = ConnectionLimits(incoming=2)
        assert not board.acquire("in")
        for _ in range(4):
            board.release("in")
        assert board.acquire("in")
        assert not board.acquire("in")
        board.limits = ConnectionLimits(incoming=UNLIMITED)
        assert taken(board, "in", 10) == 10


def check_close_gives_back(make: BoardMaker) -> None:
    """A process that leaves takes its places with it, and its place on the board can be had again, any number of times."""
    with make() as machine:
        stays = machine.join(ConnectionLimits(total=3))
        for _ in range(5):
            leaves = machine.join(ConnectionLimits(total=3))
            assert taken(leaves, "out", 5) == 3
            assert not stays.acquire("in")
            leaves.close()
            leaves.close()
            assert stays.counts() == ConnectionCounts()


def check_dead_process(make: BoardMaker) -> None:
    """Places of a process that was killed are free for the next who needs them. Nothing to check where no process can be killed."""
    with make() as machine:
        if machine.kill is None:
            return
        stays = machine.join(ConnectionLimits(total=10))
        assert taken(stays, "in", 2) == 2
        for _ in range(3):
            dies = machine.join(ConnectionLimits(total=10))
            assert taken(dies, "out", 20) == 8
            machine.kill(dies)
            newcomer = machine.join(ConnectionLimits(total=10))
            assert taken(newcomer, "out", 20) == 8
            newcomer.close()


CONNECTION_BOARD_CHECKS: tuple[Callable[[BoardMaker], None], ...] = (
    check_counts_are_shared,
    check_documented_example,
    check_total_alone,
    check_unlimited,
    check_refusal_takes_nothing,
    check_release_without_place,
    check_limits_change,
    check_close_gives_back,
    check_dead_process,
)
"""All checks; each takes a maker."""
