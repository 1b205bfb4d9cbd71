"""`invoicestream replay`: what is dead, and how it is sent again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.errors import Conflict, Refused
from app.ports import GivenUp, InvoiceStore, Parked, WorkQueue

LIMIT = 1000  # of each kind at once


@dataclass(frozen=True, slots=True)
class Dead:
    """`invoices`: given up, in SQL. `messages`: parked in the broker, since nobody understood them."""

    invoices: list[GivenUp]
    messages: list[Parked]

    def only(self, ids: Collection[str]) -> Dead:
        """All of it if no ids are given."""
        if not ids:
            return self
        return Dead([i for i in self.invoices if i.invoice_id in ids], [m for m in self.messages if m.id in ids])

    @property
    def ids(self) -> set[str]:
        return {invoice.invoice_id for invoice in self.invoices} | {message.id for message in self.messages}


async def find_dead(store: InvoiceStore, queue: WorkQueue) -> Dead:
    return Dead(list(await store.given_up(LIMIT)), list(await queue.parked(LIMIT)))


async def replay(store: InvoiceStore, queue: WorkQueue, dead: Dead) -> set[str]:
    """Sends it again: invoices as a person's retry would, messages to the queue they came from. Returns the ids of what was sent."""
    sent: set[str] = set()
    for invoice in dead.invoices:
        try:
            record = await store.for_tenant(invoice.tenant).retry(invoice.invoice_id, invoice.version, "replay", None)
        except (Conflict, Refused):
            continue  # somebody else did something about it just now
        if record is not None:
            sent.add(invoice.invoice_id)
    if dead.messages:
        ids = {message.id for message in dead.messages}
        await queue.unpark(ids)
        sent |= ids
    return sent
