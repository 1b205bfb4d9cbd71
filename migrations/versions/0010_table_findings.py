"""The table findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", columns.text(64), nullable=False),
        sa.Column("severity", columns.key(16), nullable=False),
        sa.Column("message", columns.text(500), nullable=False),
        sa.Column("fields", columns.text(1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"], name=op.f("fk_findings_invoices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "invoice_id", "position", name=op.f("pk_findings")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("findings")
