"""Discounts, charges and taxes that stand among the sums, not among the lines: taken where they lead from one sum to the next."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.invoice import Invoice
from app.extractors.text import extract_text
from tests.test_extract_text import document, value_at

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


RATES = """
HOTEL POST                                    Rechnung Nr. 2019-26673
                                              29.06.2019
Datum        Leistung               Anz.       Preis      Betrag     USt
26.06.2019   Doppelzimmer              1      176,38      176,38    19 %
26.06.2019   Frühstück                 1       18,90       18,90     7 %
26.06.2019   Ortstaxe                  6       12,99       77,94     0 %
             Total                                        273,22

USt-Satz           Netto      Steuer      Brutto
19,0 %            148,22       28,16      176,38
7,0 %              17,66        1,24       18,90
0,0 %              77,94        0,00       77,94
"""

NO_LABEL = """
Draper & Barnes Supplies LLP                  Tax Invoice
Invoice No.  201512993                        30 December 2015
No    Description                Quantity       Rate       Amount
1     PVC cable, 90 m coil              5     200.00     1,000.00
2     Submersible pump                  1     500.00       500.00
      CGST                                    9 %          135.00
      SGST                                    9 %          135.00
                                              Total      1,770.00
"""


@pytest.mark.parametrize(("text", "sums"), [(RATES, ["243.82", "29.40", "273.22"]), (NO_LABEL, ["1500.00", "270.00", "1770.00"])])
def test_sums_of_several_taxes(text: str, sums: list[str]) -> None:
    """A row of one rate closes by itself and is not the document's; what the lines add up to needs no label."""
    extracted = extract_text(document(text))
    assert [value_at(extracted, f"total_{name}") for name in ("without_tax", "tax", "with_tax")] == sums
