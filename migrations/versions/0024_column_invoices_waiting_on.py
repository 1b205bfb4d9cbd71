"""The column waiting_on of invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("waiting_on", columns.key(16), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "waiting_on")
