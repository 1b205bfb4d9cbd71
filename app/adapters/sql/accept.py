"""Taking uploads in: the transaction behind a 202."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, insert, select

from app.adapters.sql import audit as chain
from app.adapters.sql import idempotency as keys
from app.adapters.sql.codec import Row, clipped
from app.adapters.sql.engine import Database
from app.adapters.sql.ids import new_id
from app.adapters.sql.outbox import tell, telling
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.schema import documents, invoices
from app.adapters.sql.tenants import ensure_tenant
from app.domain.work import queue_for
from app.ports import Accepted, IdempotencyKey, OutboxRow, Upload

_ADD_DOCUMENT = Prepared(insert(documents), documents.c.keys())
_ADD_INVOICE = Prepared(
    insert(invoices),
    "tenant id document_id status version attempts last_sent_at traceparent received_at updated_at audit_seq audit_hash queue"
    " waiting_on waiting_since".split(),
)
_FIRST = Prepared(
    select(documents.c.id.label("document_id"), invoices.c.id, invoices.c.status)
    .join(invoices, and_(invoices.c.tenant == documents.c.tenant, invoices.c.document_id == documents.c.id))
    .where(documents.c.tenant == bindparam("tenant"), documents.c.sha256 == bindparam("sha256"))
    .order_by(invoices.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the store and its tenants have in common.

    `known`: the tenants whose row is committed. `committed`: the outbox rows that the relay has not been handed yet.
    """

    database: Database
    audit_key: bytes
    cursor_key: bytes
    clock: Callable[[], datetime]
    known: set[str] = field(default_factory=set)
    committed: deque[OutboxRow] = field(default_factory=lambda: deque(maxlen=1000))


def accept(
    shared: Shared,
    connection: Connection,
    tenant: str,
    uploads: Sequence[Upload],
    actor: str,
    traceparent: str | None,
    key: IdempotencyKey | None,
) -> tuple[Sequence[Accepted], list[OutboxRow]]:
    now = shared.clock()
    was = "free"
    if key is not None:
        found = keys.look_up(connection, tenant, key, now)
        if found != "free" and found != "held":
            return found, []
        was = found
    if tenant not in shared.known:
        ensure_tenant(connection, tenant, now)
    new = _NewRows(shared, tenant, actor, traceparent, now)
    here: dict[str, Accepted] = {}  # equal files within one request
    answer = []
    for upload in uploads:
        sha256 = upload.blob.sha256
        first = here.get(sha256) or _FIRST.first(connection, {"tenant": tenant, "sha256": sha256})
        if first is None:
            here[sha256] = accepted = new.add(upload)
        else:
            accepted = Accepted(first.id, first.document_id, first.status, duplicate_of=first.id)
        answer.append(accepted)
    told = new.insert(connection)
    if key is not None:
        keys.finish(connection, tenant, key, was, answer, now)
    return answer, told


def begin(shared: Shared, connection: Connection, tenant: str, key: str) -> bool:
    now = shared.clock()
    if tenant not in shared.known:
        ensure_tenant(connection, tenant, now)
    return keys.hold(connection, tenant, key, now)


class _NewRows:
    """The rows of the uploads of one request, inserted table by table."""

    def __init__(self, shared: Shared, tenant: str, actor: str, traceparent: str | None, now: datetime) -> None:
        self._shared = shared
        self._tenant = tenant
        self._actor = actor
        self._traceparent = traceparent
        self._now = now
        self._documents: list[Row] = []
        self._invoices: list[Row] = []
        self._audit: list[Row] = []

    def add(self, upload: Upload) -> Accepted:
        tenant, now = self._tenant, self._now
        document_id, invoice_id = new_id(), new_id()
        file_name = clipped(upload.file_name, 255)
        media_type = clipped(upload.media_type, 127)
        queue = queue_for(media_type)
        self._documents.append(
            {
                "tenant": tenant,
                "id": document_id,
                "sha256": upload.blob.sha256,
                "file_name": file_name,
                "media_type": media_type,
                "size": upload.blob.size,
                "received_at": now,
            }
        )
        traced = chain.row(
            self._shared.audit_key,
            tenant,
            invoice_id,
            (0, chain.START),
            now,
            "accept",
            self._actor,
            chain.value_hash(upload.blob.sha256, upload.blob.size, file_name, media_type),
        )
        self._audit.append(traced)
        self._invoices.append(
            {
                "tenant": tenant,
                "id": invoice_id,
                "document_id": document_id,
                "status": "received",
                "version": 1,
                "attempts": 0,
                "last_sent_at": now,
                "traceparent": self._traceparent,
                "received_at": now,
                "updated_at": now,
                "audit_seq": traced["seq"],
                "audit_hash": traced["hash"],
                "queue": queue,
                "waiting_on": queue,
                "waiting_since": now,
            }
        )
        return Accepted(invoice_id, document_id, "received")

    def insert(self, connection: Connection) -> list[OutboxRow]:
        if not self._invoices:
            return []
        shared = self._shared.database.shared
        told = [
            telling(self._tenant, row["id"], "received", 0, self._traceparent, self._now, shared=shared, queue=row["queue"])
            for row in self._invoices
        ]
        return tell(connection, told, [(_ADD_DOCUMENT, self._documents), (_ADD_INVOICE, self._invoices), (chain.ADD, self._audit)])
