"""What the stores say of each other that is not so: listed, and repaired where that can be done. SQL is the truth.

    orphan_blob        no document names it, and it is older than an hour        repair: deleted
    missing_blob       a document names it                                        cannot be repaired here: restore it from a backup
    orphan_snapshot    of no invoice, or of an attempt that SQL has not seen      repair: deleted, or it would be kept as the first
    missing_snapshot   a result names it                                          repair: written again, from SQL's result alone
    missing_audit      rows of a chain that were not copied                       repair: copied
    broken_chain       it does not verify                                         never repaired
    differing_audit    the copy has other or more rows than SQL                   never repaired: one of them was changed

What SQL names is never deleted. May run beside the service: each thing is looked up in SQL after it was listed elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from app.pipeline.audit_copy import copy_chains
from app.ports import AuditRow, BlobStore, DocumentStore, InvoiceStore, Named

Kind = Literal[
    "orphan_blob", "missing_blob", "orphan_snapshot", "missing_snapshot", "missing_audit", "broken_chain", "differing_audit"
]  # fmt: skip
BLOB_AGE = timedelta(hours=1)  # a younger one may belong to a POST in progress
AUDIT_AGE = timedelta(minutes=1)  # younger rows may be about to be copied
PAGE = 200
LATEST = timedelta(days=1)  # ahead of our clock: another machine's may be


@dataclass(frozen=True, slots=True)
class Problem:
    """`name`: the blob's SHA-256, the document's key or the invoice's id."""

    kind: Kind
    tenant: str
    name: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Reconciler:
    invoices: InvoiceStore
    blobs: BlobStore
    documents: DocumentStore
    repair: bool = False
    blob_age: timedelta = BLOB_AGE
    audit_age: timedelta = AUDIT_AGE

    async def problems(self) -> AsyncIterator[Problem]:
        async for problem in self._orphan_blobs():
            yield problem
        async for problem in self._orphan_documents():
            yield problem
        after = ("", "")
        while named := await self.invoices.named(after, PAGE):
            after = named[-1].tenant, named[-1].invoice_id
            for tenant in sorted({each.tenant for each in named}):
                async for problem in self._named_by_sql(tenant, [each for each in named if each.tenant == tenant]):
                    yield problem

    async def _orphan_blobs(self) -> AsyncIterator[Problem]:
        before = datetime.now(UTC) - self.blob_age
        async for tenant, sha256 in self.blobs.stored_before(before):
            if not await self.invoices.is_known_blob(tenant, sha256):
                if self.repair:
                    await self.blobs.delete(tenant, sha256, written_before=before)
                yield Problem("orphan_blob", tenant, sha256, self.repair)

    async def _orphan_documents(self) -> AsyncIterator[Problem]:
        page: list[tuple[str, str]] = []
        async for tenant, key in self.documents.saved_before(datetime.now(UTC) + LATEST):
            if page and (page[0][0] != tenant or len(page) >= PAGE):
                for problem in await self._orphans_of(page[0][0], [key for _, key in page]):
                    yield problem
                page = []
            page.append((tenant, key))
        if page:
            for problem in await self._orphans_of(page[0][0], [key for _, key in page]):
                yield problem

    async def _orphans_of(self, tenant: str, keys: Sequence[str]) -> list[Problem]:
        copied = [key for key in keys if key.startswith("audit:")]
        there = {row.key for row in await self.invoices.audit_rows(tenant, {key.split(":")[1] for key in copied})}
        problems = [Problem("differing_audit", tenant, key.split(":")[1]) for key in copied if key not in there]
        snapshots = [key for key in keys if not key.startswith("audit:")]
        versions = {n.invoice_id: n.version for n in await self.invoices.named_of(tenant, {key.split(":")[0] for key in snapshots})}
        for key in snapshots:
            if not _is_of(key, versions):
                if self.repair:
                    await self.documents.delete(tenant, key)
                problems.append(Problem("orphan_snapshot", tenant, key, self.repair))
        return problems

    async def _named_by_sql(self, tenant: str, named: Sequence[Named]) -> AsyncIterator[Problem]:
        for sha256 in sorted(await self.blobs.missing(tenant, {each.sha256 for each in named})):
            yield Problem("missing_blob", tenant, sha256)
        results = {key: (each.invoice_id, version) for each in named for key, version in each.snapshots.items()}
        for key in sorted(await self.documents.missing(tenant, results)):
            if self.repair:
                await self._write_again(tenant, key, *results[key])
            yield Problem("missing_snapshot", tenant, key, self.repair)
        for each in named:
            try:
                await self.invoices.for_tenant(tenant).audit(each.invoice_id)
            except ValueError:
                yield Problem("broken_chain", tenant, each.invoice_id)
        ids = [each.invoice_id for each in named]
        rows = await self.invoices.audit_rows(tenant, ids)
        missing = await self.documents.missing(tenant, {row.key for row in rows})
        due = datetime.now(UTC) - self.audit_age
        for invoice_id in sorted({row.invoice_id for row in rows if row.key in missing and row.at <= due}):
            yield Problem("missing_audit", tenant, invoice_id, self.repair)
        if self.repair and missing:
            await copy_chains(self.invoices, self.documents, tenant, ids)
        for last in _last_copied(rows, missing):
            # A row's hash covers all before it: equal here is equal everywhere.
            if await self.documents.load(tenant, last.key) not in (last.body, None):
                yield Problem("differing_audit", tenant, last.invoice_id)

    async def _write_again(self, tenant: str, key: str, invoice_id: str, version: int) -> None:
        """Without the document as it was read, which only the lost snapshot held."""
        result = await self.invoices.result(tenant, invoice_id, version)
        if result is not None:
            body = {"document": None, "extracted": result.extracted, "versions": result.versions, "restored": True}
            await self.documents.save(tenant, key, msgspec.json.encode(body))


def _is_of(key: str, versions: dict[str, int]) -> bool:
    """Whether this may be the snapshot of an attempt at an invoice. A superseded attempt's stays; one of the future has no place."""
    invoice_id, _, rest = key.partition(":")
    version = rest.partition(":")[0]
    return invoice_id in versions and version.isdigit() and int(version) <= versions[invoice_id]


def _last_copied(rows: Sequence[AuditRow], missing: set[str]) -> Sequence[AuditRow]:
    return list({row.invoice_id: row for row in rows if row.key not in missing}.values())
