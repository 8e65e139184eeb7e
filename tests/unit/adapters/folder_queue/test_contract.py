"""The folder queue keeps the contracts of a publisher and of a spool, on a real folder."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tidegate.adapters.folder_queue.claim import claim
from tidegate.adapters.folder_queue.files import Files
from tidegate.adapters.folder_queue.names import folder_name
from tidegate.adapters.folder_queue.spool import FolderSpool
from tidegate.ports.publisher import Publisher
from tidegate.ports.spool import Spool
from tidegate.ports.testing.publisher import PUBLISHER_CHECKS, PublisherCheck, PublisherMaker, PublisherUnderTest
from tidegate.ports.testing.spool import SPOOL_CHECKS, SpoolCheck


class FailingFiles(Files):
    """A disk on which nothing can be created while ``failing`` is set."""

    failing = False

    def create(self, name: str, folder: int) -> int:
        if self.failing:
            raise OSError(5, "Input/output error")
        return super().create(name, folder)


def publisher_maker(directory: Path, limit: int) -> PublisherMaker:
    """A maker for the contract checks: a folder queue, read back by its files alone."""

    @asynccontextmanager
    async def make() -> AsyncIterator[PublisherUnderTest]:
        files = FailingFiles()

        async def stored(queue: str) -> Sequence[bytes]:
            return [path.read_bytes() for path in (directory / folder_name(queue) / "new").glob("*.json")]

        @asynccontextmanager
        async def failing() -> AsyncIterator[None]:
            files.failing = True
            yield
            files.failing = False

        with claim(directory):
            async with FolderSpool(directory, document_limit=limit, files=files) as publisher:
                conforming: Publisher = publisher
                yield PublisherUnderTest(conforming, ("inbox", "t\u00fcr/../x"), stored, failing)

    return make


@pytest.mark.parametrize("limit", [300_000, 1 << 30], ids=["small-limit", "large-limit"])
@pytest.mark.parametrize(
    "check", [check for check in PUBLISHER_CHECKS if check.__name__ != "check_too_large"], ids=lambda check: check.__name__
)
async def test_publisher(check: PublisherCheck, limit: int, tmp_path: Path) -> None:
    """Every contract check of a publisher passes."""
    await check(publisher_maker(tmp_path / "queue", limit))


async def test_publisher_too_large(tmp_path: Path) -> None:
    """A document above the limit refuses its whole call."""
    (check,) = (check for check in PUBLISHER_CHECKS if check.__name__ == "check_too_large")
    await check(publisher_maker(tmp_path / "queue", 300_000))


@pytest.mark.parametrize("check", SPOOL_CHECKS, ids=lambda check: check.__name__)
async def test_spool(check: SpoolCheck, tmp_path: Path) -> None:
    """Every contract check of a spool passes."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Spool]:
        async with FolderSpool(tmp_path) as spool:
            conforming: Spool = spool
            yield conforming

    await check(make)
