"""The outbox: what transactions leave for those who watch (events) and those who work (messages).

Where several processes share the database, each row is in one relay's hand at a time, until `claimed_until`: first in that of the
process which wrote it and publishes it from memory, later in that of whoever finds it left over. So in a quiet hour each row is
published once, and what a dead process left waits `HELD` seconds. Alone, a process needs no claims: they stay empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, or_, select, update

from app.adapters.sql.codec import Row, event_body, event_of
from app.adapters.sql.prepared import Prepared, run_together
from app.adapters.sql.schema import outbox
from app.domain.record import Event, Reason, Status
from app.domain.work import Queue
from app.ports import Message, OutboxRow

EVENT = "event"  # an event; with a queue a message too
WORK = "work"  # a message alone
HELD = timedelta(seconds=10)
"""How long a row is in a relay's hand: it publishes and marks it within a second, unless it is dead or the broker away."""

_SEND = Prepared(insert(outbox), ("tenant", "invoice_id", "kind", "body", "traceparent", "created_at", "queue", "claimed_until"))
# A server that thinks that most rows are unpublished would go through the history of events instead.
_BY_INDEX = (outbox, "FORCE INDEX (ix_outbox_unpublished)", "mysql")
_UNPUBLISHED = (
    select(outbox).with_hint(*_BY_INDEX).where(outbox.c.published_at.is_(None)).order_by(outbox.c.id).limit(bindparam("limit"))
)  # fmt: skip
_LEFT_OVER = (
    _UNPUBLISHED.where(or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= bindparam("now")))
    .with_for_update(skip_locked=True)
)  # fmt: skip
_CLAIM = update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True))).values(claimed_until=bindparam("w_until"))
_SENT_WORK = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.kind == WORK)
_TOLD_EVENTS = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.kind == EVENT, outbox.c.published_at.is_(None))
    .values(published_at=bindparam("w_now"))
)
STATE_OF_ALL = select(func.count(), func.min(outbox.c.created_at)).with_hint(*_BY_INDEX).where(outbox.c.published_at.is_(None))
"""How many are unpublished, and when the first of them was written."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A row of the outbox that is yet to be written."""

    row: Row
    status: Status | None  # of its event
    attempt: int = 0
    data: dict[str, Any] = field(default_factory=dict)

    def written(self, number: int) -> OutboxRow:
        row, event = self.row, None
        if self.status is not None:
            event = Event(row["tenant"], row["invoice_id"], self.status, row["created_at"], number, self.attempt, self.data)
        return _outbox_row(number, row["tenant"], row["invoice_id"], row["queue"], row["traceparent"], event)


def telling(
    tenant: str,
    invoice_id: str,
    status: Status,
    attempt: int,
    traceparent: str | None,
    now: datetime,
    *,
    shared: bool,
    queue: Queue | None = None,
    reason: Reason | None = None,
) -> Telling:
    """An event. With a `queue` the message too: one row for both."""
    data = {} if reason is None else {"reason": reason}
    body = event_body(status, attempt, **data)
    return Telling(_row(tenant, invoice_id, EVENT, body, traceparent, now, queue, shared), status, attempt, data)


def sending(tenant: str, invoice_id: str, queue: Queue, traceparent: str | None, now: datetime, *, shared: bool) -> Telling:
    """A message alone."""
    return Telling(_row(tenant, invoice_id, WORK, None, traceparent, now, queue, shared), None)


def tell(
    connection: Connection,
    told: Sequence[Telling],
    behind: Iterable[tuple[Prepared, Sequence[Row]]] = (),
    *,
    after: tuple[Prepared, Row] | None = None,
) -> list[OutboxRow]:
    """Part of a transaction: what is told, behind the rows of other tables. `after`: see `run_together`."""
    parts = [(prepared, rows) for prepared, rows in behind if rows]
    numbers = run_together(connection, [*parts, *((_SEND, [each.row]) for each in told)], after=after)
    return [each.written(number) for each, number in zip(told, numbers[len(parts) :], strict=True)]


def unpublished(connection: Connection, limit: int, without: Collection[Queue]) -> list[OutboxRow]:
    """The oldest."""
    return [_read(row) for row in connection.execute(_but(_UNPUBLISHED, without), {"limit": limit})]


def claim(connection: Connection, limit: int, without: Collection[Queue], now: datetime) -> list[OutboxRow]:
    """The oldest that are in nobody's hand, and take them. Others who look at the same time find other rows."""
    rows = connection.execute(_but(_LEFT_OVER, without), {"limit": limit, "now": now}).all()
    if rows:
        connection.execute(_CLAIM, {"ids": [row.id for row in rows], "w_until": now + HELD})
    return [_read(row) for row in rows]


def mark_published(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Sent work is removed, told events stay: they are the history that `events` reads."""
    connection.execute(_SENT_WORK, {"ids": list(ids)})
    connection.execute(_TOLD_EVENTS, {"ids": list(ids), "w_now": now})


def _but(look: Select[Any], without: Collection[Queue]) -> Select[Any]:
    return look.where(or_(outbox.c.queue.is_(None), outbox.c.queue.not_in(without))) if without else look


def _read(row: Any) -> OutboxRow:
    if row.kind == WORK:
        return _outbox_row(row.id, row.tenant, row.invoice_id, row.queue or "invoices", row.traceparent, None)
    return _outbox_row(row.id, row.tenant, row.invoice_id, row.queue, row.traceparent, event_of(row))


def _row(
    tenant: str,
    invoice_id: str,
    kind: str,
    body: bytes | None,
    traceparent: str | None,
    now: datetime,
    queue: Queue | None,
    shared: bool,
) -> Row:
    return {
        "tenant": tenant,
        "invoice_id": invoice_id,
        "kind": kind,
        "body": body,
        "traceparent": traceparent,
        "created_at": now,
        "queue": queue,
        "claimed_until": now + HELD if shared else None,
    }


def _outbox_row(number: int, tenant: str, invoice_id: str, queue: Queue | None, traceparent: str | None, event: Event | None) -> OutboxRow:
    message = Message(f"outbox-{number}", tenant, invoice_id, traceparent, queue) if queue is not None else None
    return OutboxRow(number, message, event)
