"""`InvoiceStore` in SQL: the side of the work. Every change of state is a compare-and-set on the invoice's version."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection, bindparam, func, or_, select, tuple_, update

from app.adapters.sql import claim, idempotency, named, outbox
from app.adapters.sql.accept import Shared
from app.adapters.sql.codec import clipped, outcome
from app.adapters.sql.engine import Database, FileLock, SqliteDatabase, is_mariadb, sqlite_path
from app.adapters.sql.ids import is_id, is_tenant
from app.adapters.sql.keys import ApiKeys, forget_used_tickets
from app.adapters.sql.rows import HELD, STATE, job_key
from app.adapters.sql.schema import REVISION, documents, invoices
from app.adapters.sql.settle import settle, settled_before
from app.adapters.sql.split import split
from app.adapters.sql.tenant import SqlTenantInvoices
from app.domain.record import InvoiceRecord, Result, Status
from app.domain.work import Job, Queue
from app.errors import Conflict, Misconfigured, Unavailable
from app.failpoints import failpoint
from app.ports import AuditRow, GivenUp, Message, Named, NewKey, OutboxRow, OutboxState, Principal, Settlement, Waiting

DEADLINE = 5.0  # seconds, for every call
_RACES, _RACING = 5, 0.01  # seconds between them
MANY_LINES = 100
"""From so many lines on a result is made ready for the tables in a thread: the event loop does no work of milliseconds."""

_RELEASE = (
    update(invoices)
    .where(*HELD)
    .values(
        status=bindparam("w_status"),
        attempts=bindparam("w_attempts"),
        version=invoices.c.version + 1,
        lease_owner=None,
        lease_until=None,
        last_sent_at=bindparam("w_now"),
        updated_at=bindparam("w_now"),
        waiting_on=bindparam("w_waiting_on"),
        waiting_since=bindparam("w_waiting_since"),
    )
)
_RENEW = update(invoices).where(*HELD).values(lease_until=bindparam("w_until"))
_HAND_OVER = (
    update(invoices)
    .where(*HELD)
    .values(
        status="received",
        attempts=bindparam("w_attempts"),
        version=invoices.c.version + 1,
        queue=bindparam("w_queue"),
        waiting_on=bindparam("w_queue"),
        waiting_since=bindparam("w_now"),
        lease_owner=None,
        lease_until=None,
        last_sent_at=bindparam("w_now"),
        updated_at=bindparam("w_now"),
    )
)
_UNSETTLED = (
    select(invoices.c.tenant, invoices.c.id, invoices.c.version, invoices.c.traceparent, invoices.c.queue)
    .where(
        invoices.c.status.in_(("received", "processing")),
        or_(invoices.c.lease_until.is_(None), invoices.c.lease_until < bindparam("now")),
        invoices.c.last_sent_at <= bindparam("sent_before"),
        or_(invoices.c.waiting_on.is_(None), invoices.c.waiting_on.not_in(bindparam("without", expanding=True))),
    )
    .order_by(invoices.c.last_sent_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)  # another process that looks at the same time finds other work
)
_MARK_SENT = (
    update(invoices)
    .where(tuple_(invoices.c.tenant, invoices.c.id).in_(bindparam("w_these", expanding=True)))
    .values(last_sent_at=bindparam("w_now"))
)
_TAKE_OVER = (
    update(invoices)
    .where(invoices.c.status == "processing", invoices.c.lease_until.is_not(None))
    .values(lease_until=None, lease_owner=None)
)
_KNOWN_BLOB = (
    select(documents.c.id).where(documents.c.tenant == bindparam("tenant"), documents.c.sha256 == bindparam("sha256"))
)  # fmt: skip
_GIVEN_UP = (
    select(invoices.c.tenant, invoices.c.id, invoices.c.version, invoices.c.updated_at)
    .where(invoices.c.status == "quarantined", invoices.c.reason == "internal_error")
    .order_by(invoices.c.updated_at)
    .limit(bindparam("limit"))
)
_COUNTS = select(invoices.c.status, func.count().label("number")).group_by(invoices.c.status)


def utc_now() -> datetime:
    return datetime.now(UTC)


class SqlInvoices:
    """See `InvoiceStore`. Made by `open_invoices`."""

    def __init__(self, database: Database, audit_key: bytes, clock: Callable[[], datetime]) -> None:
        # One secret in the settings; what is made public by one use of it says nothing about the other.
        self._shared = Shared(database, audit_key, hmac.digest(audit_key, b"cursor", "sha256"), clock)
        self._database = database
        self._audit_key = audit_key
        self._clock = clock
        self._keys = ApiKeys(database, clock)
        self._last: dict[Queue, str] = {}  # the tenant whose turn it was

    @property
    def shared(self) -> bool:
        return self._database.shared

    def for_tenant(self, tenant: str) -> SqlTenantInvoices:
        """Raises ValueError for a name that no tenant can have."""
        if not is_tenant(tenant):
            raise ValueError("no tenant can have this name")
        return SqlTenantInvoices(self._shared, tenant)

    async def authenticate(self, secret: str) -> Principal | None:
        return await self._keys.authenticate(secret)

    async def create_key(self, tenant: str, scopes: frozenset[str], expires_at: datetime | None) -> NewKey:
        return await self._keys.create(tenant, scopes, expires_at)

    async def revoke_key(self, key_id: str) -> bool:
        return await self._keys.revoke(key_id)

    async def is_valid(self, principal: Principal) -> bool:
        return await self._keys.is_valid(principal)

    async def use_ticket(self, principal: Principal, nonce: str, expires_at: datetime) -> bool:
        return await self._keys.use_ticket(principal, nonce, expires_at)

    async def claim(
        self, tenant: str, invoice_id: str, owner: str, lease: float, queue: Queue | None = None
    ) -> Job | Literal["settled", "leased", "missing", "moved"]:
        if not (is_tenant(tenant) and is_id(invoice_id)):
            return "missing"
        owner = clipped(owner, 100)

        def work(connection: Connection) -> tuple[Job | Literal["settled", "leased", "missing", "moved"], list[OutboxRow]]:
            now = self._clock()
            row = STATE.first(connection, {"tenant": tenant, "id": invoice_id})
            if (no := claim.why_not(row, owner, queue, now)) is not None:
                return no, []
            return claim.claimed(connection, row, owner, lease, now, shared=self._database.shared)

        try:
            claimed, told = await self._database.write(work)
        except Conflict:
            return "leased"  # to whoever was a moment faster
        self._shared.committed.extend(told)
        failpoint("claim_committed")
        return claimed

    async def take(
        self, message: Message, owner: str, lease: float, *, held: bool = False, without: str | None = None
    ) -> Job | Literal["later"] | None:
        known = not held and is_tenant(message.tenant) and is_id(message.invoice_id)
        this = (message.tenant, message.invoice_id) if known else None
        owner = clipped(owner, 100)

        def work(connection: Connection) -> tuple[Job | Literal["later"] | None, list[OutboxRow]]:
            now = self._clock()
            row = claim.to_take(connection, message.queue, this, self._last.get(message.queue, ""), owner, now, without)
            if row is None or row == "later":
                return row, []
            return claim.claimed(connection, row, owner, lease, now, shared=self._database.shared)

        for _ in range(_RACES):
            try:
                job, told = await self._database.write(work)
            except Conflict:
                await asyncio.sleep(_RACING)  # another process was a moment faster: there may be more
                continue
            if isinstance(job, Job):
                self._last[job.queue] = job.tenant
            self._shared.committed.extend(told)
            failpoint("claim_committed")
            return job
        raise Unavailable("sql", "lost too many races")

    async def settle(self, job: Job, settlement: Settlement) -> InvoiceRecord:
        result = settlement.result
        if result is not None and len(result.extracted.invoice.lines) >= MANY_LINES:
            made = await asyncio.to_thread(outcome, settlement)
        else:
            made = outcome(settlement)
        shared = self._database.shared
        try:
            record, told = await self._database.write(
                lambda connection: settle(connection, self._audit_key, self._clock(), job, settlement, made, shared=shared)
            )
        except Conflict:  # perhaps with our own settlement, whose reply was lost
            return await self._database.write(lambda connection: settled_before(connection, job, made))
        self._shared.committed.extend(told)
        failpoint("settle_committed")
        return record

    async def split(self, job: Job, ranges: Sequence[tuple[int, int]]) -> None:
        shared = self._database.shared
        told = await self._database.write(lambda connection: split(connection, self._audit_key, self._clock(), job, ranges, shared=shared))
        self._shared.committed.extend(told)
        failpoint("split_committed")

    async def release(self, job: Job, *, counted: bool = False) -> None:
        now = self._clock()
        untouched = not counted and not job.suspect and job.attempt == 1
        given_back = job_key(job) | {
            "w_status": "processing" if job.suspect else "received",  # a suspect stays one: `processing` without a lease
            "w_attempts": job.attempt if counted else job.attempt - 1,
            "w_now": now,
            "w_waiting_on": job.queue if untouched else None,
            "w_waiting_since": now if untouched else None,
        }
        await self._database.write(lambda connection: connection.execute(_RELEASE, given_back).rowcount)

    async def renew(self, job: Job, lease: float) -> None:
        renewed = job_key(job) | {"w_until": self._clock() + timedelta(seconds=lease)}
        if await self._database.write(lambda connection: connection.execute(_RENEW, renewed).rowcount) != 1:
            raise Conflict(f"attempt {job.attempt} no longer holds the invoice")

    async def hand_over(self, job: Job, queue: Queue) -> None:
        def work(connection: Connection) -> list[OutboxRow]:
            now = self._clock()
            moved = job_key(job) | {"w_attempts": job.attempt - 1, "w_queue": queue, "w_now": now}
            if connection.execute(_HAND_OVER, moved).rowcount != 1:
                raise Conflict(f"attempt {job.attempt} no longer holds the invoice")
            sending = outbox.sending(job.tenant, job.invoice_id, queue, job.traceparent, now, shared=self._database.shared)
            told = outbox.tell(connection, [sending])
            failpoint("hand_over_uncommitted")
            return told

        self._shared.committed.extend(await self._database.write(work))
        failpoint("hand_over_committed")

    def committed(self) -> Sequence[OutboxRow]:
        told = list(self._shared.committed)
        self._shared.committed.clear()
        return told

    async def outbox(self, limit: int, without: Collection[Queue] = ()) -> Sequence[OutboxRow]:
        limit = max(0, limit)
        if self._database.shared:
            return await self._database.write(lambda connection: outbox.claim(connection, limit, without, self._clock()))
        return await self._database.read(lambda connection: outbox.unpublished(connection, limit, without))

    async def mark_published(self, ids: Collection[int]) -> None:
        if ids:
            await self._database.write(lambda connection: outbox.mark_published(connection, ids, self._clock()))

    async def outbox_state(self) -> OutboxState:
        depth, oldest = await self._database.read(lambda connection: connection.execute(outbox.STATE_OF_ALL).one())
        return OutboxState(depth, 0.0 if oldest is None else max(0.0, (self._clock() - oldest).total_seconds()))

    async def unsettled(self, limit: int, older_than: float, without: Collection[Queue] = ()) -> Sequence[Message]:
        """Also removes idempotency keys and used tickets that have expired: it is what the sweeper calls now and then."""

        def work(connection: Connection) -> Sequence[Message]:
            now = self._clock()
            idempotency.expire(connection, now)
            forget_used_tickets(connection, now)
            sent_before = now - timedelta(seconds=older_than)
            asked = {"now": now, "sent_before": sent_before, "limit": max(0, limit), "without": list(without)}
            rows = connection.execute(_UNSETTLED, asked).all()
            if rows:
                connection.execute(_MARK_SENT, {"w_these": [(row.tenant, row.id) for row in rows], "w_now": now})
            # The same id each time: what still waits in the broker need not wait there twice.
            return [Message(f"sweep-{row.id}-{row.version}", row.tenant, row.id, row.traceparent, row.queue) for row in rows]

        return await self._database.write(work)

    async def waiting(self) -> Sequence[Waiting]:
        return await self._database.read(lambda connection: claim.waiting(connection, self._clock()))

    async def take_over(self) -> int:
        if self._database.shared:
            return 0

        def work(connection: Connection) -> int:
            idempotency.let_go(connection)
            return connection.execute(_TAKE_OVER).rowcount

        return await self._database.write(work)

    async def named(self, after: tuple[str, str], limit: int) -> Sequence[Named]:
        return await self._database.read(lambda connection: named.page(connection, after, limit))

    async def named_of(self, tenant: str, invoice_ids: Collection[str]) -> Sequence[Named]:
        return await self._database.read(lambda connection: named.these(connection, tenant, invoice_ids))

    async def audit_rows(self, tenant: str, invoice_ids: Collection[str]) -> Sequence[AuditRow]:
        return await self._database.read(lambda connection: named.chains(connection, tenant, invoice_ids))

    async def result(self, tenant: str, invoice_id: str, version: int) -> Result | None:
        return await self._database.read(lambda connection: named.result(connection, tenant, invoice_id, version))

    async def changed(self, after: int, limit: int) -> Sequence[tuple[int, str, str]]:
        return await self._database.read(lambda connection: named.changed(connection, after, limit))

    async def given_up(self, limit: int) -> Sequence[GivenUp]:
        rows = await self._database.read(lambda connection: connection.execute(_GIVEN_UP, {"limit": max(0, limit)}).all())
        return [GivenUp(row.tenant, row.id, row.version, row.updated_at) for row in rows]

    async def is_known_blob(self, tenant: str, sha256: str) -> bool:
        if not (is_tenant(tenant) and sha256.isascii()):
            return False
        this = {"tenant": tenant, "sha256": sha256}
        return await self._database.read(lambda connection: connection.execute(_KNOWN_BLOB, this).first() is not None)

    async def status_counts(self) -> dict[str, int]:
        """Every status, also those that no invoice has."""
        rows = await self._database.read(lambda connection: connection.execute(_COUNTS).all())
        return dict.fromkeys(get_args(Status), 0) | {row.status: row.number for row in rows}

    async def ping(self) -> None:
        await self._database.ping()


@asynccontextmanager
async def open_invoices(
    url: str,
    audit_key: bytes,
    *,
    read_only: bool = False,
    beside: bool = False,
    deadline: float = DEADLINE,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[SqlInvoices]:
    """The store at `url`, which `migrate` has brought to this version: `sqlite+aiosqlite:///PATH`, one service process a file, or
    `mysql+aiomysql://USER:PASSWORD@HOST/DATABASE`, any number of them.

    `read_only`: nothing is written, so it may be open beside the service. `beside`: the same for a short command that writes
    (keys); it does no work of the stream.

    Raises `Misconfigured` for another URL, a database that is not migrated, or a file that another process has open;
    `Unavailable` if it cannot be read.
    """
    async with _database(url, deadline=deadline, read_only=read_only, alone=not (read_only or beside)) as (database, name):
        found = await database.read(_revision)
        if found != REVISION:
            raise Misconfigured(f"{name}: the tables are of version {found or 'none'}, not {REVISION}; run `invoicestream migrate`")
        yield SqlInvoices(database, audit_key, clock)


def check_url(url: str) -> None:
    """Raises `Misconfigured` for a URL that `open_invoices` does not take. Opens nothing."""
    if is_mariadb(url):
        from app.adapters.sql.mariadb import mariadb_url

        mariadb_url(url)
    else:
        sqlite_path(url)


@asynccontextmanager
async def _database(url: str, *, deadline: float, read_only: bool, alone: bool) -> AsyncIterator[tuple[Database, str]]:
    """What runs the transactions, and how it is called."""
    if is_mariadb(url):
        from app.adapters.sql.mariadb import MariaDatabase, mariadb_url  # takes 0.1 s, which an embedded store can do without

        server = mariadb_url(url)
        shared = MariaDatabase(server, deadline=deadline, read_only=read_only)
        try:
            yield shared, f"database {server.database}"
        finally:
            await shared.close()
        return
    path = sqlite_path(url)
    if not await asyncio.to_thread(path.exists):
        raise Misconfigured(f"{path}: there is no database; `invoicestream migrate` makes it")
    lock = await asyncio.to_thread(FileLock, path) if alone else None
    try:
        database = SqliteDatabase(path, deadline=deadline, read_only=read_only)
        try:
            yield database, str(path)
        finally:
            await database.close()
    finally:
        if lock is not None:
            lock.release()


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
