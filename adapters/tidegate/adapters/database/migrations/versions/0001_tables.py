"""Tables of local addresses, MTA names and suspects, and the row that tells their version."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.String(256).with_variant(sa.String(256, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    state = op.create_table(
        "managed_state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("database", sa.String(32), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "database": uuid4().hex, "version": 1}])
    op.create_table(
        "local_addresses",
        sa.Column("type", _KEY, primary_key=True),
        sa.Column("pattern", _KEY, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table("mta_names", sa.Column("ip", _KEY, primary_key=True), sa.Column("name", sa.String(255), nullable=False))
    op.create_table(
        "suspects",
        sa.Column("network", _KEY, primary_key=True),
        sa.Column("reason", sa.String(200), nullable=False, server_default=""),
        sa.Column("expires", sa.BigInteger),
    )
