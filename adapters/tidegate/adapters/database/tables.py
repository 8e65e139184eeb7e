"""The tables as the newest schema has them. How they came about is told by the migrations."""

import sqlalchemy as sa

# One order of text everywhere: that of its bytes.
_KEY = sa.String(256).with_variant(sa.String(256, collation="C"), "postgresql")

METADATA = sa.MetaData()

STATE = sa.Table(
    "managed_state",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("database", sa.String(32), nullable=False),  # tells two databases apart
    sa.Column("version", sa.BigInteger, nullable=False),
)

LOCAL = sa.Table(
    "local_addresses",
    METADATA,
    sa.Column("type", _KEY, primary_key=True),
    sa.Column("pattern", _KEY, primary_key=True),
)

MTA = sa.Table("mta_names", METADATA, sa.Column("ip", _KEY, primary_key=True), sa.Column("name", sa.String(255), nullable=False))

SUSPECTS = sa.Table(
    "suspects",
    METADATA,
    sa.Column("network", _KEY, primary_key=True),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("expires", sa.BigInteger),  # seconds since 1970, UTC
    sa.Column("hits", sa.BigInteger, nullable=False),
)
