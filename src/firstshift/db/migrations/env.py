"""Alembic's entry: `firstshift.db.migrate` hands in the connection; there is no other way to run it."""

from __future__ import annotations

from alembic import context

from firstshift.db.base import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
