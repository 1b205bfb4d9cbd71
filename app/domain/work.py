"""The payloads of the stream: each step's type holds the one before it, from `Job` to `Screened`.

Job ► Decoded ► Prepared ► Reading ► Extraction ► Matched ► Validated ► Screened
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from app.domain.document import Document, PagePlan
from app.domain.extraction import Extracted
from app.domain.finding import Finding

Queue = Literal["invoices", "invoices.pdf", "invoices.ocr"]
"""Where work waits, the cheapest first, so that none waits behind what takes ten times longer: XML and all that is refused soon;
what has pages to be opened; what has pictures of pages to be read."""
QUEUES: tuple[Queue, ...] = get_args(Queue)


def queue_for(media_type: str) -> Queue:
    """Where a file goes that has just come in, by its first bytes. That a PDF must be read is known only once it is decoded."""
    if media_type.startswith("image/"):
        return "invoices.ocr"
    return "invoices.pdf" if media_type == "application/pdf" else "invoices"


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one invoice, as claimed in SQL: only the holder of this (`version`, `attempt`) may settle it.

    `pages`: first and last page of the file that the invoice is on, 1-based; None while that is not known: all.
    `suspect`: an earlier attempt ended without a word (the process died), so this one runs alone.
    """

    tenant: str
    invoice_id: str
    document_id: str
    sha256: str  # names the blob
    file_name: str
    version: int
    attempt: int
    suspect: bool = False
    traceparent: str | None = None
    queue: Queue = "invoices"
    pages: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    job: Job
    document: Document

    def must_be_read(self) -> bool:
        """There are pages whose words only their pictures hold, and no e-invoice that says it all."""
        return self.document.einvoice is None and any(page.must_be_read for page in self.document.pages)


@dataclass(frozen=True, slots=True)
class Prepared:
    """`plans`: one for each page that has no usable text layer, in the order of the pages."""

    decoded: Decoded
    plans: tuple[PagePlan, ...] = ()

    @property
    def unread(self) -> tuple[PagePlan, ...]:
        """Of the pages that must be recognized: not the blank ones, nor those that repeat an earlier page."""
        return tuple(plan for plan in self.plans if not plan.blank and plan.same_as is None)


@dataclass(frozen=True, slots=True)
class Reading:
    """Every page with all the words that could be read, from the text layer or by recognition."""

    prepared: Prepared
    document: Document


@dataclass(frozen=True, slots=True)
class Extraction:
    reading: Reading
    extracted: Extracted


@dataclass(frozen=True, slots=True)
class Matched:
    """`supplier_id`: the master-data record that the seller was matched to."""

    extraction: Extraction
    supplier_id: str | None = None


@dataclass(frozen=True, slots=True)
class Validated:
    matched: Matched
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Screened:
    validated: Validated
    anomalies: tuple[Finding, ...] = ()

    @property
    def job(self) -> Job:
        return self.validated.matched.extraction.reading.prepared.decoded.job

    @property
    def extracted(self) -> Extracted:
        return self.validated.matched.extraction.extracted

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.validated.findings + self.anomalies


Verdict = Literal["approved", "needs_review", "quarantined"]
