"""The table api_keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", columns.key(16), nullable=False),
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("secret_hash", columns.key(64), nullable=False),
        sa.Column("scopes", columns.text(255), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("expires_at", columns.Moment(), nullable=True),
        sa.Column("revoked_at", columns.Moment(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name=op.f("fk_api_keys_tenants")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("api_keys")
