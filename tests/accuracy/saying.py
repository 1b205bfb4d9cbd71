"""What the product says about a document whose words are read: the stages `extract` and `validate`, then the policy; and the same in the
truth's words. These end here and in training/invoices/truth.py; the product itself uses those of EN 16931 (docs/accuracy.md)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from app.domain.document import Document
from app.domain.extraction import Extracted, Field
from app.domain.finding import NOT_AN_INVOICE, Finding
from app.domain.invoice import Invoice
from app.domain.work import Decoded, Job, Matched, Prepared, Reading
from app.errors import Unprocessable
from app.extractors.parts import parts_of
from app.rules.policy import verdict
from app.stages.extract import extract
from app.stages.validate import Validate
from tests.accuracy.reading import Read
from training.invoices.truth import PATHS

Value = str | date | Decimal | None

LINE_PATHS = {
    "description": "item_name",
    "quantity": "quantity",
    "unit_price": "net_price",
    "amount": "net_amount",
    "product_code": "item_id",
}


@dataclass(frozen=True, slots=True)
class Said:
    """`refused`: the reason of a document that was not taken. `passed`: no person would have looked at it. `cpu`: seconds of this alone."""

    document: Document | None
    refused: str | None
    extracted: Extracted | None
    findings: tuple[Finding, ...]
    passed: bool
    cpu: float

    @property
    def named_no_invoice(self) -> bool:
        """Refused as such, or a person is told so."""
        return self.refused == NOT_AN_INVOICE or (self.extracted is not None and self.extracted.document_type == "other")

    @property
    def empty_without_a_reason(self) -> bool:
        """No header value, no line, not refused, and no finding that would send it to a person."""
        if self.refused or self.extracted is None:
            return not self.refused
        nothing = not self.extracted.invoice.lines and not any(value for _, value in header_values(self.extracted.invoice))
        return nothing and not any(finding.severity == "error" for finding in self.findings)

    def field(self, name: str) -> Field | None:
        """Of a header field of the truth: where its value came from, and how sure it is."""
        return self.extracted.fields.get(PATHS[name]) if self.extracted else None


def say(read: Read) -> Said:
    """Of a document that could not be read nothing is said but why; of several invoices in one file, what the first says."""
    if read.document is None:
        return Said(None, read.refused, None, (), False, 0.0)
    began = time.thread_time()
    document = read.document
    if document.einvoice is None and len(document.pages) > 1:
        document = document.only(*parts_of(document).ranges[0])
    try:
        extraction = extract(Reading(Prepared(Decoded(_JOB, document)), document))
    except Unprocessable as exc:
        return Said(read.document, exc.reason, None, (), False, time.thread_time() - began)
    validated = Validate()(Matched(extraction))
    cpu = time.thread_time() - began
    decided = verdict(extraction.extracted, validated.findings)
    refused = NOT_AN_INVOICE if decided == "quarantined" else None
    return Said(read.document, refused, extraction.extracted, validated.findings, decided == "approved", cpu)


_JOB = Job("", "", "", "", "", 1, 1)


def header_values(invoice: Invoice) -> Iterator[tuple[str, Value]]:
    """By the truth's names."""
    for name, path in PATHS.items():
        value: Any = reduce(getattr, path.split("."), invoice)
        yield name, value


def in_truths_words(invoice: Invoice) -> dict[str, Any]:
    """As a scorer reads it: text, dates in ISO 8601, amounts with a point."""
    lines = [{name: _text(getattr(line, path)) for name, path in LINE_PATHS.items()} for line in invoice.lines]
    return {**{name: _text(value) for name, value in header_values(invoice)}, "line_items": lines}


def _text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else format(value, "f")
