"""The table audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", columns.Moment(), nullable=False),
        sa.Column("action", columns.key(32), nullable=False),
        sa.Column("actor", columns.text(128), nullable=False),
        sa.Column("value_hash", columns.key(64), nullable=False),
        sa.Column("prev_hash", columns.key(64), nullable=False),
        sa.Column("hash", columns.key(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "invoice_id", "seq", name=op.f("pk_audit")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("audit")
