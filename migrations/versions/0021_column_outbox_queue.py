"""The column queue of outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("queue", columns.key(16), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "queue")
