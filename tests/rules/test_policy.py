"""Who passes without a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.finding import Finding
from app.rules.policy import verdict
from tests.rules.invoices import GOOD, D, context


@pytest.mark.parametrize("name", ["number", "issue_date", "currency", "total_with_tax"])
def test_without_an_essential_nothing_is_approved(name: str) -> None:
    extracted = context(replace(GOOD, **{name: None})).extracted
    assert verdict(extracted, []) == "needs_review"


def test_only_errors_hold_an_invoice_and_a_total_of_zero_is_a_total() -> None:
    extracted = context(replace(GOOD, total_with_tax=D("0.00"))).extracted
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "info", "")]) == "approved"
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "error", "")]) == "needs_review"
