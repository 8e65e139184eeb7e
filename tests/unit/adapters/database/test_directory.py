"""The directory in a SQLite file, by the port's contract; and what is its own: files, rows made by hand, schemas."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tidegate.adapters.database import DatabaseDirectory
from tidegate.adapters.database.directory import SNAPSHOT_NAME
from tidegate.adapters.database.engine import make_engine, reading, writing
from tidegate.adapters.database.schema import HEAD, migrate
from tidegate.adapters.database.tables import METADATA
from tidegate.adapters.re2 import compile_regex
from tidegate.domain.address import parse_mailbox
from tidegate.domain.local_addresses import LocalCase, Pattern, PatternType
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect
from tidegate.ports.directory import Directory
from tidegate.ports.errors import PermanentFailure, TemporaryFailure
from tidegate.ports.testing.directory import DIRECTORY_CHECKS, NOW, DirectoryMaker


def directory(folder: Path, case: LocalCase = LocalCase.EXACT) -> DatabaseDirectory:
    """A directory in a file of this folder."""
    return DatabaseDirectory(f"sqlite:///{folder}/state.db", folder / "state", compile_regex, case)


def is_local(snapshot: Snapshot, address: str) -> bool:
    """Whether an address is on the list."""
    mailbox = parse_mailbox(address.encode())
    assert mailbox is not None
    return snapshot.local.is_local(mailbox)


@pytest.mark.parametrize("check", DIRECTORY_CHECKS, ids=lambda check: check.__name__)
async def test_contract(check: Callable[[DirectoryMaker], Awaitable[None]], tmp_path: Path) -> None:
    """Every check of the port."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Directory]:
        yield directory(tmp_path)

    await check(make)


async def test_another_process_is_told(tmp_path: Path) -> None:
    """A change by one process moves the state of another, which maps the snapshot that a third one made."""
    ours, theirs = directory(tmp_path), directory(tmp_path)
    first = await ours.snapshot()
    assert not ours.moved()
    await theirs.local.put([Pattern(PatternType.EXACT, "info@example.com")])
    assert ours.moved()
    second = await ours.snapshot(first)
    written = (tmp_path / "state" / SNAPSHOT_NAME).stat().st_ino
    assert is_local(second, "info@example.com")
    assert is_local(await theirs.snapshot(), "info@example.com")
    assert (tmp_path / "state" / SNAPSHOT_NAME).stat().st_ino == written


async def test_many_ask_at_once(tmp_path: Path) -> None:
    """Workers that start together on an empty database: one schema, one snapshot, no failure."""
    workers = [directory(tmp_path) for _ in range(6)]
    snapshots = await asyncio.gather(*(worker.snapshot() for worker in workers))
    assert len({snapshot.version for snapshot in snapshots}) == 1


async def test_letter_case_is_part_of_the_snapshot(tmp_path: Path) -> None:
    """With another ``smtp-local-case`` the file is made anew."""
    await directory(tmp_path).local.put([Pattern(PatternType.EXACT, "Info@example.com")])
    assert not is_local(await directory(tmp_path).snapshot(), "iNFO@example.com")
    assert is_local(await directory(tmp_path, LocalCase.IGNORE).snapshot(), "iNFO@example.com")


async def test_rows_made_by_hand(tmp_path: Path) -> None:
    """Changes by SQL move the version; rows are brought into canonical spelling, and what cannot be used is passed over."""
    ours = directory(tmp_path)
    first = await ours.snapshot()
    async with writing(make_engine(ours.address)) as connection:
        for type_, pattern in [
            ("exact", '"Info"@MÜLLER.example'),
            ("exact", "no address"),
            ("glob", "*"),
            ("regex", "("),
            ("fnmatch", "*@Example.net"),
        ]:
            await connection.execute(sa.text("INSERT INTO local_addresses (type, pattern) VALUES (:t, :p)"), {"t": type_, "p": pattern})
        await connection.execute(sa.text("INSERT INTO mta_names (ip, name) VALUES ('192.0.2.1', 'MX.example.com'), ('nonsense', 'x')"))
        await connection.execute(sa.text("INSERT INTO suspects (network, reason) VALUES ('192.0.2.0/24', ''), ('192.0.2.1/24', '')"))
    second = await ours.snapshot(first)
    assert second is not first
    assert len(second.local) == 2
    assert is_local(second, "Info@xn--mller-kva.example")
    assert is_local(second, "x@example.net")
    assert second.mta_names == {"192.0.2.1": "mx.example.com"}
    assert [suspect.network for suspect in second.suspects] == ["192.0.2.0/24"]


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
async def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    """A snapshot file that is empty, something else or cut short is no snapshot; the next one replaces it."""
    ours = directory(tmp_path)
    await ours.local.put([Pattern(PatternType.EXACT, "info@example.com")])
    await ours.snapshot()
    path = tmp_path / "state" / SNAPSHOT_NAME
    path.write_bytes(path.read_bytes()[:-3] if damage is None else damage)
    assert ours.last() is None
    assert is_local(await ours.snapshot(), "info@example.com")


