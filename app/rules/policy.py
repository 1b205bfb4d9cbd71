"""The policy: who may pass without a person."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.paths import leaves
from app.domain.work import Verdict

DECISIVE = (
    *("number", "issue_date", "due_date", "currency", "total_without_tax", "total_tax", "total_with_tax", "amount_due"),
    *("seller.name", "seller.vat_id", "payment_account", "purchase_order_reference"),
)
"""What is booked, matched and paid by: where an invoice names it, it must not be guessed. Who sent it here is nearly always the buyer, so a
name for him that is in doubt holds nothing up."""
SURE = 0.95
"""Probability from which a decisive value is taken without a person. All of an invoice must be so, and most are likelier by far: chosen so
that of the values taken at most one in 200 is wrong, on documents that the judge had not learned from (docs/accuracy.md)."""


def verdict(extracted: Extracted, findings: Iterable[Finding]) -> Verdict:
    """`approved` only if number, issue date, currency and total are there, no finding is an error and no decisive value is in doubt;
    `quarantined` what is no invoice for sure; else `needs_review`."""
    if extracted.refused:
        return "quarantined"
    invoice = extracted.invoice
    complete = invoice.number and invoice.issue_date and invoice.currency and invoice.total_with_tax is not None
    if not complete or doubtful(extracted) or any(finding.severity == "error" for finding in findings):
        return "needs_review"
    return "approved"


def doubtful(extracted: Extracted) -> dict[str, float]:
    """The probability of each decisive value that was read from a page and is less likely right than `SURE`. An e-invoice says what it
    means; a value that says nothing of where it was read is as good as guessed."""
    if extracted.source == "xml":
        return {}
    stated = (path for path, _ in leaves(extracted.invoice) if path in DECISIVE)
    sure = {path: extracted.fields[path].confidence if path in extracted.fields else 0.0 for path in stated}
    return {path: confidence for path, confidence in sure.items() if confidence < SURE}
