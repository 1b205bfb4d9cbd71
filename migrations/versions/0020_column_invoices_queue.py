"""The column queue of invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("queue", columns.key(16), server_default="invoices", nullable=False))


def downgrade() -> None:
    op.drop_column("invoices", "queue")
