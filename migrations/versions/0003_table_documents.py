"""The table documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("tenant", columns.key(64), nullable=False),
        sa.Column("id", columns.key(36), nullable=False),
        sa.Column("sha256", columns.key(64), nullable=False),
        sa.Column("file_name", columns.text(255), nullable=False),
        sa.Column("media_type", columns.text(127), nullable=False),
        sa.Column("size", columns.serial(), nullable=False),
        sa.Column("received_at", columns.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name=op.f("fk_documents_tenants")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_documents")),
        sa.UniqueConstraint("tenant", "sha256", name=op.f("uq_documents_tenant_sha256")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("documents")
