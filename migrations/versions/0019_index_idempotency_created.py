"""The index ix_idempotency_created."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_idempotency_created", table_name="idempotency")
