"""The managed state in a database: SQLite, or PostgreSQL for several machines (SQLAlchemy, alembic)."""

from tidegate.adapters.database.directory import DatabaseDirectory as DatabaseDirectory

__all__ = ["DatabaseDirectory"]