async def test_the_last_snapshot_outlives_the_database(tmp_path: Path) -> None:
    """Without its database a new process still has what was seen last; asking for news fails and says where."""
    ours = directory(tmp_path)
    await ours.suspects.put([Suspect("192.0.2.7")])
    await ours.snapshot()
    (tmp_path / "state.db").write_bytes(b"this is no database, it is a text that is long enough" * 100)
    after = directory(tmp_path)
    with pytest.raises(TemporaryFailure, match=r"state\.db: file is not a database"):
        await after.snapshot()
    kept = after.last()
    assert kept is not None
    assert "192.0.2.7" in kept.suspected(NOW)


async def test_migration_from_an_older_schema(tmp_path: Path) -> None:
    """What an older schema holds is there afterwards, in every table."""
    address = f"sqlite:///{tmp_path}/state.db"
    engine = make_engine(address)
    await migrate(engine, "0001")
    async with writing(engine) as connection:
        await connection.execute(sa.text("INSERT INTO local_addresses VALUES ('exact', 'info@example.com')"))
        await connection.execute(sa.text("INSERT INTO mta_names VALUES ('192.0.2.1', 'mx.example.com')"))
        await connection.execute(sa.text("INSERT INTO suspects VALUES ('192.0.2.7', 'spam', 4102444800)"))
    ours = directory(tmp_path)
    snapshot = await ours.snapshot()
    assert is_local(snapshot, "info@example.com")
    assert await ours.mta.page() == [MtaName("192.0.2.1", "mx.example.com")]
    assert [suspect.reason for suspect in await ours.suspects.page()] == ["spam"]


async def test_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    """Columns and keys of the migrated database are those that the code asks for."""
    engine = make_engine(f"sqlite:///{tmp_path}/state.db")
    await migrate(engine)

    def columns(connection: sa.Connection) -> dict[str, list[str]]:
        inspector = sa.inspect(connection)
        return {
            name: [column["name"] for column in inspector.get_columns(name)] + inspector.get_pk_constraint(name)["constrained_columns"]
            for name in inspector.get_table_names()
            if name != "tidegate_schema"
        }

    async with reading(engine) as connection:
        found = await connection.run_sync(columns)
    assert found == {
        table.name: [*(column.name for column in table.columns), *(column.name for column in table.primary_key)]
        for table in METADATA.tables.values()
    }


async def test_a_newer_schema_is_not_touched(tmp_path: Path) -> None:
    """An older program leaves the database of a newer one alone and says so."""
    engine = make_engine(f"sqlite:///{tmp_path}/state.db")
    await migrate(engine)
    async with writing(engine) as connection:
        await connection.execute(sa.text("UPDATE tidegate_schema SET version_num = '9999'"))
    with pytest.raises(PermanentFailure, match=f"newer version of Tidegate; this one knows {HEAD}"):
        await directory(tmp_path).snapshot()


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """Schema changes are one transaction: what a killed or failing migration began is undone."""
    engine = make_engine(f"sqlite:///{tmp_path}/state.db")
    async with writing(engine) as connection:
        await connection.execute(sa.text("CREATE TABLE suspects (something TEXT)"))
    with pytest.raises(TemporaryFailure, match="suspects already exists"):
        await migrate(engine)
    async with reading(engine) as connection:
        assert await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()) == ["suspects"]


@pytest.mark.parametrize(
    "address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "nonsense", "postgresql://h:port/x"]
)
def test_addresses_that_cannot_be_used(address: str, tmp_path: Path) -> None:
    """Said at once, without a connection."""
    with pytest.raises(PermanentFailure, match="database-address"):
        DatabaseDirectory(address, tmp_path, compile_regex)


async def test_nobody_listens(tmp_path: Path) -> None:
    """A PostgreSQL that is away: a temporary failure that names the place without its password."""
    away = DatabaseDirectory("postgresql://tidegate:secret@127.0.0.1:1/mail", tmp_path, compile_regex)
    with pytest.raises(TemporaryFailure, match=r"postgresql://tidegate:\*\*\*@127\.0\.0\.1:1/mail"):
        await away.snapshot()
