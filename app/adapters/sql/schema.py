"""The tables. Every key begins with the tenant. `migrations/` makes them; a test keeps both the same.

tenants ◄ api_keys
   ▲
documents ◄ invoices ◄ invoice_lines, invoice_taxes, findings (of the current version), invoice_versions (all results)
audit, outbox: name an invoice but outlive it, so they have no foreign key
idempotency, used_tickets: what is remembered of requests, for a day or a minute
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, ForeignKeyConstraint, Index, Integer, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint

from app.adapters.sql.columns import Amount, Moment, body, key, serial, text

REVISION = "0026"
"""The last migration: what a database must be at to be opened."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _tenant() -> Column[str]:
    return Column("tenant", key(64), nullable=False)


def _invoice_id() -> Column[str]:
    return Column("invoice_id", key(36), nullable=False)


def _of_invoice() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"], ondelete="CASCADE")


def _table(name: str, *parts: Any, sqlite_autoincrement: bool = False, sqlite_with_rowid: bool = False) -> Table:
    """On SQLite the rows stand in the primary key's own tree, as on InnoDB: a third less to write for each change."""
    of_sqlite: dict[str, Any] = {"sqlite_autoincrement": True} if sqlite_autoincrement else {"sqlite_with_rowid": sqlite_with_rowid}
    return Table(name, metadata, *parts, **_MYSQL, **of_sqlite)


tenants = _table(
    "tenants",
    Column("tenant", key(64), nullable=False),
    Column("created_at", Moment(), nullable=False),
    PrimaryKeyConstraint("tenant"),
)

