"""The column waiting_since of invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("waiting_since", columns.Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "waiting_since")
