"""The lists, as tables."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tidegate.adapters.database.engine import reading, writing
from tidegate.ports.errors import PermanentFailure

BATCH = 5_000
"""Rows that are sent at one time."""

_BOUND = "b_"  # in front of a column's name: the parameter that it is compared with or set to

R = TypeVar("R")
K = TypeVar("K", contravariant=True)
Row = dict[str, Any]


@attrs.frozen
class Shape(Generic[R, K]):
    """How records of one kind stand in their table.

    Attributes:
        table: the table; its primary key is the key.
        row: a record as a row.
        record: a row as a record; raises ValueError for one that somebody wrote by hand and that is none.
        key: a key as the values of the primary key.
        updated: columns that a record with a known key replaces.
        kept: columns that it leaves as they are.
        searched: columns that a filter looks into.
        limit: most rows.
        bounded: rows that count.
        what: how a sentence calls them.
    """

    table: sa.Table
    row: Callable[[R], Row]
    record: Callable[[Row], R]
    key: Callable[[K], Row]
    updated: tuple[str, ...]
    kept: tuple[str, ...]
    searched: tuple[str, ...]
    limit: int
    bounded: sa.ColumnElement[bool]
    what: str


@attrs.frozen
class TableRecords(Generic[R, K]):
    """Implements :class:`tidegate.ports.directory.Records`.

    Attributes:
        shape: of the table.
        engine: where it is.
        ready: brings the schema up to date.
        changed: called after each change.
    """

    shape: Shape[R, K]
    engine: AsyncEngine
    ready: Callable[[], Awaitable[None]]
    changed: Callable[[], None]

    async def put(self, records: Iterable[R], *, replace: bool = False) -> int:
        """See the port."""
        await self.ready()
        async with writing(self.engine) as connection:
            before = 0 if replace else await self._count(connection)
            kept = await self._clear(connection) if replace else []
            await self._insert(connection, records)
            if kept:
                await connection.execute(self._restoring(), kept)
            new = await self._count(connection) - before
            await self._check_bound(connection)
        self.changed()
        return new

    async def remove(self, keys: Iterable[K]) -> int:
        """See the port."""
        await self.ready()
        key_columns = list(self.shape.table.primary_key)
        statement = sa.delete(self.shape.table).where(sa.tuple_(*key_columns).in_(_unnested(key_columns)))
        if not self._arrays:
            statement = sa.delete(self.shape.table).where(*(column == sa.bindparam(_BOUND + column.name) for column in key_columns))
        async with writing(self.engine) as connection:
            before = await self._count(connection)
            rows = map(self.shape.key, keys)
            while batch := list(islice(rows, BATCH)):
                await connection.execute(statement, self._parameters(key_columns, batch))
            removed = before - await self._count(connection)
        self.changed()
        return removed

    async def page(self, after: K | None = None, limit: int = 1000, containing: str = "") -> Sequence[R]:
        """See the port."""
        await self.ready()
        async with reading(self.engine) as connection:
            rows = await self.rows(connection, None if after is None else self.shape.key(after), limit, containing)
        records = []
        for row in rows:
            try:
                records.append(self.shape.record(row))
            except ValueError:
                continue
        return records

    async def count(self) -> int:
        """See the port."""
        await self.ready()
        async with reading(self.engine) as connection:
            return await self._count(connection)

    async def rows(self, connection: AsyncConnection, after: Row | None, limit: int, containing: str = "") -> list[Row]:
        """Rows in the order of the primary key, behind the key ``after``."""
        table = self.shape.table
        key = list(table.primary_key)
        statement = sa.select(table).order_by(*key).limit(limit)
        if after is not None:
            statement = statement.where(_behind(key, [after[column.name] for column in key]))
        if containing:
            statement = statement.where(sa.or_(*(table.c[name].icontains(containing, autoescape=True) for name in self.shape.searched)))
        names = table.columns.keys()
        return [dict(zip(names, row, strict=True)) for row in await connection.execute(statement)]

    async def _insert(self, connection: AsyncConnection, records: Iterable[R]) -> None:
        table = self.shape.table
        columns, key = list(table.columns), [column.name for column in table.primary_key]
        statement = self._upsert()
        rows = map(self.shape.row, records)
        while batch := list(islice(rows, BATCH)):
            unique = {tuple(row[name] for name in key): row for row in batch}  # one statement may not change a row twice
            await connection.execute(statement, self._parameters(columns, list(unique.values())))

    @property
    def _arrays(self) -> bool:
        """Whether a batch is one statement, as PostgreSQL wants it: there, triggers run for each statement and statements cost a round trip."""
        return self.engine.dialect.name == "postgresql"

    def _parameters(self, columns: list[sa.Column[Any]], batch: list[Row]) -> Row | list[Row]:
        """A batch as the parameters of :meth:`_upsert` and its like."""
        if self._arrays:
            return {_BOUND + column.name: [row[column.name] for row in batch] for column in columns}
        return [{_BOUND + column.name: row[column.name] for column in columns} for row in batch]

    def _upsert(self) -> postgresql.Insert | sqlite.Insert:
        table, updated = self.shape.table, self.shape.updated
        columns, key = list(table.columns), list(table.primary_key)
        insert: postgresql.Insert | sqlite.Insert
        if self._arrays:
            insert = postgresql.insert(table).from_select([column.name for column in columns], _unnested(columns))
        else:
            insert = sqlite.insert(table).values({column.name: sa.bindparam(_BOUND + column.name) for column in columns})
        if not updated:
            return insert.on_conflict_do_nothing(index_elements=key)
        return insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in updated})

    async def _clear(self, connection: AsyncConnection) -> list[Row]:
        """Remove all rows; returns what a record that is put again keeps."""
        table = self.shape.table
        kept: list[Row] = []
        if self.shape.kept:
            columns = [column.label(_BOUND + column.name) for column in (*table.primary_key, *(table.c[name] for name in self.shape.kept))]
            kept = [dict(row) for row in (await connection.execute(sa.select(*columns))).mappings()]
        await connection.execute(sa.delete(table))
        return kept

    def _restoring(self) -> sa.Update:
        table = self.shape.table
        key = (column == sa.bindparam(_BOUND + column.name) for column in table.primary_key)
        return sa.update(table).where(*key).values({name: sa.bindparam(_BOUND + name) for name in self.shape.kept})

    async def _count(self, connection: AsyncConnection) -> int:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(self.shape.table))).scalar_one())

    async def _check_bound(self, connection: AsyncConnection) -> None:
        shape = self.shape
        count = (await connection.execute(sa.select(sa.func.count()).select_from(shape.table).where(shape.bounded))).scalar_one()
        if count > shape.limit:
            raise PermanentFailure(f"there would be {count} {shape.what}, at most {shape.limit} can be kept")


def _unnested(columns: list[sa.Column[Any]]) -> sa.Select[Any]:
    """Rows from one array parameter for each column."""
    arrays = (sa.bindparam(_BOUND + column.name, type_=postgresql.ARRAY(_plain(column))) for column in columns)
    return sa.select(*(sa.func.unnest(array) for array in arrays))


def _plain(column: sa.Column[Any]) -> type[sa.types.TypeEngine[Any]]:
    return sa.BigInteger if isinstance(column.type, sa.BigInteger) else sa.Text


def _behind(key: list[sa.Column[Any]], values: list[str]) -> sa.ColumnElement[bool]:
    """The key is greater than these values; spelled so that both databases use the index."""
    if len(key) == 1:
        return key[0] > values[0]
    return sa.tuple_(*key) > sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(values, key, strict=True)))
