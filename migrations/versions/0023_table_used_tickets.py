"""The table used_tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "used_tickets",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("nonce", columns.key(32), nullable=False),
        sa.Column("expires_at", columns.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name=op.f("fk_used_tickets_tenants")),
        sa.PrimaryKeyConstraint("tenant", "nonce", name=op.f("pk_used_tickets")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("used_tickets")
