"""Claiming work, by turns of the tenants.

A message says that there is work in its queue. Which invoice is taken is for SQL to say: an untouched one (`waiting_on` names its
queue) that has come just now is the message's own; where work piles up, it is the turn of the tenant that has the fewest in hand (of
equals, the next by name), and of its invoices the oldest is taken. As many messages as invoices are sent, so each invoice finds one,
if not its own. What was tried before goes by its own message: its next try has its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, func, null, select, update

from app.adapters.sql import outbox
from app.adapters.sql.codec import pages_of
from app.adapters.sql.prepared import Prepared
from app.adapters.sql.rows import STATE, STATES, THIS_VERSION
from app.adapters.sql.schema import invoices
from app.domain.record import SETTLED
from app.domain.work import Job, Queue
from app.errors import Conflict
from app.ports import OutboxRow, Waiting

AT_ONCE = timedelta(seconds=0.25)
"""What has waited no longer is its message's own: where nothing piles up, nobody needs to ask whose turn it is."""

UNTOUCHED = "received"  # beside `waiting_on`, which a service of an older version leaves as it is
_CLAIM = Prepared(
    update(invoices)
    .where(*THIS_VERSION)
    .values(
        status="processing",
        attempts=invoices.c.attempts + 1,
        version=invoices.c.version + 1,
        lease_owner=bindparam("w_owner"),
        lease_until=bindparam("w_until"),
        updated_at=bindparam("w_now"),
        waiting_on=null(),
        waiting_since=null(),
    )
)
_HERE = and_(invoices.c.waiting_on == bindparam("queue"), invoices.c.status == UNTOUCHED)
# The tenants that wait, by one look into the index for each, however much they have there. No form of it is quick on both.
_FOUND = select(func.min(invoices.c.tenant).label("tenant")).where(_HERE).cte("found", recursive=True)
_NEXT = select(func.min(invoices.c.tenant)).where(_HERE, invoices.c.tenant > _FOUND.c.tenant).scalar_subquery()
_FOUND = _FOUND.union_all(select(_NEXT).where(_FOUND.c.tenant.is_not(None)))
_ON_SQLITE = select(_FOUND.c.tenant).where(_FOUND.c.tenant.is_not(None)).subquery("waiting")
_ON_MARIADB = (
    select(invoices.c.tenant)
    .with_hint(invoices, "FORCE INDEX (ix_invoices_waiting)", "mysql")
    .where(_HERE)
    .group_by(invoices.c.waiting_on, invoices.c.status, invoices.c.tenant)  # all that the index begins with, or it reads every row
    .subquery("waiting")
)
_IN_HAND = (
    select(invoices.c.tenant, func.count().label("number"))
    .where(invoices.c.status == "processing", invoices.c.queue == bindparam("queue"))
    .group_by(invoices.c.tenant)
    .subquery("in_hand")
)
_WHOSE_TURN = {
    dialect: Prepared(
        select(waits.c.tenant)
        .select_from(waits.outerjoin(_IN_HAND, waits.c.tenant == _IN_HAND.c.tenant))
        .order_by(
            waits.c.tenant == bindparam("without"), func.coalesce(_IN_HAND.c.number, 0), waits.c.tenant <= bindparam("last"), waits.c.tenant
        )
        .limit(1)
    )
    for dialect, waits in (("sqlite", _ON_SQLITE), ("mysql", _ON_MARIADB))
}
_OLDEST = Prepared(
    STATES.where(_HERE, invoices.c.tenant == bindparam("tenant"))
    .order_by(invoices.c.waiting_since)
    .limit(1)
    .with_for_update(skip_locked=True)  # another process that takes at the same time takes another one
)
_ALL_WAITING = (
    select(invoices.c.waiting_on, invoices.c.tenant, func.count().label("number"), func.min(invoices.c.waiting_since).label("since"))
    .where(invoices.c.waiting_on.is_not(None), invoices.c.status == UNTOUCHED)
    .group_by(invoices.c.waiting_on, invoices.c.tenant)
)
_ALL_IN_HAND = (
    select(invoices.c.queue, invoices.c.tenant, func.count().label("number"))
    .where(invoices.c.status == "processing")
    .group_by(invoices.c.queue, invoices.c.tenant)
)  # fmt: skip


def why_not(row: Any, owner: str, queue: Queue | None, now: datetime) -> Literal["settled", "leased", "missing", "moved"] | None:
    """None: it may be claimed."""
    if row is None:
        return "missing"
    if row.status in SETTLED:
        return "settled"
    if queue is not None and row.queue != queue:
        return "moved"
    if row.lease_until is not None and row.lease_until > now and row.lease_owner != owner:
        return "leased"
    return None


def to_take(
    connection: Connection, queue: Queue, this: tuple[str, str] | None, last: str, owner: str, now: datetime, without: str | None
) -> Any:
    """The state of the invoice that a message of this queue is for; None if nothing waits there. `this`: the message's own. `last`: the
    tenant whose turn it was before. `without`: a tenant whose turn it is not, whatever it has; "later" if nothing else waits.

    Raises `Conflict` while others are taking all that the next tenant has.
    """
    own = None if this is None else STATE.first(connection, {"tenant": this[0], "id": this[1]})
    if why_not(own, owner, queue, now) is not None:
        own = None
    if own is not None and own.tenant != without and (own.waiting_since is None or own.waiting_since > now - AT_ONCE):
        return own
    turn = _WHOSE_TURN[connection.dialect.name].first(connection, {"queue": queue, "last": last, "without": without or ""})
    if turn is None or turn.tenant == without:
        return "later" if turn is not None or (own is not None and own.tenant == without) else own
    found = _OLDEST.first(connection, {"queue": queue, "tenant": turn.tenant}) or own
    if found is None:
        raise Conflict("all of them are being taken")
    return found


def claimed(connection: Connection, row: Any, owner: str, lease: float, now: datetime, *, shared: bool) -> tuple[Job, list[OutboxRow]]:
    """Raises `Conflict` if another was faster."""
    attempt = row.attempts + 1
    taken = {
        "w_tenant": row.tenant,
        "w_id": row.id,
        "w_version": row.version,
        "w_owner": owner,
        "w_until": now + timedelta(seconds=lease),
        "w_now": now,
    }
    event = outbox.telling(row.tenant, row.id, "processing", attempt, row.traceparent, now, shared=shared)
    told = outbox.tell(connection, [event], after=(_CLAIM, taken))
    job = Job(
        tenant=row.tenant,
        invoice_id=row.id,
        document_id=row.document_id,
        sha256=row.sha256,
        file_name=row.file_name,
        version=row.version + 1,
        attempt=attempt,
        # Who claims again what it holds is alive: nobody vanished.
        suspect=row.status == "processing" and row.lease_owner != owner,
        traceparent=row.traceparent,
        queue=row.queue,
        pages=pages_of(row),
    )
    return job, told


def waiting(connection: Connection, now: datetime) -> Sequence[Waiting]:
    found: dict[tuple[Queue, str], Waiting] = {}
    for row in connection.execute(_ALL_WAITING):
        age = max(0.0, (now - row.since).total_seconds())
        found[row.waiting_on, row.tenant] = Waiting(row.waiting_on, row.tenant, row.number, age)
    for row in connection.execute(_ALL_IN_HAND):
        here = found.get((row.queue, row.tenant)) or Waiting(row.queue, row.tenant)
        found[row.queue, row.tenant] = Waiting(here.queue, here.tenant, here.number, here.oldest, row.number)
    return list(found.values())
