"""Every rule: an invoice that passes, one that breaks it, and silence about what is not stated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.document import Document, EInvoice, Mark, Page, Words
from app.domain.extraction import Extracted, Field, Source
from app.domain.finding import Finding
from app.domain.invoice import Address, AllowanceCharge, Invoice, LineItem, Party, Period, PrecedingInvoice, TaxBreakdown
from app.domain.paths import leaves
from app.rules import RULES
from app.rules.context import Context
from app.rules.exact import is_sane, price_step, quantity_step, rounded
from app.rules.policy import verdict
from app.stages.validate import MOST_OF_A_RULE, findings_of

TODAY = date(2026, 6, 1)
D = Decimal
CENT = D("0.01")


def good() -> Invoice:
    """Two lines, an allowance, a charge, two rates; everything that the rules look at is stated and consistent."""
    return Invoice(
        number="2026-0815",
        issue_date=date(2026, 5, 4),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 6, 3),
        delivery_date=date(2026, 5, 2),
        seller=Party(name="Muster AG", vat_id="DE136695976", address=Address(country="DE")),
        buyer=Party(name="Acheteur SA", vat_id="FR40303265045", address=Address(country="FR")),
        payment_account="DE89 3704 0044 0532 0130 00",
        payment_bic="DEUTDEFF",
        period=Period(date(2026, 4, 1), date(2026, 4, 30)),
        lines=(
            LineItem(
                item_name="Schrauben",
                quantity=D(250),
                net_price=D("3.90"),
                gross_price=D("4.00"),
                price_discount=D("0.10"),
                price_base_quantity=D(100),
                net_amount=D("9.75"),
                tax_category="S",
                tax_rate=D(19),
            ),
            LineItem(
                item_name="Buch",
                quantity=D(3),
                net_price=D("20.00"),
                net_amount=D("57.00"),
                allowances=(AllowanceCharge(amount=D("5.00")),),
                charges=(AllowanceCharge(amount=D("2.00")),),
                tax_category="S",
                tax_rate=D(7),
                period=Period(date(2026, 4, 1), date(2026, 4, 30)),
                origin_country="DE",
            ),
        ),
        allowances=(AllowanceCharge(amount=D("7.00"), tax_category="S", tax_rate=D("7.00")),),
        charges=(AllowanceCharge(amount=D("10.25"), tax_category="S", tax_rate=D(19)),),
        line_total=D("66.75"),
        allowance_total=D("7.00"),
        charge_total=D("10.25"),
        total_without_tax=D("70.00"),
        tax_breakdown=(
            TaxBreakdown("S", D("19.00"), D("20.00"), D("3.80")),
            TaxBreakdown("S", D("7.00"), D("50.00"), D("3.50")),
        ),
        total_tax=D("7.30"),
        total_with_tax=D("77.30"),
        paid_amount=D("50.00"),
        rounding_amount=D("0.05"),
        amount_due=D("27.35"),
    )


def page(text: str, number: int = 1, marks: dict[str, Mark] | None = None, image_share: float = 0.0) -> Page:
    """A page with the words of `text`, a line each line; `marks` by word."""
    texts: list[str] = []
    lines = b""
    for row, line in enumerate(text.splitlines()):
        for word in line.split():
            texts.append(word)
            lines += row.to_bytes(2, "little")
    packed = bytes((marks or {}).get(word, Mark.NONE) for word in texts)
    return Page(number, 595, 842, Words(tuple(texts), bytes(8 * len(texts)), lines, packed), image_share)


def context(
    invoice: Invoice,
    source: Any = "xml",
    pages: Sequence[Page] = (),
    fields: dict[str, Field] | None = None,
    problems: tuple[str, ...] = (),
) -> Context:
    einvoice = EInvoice(invoice, "cii", None, problems) if source == "xml" else None
    document = Document("application/pdf" if pages else "application/xml", tuple(pages), einvoice)
    return Context(document, Extracted(invoice, "invoice", source, fields or {}), TODAY)


def check(invoice: Invoice, source: Any = "xml", **more: Any) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in findings_of(context(invoice, source, **more))]


@pytest.mark.parametrize("source", ["xml", "text"])
def test_a_good_invoice_has_no_findings(source: str) -> None:
    assert check(good(), source) == []


@pytest.mark.parametrize("source", ["xml", "text"])
def test_an_empty_invoice_only_lacks_what_is_mandatory(source: str) -> None:
    found = check(Invoice(), source)
    errors = [rule for rule, severity in found if severity == "error"]
    assert errors == ["BR-02", "BR-03", "BR-05", "BR-14", "BR-06"]
    warnings = [rule for rule, severity in found if severity == "warning"]
    assert warnings == (["BR-04", "BR-13", "BR-15", "BR-07"] if source == "xml" else [])


def test_what_is_no_invoice_is_an_error_whatever_it_states() -> None:
    for kind, expected in (("invoice", []), ("credit_note", []), ("receipt", []), ("other", [("document_kind", "error")])):
        extracted = Extracted(good(), kind, "text")  # type: ignore[arg-type]
        found = findings_of(Context(Document("application/pdf"), extracted, TODAY))
        assert [(finding.rule, finding.severity) for finding in found] == expected


def test_today_may_be_tomorrow_elsewhere_and_terms_and_ages_end_where_they_say() -> None:
    for issued, due in ((TODAY + timedelta(1), None), (date(2016, 6, 1), None), (TODAY, TODAY), (TODAY, TODAY + timedelta(731))):
        assert check(replace(good(), issue_date=issued, due_date=due, delivery_date=None)) == []


def test_a_price_for_none_is_no_price() -> None:
    assert check(line(good(), 0, quantity=D(0), price_base_quantity=D(0))) == []


def line(invoice: Invoice, index: int, **changes: Any) -> Invoice:
    lines = list(invoice.lines)
    lines[index] = replace(lines[index], **changes)
    return replace(invoice, lines=tuple(lines))


def tax(invoice: Invoice, index: int, **changes: Any) -> Invoice:
    taxes = list(invoice.tax_breakdown)
    taxes[index] = replace(taxes[index], **changes)
    return replace(invoice, tax_breakdown=tuple(taxes))


GOOD = good()
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
    ("a line", line(GOOD, 0, net_amount=D("9.85")), {("line_amount", "error"), ("BR-CO-10", "error")}),
    ("quantity", line(GOOD, 1, quantity=D(4)), {("line_amount", "error")}),
    ("base quantity", line(GOOD, 0, price_base_quantity=D(1)), {("line_amount", "error")}),
    ("a line's charge", line(GOOD, 1, charges=()), {("line_amount", "error")}),
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


def test_findings_name_the_fields_in_doubt() -> None:
    named = {f.rule: f.fields for f in findings_of(context(replace(GOOD, total_with_tax=D("1.00")), "text"))}
    assert named["BR-CO-15"] == ("total_with_tax", "total_without_tax", "total_tax")
    assert named["BR-CO-16"] == ("amount_due", "total_with_tax", "paid_amount", "rounding_amount")
    every = dict(leaves(GOOD))
    for _, invoice, _ in BROKEN:
        for finding in findings_of(context(invoice)):
            for path in finding.fields:
                assert path in every or path in dict(leaves(invoice)) or finding.rule.startswith(("BR-0", "BR-1")), path


@pytest.mark.parametrize(
    ("vat_id", "rule"),
    [
        ("ATU13585627", None),
        ("AT U13585627", None),
        ("BE0403019261", None),
        ("EL094259216", None),
        ("ESB58378431", None),
        ("IT00743110157", None),
        ("NL004495445B01", None),
        ("GB980780684", None),
        ("XI980780684", None),
        ("GB980780685", "vat_id_checksum"),
        ("XI980780685", "vat_id_checksum"),
        ("CHE-107.787.577 IVA", None),
        ("CHE107787577", None),
        ("CHE107787578MWST", "vat_id_checksum"),
        ("NO 995 525 828 MVA", None),
        ("NO995525828", None),
        ("NO995525829MVA", "vat_id_checksum"),
        ("ATU1358562", "vat_id_format"),
        ("DEÄ36695976", "vat_id_format"),
        ("US123456789", None),
        ("123456789", None),
        ("", None),
        ("27AAPFU0939F1ZV", None),
    ],
)
def test_vat_ids(vat_id: str, rule: str | None) -> None:
    found = check(replace(GOOD, seller=replace(GOOD.seller, vat_id=vat_id)))
    assert found == ([(rule, "warning")] if rule else [])


@pytest.mark.parametrize(
    "account", ["GB33 BUKB 2020 1555 5555 55", "no89 3704 0044", "123456789", "US12345678901234", "NL91ABNA0417164300", ""]
)
def test_accounts_that_pass(account: str) -> None:
    assert check(replace(GOOD, payment_account=account)) == ([("iban_format", "error")] if account.startswith("no") else [])


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_in_an_identifier_breaks_a_rule(first: str, second: str) -> None:
    odd = replace(
        GOOD,
        payment_account=first,
        payment_bic=second,
        currency=second,
        seller=replace(GOOD.seller, vat_id="DE" + first),
        buyer=replace(GOOD.buyer, vat_id=second, address=Address(country=first)),
    )
    assert all(isinstance(finding, Finding) for finding in findings_of(context(odd)))


@pytest.mark.parametrize(
    ("country", "passes"), [("XI", True), ("XK", True), ("CW", True), ("UK", False), ("YU", False), ("EU", False), ("de", False)]
)
def test_countries(country: str, passes: bool) -> None:
    found = check(replace(GOOD, ship_to=Party(address=Address(country=country))))
    assert found == ([] if passes else [("country_code", "warning")])


@pytest.mark.parametrize("currency", ["JPY", "KWD", "CLF", "DEM"])
def test_currencies_with_other_decimals_pass(currency: str) -> None:
    assert check(replace(GOOD, currency=currency)) == []


def test_three_decimals_count_where_the_currency_has_them() -> None:
    exact = replace(
        GOOD, currency="KWD", total_without_tax=D("1.001"), total_tax=D("0.002"), total_with_tax=D("1.003"), amount_due=D("1.003")
    )
    exact = replace(exact, lines=(), tax_breakdown=(), line_total=None, paid_amount=None, rounding_amount=None)
    assert check(exact, "text") == []
    assert set(check(replace(exact, total_tax=D("0.003")), "text")) == {("BR-CO-15", "error")}


# Hidden text


def field(page: int, *words: int, source: Source = "text") -> Field:
    return Field(0.9, source, "rules", page, None, words)


def test_a_hidden_word_in_a_field_is_an_error_and_a_hidden_number_a_warning() -> None:
    for mark in (Mark.INVISIBLE, Mark.CAMOUFLAGED, Mark.COVERED, Mark.MICROSCOPIC, Mark.OFF_PAGE, Mark.BOLD | Mark.COVERED):
        pages = [page("Total 77,30 9,99", marks={"9,99": mark})]
        found = findings_of(context(GOOD, "text", pages, {"total_with_tax": field(1, 2), "number": field(1, 1)}))
        assert [(f.rule, f.severity, f.fields) for f in found] == [
            ("hidden_text_field", "error", ("total_with_tax",)),
            ("hidden_text", "warning", ()),
        ]
        assert "9,99" not in found[0].message + found[1].message


def test_visible_and_bold_words_and_hidden_words_without_digits_are_fine() -> None:
    pages = [page("Total 77,30 secret", marks={"77,30": Mark.BOLD, "secret": Mark.INVISIBLE})]
    assert check(GOOD, "text", pages=pages, fields={"total_with_tax": field(1, 1), "number": field(7, 1), "currency": field(1, 99)}) == []


def test_the_text_layer_of_a_scan_is_not_taken_for_seen() -> None:
    pages = [page("Total 77,30", marks={"Total": Mark.INVISIBLE, "77,30": Mark.INVISIBLE}, image_share=1.0)]
    assert check(GOOD, "text", pages=pages, fields={"total_with_tax": field(1, 1)}) == [("unverified_text_layer", "error")]
    pages = [page("Total 77,30", marks={"77,30": Mark.CAMOUFLAGED}, image_share=1.0)]
    found = check(GOOD, "text", pages=pages, fields={"total_with_tax": field(1, 1)})
    assert found == [("hidden_text_field", "error"), ("hidden_text", "warning")]


# XML against the page

FILLER = "Rechnung an die Firma Acheteur mit freundlichen Dank fuer den Auftrag und die gute Zusammenarbeit im letzten Jahr hier folgt\n"
SHOWN = FILLER + "Nr 2026-0815 vom 04.05.2026\nSchrauben 9,75\nBuch 57,00\nNetto 70,00\nGesamt {total}\nKonto {account}"
PLACED = {"number": field(1, 0), "issue_date": field(1, 0)}


def hybrid(total: str, account: str = "DE89 3704 0044 0532 0130 00", invoice: Invoice = GOOD, marks: Any = None) -> list[tuple[str, str]]:
    pages = [page(SHOWN.format(total=total, account=account), marks=marks)]
    return check(invoice, "xml", pages=pages, fields=PLACED)


@pytest.mark.parametrize("total", ["77,30", "77.30", "€77.30", "77,30 EUR", "(77,30)", "-77,30"])
def test_a_page_that_shows_the_total_agrees(total: str) -> None:
    assert hybrid(total) == []


@pytest.mark.parametrize("total", ["1.177,30", "1,177.30", "1 177,30", "1'177.30", "1177,30", "3 1 177,30", "1\u202f177,30"])
def test_thousands_are_read_in_every_form(total: str) -> None:
    large = replace(Invoice(**{f.name: getattr(GOOD, f.name) for f in fields(Invoice)}), total_without_tax=D("1170.00"))
    large = replace(large, line_total=None, lines=(), tax_breakdown=(), total_with_tax=D("1177.30"), amount_due=D("1127.35"))
    large = replace(large, allowances=(), allowance_total=None, charges=(), charge_total=None)
    assert hybrid(total, invoice=large) == []


def test_a_page_that_shows_another_total_contradicts() -> None:
    assert hybrid("66,30") == [("xml_page_mismatch", "error")]
    assert hybrid("77,30", marks={"77,30": Mark.CAMOUFLAGED}) == [("xml_page_mismatch", "error"), ("hidden_text", "warning")]


def test_a_page_without_amounts_only_lacks_the_total() -> None:
    pages = [page(FILLER + "DE89370400440532013000")]
    assert check(GOOD, "xml", pages=pages, fields=PLACED) == [("xml_page_absent", "warning")]


def test_a_page_that_shows_another_account_contradicts_and_one_that_shows_none_lacks_it() -> None:
    assert hybrid("77,30", "GB33BUKB20201555555555") == [("xml_page_mismatch", "error")]
    assert hybrid("77,30", "GB33 BUKB 2020 1555 5555 55") == [("xml_page_mismatch", "error")]
    assert hybrid("77,30", "siehe unten") == [("xml_page_absent", "warning")]
    debited = replace(GOOD, debited_account="GB33BUKB20201555555555")
    assert hybrid("77,30", "GB33BUKB20201555555555", debited) == [("xml_page_absent", "warning")]


def test_a_number_or_date_that_is_not_shown_is_a_warning() -> None:
    pages = [page(SHOWN.format(total="77,30", account="DE89370400440532013000").replace("0815", "0816"))]
    assert check(GOOD, "xml", pages=pages) == [("xml_page_absent", "warning"), ("xml_page_absent", "warning")]


def test_what_the_extractor_found_on_the_page_is_not_searched_again() -> None:
    pages = [page(FILLER + "Summe 1,00 2,00 3,00")]
    placed = PLACED | {"total_with_tax": field(1, 0, source="xml"), "payment_account": field(1, 0, source="xml")}
    assert check(GOOD, "xml", pages=pages, fields=placed) == []


def test_pages_with_hardly_a_word_and_pages_without_xml_are_not_compared() -> None:
    assert check(GOOD, "xml", pages=[page("Summe 1,00 2,00 3,00 GB33BUKB20201555555555")]) == []
    assert check(GOOD, "text", pages=[page(FILLER + "Summe 1,00 2,00 3,00 GB33BUKB20201555555555")]) == []


def test_problems_of_the_xml() -> None:
    problems = ("Invoice/ID: repeated", "Invoice/PaymentDueDate: not a date")
    assert check(GOOD, problems=problems) == [("xml_problem", "error"), ("xml_problem", "warning")]


# Size and shape


def many_lines(count: int, **changes: Any) -> Invoice:
    item = replace(GOOD.lines[1], **changes)
    return Invoice(number="1", issue_date=TODAY, currency="EUR", line_total=57 * D(count), total_with_tax=D(1), lines=(item,) * count)


def test_ten_thousand_lines_take_no_longer_than_lines() -> None:
    def seconds(count: int) -> float:
        invoice = many_lines(count)
        started = time.process_time()
        findings_of(context(invoice))
        return time.process_time() - started

    seconds(100)
    assert seconds(10_000) < 1.5


def test_findings_of_one_rule_are_limited_and_counted() -> None:
    found = [f for f in findings_of(context(many_lines(1000, quantity=D(9)))) if f.rule == "line_amount"]
    assert len(found) == MOST_OF_A_RULE + 1
    assert str(1000 - MOST_OF_A_RULE) in found[-1].message
    assert found[-1].severity == "error"


HUGE = [D("1E+308"), D("-1E+999999"), D("1E-999999"), D("Infinity"), D("sNaN"), D("9" * 60), D(0).scaleb(999999)]


@pytest.mark.parametrize("value", HUGE, ids=str)
def test_no_size_of_a_number_breaks_a_rule(value: Decimal) -> None:
    assert value.is_finite() is False or value == 0 or not is_sane(value)
    for path, old in leaves(GOOD):
        if not isinstance(old, Decimal):
            continue
        head, _, rest = path.partition(".")
        index, _, leaf = rest.partition(".")
        if not rest:
            odd = replace(GOOD, **{head: value})
        elif "." not in leaf:
            items = list(getattr(GOOD, head))
            items[int(index)] = replace(items[int(index)], **{leaf: value})
            odd = replace(GOOD, **{head: tuple(items)})
        else:
            continue
        rules = [rule for rule, _ in check(odd)]
        if not is_sane(value):
            assert "amount_out_of_range" in rules


def test_rounding_is_half_up_and_steps_are_half_of_the_last_digit() -> None:
    assert rounded(D("2.345")) == D("2.35")
    assert rounded(D("-2.345")) == D("-2.35")
    assert price_step(D("2.5")) == price_step(D("2.50")) == D("0.005")
    assert price_step(D("2.5000")) == D("0.00005")
    assert quantity_step(D(3)) == quantity_step(D("3.00")) == quantity_step(D("1.5")) == 0
    assert quantity_step(D("1.33")) == D("0.005")


# Properties

amounts = st.decimals(min_value=D("0.01"), max_value=D(100_000), places=2)
rates = st.sampled_from([D(0), D("5.5"), D(7), D(19), D("21.00"), D(25)])


@st.composite
def consistent(draw: st.DrawFn) -> Invoice:
    """An invoice made as the standard says, forwards from its lines."""
    lines = []
    for quantity, price, rate, base in draw(
        st.lists(
            st.tuples(
                st.decimals(min_value=D("0.001"), max_value=D(1000), places=3),
                st.decimals(min_value=D("0.0001"), max_value=D(10_000), places=4),
                rates,
                st.sampled_from([None, D(1), D(100)]),
            ),
            min_size=1,
            max_size=8,
        )
    ):
        net = (quantity * price / (base or 1)).quantize(CENT, ROUND_HALF_UP)
        category = "S" if rate else "Z"
        lines.append(
            LineItem(quantity=quantity, net_price=price, price_base_quantity=base, net_amount=net, tax_category=category, tax_rate=rate)
        )
    changes = [AllowanceCharge(amount, tax_category="S", tax_rate=D(19)) for amount in draw(st.lists(amounts, max_size=3))]
    split = draw(st.integers(0, len(changes)))
    allowances, charges = changes[:split], changes[split:]
    sums: dict[Decimal, Decimal] = {}
    for item in lines:
        sums[item.tax_rate] = sums.get(item.tax_rate, D(0)) + item.net_amount
    for sign, some in ((-1, allowances), (1, charges)):
        for change in some:
            sums[D(19)] = sums.get(D(19), D(0)) + sign * change.amount
    breakdown = tuple(
        TaxBreakdown("S" if rate else "Z", rate, base, (base * rate / 100).quantize(CENT, ROUND_HALF_UP)) for rate, base in sums.items()
    )
    line_total = sum((item.net_amount for item in lines), D(0))
    allowance_total, charge_total = (sum((change.amount for change in some), D(0)) for some in (allowances, charges))
    without = line_total - allowance_total + charge_total
    tax_total = sum((tax.tax_amount for tax in breakdown), D(0))
    paid = draw(st.one_of(st.none(), amounts))
    return replace(
        GOOD,
        issue_date=TODAY - timedelta(days=draw(st.integers(0, 1000))),
        due_date=None,
        delivery_date=None,
        lines=tuple(lines),
        allowances=tuple(allowances),
        charges=tuple(charges),
        tax_breakdown=breakdown,
        line_total=line_total,
        allowance_total=allowance_total if allowances else None,
        charge_total=charge_total if charges else None,
        total_without_tax=without,
        total_tax=tax_total,
        total_with_tax=without + tax_total,
        paid_amount=paid,
        rounding_amount=None,
        amount_due=without + tax_total - (paid or 0),
    )


@given(consistent(), st.sampled_from(["xml", "text"]))
@settings(max_examples=100, deadline=None)
def test_a_consistent_invoice_has_no_errors_and_is_approved(invoice: Invoice, source: str) -> None:
    ctx = context(invoice, source)
    found = findings_of(ctx)
    assert [finding for finding in found if finding.severity == "error"] == []
    assert verdict(ctx.extracted, found) == "approved"


@given(
    consistent(),
    st.sampled_from(["line_total", "total_without_tax", "total_tax", "total_with_tax", "amount_due"]),
    st.decimals(min_value=D("-1000"), max_value=D(1000), places=2).filter(lambda change: change != 0),
    st.sampled_from(["xml", "text"]),
)
@settings(max_examples=100, deadline=None)
def test_a_total_that_was_changed_is_always_an_error(invoice: Invoice, name: str, change: Decimal, source: str) -> None:
    ctx = context(replace(invoice, **{name: getattr(invoice, name) + change}), source)
    found = findings_of(ctx)
    assert any(finding.severity == "error" and name in finding.fields for finding in found)
    assert verdict(ctx.extracted, found) == "needs_review"


# The policy


@pytest.mark.parametrize("name", ["number", "issue_date", "currency", "total_with_tax"])
def test_without_an_essential_nothing_is_approved(name: str) -> None:
    extracted = context(replace(GOOD, **{name: None})).extracted
    assert verdict(extracted, []) == "needs_review"


def test_only_errors_hold_an_invoice_and_a_total_of_zero_is_a_total() -> None:
    extracted = context(replace(GOOD, total_with_tax=D("0.00"))).extracted
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "info", "")]) == "approved"
    assert verdict(extracted, [Finding("a", "warning", ""), Finding("b", "error", "")]) == "needs_review"


def test_every_rule_is_listed_once() -> None:
    assert len(set(RULES)) == len(RULES)
