"""Verifying a tenant's audit chains."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator

from app.ports import InvoiceFilter, InvoiceStore, TenantInvoices

_AFTER_ALL_IDS = "~"  # which have digits, letters and hyphens


def key_fingerprint(audit_key: bytes) -> str:
    """Tells whether two places have the same key, and nothing else about it."""
    return hmac.digest(audit_key, b"fingerprint of the audit key", hashlib.sha256).hex()[:32]


async def tenants(invoices: InvoiceStore) -> AsyncIterator[str]:
    """Those that have invoices."""
    after = ("", "")
    while named := await invoices.named(after, 1):
        yield named[0].tenant
        after = named[0].tenant, _AFTER_ALL_IDS


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
