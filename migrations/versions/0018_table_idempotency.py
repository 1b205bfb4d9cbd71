"""The table idempotency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("key_hash", columns.key(64), nullable=False),
        sa.Column("fingerprint", columns.key(64), nullable=False),
        sa.Column("state", columns.key(16), nullable=False),
        sa.Column("answer", columns.body(), nullable=True),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name=op.f("fk_idempotency_tenants")),
        sa.PrimaryKeyConstraint("tenant", "key_hash", name=op.f("pk_idempotency")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("idempotency")
