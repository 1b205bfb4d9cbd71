"""The index ix_outbox_invoice."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_outbox_invoice", "outbox", ["tenant", "invoice_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outbox_invoice", table_name="outbox")
