"""The statements that the work side and the tenants' side share. Built once: what they compile to is cached."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, select

from app.adapters.sql.codec import Row
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.schema import documents, invoice_versions, invoices
from app.domain.work import Job

_DOCUMENT = and_(documents.c.tenant == invoices.c.tenant, documents.c.id == invoices.c.document_id)
_THIS = and_(invoices.c.tenant == bindparam("tenant"), invoices.c.id == bindparam("id"))
_SHOWN = (
    invoices.c.tenant,
    invoices.c.id,
    invoices.c.document_id,
    documents.c.file_name,
    documents.c.sha256,
    documents.c.media_type,
    invoices.c.status,
    invoices.c.version,
    invoices.c.attempts,
    invoices.c.received_at,
    invoices.c.updated_at,
    invoices.c.reason,
    invoices.c.first_page,
    invoices.c.last_page,
)

RECORD = (
    select(*_SHOWN, invoice_versions.c.result)
    .select_from(
        invoices.join(documents, _DOCUMENT).outerjoin(
            invoice_versions,
            and_(
                invoice_versions.c.tenant == invoices.c.tenant,
                invoice_versions.c.invoice_id == invoices.c.id,
                invoice_versions.c.version == invoices.c.version,
            ),
        )
    )
    .where(_THIS)
)
"""One invoice with the result of its current version: NULL while that version is no settled one. For `codec.record_of`."""

STATES = select(
    *_SHOWN,
    invoices.c.lease_owner,
    invoices.c.lease_until,
    invoices.c.traceparent,
    invoices.c.queue,
    invoices.c.waiting_since,
    invoices.c.audit_seq,
    invoices.c.audit_hash,
).select_from(invoices.join(documents, _DOCUMENT))
STATE = Prepared(STATES.where(_THIS))
"""What a change of state starts from."""

THIS_VERSION = (
    invoices.c.tenant == bindparam("w_tenant"),
    invoices.c.id == bindparam("w_id"),
    invoices.c.version == bindparam("w_version"),
)
HELD = (*THIS_VERSION, invoices.c.attempts == bindparam("w_attempt"), invoices.c.status == "processing")
"""A job's claim, as long as it stands; its values come from `job_key`."""


def job_key(job: Job) -> Row:
    return {"w_tenant": job.tenant, "w_id": job.invoice_id, "w_version": job.version, "w_attempt": job.attempt}
