"""The SQL store: tables in schema.py, work in store.py, tenants in tenant.py, transactions in engine.py."""

from __future__ import annotations

from app.adapters.sql.migrate import migrate
from app.adapters.sql.store import SqlInvoices, open_invoices

__all__ = ["SqlInvoices", "migrate", "open_invoices"]