api_keys = _table(
    "api_keys",
    Column("key_id", key(16), nullable=False),
    _tenant(),
    Column("secret_hash", key(64), nullable=False),  # SHA-256, see keys.py
    Column("scopes", text(255), nullable=False),  # separated by spaces
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment()),
    Column("revoked_at", Moment()),
    PrimaryKeyConstraint("key_id"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

documents = _table(
    "documents",
    _tenant(),
    Column("id", key(36), nullable=False),
    Column("sha256", key(64), nullable=False),
    Column("file_name", text(255), nullable=False),
    Column("media_type", text(127), nullable=False),
    Column("size", serial(), nullable=False),  # bytes
    Column("received_at", Moment(), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "sha256"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

invoices = _table(
    "invoices",
    _tenant(),
    Column("id", key(36), nullable=False),
    Column("document_id", key(36), nullable=False),
    Column("first_page", Integer),
    Column("last_page", Integer),
    Column("status", key(16), nullable=False),
    Column("reason", key(32)),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", text(100)),
    Column("lease_until", Moment()),
    Column("last_sent_at", Moment(), nullable=False),
    Column("traceparent", key(64)),
    Column("received_at", Moment(), nullable=False),
    Column("updated_at", Moment(), nullable=False),
    # The end of the audit chain, so that the next row needs no search.
    Column("audit_seq", Integer, nullable=False),
    Column("audit_hash", key(64), nullable=False),
    # What listings show and search; the whole invoice is in invoice_versions.
    Column("number", text(255)),
    Column("issue_date", Date),
    Column("due_date", Date),
    Column("currency", text(16)),
    Column("seller_name", text(255)),
    Column("seller_folded", text(255)),  # case-folded, to search in
    Column("seller_vat_id", text(64)),
    Column("buyer_name", text(255)),
    Column("total_without_tax", Amount()),
    Column("total_tax", Amount()),
    Column("total_with_tax", Amount()),
    Column("amount_due", Amount()),
    Column("queue", key(16), nullable=False, server_default="invoices"),  # where its work belongs
    # While it is `received` and untouched: its queue, and since when. NULL once it was taken, but by a service of an older version.
    Column("waiting_on", key(16)),
    Column("waiting_since", Moment()),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "document_id", "id"),  # finds a document's first invoice
    ForeignKeyConstraint(["tenant", "document_id"], ["documents.tenant", "documents.id"]),
)
Index("ix_invoices_received", invoices.c.tenant, invoices.c.received_at, invoices.c.id)
Index("ix_invoices_number", invoices.c.tenant, invoices.c.number)
Index("ix_invoices_unsettled", invoices.c.status, invoices.c.last_sent_at)
Index("ix_invoices_waiting", invoices.c.waiting_on, invoices.c.status, invoices.c.tenant, invoices.c.waiting_since)

invoice_lines = _table(
    "invoice_lines",
    _tenant(),
    _invoice_id(),
    Column("position", Integer, nullable=False),  # 0, 1, 2 ... as in lines.0
    Column("line_id", text(64)),
    Column("item_name", text(255)),
    Column("item_id", text(128)),
    Column("standard_item_id", text(128)),
    Column("quantity", Amount()),
    Column("unit", text(64)),
    Column("net_price", Amount()),
    Column("net_amount", Amount()),
    Column("tax_category", text(16)),
    Column("tax_rate", Amount()),
    Column("purchase_order_line", text(64)),
    PrimaryKeyConstraint("tenant", "invoice_id", "position"),
    _of_invoice(),
)

invoice_taxes = _table(
    "invoice_taxes",
    _tenant(),
    _invoice_id(),
    Column("position", Integer, nullable=False),
    Column("category", text(16)),
    Column("rate", Amount()),
    Column("taxable_amount", Amount()),
    Column("tax_amount", Amount()),
    Column("exemption_reason", text(255)),
    PrimaryKeyConstraint("tenant", "invoice_id", "position"),
    _of_invoice(),
)

findings = _table(
    "findings",
    _tenant(),
    _invoice_id(),
    Column("position", Integer, nullable=False),
    Column("rule", text(64), nullable=False),
    Column("severity", key(16), nullable=False),
    Column("message", text(500), nullable=False),
    Column("fields", text(1000), nullable=False),  # paths, separated by spaces
    PrimaryKeyConstraint("tenant", "invoice_id", "position"),
    _of_invoice(),
)
Index("ix_findings_rule", findings.c.tenant, findings.c.rule)

invoice_versions = _table(
    "invoice_versions",
    _tenant(),
    _invoice_id(),
    Column("version", Integer, nullable=False),  # that the settlement made
    Column("attempt", Integer, nullable=False),
    Column("status", key(16), nullable=False),
    Column("reason", key(32)),
    Column("result", body()),  # JSON
    Column("digest", key(64), nullable=False),  # of status, reason and result: codec.digest
    Column("versions", body()),  # JSON: of code, rules, models and policy
    Column("created_at", Moment(), nullable=False),
    PrimaryKeyConstraint("tenant", "invoice_id", "version"),
    _of_invoice(),
    sqlite_with_rowid=True,  # its rows are long
)

audit = _table(
    "audit",
    _tenant(),
    _invoice_id(),
    Column("seq", Integer, nullable=False),
    Column("at", Moment(), nullable=False),
    Column("action", key(32), nullable=False),
    Column("actor", text(128), nullable=False),
    Column("value_hash", key(64), nullable=False),
    Column("prev_hash", key(64), nullable=False),
    Column("hash", key(64), nullable=False),
    PrimaryKeyConstraint("tenant", "invoice_id", "seq"),
)

outbox = _table(
    "outbox",
    Column("id", serial(), primary_key=True, autoincrement=True),
    _tenant(),
    _invoice_id(),
    Column("kind", key(8), nullable=False),  # work, event
    Column("body", body()),  # JSON of an event's type, attempt and data
    Column("traceparent", key(64)),
    Column("created_at", Moment(), nullable=False),
    Column("published_at", Moment()),
    Column("queue", key(16)),  # of work
    Column("claimed_until", Moment()),  # a relay has it in hand until then; only where several are at work
    # Ids of deleted rows are never used again: a reader of events goes on after the last id it saw.
    sqlite_autoincrement=True,
)
Index("ix_outbox_unpublished", outbox.c.published_at, outbox.c.id)
Index("ix_outbox_tenant", outbox.c.tenant, outbox.c.kind, outbox.c.id)
Index("ix_outbox_invoice", outbox.c.tenant, outbox.c.invoice_id, outbox.c.id)

idempotency = _table(
    "idempotency",
    _tenant(),
    # Both as SHA-256: callers choose keys of any length and alphabet.
    Column("key_hash", key(64), nullable=False),
    Column("fingerprint", key(64), nullable=False),
    Column("state", key(16), nullable=False),  # in_flight, done
    Column("answer", body()),  # JSON
    Column("created_at", Moment(), nullable=False),
    PrimaryKeyConstraint("tenant", "key_hash"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)
Index("ix_idempotency_created", idempotency.c.created_at)

used_tickets = _table(
    "used_tickets",
    _tenant(),
    Column("nonce", key(32), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    PrimaryKeyConstraint("tenant", "nonce"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)
