"""How Alembic reaches the database: a connection handed over by `app.adapters.sql.migrate`, or none (`--sql`, a dialect by name)."""

from __future__ import annotations

from alembic import context

from app.adapters.sql.schema import metadata

given = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=given["dialect"], target_metadata=metadata)
else:
    # MySQL commits each DDL statement by itself: one change a migration, each recorded as soon as it is made.
    context.configure(connection=given["connection"], target_metadata=metadata, transaction_per_migration=True)

with context.begin_transaction():
    context.run_migrations()
