"""Verifying a tenant's audit chains."""

from __future__ import annotations

from app.ports import InvoiceFilter, TenantInvoices


async def verify_tenant(invoices: TenantInvoices) -> tuple[int, list[str]]:
    """(chains checked, ids of the invoices whose chain does not verify)."""
    checked, broken, cursor = 0, [], None
    while True:
        listing = await invoices.list(InvoiceFilter(), cursor, 200)
        for item in listing.items:
            checked += 1
            try:
                await invoices.audit(item.id)
            except ValueError:
                broken.append(item.id)
        if (cursor := listing.next_cursor) is None:
            return checked, broken
