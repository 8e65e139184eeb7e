"""The board in memory keeps the contract."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tidegate.adapters.memory.connection_board import MemoryConnectionBoard
from tidegate.domain.connection_budget import ConnectionLimits
from tidegate.ports.connection_board import ConnectionBoard
from tidegate.ports.testing.connection_board import CONNECTION_BOARD_CHECKS, BoardMaker, BoardUnderTest


@contextmanager
def make() -> Iterator[BoardUnderTest]:
    """A machine whose processes are imagined."""
    machine: list[MemoryConnectionBoard] = []

    def join(limits: ConnectionLimits) -> ConnectionBoard:
        return MemoryConnectionBoard(limits, machine)

    yield BoardUnderTest(join)


@pytest.mark.parametrize("check", CONNECTION_BOARD_CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[BoardMaker], None]) -> None:
    """Every contract check passes."""
    check(make)
