"""Every rule: an invoice that passes, one that breaks it, and silence about what is not stated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.domain.document import Document
from app.domain.extraction import Extracted
from app.domain.finding import NOT_AN_INVOICE, Finding
from app.domain.invoice import Address, Invoice, LineItem, Party, Period, PrecedingInvoice, TaxBreakdown
from app.domain.paths import leaves
from app.rules import RULES
from app.rules.context import Context
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, TODAY, D, check, context, good, line, tax


@pytest.mark.parametrize("source", ["xml", "text"])
def test_a_good_invoice_has_no_findings(source: str) -> None:
    assert check(good(), source) == []


@pytest.mark.parametrize("source", ["xml", "text"])
def test_an_empty_invoice_only_lacks_what_is_mandatory(source: str) -> None:
    found = check(Invoice(), source)
    errors = [rule for rule, severity in found if severity == "error"]
    assert errors == ["BR-02", "BR-03", "BR-05", "BR-14", "BR-06"] + ["nothing_found"] * (source == "text")
    warnings = [rule for rule, severity in found if severity == "warning"]
    assert warnings == (["BR-04", "BR-13", "BR-15", "BR-07"] if source == "xml" else [])


def test_what_is_no_invoice_breaks_no_other_rule() -> None:
    refusal = Finding(NOT_AN_INVOICE, "error", "This looks like an order.")
    extracted = Extracted(Invoice(), "other", "text", findings=(refusal,))
    assert findings_of(Context(Document("application/pdf"), extracted, TODAY)) == (refusal,)  # and not that it lacks a number


def test_today_may_be_tomorrow_elsewhere_and_terms_and_ages_end_where_they_say() -> None:
    for issued, due in ((TODAY + timedelta(1), None), (date(2016, 6, 1), None), (TODAY, TODAY), (TODAY, TODAY + timedelta(731))):
        assert check(replace(good(), issue_date=issued, due_date=due, delivery_date=None)) == []


def test_a_price_for_none_is_no_price() -> None:
    assert check(line(good(), 0, quantity=D(0), price_base_quantity=D(0))) == []


BROKEN: list[tuple[str, Invoice, set[tuple[str, str]]]] = [
    ("no number", replace(GOOD, number=None), {("BR-02", "error")}),
    ("blank number", replace(GOOD, number=" "), {("BR-02", "error")}),
    ("no issue date", replace(GOOD, issue_date=None), {("BR-03", "error")}),
    ("no currency", replace(GOOD, currency=None), {("BR-05", "error")}),
    ("no total", replace(GOOD, total_with_tax=None), {("BR-14", "error")}),
    ("no seller", replace(GOOD, seller=replace(GOOD.seller, name=None)), {("BR-06", "error")}),
    ("no type", replace(GOOD, type_code=None), {("BR-04", "warning")}),
    ("no total without tax", replace(GOOD, total_without_tax=None), {("BR-13", "warning")}),
    ("no amount due", replace(GOOD, amount_due=None), {("BR-15", "warning")}),
    ("no buyer", replace(GOOD, buyer=Party()), {("BR-07", "warning")}),
    ("line total", replace(GOOD, line_total=D("66.76")), {("BR-CO-10", "error"), ("BR-CO-13", "error")}),
    ("a line", line(GOOD, 0, net_amount=D("9.85")), {("line_amount", "warning"), ("BR-CO-10", "error")}),
    ("quantity", line(GOOD, 1, quantity=D(4)), {("line_amount", "warning")}),
    ("base quantity", line(GOOD, 0, price_base_quantity=D(1)), {("line_amount", "warning")}),
    ("a line's charge", line(GOOD, 1, charges=()), {("line_amount", "warning")}),
    ("net price", line(GOOD, 0, price_discount=D("0.50")), {("net_price", "warning")}),
    ("allowances", replace(GOOD, allowances=(replace(GOOD.allowances[0], amount=D("7.01")),)), {("BR-CO-11", "error")}),
    ("no allowances", replace(GOOD, allowances=()), {("BR-CO-11", "error"), ("BR-S-08", "error")}),
    ("charges", replace(GOOD, charges=(replace(GOOD.charges[0], amount=D("10.24")),)), {("BR-CO-12", "error")}),
    (
        "total without tax",
        replace(GOOD, total_without_tax=D("70.01")),
        {("BR-CO-13", "error"), ("BR-CO-15", "error")},
    ),
    ("a tax", tax(GOOD, 0, tax_amount=D("3.81")), {("BR-CO-14", "error")}),
    ("a tax by one", tax(GOOD, 0, tax_amount=D("4.80")), {("BR-CO-14", "error"), ("BR-CO-17", "error")}),
    ("a rate", tax(GOOD, 1, category=None, rate=D(17)), {("BR-CO-17", "error")}),
    ("a base", tax(GOOD, 1, taxable_amount=D("48.90")), {("BR-S-08", "error")}),
    ("total tax", replace(GOOD, total_tax=D("7.31")), {("BR-CO-14", "error"), ("BR-CO-15", "error")}),
    ("total with tax", replace(GOOD, total_with_tax=D("77.31")), {("BR-CO-15", "error"), ("BR-CO-16", "error")}),
    ("amount due", replace(GOOD, amount_due=D("27.30")), {("BR-CO-16", "error")}),
    ("paid", replace(GOOD, paid_amount=None), {("BR-CO-16", "error")}),
    ("rounding", replace(GOOD, rounding_amount=None), {("BR-CO-16", "error")}),
    ("tax currency alone", replace(GOOD, tax_currency="SEK"), {("BR-53", "warning")}),
    (
        "tax currency sign",
        replace(GOOD, tax_currency="SEK", total_tax_in_tax_currency=D("-80.00")),
        {("tax_currency_sign", "error")},
    ),
    ("two taxes", replace(GOOD, tax_currency="EUR", total_tax_in_tax_currency=D("7.31")), {("tax_currency", "error")}),
    ("huge", replace(GOOD, rounding_amount=D("1E+308")), {("amount_out_of_range", "error")}),
    ("not a number", replace(GOOD, rounding_amount=D("NaN")), {("amount_out_of_range", "error")}),
    ("tomorrow and more", replace(GOOD, issue_date=date(2026, 6, 3)), {("issue_date_future", "warning")}),
    ("years ahead", replace(GOOD, issue_date=date(2029, 5, 4), due_date=None, delivery_date=None), {("issue_date_impossible", "error")}),
    (
        "before computers",
        replace(GOOD, issue_date=date(1926, 5, 4), due_date=None, delivery_date=None),
        {("issue_date_impossible", "error")},
    ),
    ("old", replace(GOOD, issue_date=date(2014, 5, 4), due_date=None, delivery_date=None), {("issue_date_old", "warning")}),
    ("due before", replace(GOOD, due_date=date(2026, 5, 3)), {("due_before_issue", "warning")}),
    ("due far", replace(GOOD, due_date=date(2029, 5, 3)), {("due_date_far", "warning")}),
    ("delivery far", replace(GOOD, delivery_date=date(2021, 5, 3)), {("delivery_date_far", "warning")}),
    ("tax point far", replace(GOOD, tax_point_date=date(2029, 5, 3)), {("tax_point_date_far", "warning")}),
    (
        "preceding later",
        replace(GOOD, preceding_invoices=(PrecedingInvoice("1", date(2026, 5, 5)),)),
        {("preceding_invoice_later", "warning")},
    ),
    ("period", replace(GOOD, period=Period(date(2026, 4, 2), date(2026, 4, 1))), {("BR-29", "error")}),
    ("a line's period", line(GOOD, 1, period=Period(date(2026, 4, 2), date(2026, 4, 1))), {("BR-30", "error")}),
    ("IBAN digit", replace(GOOD, payment_account="DE89370400440532013001"), {("iban_checksum", "error")}),
    ("IBAN length", replace(GOOD, payment_account="DE8937040044053201300"), {("iban_format", "error")}),
    ("second IBAN", replace(GOOD, payment_accounts=(GOOD.payment_account or "", "GB33BUKB20201555555556")), {("iban_checksum", "error")}),
    ("debited IBAN", replace(GOOD, debited_account="GB33BUKB20201555555556"), {("iban_checksum", "error")}),
    ("BIC", replace(GOOD, payment_bic="DEUTDEFF5"), {("bic_format", "warning")}),
    ("VAT id digit", replace(GOOD, seller=replace(GOOD.seller, vat_id="DE136695978")), {("vat_id_checksum", "warning")}),
    ("VAT id length", replace(GOOD, buyer=replace(GOOD.buyer, vat_id="DE13669597")), {("vat_id_format", "warning")}),
    ("currency", replace(GOOD, currency="EUX"), {("currency_code", "error")}),
    ("no currency at all", replace(GOOD, currency="XXX"), {("currency_code", "error")}),
    ("tax currency", replace(GOOD, tax_currency="E", total_tax_in_tax_currency=D("7.30")), {("currency_code", "warning")}),
    ("country", replace(GOOD, seller=replace(GOOD.seller, address=Address(country="ZZ"))), {("country_code", "warning")}),
    ("origin", line(GOOD, 1, origin_country="Germany"), {("country_code", "warning")}),
]


@pytest.mark.parametrize(("invoice", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_what_is_broken_is_found_and_nothing_else(invoice: Invoice, expected: set[tuple[str, str]]) -> None:
    assert set(check(invoice)) == expected


@pytest.mark.parametrize("category", ["Z", "E", "AE", "K", "G", "O"])
def test_exempt_categories_bear_no_tax(category: str) -> None:
    exempt = replace(GOOD, lines=(), tax_breakdown=(TaxBreakdown(category, None, D("70.00"), D("7.30")),))
    rule = "BR-IC-09" if category == "K" else f"BR-{category}-09"
    assert (rule, "error") in check(exempt, "text")
    free = replace(exempt, tax_breakdown=(TaxBreakdown(category, None, D("70.00"), D("0.00")),), total_tax=D("0.00"))
    assert (rule, "error") not in check(free, "text")


def test_every_stated_value_may_be_missing_without_an_arithmetic_error() -> None:
    arithmetic = ("BR-CO-1", "line_amount", "sum_of", "BR-S-08", "net_price")
    optional = {"allowance_total", "charge_total", "paid_amount", "rounding_amount"}  # none of them means zero
    for path, _ in leaves(GOOD):
        head, _, rest = path.partition(".")
        if head in optional or ".allowances." in path or ".charges." in path:
            continue
        holder: Any = GOOD
        if not rest:
            without = replace(GOOD, **{path: None})
        elif isinstance(getattr(GOOD, head), tuple):
            index, _, leaf = rest.partition(".")
            holder = list(getattr(GOOD, head))
            if "." in leaf:
                continue
            holder[int(index)] = replace(holder[int(index)], **{leaf: None})
            without = replace(GOOD, **{head: tuple(holder)})
        else:
            continue
        if path == "lines.0.price_base_quantity":  # none means one
            continue
        broken = [rule for rule, _ in check(without) if rule.startswith(arithmetic)]
        assert broken == [], path


def test_a_page_that_states_no_line_total_has_its_lines_counted() -> None:
    plain = replace(GOOD, line_total=None)
    assert check(plain, "text") == []
    wrong = line(plain, 0, quantity=None, net_amount=D("90.75"))
    assert check(wrong, "text") == [("sum_of_lines", "warning")]
    with_tax = replace(plain, lines=(LineItem(net_amount=D("77.30")),), allowance_total=None, charge_total=None)
    assert check(with_tax, "text") == []


def test_the_taxes_stand_for_a_total_tax_that_is_not_stated() -> None:
    wrong = replace(GOOD, total_tax=None, total_with_tax=D("78.30"), amount_due=D("28.35"))
    assert [(f.rule, f.fields) for f in findings_of(context(wrong, "text"))] == [
        ("BR-CO-15", ("total_with_tax", "total_without_tax", "tax_breakdown.0.tax_amount", "tax_breakdown.1.tax_amount"))
    ]
    assert check(replace(wrong, tax_breakdown=tax(wrong, 0, tax_amount=None).tax_breakdown), "text") == []


@pytest.mark.parametrize(("with_tax", "passes"), [("70.00", True), ("91.00", True), ("91.01", False), ("69.99", False), ("-83.30", True)])
def test_two_totals_without_a_tax_between_them_must_be_a_tax_apart(with_tax: str, passes: bool) -> None:
    bare = replace(GOOD, total_tax=None, tax_breakdown=(), total_with_tax=D(with_tax), amount_due=None)
    bare = replace(bare, total_without_tax=D("-70.00"), line_total=None, lines=()) if with_tax.startswith("-") else bare
    assert check(bare, "text") == ([] if passes else [("implied_tax", "error")])
    assert ("implied_tax", "error") not in check(bare, "xml")


def test_a_page_whose_lines_bear_their_tax_is_no_contradiction_and_an_einvoice_is() -> None:
    gross = replace(GOOD, lines=(), line_total=D("77.30"), allowances=(), charges=(), allowance_total=None, charge_total=None)
    assert check(gross, "text") == []
    assert ("BR-CO-13", "error") in check(gross, "xml")
    assert ("BR-CO-13", "error") in check(replace(gross, line_total=D("77.31")), "text")


def test_a_page_whose_taxable_amounts_miss_a_part_is_a_warning() -> None:
    partial = replace(GOOD, tax_breakdown=GOOD.tax_breakdown[:1], total_tax=D("3.80"), total_with_tax=D("73.80"), amount_due=D("23.85"))
    assert check(partial, "text") == [("sum_of_taxable_amounts", "warning")]
    assert check(partial, "ocr") == [("sum_of_taxable_amounts", "error")]  # a row may not have been read


def test_findings_name_the_fields_in_doubt() -> None:
    named = {f.rule: f.fields for f in findings_of(context(replace(GOOD, total_with_tax=D("1.00")), "text"))}
    assert named["BR-CO-15"] == ("total_with_tax", "total_without_tax", "total_tax")
    assert named["BR-CO-16"] == ("amount_due", "total_with_tax", "paid_amount", "rounding_amount")
    every = dict(leaves(GOOD))
    for _, invoice, _ in BROKEN:
        for finding in findings_of(context(invoice)):
            for path in finding.fields:
                assert path in every or path in dict(leaves(invoice)) or finding.rule.startswith(("BR-0", "BR-1")), path


def test_every_rule_is_listed_once() -> None:
    assert len(set(RULES)) == len(RULES)


def test_a_line_that_does_not_multiply_is_a_misread_column_on_a_page() -> None:
    assert ("line_amount", "error") in check(line(GOOD, 1, quantity=D(4)), "text")


def test_what_is_paid_in_cash_is_rounded_to_the_smallest_coin() -> None:
    def rules(document_type: Any, off: str) -> set[str]:
        assert GOOD.total_with_tax is not None and GOOD.amount_due is not None
        invoice = replace(GOOD, total_with_tax=GOOD.total_with_tax + D(off), amount_due=GOOD.amount_due + D(off))
        told = context(invoice, "text")
        return {finding.rule for finding in findings_of(replace(told, extracted=replace(told.extracted, document_type=document_type)))}

    assert rules("receipt", "0.02") == rules("receipt", "-0.05") == set()
    assert rules("receipt", "0.06") == rules("invoice", "0.01") == {"BR-CO-15"}
