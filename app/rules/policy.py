"""The provisional policy: who may pass without a person."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.extraction import Extracted
from app.domain.finding import Finding
from app.domain.work import Verdict


def verdict(extracted: Extracted, findings: Iterable[Finding]) -> Verdict:
    """`approved` only if number, issue date, currency and total are there and no finding is an error; `quarantined` what is no invoice for
    sure; else `needs_review`."""
    if extracted.refused:
        return "quarantined"
    invoice = extracted.invoice
    complete = invoice.number and invoice.issue_date and invoice.currency and invoice.total_with_tax is not None
    return "approved" if complete and not any(finding.severity == "error" for finding in findings) else "needs_review"
