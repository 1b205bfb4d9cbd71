"""Discounts, charges and taxes that stand among the sums, not among the lines: taken where they lead from one sum to the next."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.invoice import Invoice
from app.extractors.text import extract_text
from tests.test_extract_text import document

PAGE = """
Harrow & Finch Ltd                                          INVOICE
12 Mill Lane, Leeds LS1 4AB                                 Invoice number: A-1204
VAT no: GB980780684                                         Invoice date: 13/03/2024

Description                     Qty      Unit price     VAT        Amount
Work lamps                        2           50.00     20%        100.00
Cable                             4            5.00     {rate}         20.00
{sums}
"""


def read(*sums: tuple[str, str], rate: str = "20%") -> Invoice:
    rows = "\n".join(f"{'':<40}{name:<26}{amount:>10}" for name, amount in sums)
    return extract_text(document(PAGE.format(sums=rows, rate=rate))).invoice


@pytest.mark.parametrize("first", ["Subtotal", "Project total"], ids=["labelled", "by_its_value"])
@pytest.mark.parametrize("discount", ["-12.00", "12.00"], ids=["signed", "unsigned"])
def test_what_leads_from_the_lines_to_the_total_without_tax_is_the_documents(first: str, discount: str) -> None:
    invoice = read(
        (first, "120.00"), ("Discount", discount), ("Delivery", "7.50"), ("Net total", "115.50"), ("VAT 20%", "23.10"), ("Total", "138.60")
    )
    assert [(each.amount, each.reason) for each in invoice.allowances] == [(Decimal("12.00"), "Discount")]
    assert [(each.amount, each.reason) for each in invoice.charges] == [(Decimal("7.50"), "Delivery")]
    assert (invoice.allowance_total, invoice.charge_total) == (Decimal("12.00"), Decimal("7.50"))


@pytest.mark.parametrize(
    "sums",
    [
        (
            ("Subtotal", "120.00"),
            ("Discount", "-12.00"),
            ("Net total", "110.00"),
            ("VAT 20%", "22.00"),
            ("Total", "132.00"),
        ),  # by two pounds
        (("Subtotal", "120.00"), ("VAT 20%", "24.00"), ("Total", "144.00")),  # a tax is no charge
    ],
    ids=["does_not_lead_there", "tax"],
)
def test_what_does_not_lead_there_is_none(sums: tuple[tuple[str, str], ...]) -> None:
    invoice = read(*sums)
    assert (invoice.allowances, invoice.charges) == ((), ())


def test_the_base_of_a_single_rate_is_the_total_without_tax() -> None:
    (tax,) = read(("Net total", "120.00"), ("VAT 20%", "24.00"), ("Total", "144.00")).tax_breakdown
    assert (tax.rate, tax.taxable_amount, tax.tax_amount) == (Decimal(20), Decimal("120.00"), Decimal("24.00"))


def test_the_bases_of_several_rates_are_their_lines() -> None:
    invoice = read(("Net total", "120.00"), ("VAT 20%", "20.00"), ("VAT 5%", "1.00"), ("Total", "141.00"), rate=" 5%")
    assert [(tax.rate, tax.taxable_amount, tax.tax_amount) for tax in invoice.tax_breakdown] == [
        (Decimal(20), Decimal("100.00"), Decimal("20.00")),
        (Decimal(5), Decimal("20.00"), Decimal("1.00")),
    ]


def test_a_tax_that_no_base_bears_out_is_left_out() -> None:
    assert read(("Net total", "120.00"), ("VAT 20%", "23.00"), ("Total", "143.00")).tax_breakdown == ()


def test_sums_in_boxes_have_their_labels_in_the_upper_left_corners() -> None:
    boxes = """
Sale amount          Less disc.        Freight           Taxable           Sales tax           Total
             138.34               .00               .00          138.34               11.41          149.75
"""
    invoice = extract_text(document(PAGE.split("Description")[0] + boxes)).invoice
    assert (invoice.total_without_tax, invoice.total_tax, invoice.total_with_tax) == (
        Decimal("138.34"),
        Decimal("11.41"),
        Decimal("149.75"),
    )
