"""The index ix_findings_rule."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_findings_rule", "findings", ["tenant", "rule"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_findings_rule", table_name="findings")
