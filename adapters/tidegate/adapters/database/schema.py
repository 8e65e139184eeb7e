"""The schema, brought up to date when the server starts."""

import logging
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tidegate.adapters.database.engine import reading, writing
from tidegate.ports.errors import PermanentFailure, TemporaryFailure

HEAD = "0002"
"""The newest migration."""
MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 7_410_733_250_618_442_211
"""Number of the advisory lock in PostgreSQL that machines which start at the same time take turns with."""


_log = logging.getLogger("tidegate.database")


async def migrate(engine: AsyncEngine, revision: str = HEAD) -> None:
    """Bring an empty or an older schema to ``revision``, in one transaction. Costs one query when it is there already.

    Raises:
        TemporaryFailure: the database cannot be reached.
        PermanentFailure: the schema was made by a newer version of this program.
    """
    found = await _revision(engine)
    if found == revision:
        return
    if found is not None and found > revision:
        raise PermanentFailure(f"the database has schema {found}, made by a newer version of Tidegate; this one knows {HEAD}")
    async with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        await connection.run_sync(_upgrade, revision)
    _log.info("schema of the database brought up to date", extra={"from": found or "empty", "to": revision})


async def _revision(engine: AsyncEngine) -> str | None:
    async with reading(engine) as connection:
        if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("tidegate_schema")):
            return None
        return (await connection.execute(sa.text("SELECT version_num FROM tidegate_schema"))).scalar()


def _upgrade(connection: sa.Connection, revision: str) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each of its plugins, from the import on
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise TemporaryFailure(f"the schema of the database cannot be brought up to date: {error}") from error
