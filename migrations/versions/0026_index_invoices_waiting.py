"""The index ix_invoices_waiting."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_index("ix_invoices_waiting", "invoices", ["waiting_on", "status", "tenant", "waiting_since"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_invoices_waiting", table_name="invoices")
