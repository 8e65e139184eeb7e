"""Hits of suspects; and triggers that move the version, so that changes made by SQL are seen as well."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = {
    "local_addresses": ("INSERT", "UPDATE", "DELETE"),
    "mta_names": ("INSERT", "UPDATE", "DELETE"),
    "suspects": ("INSERT", "UPDATE OF network, reason, expires", "DELETE"),  # hits are no change
}


def upgrade() -> None:
    """Add the column and the triggers."""
    op.add_column("suspects", sa.Column("hits", sa.BigInteger, nullable=False, server_default="0"))
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION tidegate_moved() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN UPDATE managed_state SET version = version + 1; RETURN NULL; END $$"
        )
    for table, changes in _TABLES.items():
        for change in (*changes, "TRUNCATE") if postgresql else changes:
            name = f"{table}_{change.split()[0].lower()}_moves"
            if postgresql:
                op.execute(f"CREATE TRIGGER {name} AFTER {change} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tidegate_moved()")
            else:
                op.execute(f"CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN UPDATE managed_state SET version = version + 1; END")  # noqa: S608 (names of ours)
    op.execute("UPDATE managed_state SET version = version + 1")
