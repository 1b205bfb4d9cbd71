"""Preprocess, recognize, match and screen: what they do until an engine, master data and history come."""

from __future__ import annotations

import pytest

from app.domain.document import Document, EInvoice, Page, Words
from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.work import Decoded, Extraction, Job, Matched, Prepared, Reading, Screened, Validated
from app.errors import Unprocessable
from app.stages.match import match
from app.stages.recognize import recognize
from app.stages.screen import screen
from app.stages.validate import validate

JOB = Job("acme", "i1", "d1", "0" * 64, "file.pdf", 1, 1)
WORD = Words(("Rechnung",), bytes(8), bytes(2), bytes(1))


def read(number: int) -> Page:
    return Page(number, 595, 842, WORD)


def picture(number: int) -> Page:
    return Page(number, 595, 842, image_share=1.0)


def blank(number: int) -> Page:
    return Page(number, 595, 842)


def decoded(*pages: Page, einvoice: EInvoice | None = None) -> Decoded:
    return Decoded(JOB, Document("application/pdf", pages, einvoice))


async def test_a_document_with_one_page_that_was_read_passes_on_whole() -> None:
    prepared = Prepared(decoded(picture(1), read(2)))
    assert await recognize(prepared) == Reading(prepared, prepared.decoded.document)


@pytest.mark.parametrize(
    ("pages", "reason"),
    [([picture(1)], "unreadable"), ([blank(1), picture(2)], "unreadable"), ([blank(n) for n in range(1, 11)], "empty"), ([], "empty")],
)
async def test_a_document_without_a_word_is_refused_with_its_reason(pages: list[Page], reason: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await recognize(Prepared(decoded(*pages)))
    assert caught.value.reason == reason


@pytest.mark.parametrize("pages", [[], [picture(1)]])
async def test_an_einvoice_needs_no_words(pages: list[Page]) -> None:
    prepared = Prepared(decoded(*pages, einvoice=EInvoice(Invoice(), "cii")))
    assert (await recognize(prepared)).document.einvoice is not None


async def test_the_payload_holds_every_step_before_it() -> None:
    prepared = Prepared(decoded(read(1)))
    extracted = Extracted(Invoice(number="1"), "invoice", "text")
    extraction = Extraction(Reading(prepared, prepared.decoded.document), extracted)
    matched = await match(extraction)
    assert matched == Matched(extraction, supplier_id=None)
    validated = validate(matched)
    assert isinstance(validated, Validated)
    assert ("BR-03", "error") in {(finding.rule, finding.severity) for finding in validated.findings}
    screened = await screen(validated)
    assert screened == Screened(validated, anomalies=())
    assert (screened.job, screened.extracted, screened.findings) == (JOB, extracted, validated.findings)
    assert all(isinstance(finding, Finding) for finding in screened.findings)
