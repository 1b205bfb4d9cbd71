"""The column claimed_until of outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("claimed_until", columns.Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "claimed_until")
