"""The directory in memory, by the port's contract."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.directory import MemoryDirectory
from tidegate.adapters.re2 import compile_regex
from tidegate.ports.directory import Directory
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.testing.directory import DIRECTORY_CHECKS, DirectoryMaker


@pytest.mark.parametrize("check", DIRECTORY_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: Callable[[DirectoryMaker], Awaitable[None]]) -> None:
    """Every check of the port."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Directory]:
        yield MemoryDirectory(compile_regex)

    await check(make)


async def test_failure() -> None:
    """A failure that was set is raised; the last snapshot stays."""
    directory = MemoryDirectory()
    snapshot = await directory.snapshot()
    directory.failure = TemporaryFailure("away")
    with pytest.raises(TemporaryFailure):
        await directory.snapshot()
    with pytest.raises(TemporaryFailure):
        await directory.local.count()
    assert directory.last() is snapshot
