"""The index ix_invoices_unsettled."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_invoices_unsettled", "invoices", ["status", "last_sent_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_invoices_unsettled", table_name="invoices")
