"""The report reader that reads where it stands keeps the contract."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tidegate.adapters.memory.report_reader import MemoryReportReader
from tidegate.ports.report_reader import ReportReader
from tidegate.ports.testing.report_reader import REPORT_READER_CHECKS, ReaderMaker


@asynccontextmanager
async def make() -> AsyncIterator[ReportReader]:
    """One reader."""
    yield MemoryReportReader()


@pytest.mark.parametrize("check", REPORT_READER_CHECKS)
async def test_contract(check: Callable[[ReaderMaker], Awaitable[None]]) -> None:
    """See the checks."""
    await check(make)
