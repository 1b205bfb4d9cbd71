"""Who passes without a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.extraction import SURE, Field
from app.domain.finding import Finding
from app.rules.policy import DECISIVE, verdict
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, D, context, line


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
    guessed = replace(read, extracted=replace(read.extracted, fields={}))
    assert verdict(guessed.extracted, findings_of(guessed)) == "needs_review"
    einvoice = context(GOOD, "xml")
    assert verdict(einvoice.extracted, findings_of(einvoice)) == "approved"


def test_lines_that_add_up_to_no_total_hold_an_invoice() -> None:
    def settled(confidence: float, amount: str) -> tuple[str, set[str]]:
        fields = {"lines.0.net_amount": Field(confidence, "text", "test")}
        told = context(line(replace(GOOD, line_total=None), 0, net_amount=D(amount), quantity=None), "text", fields=fields)
        found = findings_of(told)
        return verdict(told.extracted, found), {finding.rule for finding in found}

    good = str(GOOD.lines[0].net_amount)
    assert settled(0.3, good)[0] == "approved"
    for confidence, rule in ((0.3, "lines_in_doubt"), (0.9, "sum_of_lines")):  # read well: then a discount was missed
        status, rules = settled(confidence, "7.77")
        assert status == "needs_review" and rule in rules


def test_how_sure_is_sure_enough_is_asked_of_the_settings() -> None:
    told = context(GOOD, "text", fields={"number": Field(0.97, "text", "test")})
    for sure, status in ((0.97, "approved"), (0.98, "needs_review")):
        asked = replace(told, sure=sure)
        assert verdict(asked.extracted, findings_of(asked)) == status


def test_other_values_may_be_in_doubt() -> None:
    told = context(GOOD, "text", fields={"delivery_date": Field(0.5, "text", "test")})
    assert verdict(told.extracted, findings_of(told)) == "approved"


def test_without_an_account_there_is_nothing_to_doubt() -> None:
    told = context(replace(GOOD, payment_account=None), "text")
    assert verdict(told.extracted, findings_of(told)) == "approved"
