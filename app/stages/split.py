"""Split: of several invoices in one file this job keeps the first; each other one becomes an invoice of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from app.domain.work import Reading
from app.extractors.parts import parts_of
from app.ports import InvoiceStore

DOUBTFUL = "several_invoices"
"""The note on a document of which some page perhaps begins another invoice."""


@dataclass(frozen=True, slots=True)
class Split:
    """Reading -> the Reading of the pages that are this job's.

    The others are in the store before this returns, as `received`, with their pages and their own work: whatever happens then, each
    finishes or fails for itself. Safe to repeat: the job knows its own pages from then on. Raises `Conflict` if it no longer holds the
    invoice.
    """

    invoices: InvoiceStore
    threads: ThreadPoolExecutor

    async def __call__(self, reading: Reading, /) -> Reading:
        document = reading.document
        if document.einvoice is not None or len(document.pages) < 2:
            return reading
        parts = await asyncio.get_running_loop().run_in_executor(self.threads, parts_of, document)
        if parts.doubtful:
            document = replace(document, notes=(*document.notes, DOUBTFUL))
        if len(parts.ranges) > 1:
            await self.invoices.split(reading.prepared.decoded.job, parts.ranges)
            document = document.only(*parts.ranges[0])
        return replace(reading, document=document)
