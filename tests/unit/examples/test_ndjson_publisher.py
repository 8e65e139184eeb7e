"""The example adapter of CONTRIBUTING keeps the contract."""

import runpy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tidegate.ports.testing.publisher import PUBLISHER_CHECKS, PublisherCheck, PublisherUnderTest

ROOT = Path(__file__).resolve().parents[3]
NdjsonPublisher = runpy.run_path(str(ROOT / "examples" / "ndjson_publisher.py"))["NdjsonPublisher"]


@pytest.mark.parametrize("check", PUBLISHER_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: PublisherCheck, tmp_path: Path) -> None:
    """Every contract check, on files."""
    made = 0

    @asynccontextmanager
    async def maker() -> AsyncIterator[PublisherUnderTest]:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        folder.mkdir()

        async def stored(queue: str) -> Sequence[bytes]:
            file = folder / f"{queue}.ndjson"
            return file.read_bytes().splitlines() if file.exists() else []

        yield PublisherUnderTest(NdjsonPublisher(folder), ("inbox", "local"), stored)

    await check(maker)
