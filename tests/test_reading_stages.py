"""Match and screen: what they do until master data and history come. Decode, preprocess and recognize are tested on real pages."""

from __future__ import annotations

from app.domain.document import Document, EInvoice, Page, Words
from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.work import Decoded, Extraction, Job, Matched, Prepared, Reading, Screened, Validated
from app.stages.match import match
from app.stages.screen import screen
from app.stages.validate import Validate

JOB = Job("acme", "i1", "d1", "0" * 64, "file.pdf", 1, 1)
WORD = Words(("Rechnung",), bytes(8), bytes(2), bytes(1))


def read(number: int) -> Page:
    return Page(number, 595, 842, WORD)


def decoded(*pages: Page, einvoice: EInvoice | None = None) -> Decoded:
    return Decoded(JOB, Document("application/pdf", pages, einvoice))


async def test_the_payload_holds_every_step_before_it() -> None:
    prepared = Prepared(decoded(read(1)))
    extracted = Extracted(Invoice(number="1"), "invoice", "text")
    extraction = Extraction(Reading(prepared, prepared.decoded.document), extracted)
    matched = await match(extraction)
    assert matched == Matched(extraction, supplier_id=None)
    validated = Validate()(matched)
    assert isinstance(validated, Validated)
    assert ("BR-03", "error") in {(finding.rule, finding.severity) for finding in validated.findings}
    screened = await screen(validated)
    assert screened == Screened(validated, anomalies=())
    assert (screened.job, screened.extracted, screened.findings) == (JOB, extracted, validated.findings)
    assert all(isinstance(finding, Finding) for finding in screened.findings)
