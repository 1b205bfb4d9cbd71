"""The table invoice_versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "invoice_versions",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", columns.key(16), nullable=False),
        sa.Column("reason", columns.key(32), nullable=True),
        sa.Column("result", columns.body(), nullable=True),
        sa.Column("digest", columns.key(64), nullable=False),
        sa.Column("versions", columns.body(), nullable=True),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"], name=op.f("fk_invoice_versions_invoices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "invoice_id", "version", name=op.f("pk_invoice_versions")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=True,
    )


def downgrade() -> None:
    op.drop_table("invoice_versions")
