"""The managed state in a database, and its snapshots in files that all processes of a machine share."""

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tidegate.adapters.database import snapshot_file
from tidegate.adapters.database.engine import make_engine, reading, writing
from tidegate.adapters.database.records import Row, Shape, TableRecords
from tidegate.adapters.database.schema import migrate
from tidegate.adapters.database.shapes import MTA_SHAPE, SUSPECT_SHAPE, local_shape
from tidegate.adapters.database.snapshot_file import Contents
from tidegate.adapters.database.tables import STATE, SUSPECTS
from tidegate.domain.local_addresses import MAX_PATTERNS, CompileRegex, LocalAddressesBuilder, LocalCase, Pattern
from tidegate.domain.managed_state import MtaName, Snapshot, Suspect, networks_of
from tidegate.ports.directory import MAX_MTA_NAMES, MAX_SUSPECTS
from tidegate.ports.errors import TemporaryFailure

SNAPSHOT_NAME = "directory.snapshot"
CHANGED_NAME = "directory.changed"
"""Touched after every change that was made on this machine."""
LOCK_NAME = "directory.lock"
"""Held by the process that makes a snapshot: the others wait and map what it made."""
PAGE = 2_000
"""Rows read at one time: some milliseconds of the event loop."""
TURN_S = 120.0
"""Seconds to wait for another process that makes a snapshot."""
ATTEMPTS = 3
"""Snapshots made anew because the state changed meanwhile; after that, one that may mix two states serves until the next look."""

_log = logging.getLogger("tidegate.database")

R = TypeVar("R")


