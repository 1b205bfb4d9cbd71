"""Who passes without a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.extraction import Field
from app.domain.finding import Finding
from app.rules.policy import DECISIVE, SURE, verdict
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, D, context


@pytest.mark.parametrize("name", ["number", "issue_date", "currency", "total_with_tax"])
def test_without_an_essential_nothing_is_approved(name: str) -> None:
    extracted = context(replace(GOOD, **{name: None})).extracted
    assert verdict(extracted, []) == "needs_review"


def test_only_errors_hold_an_invoice_and_a_total_of_zero_is_a_total() -> None:
    extracted = context(replace(GOOD, total_with_tax=D("0.00"))).extracted
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "info", "")]) == "approved"
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "error", "")]) == "needs_review"


@pytest.mark.parametrize("source", ["text", "ocr"])
@pytest.mark.parametrize("path", DECISIVE)
def test_a_doubtful_decisive_value_waits_for_a_person_who_is_told_which(path: str, source: str) -> None:
    def settled(confidence: float) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
        invoice = replace(GOOD, purchase_order_reference="PO-7")
        told = context(invoice, source, fields={path: Field(confidence, source, "test")})  # type: ignore[arg-type]
        found = findings_of(told)
        return verdict(told.extracted, found), [(finding.rule, finding.fields) for finding in found]

    assert settled(SURE) == ("approved", [])
    assert settled(SURE - 0.001) == ("needs_review", [("unsure", (path,))])


def test_a_value_that_says_nothing_of_its_place_is_a_guess_and_an_einvoice_is_none() -> None:
    read = context(GOOD, "text")
    assert verdict(replace(read.extracted, fields={}), []) == "needs_review"
    assert verdict(context(GOOD, "xml").extracted, []) == "approved"


def test_other_values_may_be_in_doubt() -> None:
    assert verdict(context(GOOD, "text", fields={"delivery_date": Field(0.5, "text", "test")}).extracted, []) == "approved"


def test_without_an_account_there_is_nothing_to_doubt() -> None:
    assert verdict(context(replace(GOOD, payment_account=None), "text").extracted, []) == "approved"
