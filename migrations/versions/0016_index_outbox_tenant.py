"""The index ix_outbox_tenant."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_outbox_tenant", "outbox", ["tenant", "kind", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outbox_tenant", table_name="outbox")
