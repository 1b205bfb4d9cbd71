"""The table outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", columns.serial(), autoincrement=True, nullable=False),
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("kind", columns.key(8), nullable=False),
        sa.Column("body", columns.body(), nullable=True),
        sa.Column("traceparent", columns.key(64), nullable=True),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("published_at", columns.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("outbox")
