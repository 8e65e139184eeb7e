"""Run by alembic: brings the schema up to date on the connection that it is given, in the transaction that is open there."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True, version_table="tidegate_schema")
context.run_migrations()
