"""Several invoices in one file: the transaction that gives each its own row and its own work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, update

from app.adapters.sql import audit as chain
from app.adapters.sql.codec import Row
from app.adapters.sql.ids import new_id
from app.adapters.sql.outbox import tell, telling
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.rows import HELD, STATE, job_key
from app.adapters.sql.schema import invoices
from app.domain.work import Job
from app.errors import Conflict
from app.failpoints import failpoint
from app.ports import OutboxRow

_KEEP = Prepared(update(invoices).where(*HELD).values(first_page=bindparam("w_first"), last_page=bindparam("w_last")))
_ADD = Prepared(
    insert(invoices),
    "tenant id document_id first_page last_page status version attempts last_sent_at traceparent received_at updated_at audit_seq"
    " audit_hash queue waiting_on waiting_since".split(),
)


def split(
    connection: Connection, audit_key: bytes, now: datetime, job: Job, ranges: Sequence[tuple[int, int]], *, shared: bool
) -> list[OutboxRow]:
    """See `InvoiceStore.split`. The pages of the job's own row are the key: once they are the first range, the others have been made."""
    row = STATE.first(connection, {"tenant": job.tenant, "id": job.invoice_id})
    if row is None or (row.version, row.attempts, row.status) != (job.version, job.attempt, "processing"):
        raise Conflict("it is settled, or another's")
    (first, last), *others = ranges
    if (row.first_page, row.last_page) == (first, last):
        return []
    added: list[Row] = []
    audited: list[Row] = []
    for begin, end in others:
        invoice_id = new_id()
        value = chain.value_hash(row.sha256, job.invoice_id, begin, end)
        actor = f"worker:{row.lease_owner}"
        audited.append(chain.row(audit_key, job.tenant, invoice_id, (0, chain.START), now, "split", actor, value))
        added.append(
            {
                "tenant": job.tenant,
                "id": invoice_id,
                "document_id": row.document_id,
                "first_page": begin,
                "last_page": end,
                "status": "received",
                "version": 1,
                "attempts": 0,
                "last_sent_at": now,
                "traceparent": row.traceparent,
                "received_at": row.received_at,
                "updated_at": now,
                "audit_seq": audited[-1]["seq"],
                "audit_hash": audited[-1]["hash"],
                "queue": row.queue,
                "waiting_on": row.queue,
                "waiting_since": now,
            }
        )
    events = [telling(job.tenant, new["id"], "received", 0, row.traceparent, now, shared=shared, queue=row.queue) for new in added]
    kept = job_key(job) | {"w_first": first, "w_last": last}
    told = tell(connection, events, [(_ADD, added), (chain.ADD, audited)], after=(_KEEP, kept))
    failpoint("split_uncommitted")
    return told
