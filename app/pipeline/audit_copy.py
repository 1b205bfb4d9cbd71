"""The copy of the audit chains beside SQL: who changes a chain there, or cuts it off, has still to change what was copied."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog

from app.errors import Unavailable
from app.ports import AuditRow, DocumentStore, InvoiceStore

log = structlog.get_logger(__name__)
EVERY = 10.0  # seconds
PAGE = 200  # events
OVERLAP = 2 * PAGE
"""Events that are looked at again: of those that several writers commit at once, a lesser id may come after a greater one."""
COMPLETE_PAGES = 5
"""In a row, to believe that all before is complete too: a chain is copied whole, so one page may be complete before its turn."""
NEWEST = (1 << 63) - 1


async def copy_chains(store: InvoiceStore, documents: DocumentStore, tenant: str, invoice_ids: Collection[str]) -> list[AuditRow]:
    """Saves what is not there of these chains. Returns what that was."""
    rows = {row.key: row for row in await store.audit_rows(tenant, invoice_ids)}
    missing = [rows[key] for key in sorted(await documents.missing(tenant, rows))]
    await asyncio.gather(*(documents.save(tenant, row.key, row.body) for row in missing))  # together: few round trips
    return missing


class AuditCopy:
    """Follows the durable events, of which every transaction with an audit row makes one, and copies the chains of their invoices.

    Needs no memory of its own: at the start it goes back to where all was copied. What slips through (an id that came very late,
    documents restored from an old copy) the reconciler finds.
    """

    def __init__(self, store: InvoiceStore, documents: DocumentStore) -> None:
        self._store = store
        self._documents = documents
        self._after: int | None = None  # the last event that was looked at

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.copy()
            except Unavailable as exc:
                log.warning("audit_copy.waiting", dependency=exc.dependency)
            await asyncio.sleep(EVERY)

    async def copy(self) -> int:
        """Copies all that has happened since, in the order of the events. Returns how many rows."""
        if self._after is None:
            self._after = await self._copied_up_to()
        if not await self._store.changed(self._after, 1):
            return 0
        copied, after = 0, max(0, self._after - OVERLAP)
        while events := await self._store.changed(after, PAGE):
            for tenant, ids in _by_tenant(events).items():
                copied += len(await copy_chains(self._store, self._documents, tenant, ids))
            after = events[-1][0]
            self._after = max(self._after, after)
        if copied:
            log.info("audit_copy.copied", count=copied)
        return copied

    async def _copied_up_to(self) -> int:
        """The event before which all was copied: back from the newest to the first pages of which nothing is missing."""
        before, complete, found = NEWEST, 0, 0
        while complete < COMPLETE_PAGES and (events := await self._store.changed(before, -PAGE)):
            before = events[-1][0]
            if await self._is_copied(events):
                complete, found = complete + 1, found or events[0][0]
            else:
                complete, found = 0, 0
        return found

    async def _is_copied(self, events: Collection[tuple[int, str, str]]) -> bool:
        for tenant, ids in _by_tenant(events).items():
            rows = await self._store.audit_rows(tenant, ids)
            if await self._documents.missing(tenant, {row.key for row in rows}):
                return False
        return True


def _by_tenant(events: Collection[tuple[int, str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, tenant, invoice_id in events:
        found.setdefault(tenant, set()).add(invoice_id)
    return found
