"""The policy: who may pass without a person."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.extraction import SURE, Extracted
from app.domain.finding import Finding
from app.domain.paths import leaves
from app.domain.work import Verdict

DECISIVE = (
    *("number", "issue_date", "due_date", "currency", "total_without_tax", "total_tax", "total_with_tax", "amount_due"),
    *("seller.name", "seller.vat_id", "buyer.name", "payment_account", "purchase_order_reference"),
)
"""What is booked, matched and paid by: where an invoice names it, it must not be guessed."""
UNSURE, LINES_IN_DOUBT, SUM_OF_LINES = "unsure", "lines_in_doubt", "sum_of_lines"
HOLDING = frozenset((UNSURE, LINES_IN_DOUBT, SUM_OF_LINES))
"""Findings that are no errors, for it is not known what is wrong, and hold an invoice all the same. Lines that add up to none of the totals
cannot be booked as they are: one of them, a discount or a charge was misread or missed."""


def verdict(extracted: Extracted, findings: Iterable[Finding]) -> Verdict:
    """`approved` only if number, issue date, currency and total are there and none of the findings, which are those of all rules, is an
    error or holds it; `quarantined` what is no invoice for sure; else `needs_review`."""
    if extracted.refused:
        return "quarantined"
    invoice = extracted.invoice
    complete = invoice.number and invoice.issue_date and invoice.currency and invoice.total_with_tax is not None
    if not complete or any(finding.severity == "error" or finding.rule in HOLDING for finding in findings):
        return "needs_review"
    return "approved"


def doubtful(extracted: Extracted, sure: float = SURE) -> dict[str, float]:
    """The probability of each decisive value that was read from a page and is less likely right than `sure`. An e-invoice says what it
    means; a value that says nothing of where it was read is as good as guessed."""
    if extracted.source == "xml":
        return {}
    stated = (path for path, _ in leaves(extracted.invoice) if path in DECISIVE)
    told = {path: extracted.fields[path].confidence if path in extracted.fields else 0.0 for path in stated}
    return {path: confidence for path, confidence in told.items() if confidence < sure}
