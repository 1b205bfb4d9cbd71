"""What SQL names in the other stores: for those who compare, copy and repair."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from app.adapters.sql.codec import json_bytes, result_of
from app.adapters.sql.ids import is_id
from app.adapters.sql.outbox import EVENT
from app.adapters.sql.schema import audit, documents, invoice_versions, invoices, outbox
from app.domain.record import Result
from app.ports import AuditRow, Named

_NAMED = select(invoices.c.tenant, invoices.c.id, invoices.c.version, invoices.c.audit_seq, documents.c.sha256).join(
    documents, and_(documents.c.tenant == invoices.c.tenant, documents.c.id == invoices.c.document_id)
)
_PAGE = (
    _NAMED.where(
        or_(
            invoices.c.tenant > bindparam("after_tenant"),
            and_(invoices.c.tenant == bindparam("after_tenant"), invoices.c.id > bindparam("after_id")),
        )
    )
    .order_by(invoices.c.tenant, invoices.c.id)
    .limit(bindparam("limit"))
)
_THESE = _NAMED.where(invoices.c.tenant == bindparam("tenant"), invoices.c.id.in_(bindparam("ids", expanding=True)))
_RESULTS = select(invoice_versions.c.tenant, invoice_versions.c.invoice_id, invoice_versions.c.version, invoice_versions.c.attempt).where(
    invoice_versions.c.invoice_id.in_(bindparam("ids", expanding=True)), invoice_versions.c.result.is_not(None)
)
_CHAINS = (
    select(audit)
    .where(audit.c.tenant == bindparam("tenant"), audit.c.invoice_id.in_(bindparam("ids", expanding=True)))
    .order_by(audit.c.invoice_id, audit.c.seq)
)
_RESULT = select(invoice_versions.c.result).where(
    invoice_versions.c.tenant == bindparam("tenant"),
    invoice_versions.c.invoice_id == bindparam("id"),
    invoice_versions.c.version == bindparam("version"),
)
_EVENTS = select(outbox.c.id, outbox.c.tenant, outbox.c.invoice_id).where(outbox.c.kind == EVENT).limit(bindparam("limit"))
_LATER = _EVENTS.where(outbox.c.id > bindparam("after")).order_by(outbox.c.id)
_EARLIER = _EVENTS.where(outbox.c.id < bindparam("after")).order_by(outbox.c.id.desc())


def page(connection: Connection, after: tuple[str, str], limit: int) -> Sequence[Named]:
    return _named(connection, connection.execute(_PAGE, {"after_tenant": after[0], "after_id": after[1], "limit": limit}).all())


def these(connection: Connection, tenant: str, invoice_ids: Collection[str]) -> Sequence[Named]:
    return _named(connection, connection.execute(_THESE, {"tenant": tenant, "ids": _possible(invoice_ids)}).all())


def chains(connection: Connection, tenant: str, invoice_ids: Collection[str]) -> Sequence[AuditRow]:
    rows = connection.execute(_CHAINS, {"tenant": tenant, "ids": _possible(invoice_ids)})
    return [AuditRow(row.invoice_id, row.seq, row.at, json_bytes(row._asdict())) for row in rows]


def result(connection: Connection, tenant: str, invoice_id: str, version: int) -> Result | None:
    return result_of(connection.execute(_RESULT, {"tenant": tenant, "id": invoice_id, "version": version}).scalar())


def changed(connection: Connection, after: int, limit: int) -> Sequence[tuple[int, str, str]]:
    statement = _LATER if limit >= 0 else _EARLIER
    return [(row.id, row.tenant, row.invoice_id) for row in connection.execute(statement, {"after": after, "limit": abs(limit)})]


def _possible(invoice_ids: Collection[str]) -> list[str]:
    """What cannot be one of our ids, no database need be asked for: the names come from other stores."""
    return [text for text in invoice_ids if is_id(text)]


def _named(connection: Connection, rows: Sequence[Any]) -> Sequence[Named]:
    snapshots: dict[tuple[str, str], dict[str, int]] = {(row.tenant, row.id): {} for row in rows}
    if rows:
        for made in connection.execute(_RESULTS, {"tenants": list({row.tenant for row in rows}), "ids": [row.id for row in rows]}):
            if (made.tenant, made.invoice_id) in snapshots:
                # The attempt saved it under the version that it held; its settlement made the next one.
                key = f"{made.invoice_id}:{made.version - 1}:{made.attempt}"
                snapshots[made.tenant, made.invoice_id][key] = made.version
    return [Named(row.tenant, row.id, row.version, row.sha256, row.audit_seq, snapshots[row.tenant, row.id]) for row in rows]
