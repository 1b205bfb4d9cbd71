"""The audit chain of an invoice: each row's hash covers the row before it, so that none can be changed, moved, left out or put in.

hash = HMAC-SHA256(key, previous hash || canonical JSON of [tenant, invoice, seq, at, action, actor, value hash]). Values are in it
only as SHA-256, so that erasing them keeps the chain valid. Who has the database but not the key cannot make a row. What a chain
in the same database cannot show is that its last rows were cut off, and the invoice's copy of the end set back with them: for
that its heads are anchored outside.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, insert, select

from app.adapters.sql.codec import Row, clipped, json_bytes
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.schema import audit, invoices
from app.ports import AuditEntry

START = "0" * 64
ACTOR_LENGTH = 128

ADD = Prepared(insert(audit), audit.c.keys())
CHAIN = (
    select(audit, invoices.c.audit_seq, invoices.c.audit_hash)
    .outerjoin(invoices, and_(invoices.c.tenant == audit.c.tenant, invoices.c.id == audit.c.invoice_id))
    .where(audit.c.tenant == bindparam("tenant"), audit.c.invoice_id == bindparam("id"))
    .order_by(audit.c.seq)
)
"""With the end that the invoice has a copy of, in one statement: both as of one moment."""


def row(
    audit_key: bytes, tenant: str, invoice_id: str, prev: tuple[int, str], at: datetime, action: str, actor: str, value_hash: str
) -> Row:
    """The row that follows `prev` (its seq and hash; `(0, START)` for the first)."""
    seq = prev[0] + 1
    actor = clipped(actor, ACTOR_LENGTH)
    return {
        "tenant": tenant,
        "invoice_id": invoice_id,
        "seq": seq,
        "at": at,
        "action": action,
        "actor": actor,
        "value_hash": value_hash,
        "prev_hash": prev[1],
        "hash": _hash(audit_key, prev[1], tenant, invoice_id, seq, at, action, actor, value_hash),
    }


def value_hash(*values: Any) -> str:
    return hashlib.sha256(json_bytes(values)).hexdigest()


def verified(audit_key: bytes, rows: Sequence[Any], end: tuple[int, str]) -> Sequence[AuditEntry]:
    """The entries of a whole chain in order. Raises ValueError naming the first row that is not as it was written."""
    seq, prev = 0, START
    entries = []
    for r in rows:
        seq += 1
        made = _hash(audit_key, prev, r.tenant, r.invoice_id, seq, r.at, r.action, r.actor, r.value_hash)
        if r.seq != seq or r.prev_hash != prev or not hmac.compare_digest(made, r.hash):
            raise ValueError(f"the audit chain does not verify at row {seq}")
        prev = r.hash
        entries.append(AuditEntry(r.seq, r.at, r.action, r.actor, r.hash))
    if (seq, prev) != end:
        raise ValueError(f"the audit chain ends at row {seq}, the invoice says {end[0]}")
    return entries


def _hash(key: bytes, prev: str, tenant: str, invoice_id: str, seq: int, at: datetime, action: str, actor: str, value_hash: str) -> str:
    # A list, not an object: one order, nothing to sort.
    told = json_bytes((tenant, invoice_id, seq, at.astimezone(UTC).isoformat(timespec="microseconds"), action, actor, value_hash))
    return hmac.digest(key, prev.encode() + told, "sha256").hex()
