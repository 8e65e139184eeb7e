"""Connections: one for each use, none kept. The state is read when it has changed, and a connection that idles for an hour is a dead one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tidegate.ports.errors import PermanentFailure, TemporaryFailure

CONNECT_S = 5.0
"""Seconds until a server that does not answer counts as away."""
COMMAND_S = 60.0
"""Seconds that one statement may take: the longest is the commit of a million rows."""
BUSY_S = 30.0
"""Seconds to wait while another process writes to the SQLite file."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def make_engine(address: str) -> AsyncEngine:
    """An engine for ``database-address``; connects to nothing yet.

    Raises:
        PermanentFailure: the address cannot be used.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise PermanentFailure("database-address is not a URL like sqlite:///path or postgresql://user:password@host/name") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise PermanentFailure(f"database-address begins with {url.drivername}://, which is neither sqlite:// nor postgresql://")
    url = url.set(drivername=driver)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    arguments: dict[str, Any] = {"timeout": CONNECT_S, "command_timeout": COMMAND_S, "server_settings": {"application_name": "tidegate"}}
    return create_async_engine(url, poolclass=NullPool, connect_args=arguments)


def _sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:" or url.query:
        raise PermanentFailure(
            "database-address: sqlite needs the path of a file, sqlite:///relative or sqlite:////absolute, and nothing behind it"
        )
    Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own idea of transactions leaves out changes of the schema
        cursor = connection.cursor()
        # The rollback journal, not WAL: processes that share a WAL file can lose commits with versions of SQLite before 3.51.3.
        cursor.execute("PRAGMA journal_mode=DELETE")
        cursor.execute("PRAGMA synchronous=FULL")
        # A transaction of a million rows waits in memory, so that readers are locked out during its commit only.
        cursor.execute("PRAGMA cache_spill=OFF")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")

    return engine


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to read with. Reads of one ``async with`` see one state unless the transaction is ended in between.

    Raises:
        TemporaryFailure: the database cannot be reached or does not answer as it should.
    """
    with_failures = _Failures(engine)
    async with with_failures, engine.connect() as connection:
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that changes something; committed at the end, undone by any exception.

    Raises:
        TemporaryFailure: the database cannot be reached, is locked for too long or does not answer as it should.
    """
    async with _Failures(engine), engine.connect() as connection:
        await connection.execution_options(writing=True)
        async with connection.begin():
            yield connection


class _Failures:
    """Turns what drivers raise into what the ports know."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._place = engine.url.render_as_string(hide_password=True).replace("+aiosqlite", "").replace("+asyncpg", "")

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DBAPIError):
            raise TemporaryFailure(f"database {self._place}: {error.orig}") from error
        if isinstance(error, SQLAlchemyError | OSError | TimeoutError) or _is_of_asyncpg(error):
            raise TemporaryFailure(f"database {self._place}: {error or type(error).__name__}") from error


def _is_of_asyncpg(error: BaseException | None) -> bool:
    """While it connects, asyncpg raises errors of its own; it is imported only where PostgreSQL is used."""
    return isinstance(error, Exception) and type(error).__module__.startswith("asyncpg.")
