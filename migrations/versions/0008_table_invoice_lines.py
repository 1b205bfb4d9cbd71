"""The table invoice_lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "invoice_lines",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("invoice_id", columns.key(36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_id", columns.text(64), nullable=True),
        sa.Column("item_name", columns.text(255), nullable=True),
        sa.Column("item_id", columns.text(128), nullable=True),
        sa.Column("standard_item_id", columns.text(128), nullable=True),
        sa.Column("quantity", columns.Amount(), nullable=True),
        sa.Column("unit", columns.text(64), nullable=True),
        sa.Column("net_price", columns.Amount(), nullable=True),
        sa.Column("net_amount", columns.Amount(), nullable=True),
        sa.Column("tax_category", columns.text(16), nullable=True),
        sa.Column("tax_rate", columns.Amount(), nullable=True),
        sa.Column("purchase_order_line", columns.text(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"], name=op.f("fk_invoice_lines_invoices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "invoice_id", "position", name=op.f("pk_invoice_lines")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("invoice_lines")
