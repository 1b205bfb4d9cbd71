"""The table invoice_taxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "invoice_taxes",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", columns.text(16), nullable=True),
        sa.Column("rate", columns.Amount(), nullable=True),
        sa.Column("taxable_amount", columns.Amount(), nullable=True),
        sa.Column("tax_amount", columns.Amount(), nullable=True),
        sa.Column("exemption_reason", columns.text(255), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"], name=op.f("fk_invoice_taxes_invoices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "invoice_id", "position", name=op.f("pk_invoice_taxes")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("invoice_taxes")
