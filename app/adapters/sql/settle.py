"""Settling an attempt: the transaction that names the winner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from app.adapters.sql import audit as chain
from app.adapters.sql.codec import SUMMARY, Outcome, Row, pages_of, record_of
from app.adapters.sql.outbox import tell, telling
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.rows import HELD, RECORD, STATE, job_key
from app.adapters.sql.schema import findings, invoice_lines, invoice_taxes, invoice_versions, invoices
from app.domain.record import InvoiceRecord
from app.domain.work import Job
from app.errors import Conflict
from app.failpoints import failpoint
from app.ports import OutboxRow, Settlement

_SETTLE = Prepared(
    update(invoices)
    .where(*HELD)
    .values(
        status=bindparam("w_status"),
        reason=bindparam("w_reason"),
        version=invoices.c.version + 1,
        lease_owner=None,
        lease_until=None,
        updated_at=bindparam("w_now"),
        audit_seq=bindparam("w_seq"),
        audit_hash=bindparam("w_hash"),
        first_page=func.coalesce(bindparam("w_first", type_=invoices.c.first_page.type), invoices.c.first_page),
        last_page=func.coalesce(bindparam("w_last", type_=invoices.c.last_page.type), invoices.c.last_page),
        **{column: bindparam(f"s_{column}", type_=invoices.c[column].type) for column in SUMMARY},
    )
)
_ADD_LINES = Prepared(insert(invoice_lines), invoice_lines.c.keys())
_ADD_TAXES = Prepared(insert(invoice_taxes), invoice_taxes.c.keys())
_ADD_FINDINGS = Prepared(insert(findings), findings.c.keys())
_ADD_VERSION = Prepared(insert(invoice_versions), invoice_versions.c.keys())
_SETTLED_BY = select(invoice_versions.c.attempt, invoice_versions.c.digest).where(
    invoice_versions.c.tenant == bindparam("tenant"),
    invoice_versions.c.invoice_id == bindparam("id"),
    invoice_versions.c.version == bindparam("version"),
)


def settle(
    connection: Connection, audit_key: bytes, now: datetime, job: Job, settlement: Settlement, made: Outcome, *, shared: bool
) -> tuple[InvoiceRecord, list[OutboxRow]]:
    """See `InvoiceStore.settle`; `made` is `codec.outcome(settlement)`. Raises `Conflict` also for what this job has settled before."""
    this: Row = {"tenant": job.tenant, "id": job.invoice_id}
    row = STATE.first(connection, this)
    if row is None:
        raise Conflict("the invoice is gone")
    version = job.version + 1
    if (row.version, row.attempts, row.status) != (job.version, job.attempt, "processing"):
        raise Conflict("it is settled, or another's")
    actor = f"worker:{row.lease_owner}"
    traced = chain.row(audit_key, job.tenant, job.invoice_id, (row.audit_seq, row.audit_hash), now, settlement.status, actor, made.digest)
    changed = job_key(job) | {
        "w_status": settlement.status,
        "w_reason": settlement.reason,
        "w_now": now,
        "w_seq": traced["seq"],
        "w_hash": traced["hash"],
    }
    changed["w_first"], changed["w_last"] = made.pages or (None, None)
    changed.update((f"s_{column}", value) for column, value in made.summary.items())
    of_invoice = {"tenant": job.tenant, "invoice_id": job.invoice_id}
    of_version = of_invoice | {
        "version": version,
        "attempt": job.attempt,
        "status": settlement.status,
        "reason": settlement.reason,
        "result": made.result,
        "digest": made.digest,
        "versions": made.versions,
        "created_at": now,
    }
    event = telling(
        job.tenant, job.invoice_id, settlement.status, job.attempt, row.traceparent, now, shared=shared, reason=settlement.reason
    )
    told = tell(
        connection,
        [event],
        [
            (_ADD_LINES, [of_invoice | part for part in made.lines]),
            (_ADD_TAXES, [of_invoice | part for part in made.taxes]),
            (_ADD_FINDINGS, [of_invoice | part for part in made.findings]),
            (_ADD_VERSION, [of_version]),
            (chain.ADD, [traced]),
        ],
        after=(_SETTLE, changed),
    )
    failpoint("settle_uncommitted")
    record = InvoiceRecord(
        tenant=row.tenant,
        id=row.id,
        document_id=row.document_id,
        file_name=row.file_name,
        sha256=row.sha256,
        media_type=row.media_type,
        status=settlement.status,
        version=version,
        attempts=row.attempts,
        received_at=row.received_at,
        updated_at=now,
        reason=settlement.reason,
        result=settlement.result,
        pages=made.pages or pages_of(row),
    )
    return record, told


def settled_before(connection: Connection, job: Job, made: Outcome) -> InvoiceRecord:
    """What this job's own settlement made, whose reply was lost. Raises `Conflict` if it was another's."""
    this: Row = {"tenant": job.tenant, "id": job.invoice_id}
    before = connection.execute(_SETTLED_BY, this | {"version": job.version + 1}).first()
    if before is None or (before.attempt, before.digest) != (job.attempt, made.digest):
        raise Conflict(f"attempt {job.attempt} no longer holds the invoice")
    return record_of(connection.execute(RECORD, this).one())
