"""The policy: who may pass without a person."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.paths import leaves
from app.domain.work import Verdict

DECISIVE = ("number", "issue_date", "currency", "total_with_tax", "seller.name", "payment_account")
"""What is booked and paid by, and so must not be guessed; the account only where one is named."""
SURE = 0.985
"""Probability from which a decisive value is taken without a person. Of the values taken so, at most one in 200 may be wrong: values that
are at least so likely are mostly likelier, and docs/accuracy.md says how many were wrong."""


def verdict(extracted: Extracted, findings: Iterable[Finding]) -> Verdict:
    """`approved` only if number, issue date, currency and total are there, no finding is an error and no decisive value is in doubt; else
    `needs_review`."""
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
