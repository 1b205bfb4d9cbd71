"""From words or e-invoice XML to the invoice: the cheapest exact source first, the XML if the file has one, else the text."""

from __future__ import annotations

from dataclasses import replace

from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.work import Extraction, Reading
from app.errors import Unprocessable
from app.extractors.einvoice import extract_einvoice
from app.extractors.set_aside import pages_set_aside, without
from app.extractors.text import extract_text


def extract(reading: Reading) -> Extraction:
    """What is something else for sure has no values: an order's sum must be nobody's invoice. Raises Unprocessable: `unreadable` without
    a word to read."""
    document = reading.document
    if document.einvoice is not None:
        return Extraction(reading, extract_einvoice(document))
    if not any(len(page.words) for page in document.pages):
        raise Unprocessable("unreadable", "no words on any page")
    aside = pages_set_aside(document)
    extracted = extract_text(without(document, aside))
    findings = tuple(
        Finding("page_set_aside", "info", f"Page {number} was not read for values: it is {why}.") for number, why in aside.items()
    )
    extracted = replace(extracted, findings=extracted.findings + findings)
    return Extraction(reading, replace(extracted, invoice=Invoice(), fields={}) if extracted.refused else extracted)