@attrs.define(eq=False)
class DatabaseDirectory:
    """Implements :class:`tidegate.ports.directory.Directory`.

    Attributes:
        address: ``database-address``; it is connected to when something is asked for.
        folder: for the files of the snapshot; made when it is missing.
        compile_regex: for regular expressions in the list.
        case: whether letters of local parts count.

    Raises (when made):
        PermanentFailure: the address cannot be used.
    """

    address: str = attrs.field(repr=False)
    folder: Path
    compile_regex: CompileRegex
    case: LocalCase = LocalCase.EXACT
    local: TableRecords[Pattern, Pattern] = attrs.field(init=False)
    mta: TableRecords[MtaName, str] = attrs.field(init=False)
    suspects: TableRecords[Suspect, str] = attrs.field(init=False)
    _engine: AsyncEngine = attrs.field(init=False)
    _ready: bool = attrs.field(default=False, init=False)
    _seen: tuple[int, int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._engine = make_engine(self.address)
        self.local = TableRecords(local_shape(self.compile_regex), self._engine, self.ready, self._changed)
        self.mta = TableRecords(MTA_SHAPE, self._engine, self.ready, self._changed)
        self.suspects = TableRecords(SUSPECT_SHAPE, self._engine, self.ready, self._changed)
        self._seen = self._stamp()

    async def ready(self) -> None:
        """Bring the schema up to date, once.

        Raises:
            TemporaryFailure: the database cannot be reached.
            PermanentFailure: it was made by a newer version.
        """
        if not self._ready:
            await migrate(self._engine)
            self._ready = True

    def moved(self) -> bool:
        """See the port."""
        seen, self._seen = self._seen, self._stamp()
        return seen != self._seen

    def last(self) -> Snapshot | None:
        """See the port."""
        return snapshot_file.read(self.folder / SNAPSHOT_NAME, self.case, self.compile_regex)

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """See the port."""
        await self.ready()
        version = await self._version()
        if known is not None and known.version == version:
            return known
        async with self._turn():
            made = self.last()
            if made is not None and made.version == version:
                return made
            for attempt in range(ATTEMPTS):
                contents = await self._read(version)
                after = await self._version()
                if after == version or attempt == ATTEMPTS - 1:
                    break
                version = after
            try:
                await asyncio.to_thread(snapshot_file.write, self.folder / SNAPSHOT_NAME, contents)
            except OSError as error:
                raise TemporaryFailure(f"{self.folder / SNAPSHOT_NAME}: {error.strerror}") from error
            made = self.last()
            if made is None:
                raise TemporaryFailure(f"{self.folder / SNAPSHOT_NAME}: not what was written")
            return made

    async def count_hits(self, hits: Mapping[str, int]) -> None:
        """See the port."""
        await self.ready()
        by_network: dict[str, int] = {}
        for ip, count in hits.items():
            for network in networks_of(ip):
                by_network[network] = by_network.get(network, 0) + count
        if not by_network:
            return
        statement = (
            sa.update(SUSPECTS).where(SUSPECTS.c.network == sa.bindparam("b_network")).values(hits=SUSPECTS.c.hits + sa.bindparam("b_count"))
        )
        async with writing(self._engine) as connection:
            await connection.execute(statement, [{"b_network": network, "b_count": count} for network, count in by_network.items()])

    # -- versions --------------------------------------------------------------------------------------------------------------------------

    async def _version(self) -> str:
        async with reading(self._engine) as connection:
            row = (await connection.execute(sa.select(STATE.c.database, STATE.c.version))).first()
        if row is None:
            raise TemporaryFailure("the database has lost its version row; a restore from a backup brings it back")
        return f"{row.database}:{row.version}"

    def _stamp(self) -> tuple[int, int]:
        try:
            status = os.stat(self.folder / CHANGED_NAME)
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size

    def _changed(self) -> None:
        """Tell the other processes of this machine."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / CHANGED_NAME).open("ab") as file:
                file.write(b".")  # the size differs even where two changes fall into one tick of the clock
        except OSError as error:
            _log.warning("workers see this change within database-ttl only", extra={"reason": str(error)})

    # -- snapshots -------------------------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One process of the machine at a time; the kernel ends the turn of one that dies."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TemporaryFailure(f"{self.folder / LOCK_NAME}: {error.strerror}") from error
        try:
            async with asyncio.timeout(TURN_S):
                while True:
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        await asyncio.sleep(0.05)
            yield
        except TimeoutError:
            raise TemporaryFailure(f"another process has been making a snapshot for {TURN_S:g} s") from None
        finally:
            os.close(descriptor)

    async def _read(self, version: str) -> Contents:
        """All of it, in short reads: a writer never waits for a million rows."""
        builder = LocalAddressesBuilder(self.case)
        names: list[MtaName] = []
        suspects: list[Suspect] = []
        async with reading(self._engine) as connection:
            async for patterns in self._pages(connection, self.local):
                builder.add(patterns)
            async for page in self._pages(connection, self.mta):
                names += page
            async for some in self._pages(connection, self.suspects):
                suspects += some
        for step in range(256):
            builder.exact.sort_step(step)
            await asyncio.sleep(0)
        for what, found, limit in (
            ("local addresses that are patterns", builder.patterns, MAX_PATTERNS),
            ("MTA names", names, MAX_MTA_NAMES),
            ("suspect networks", suspects, MAX_SUSPECTS),
        ):
            if len(found) > limit:
                _log.error("too many entries in the database: those beyond the limit have no effect", extra={"what": what, "limit": limit})
                del found[limit:]
        count, table = builder.exact.pieces()
        return Contents(version, self.case, builder.patterns, {name.ip: name.name for name in names}, suspects, count, table)

    async def _pages(self, connection: AsyncConnection, records: TableRecords[R, Any]) -> AsyncIterator[list[R]]:
        shape: Shape[R, Any] = records.shape
        after: Row | None = None
        while rows := await records.rows(connection, after, PAGE):
            await connection.rollback()
            found = []
            for row in rows:
                try:
                    found.append(shape.record(row))
                except ValueError as error:
                    _log.error(
                        "entry in the database has no effect", extra={"table": shape.table.name, "entry": str(row), "reason": str(error)}
                    )
            yield found
            last = rows[-1]
            after = {column.name: last[column.name] for column in shape.table.primary_key}
            await asyncio.sleep(0)
