"""The table invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "invoices",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("id", columns.key(36), nullable=False),
        sa.Column("document_id", columns.key(36), nullable=False),
        sa.Column("first_page", sa.Integer(), nullable=True),
        sa.Column("last_page", sa.Integer(), nullable=True),
        sa.Column("status", columns.key(16), nullable=False),
        sa.Column("reason", columns.key(32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", columns.text(100), nullable=True),
        sa.Column("lease_until", columns.Moment(), nullable=True),
        sa.Column("last_sent_at", columns.Moment(), nullable=False),
        sa.Column("traceparent", columns.key(64), nullable=True),
        sa.Column("received_at", columns.Moment(), nullable=False),
        sa.Column("updated_at", columns.Moment(), nullable=False),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.Column("audit_hash", columns.key(64), nullable=False),
        sa.Column("number", columns.text(255), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("currency", columns.text(16), nullable=True),
        sa.Column("seller_name", columns.text(255), nullable=True),
        sa.Column("seller_folded", columns.text(255), nullable=True),
        sa.Column("seller_vat_id", columns.text(64), nullable=True),
        sa.Column("buyer_name", columns.text(255), nullable=True),
        sa.Column("total_without_tax", columns.Amount(), nullable=True),
        sa.Column("total_tax", columns.Amount(), nullable=True),
        sa.Column("total_with_tax", columns.Amount(), nullable=True),
        sa.Column("amount_due", columns.Amount(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "document_id"], ["documents.tenant", "documents.id"], name=op.f("fk_invoices_documents")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("tenant", "document_id", "id", name=op.f("uq_invoices_tenant_document_id_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("invoices")
