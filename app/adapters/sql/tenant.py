"""`TenantInvoices` in SQL: every statement has the tenant in its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from app.adapters.sql import audit as chain
from app.adapters.sql import cursor as cursors
from app.adapters.sql import idempotency as keys
from app.adapters.sql.accept import Shared, accept, begin
from app.adapters.sql.codec import NAME_LENGTH, SUMMARY, Row, amount_text, event_of, folded, record_of, storable
from app.adapters.sql.ids import clean_traceparent, is_id
from app.adapters.sql.outbox import EVENT, tell, telling
from app.adapters.sql.rows import RECORD, STATE
from app.adapters.sql.schema import documents, findings, invoice_lines, invoice_taxes, invoices, outbox
from app.domain.record import SETTLED, Event, InvoiceRecord, InvoiceSummary, Status
from app.errors import Conflict, Refused, Unavailable
from app.failpoints import failpoint
from app.ports import Accepted, AuditEntry, IdempotencyKey, InvoiceFilter, Listing, OutboxRow, Upload

T = TypeVar("T")
LONGEST_PAGE = 1000
_RACES = 3

_LISTED = select(
    invoices.c.id,
    invoices.c.document_id,
    documents.c.file_name,
    invoices.c.status,
    invoices.c.reason,
    invoices.c.received_at,
    invoices.c.updated_at,
    invoices.c.number,
    invoices.c.issue_date,
    invoices.c.seller_name,
    invoices.c.currency,
    invoices.c.total_with_tax,
).join(documents, and_(documents.c.tenant == invoices.c.tenant, documents.c.id == invoices.c.document_id))
_EVENTS = (
    select(outbox.c.id, outbox.c.tenant, outbox.c.invoice_id, outbox.c.body, outbox.c.created_at)
    .where(outbox.c.tenant == bindparam("tenant"), outbox.c.kind == EVENT, outbox.c.id > bindparam("after"))
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
_EVENTS_OF_ONE = _EVENTS.where(outbox.c.invoice_id == bindparam("id"))
# Ids are given when a row is written and seen when it is committed, so of two transactions the later may be seen first, and who goes
# on after its id would miss the other. An invoice's own rows come in order: whoever writes one holds the invoice. For all of a
# tenant's the reader takes a shared lock: it waits at a row that is not committed yet, and goes on when it is. (SQLite has one writer.)
# The hint: on a small table the optimizer would rather go through the rows, and wait for other tenants' too.
_EVENTS_OF_ALL = _EVENTS.with_for_update(read=True).with_hint(outbox, "FORCE INDEX (ix_outbox_tenant)", "mysql")
_AGAIN = (
    update(invoices)
    .where(invoices.c.tenant == bindparam("w_tenant"), invoices.c.id == bindparam("w_id"), invoices.c.version == bindparam("w_version"))
    .values(
        status="received",
        reason=None,
        attempts=0,
        version=invoices.c.version + 1,
        lease_owner=None,
        lease_until=None,
        traceparent=bindparam("w_traceparent"),
        last_sent_at=bindparam("w_now"),
        updated_at=bindparam("w_now"),
        audit_seq=bindparam("w_seq"),
        audit_hash=bindparam("w_hash"),
        waiting_on=invoices.c.queue,
        waiting_since=bindparam("w_now"),
        **SUMMARY,
    )
)
_FORGET = [
    delete(table).where(table.c.tenant == bindparam("tenant"), table.c.invoice_id == bindparam("id"))
    for table in (invoice_lines, invoice_taxes, findings)
]


class SqlTenantInvoices:
    def __init__(self, shared: Shared, tenant: str) -> None:
        self._shared = shared
        self._database = shared.database
        self._tenant = tenant

    async def accept(
        self, uploads: Sequence[Upload], actor: str, traceparent: str | None, idempotency: IdempotencyKey | None
    ) -> Sequence[Accepted]:
        answer, told = await self._write_racing(
            lambda connection: accept(self._shared, connection, self._tenant, uploads, actor, clean_traceparent(traceparent), idempotency)
        )
        self._shared.committed.extend(told)
        failpoint("accept_committed")
        return answer

    async def begin_idempotent(self, key: str) -> bool:
        return await self._write_racing(lambda connection: begin(self._shared, connection, self._tenant, key))

    async def abandon_idempotent(self, key: str) -> None:
        await self._database.write(lambda connection: keys.abandon(connection, self._tenant, key))

    async def get(self, invoice_id: str) -> InvoiceRecord | None:
        if not is_id(invoice_id):
            return None

        def work(connection: Connection) -> InvoiceRecord | None:
            row = connection.execute(RECORD, {"tenant": self._tenant, "id": invoice_id}).first()
            return None if row is None else record_of(row)

        return await self._database.read(work)

    async def list(self, filter: InvoiceFilter, cursor: str | None, limit: int) -> Listing:
        limit = max(1, min(limit, LONGEST_PAGE))
        after = None if cursor is None else cursors.decode(self._shared.cursor_key, self._tenant, cursor)
        if not _possible(filter):
            return Listing(())
        statement = _LISTED.where(invoices.c.tenant == self._tenant, *_conditions(filter))
        if after is not None:
            at, invoice_id = after
            statement = statement.where(
                or_(invoices.c.received_at < at, and_(invoices.c.received_at == at, invoices.c.id < invoice_id))
            )  # fmt: skip
        statement = statement.order_by(invoices.c.received_at.desc(), invoices.c.id.desc()).limit(limit + 1)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        more = len(rows) > limit
        items = [_summary(row) for row in rows[:limit]]
        place = cursors.encode(self._shared.cursor_key, self._tenant, items[-1].received_at, items[-1].id) if more else None
        return Listing(items, place)

    async def events(self, invoice_id: str | None, after: int, limit: int) -> Sequence[Event]:
        if (invoice_id is not None and not is_id(invoice_id)) or after >= 1 << 63:
            return ()
        statement = _EVENTS_OF_ALL if invoice_id is None else _EVENTS_OF_ONE
        params: Row = {"tenant": self._tenant, "after": max(after, 0), "limit": max(1, min(limit, LONGEST_PAGE))}
        if invoice_id is not None:
            params["id"] = invoice_id
        return await self._database.read(lambda connection: [event_of(row) for row in connection.execute(statement, params)])

    async def retry(self, invoice_id: str, expected_version: int, actor: str, traceparent: str | None) -> InvoiceRecord | None:
        if not is_id(invoice_id):
            return None
        record, told = await self._database.write(
            lambda connection: self._retry(connection, invoice_id, expected_version, actor, clean_traceparent(traceparent))
        )
        self._shared.committed.extend(told)
        return record

    async def audit(self, invoice_id: str) -> Sequence[AuditEntry]:
        """Empty for an invoice that never was."""
        if not is_id(invoice_id):
            return ()
        this = {"tenant": self._tenant, "id": invoice_id}

        rows = await self._database.read(lambda connection: connection.execute(chain.CHAIN, this).all())
        if not rows:
            if await self._database.read(lambda connection: STATE.first(connection, this)) is not None:
                raise ValueError("the audit chain is gone, the invoice is there")
            return ()
        last = rows[-1]
        # Where the invoice was erased, its chain stays: only the rows themselves say where it ends.
        end = (last.seq, last.hash) if last.audit_seq is None else (last.audit_seq, last.audit_hash)
        return chain.verified(self._shared.audit_key, rows, end)

    async def _write_racing(self, work: Callable[[Connection], T]) -> T:
        for _ in range(_RACES):
            try:
                answer = await self._database.write(work)
            except Conflict:
                # Another writer put in the same bytes, key or tenant just now: the next look finds them.
                continue
            self._shared.known.add(self._tenant)
            return answer
        raise Unavailable("sql", "lost too many races")

    def _retry(
        self, connection: Connection, invoice_id: str, expected_version: int, actor: str, traceparent: str | None
    ) -> tuple[InvoiceRecord | None, Sequence[OutboxRow]]:
        this = {"tenant": self._tenant, "id": invoice_id}
        state = STATE.first(connection, this)
        if state is None:
            return None, []
        if state.version != expected_version:
            raise Conflict(f"the invoice is at version {state.version}")
        if state.status not in SETTLED:
            raise Refused(409, "not_settled", "the invoice is still being worked on")
        now = self._shared.clock()
        traced = chain.row(
            self._shared.audit_key,
            self._tenant,
            invoice_id,
            (state.audit_seq, state.audit_hash),
            now,
            "retry",
            actor,
            chain.value_hash(expected_version),
        )
        changed = connection.execute(
            _AGAIN,
            {
                "w_tenant": self._tenant,
                "w_id": invoice_id,
                "w_version": expected_version,
                "w_traceparent": traceparent,
                "w_now": now,
                "w_seq": traced["seq"],
                "w_hash": traced["hash"],
            },
        ).rowcount
        if changed != 1:
            raise Conflict("the invoice has just changed")
        for statement in _FORGET:
            connection.execute(statement, this)
        shared = self._database.shared
        event = telling(self._tenant, invoice_id, "received", 0, traceparent, now, shared=shared, queue=state.queue)
        told = tell(connection, [event], [(chain.ADD, [traced])])
        return record_of(connection.execute(RECORD, this).one()), told


def _possible(filter: InvoiceFilter) -> bool:
    """False for what no row can equal; a database may not even take it."""
    texts = [text for text in (filter.number, filter.seller) if text is not None]
    if filter.document_id is not None and not is_id(filter.document_id):
        return False
    return filter.status in (None, *get_args(Status)) and all(len(text) <= NAME_LENGTH and storable(text) for text in texts)


def _conditions(filter: InvoiceFilter) -> list[Any]:
    """`number` is equal; `seller` is a part of the name, in whatever case."""
    conditions: list[Any] = []
    if filter.status is not None:
        conditions.append(invoices.c.status == filter.status)
    if filter.number is not None:
        conditions.append(invoices.c.number == filter.number)
    if filter.seller is not None:
        conditions.append(invoices.c.seller_folded.contains(folded(filter.seller), autoescape=True))
    if filter.received_from is not None:
        conditions.append(invoices.c.received_at >= _in_utc(filter.received_from))
    if filter.document_id is not None:
        conditions.append(invoices.c.document_id == filter.document_id)
    if filter.received_to is not None:
        conditions.append(invoices.c.received_at < _in_utc(filter.received_to))
    return conditions


def _in_utc(moment: datetime) -> datetime:
    """The first and last hours of the calendar have no time in UTC: the nearest that has one."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if moment.year == 1 else datetime.max.replace(tzinfo=UTC)


def _summary(row: Any) -> InvoiceSummary:
    return InvoiceSummary(
        id=row.id,
        document_id=row.document_id,
        file_name=row.file_name,
        status=row.status,
        reason=row.reason,
        received_at=row.received_at,
        updated_at=row.updated_at,
        number=row.number,
        issue_date=row.issue_date.isoformat() if row.issue_date else None,
        seller_name=row.seller_name,
        currency=row.currency,
        total_with_tax=amount_text(row.total_with_tax),
    )
