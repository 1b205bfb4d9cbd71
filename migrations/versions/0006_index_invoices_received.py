"""The index ix_invoices_received."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_invoices_received", "invoices", ["tenant", "received_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_invoices_received", table_name="invoices")
