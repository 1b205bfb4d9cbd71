"""The index ix_invoices_number."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_invoices_number", "invoices", ["tenant", "number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_invoices_number", table_name="invoices")
