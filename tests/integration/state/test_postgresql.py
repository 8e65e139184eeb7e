"""The managed state in a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.servers.postgresql import PostgreSql

from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.database.engine import make_engine, writing
from tidegate.adapters.database.schema import migrate
from tidegate.adapters.re2 import compile_regex
from tidegate.domain.local_addresses import Pattern, PatternType
from tidegate.domain.managed_state import Suspect
from tidegate.ports.directory import Directory
from tidegate.ports.errors import TemporaryFailure
from tidegate.ports.testing.directory import DIRECTORY_CHECKS, NOW, DirectoryMaker

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("check", DIRECTORY_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: Callable[[DirectoryMaker], Awaitable[None]], database: str, tmp_path: Path) -> None:
    """Every check of the port."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Directory]:
        yield DatabaseDirectory(database, tmp_path, compile_regex)

    await check(make)


async def test_machines_that_start_at_once(database: str, tmp_path: Path) -> None:
    """Six machines on an empty database: one of them makes the schema, all have the same state."""
    machines = [DatabaseDirectory(database, tmp_path / str(number), compile_regex) for number in range(6)]
    snapshots = await asyncio.gather(*(machine.snapshot() for machine in machines))
    assert len({snapshot.version for snapshot in snapshots}) == 1


async def test_another_machine_sees_a_change(database: str, tmp_path: Path) -> None:
    """Nobody tells it, but the next look finds it; changes by SQL too, TRUNCATE among them, and hits are none."""
    ours, theirs = (DatabaseDirectory(database, tmp_path / name, compile_regex) for name in ("a", "b"))
    first = await ours.snapshot()
    await theirs.local.put([Pattern(PatternType.EXACT, "info@example.com")])
    assert not ours.moved()
    second = await ours.snapshot(first)
    assert len(second.local) == 1
    async with writing(make_engine(database)) as connection:
        await connection.execute(sa.text("TRUNCATE local_addresses"))
        await connection.execute(sa.text("INSERT INTO suspects (network, reason) VALUES ('192.0.2.7', '')"))
    third = await ours.snapshot(second)
    assert len(third.local) == 0
    assert "192.0.2.7" in third.suspected(NOW)
    await theirs.count_hits({"192.0.2.7": 1})
    assert await ours.snapshot(third) is third


async def test_migration_from_an_older_schema(database: str, tmp_path: Path) -> None:
    """What an older schema holds is there afterwards."""
    engine = make_engine(database)
    await migrate(engine, "0001")
    async with writing(engine) as connection:
        await connection.execute(sa.text("INSERT INTO local_addresses VALUES ('exact', 'info@example.com')"))
        await connection.execute(sa.text("INSERT INTO suspects VALUES ('192.0.2.7', 'spam', NULL)"))
    directory = DatabaseDirectory(database, tmp_path, compile_regex)
    assert await directory.local.page() == [Pattern(PatternType.EXACT, "info@example.com")]
    assert await directory.suspects.page() == [Suspect("192.0.2.7", "spam")]


async def test_a_server_that_is_killed(database: str, postgresql: PostgreSql, tmp_path: Path) -> None:
    """A temporary failure while it is away, a wrong password included; everything as before when it is back."""
    directory = DatabaseDirectory(database, tmp_path, compile_regex)
    await directory.local.put([Pattern(PatternType.EXACT, "info@example.com")])
    known = await directory.snapshot()
    postgresql.kill()
    try:
        with pytest.raises(TemporaryFailure):
            await directory.snapshot(known)
        assert directory.last() is not None
    finally:
        postgresql.start()
    assert await directory.snapshot(known) is known
    stranger = DatabaseDirectory(database.replace("s3cret", "wrong"), tmp_path, compile_regex)
    with pytest.raises(TemporaryFailure, match="password authentication failed"):
        await stranger.snapshot()
