"""The spool in memory keeps the contract of a spool, and that of a publisher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.spool import MemorySpool
from tidegate.ports.spool import Spool
from tidegate.ports.testing.spool import SPOOL_CHECKS, SpoolCheck


@pytest.mark.parametrize("check", SPOOL_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: SpoolCheck) -> None:
    """Every contract check passes."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Spool]:
        yield MemorySpool()

    await check(make)
