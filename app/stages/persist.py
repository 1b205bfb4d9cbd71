"""Writes the result: the snapshot first, then one compare-and-set in SQL that names the winner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from app.domain.record import InvoiceRecord, Reason, Result
from app.domain.work import Screened
from app.failpoints import failpoint
from app.ports import DocumentStore, InvoiceStore, Settlement
from app.rules.policy import verdict
from app.versions import VERSIONS


@dataclass(frozen=True, slots=True)
class Persist:
    """Screened -> the settled record. Safe to repeat: the same attempt writes the same snapshot and settles once.

    Raises `Conflict` if another attempt has won meanwhile; its snapshot stays, under its own key.
    """

    documents: DocumentStore
    invoices: InvoiceStore
    versions: Mapping[str, str] = field(default_factory=lambda: VERSIONS)

    async def __call__(self, screened: Screened, /) -> InvoiceRecord:
        job = screened.job
        reading = screened.validated.matched.extraction.reading
        snapshot = msgspec.json.encode({"document": reading.document, "extracted": screened.extracted, "versions": self.versions})
        await self.documents.save(job.tenant, f"{job.invoice_id}:{job.version}:{job.attempt}", snapshot)
        failpoint("snapshot_saved")
        result = Result(screened.extracted, screened.findings, self.versions)
        status = verdict(screened.extracted, screened.findings)
        reason: Reason | None = "not_an_invoice" if status == "quarantined" else None
        return await self.invoices.settle(job, Settlement(status, reason, result))
