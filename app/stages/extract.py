"""From words or e-invoice XML to the invoice: the cheapest exact source first, the XML if the file has one, else the text."""

from __future__ import annotations

from app.domain.extraction import Extracted
from app.domain.work import Extraction, Reading
from app.errors import Unprocessable
from app.extractors.einvoice import extract_einvoice
from app.extractors.text import extract_text


def extract(reading: Reading) -> Extraction:
    """Raises Unprocessable: `unreadable` without a word to read, `not_an_invoice` where the document says that it is something else."""
    document = reading.document
    if document.einvoice is not None:
        return Extraction(reading, extract_einvoice(document))
    if not any(len(page.words) for page in document.pages):
        raise Unprocessable("unreadable", "no words on any page")
    extracted = extract_text(document)
    if _is_no_invoice(extracted):
        raise Unprocessable("not_an_invoice", "its title names another kind of document")
    return Extraction(reading, extracted)


def _is_no_invoice(extracted: Extracted) -> bool:
    """Only when sure: refusing an invoice costs its sender more than a person's look at a letter. Text in no language that we know
    may be an invoice read badly."""
    return extracted.document_type == "other" and extracted.language is not None
