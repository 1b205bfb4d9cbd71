"""The row of a tenant, which every other row leads to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from app.adapters.sql.schema import tenants

_FIND = select(tenants.c.tenant).where(tenants.c.tenant == bindparam("tenant"))
_ADD = insert(tenants)


def ensure_tenant(connection: Connection, tenant: str, now: datetime) -> None:
    """Part of a transaction. Two at once: one of them fails with a broken constraint and may be tried again."""
    if connection.execute(_FIND, {"tenant": tenant}).first() is None:
        connection.execute(_ADD, {"tenant": tenant, "created_at": now})
