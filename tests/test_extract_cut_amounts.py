"""Amounts that a recognizer cut in two, or whose beginning it lost: the page's own arithmetic says how they were printed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.document import UNIT, Document
from app.domain.extraction import Extracted
from app.extractors.confusions import as_number, misreading
from app.extractors.text import extract_text
from tests.test_extract_pictures import read, read_page
from tests.test_extract_text import value_at

FACTURE = """
Atelier Beauséjour SARL                                        Facture
N° 26-000008-26                                      Date : 08/05/2026

Désignation              Qté   Unité          Prix    TVA      Montant HT
Papier vergé              {q1}           647,72    20 %       17.488,44
Fil de lin                {q2}           {p2}    5,5 %        {a2}

                                             Total HT              {net}
                        TVA 20 % sur 17.488,44             3.497,69
                        TVA 5,5 % sur {base}              {tax}
                                             Total TTC             {gross}
"""
GOOD = {
    "q1": "27   pièce",
    "q2": "22   m    ",
    "p2": "689,83",
    "a2": "15.176,26",
    "net": "32.664,70",
    "base": "15.176,26",
    "tax": "834,69",
    "gross": "36.997,08",
}


def sums(extracted: Extracted) -> list[str | None]:
    return [value_at(extracted, f"total_{name}") for name in ("without_tax", "tax", "with_tax")]


def read_apart(text: str, number: str) -> Extracted:
    """As `read`, the ink of the word `number` narrower, so that the gap behind it is too wide for one between thousands."""
    sheet = read_page(text)
    boxes = memoryview(bytearray(sheet.words.boxes)).cast("H")
    for i, word in enumerate(sheet.words.texts):
        if word == number:
            boxes[4 * i + 2] -= int(1.6 / sheet.width * UNIT)
    return extract_text(Document("image/png", (replace(sheet, words=replace(sheet.words, boxes=boxes.cast("B").tobytes())),)))


def test_as_printed() -> None:
    extracted = read(FACTURE.format(**GOOD))
    assert sums(extracted) == ["32664.70", "4332.38", "36997.08"]
    assert [rate.taxable_amount for rate in extracted.invoice.tax_breakdown] == [Decimal("17488.44"), Decimal("15176.26")]


@pytest.mark.parametrize(
    ("field", "recognized"),
    [
        ("gross", ",997,08"),
        ("gross", "‚997,08"),
        ("gross", "36 .997,08"),
        ("gross", "36. 997,08"),
        ("net", ",664,70"),
        ("net", "32. 664,70"),
        ("base", "15. 176,26"),
        ("base", "15 .176,26"),
    ],
)
def test_a_sum_is_whole_again_where_the_others_say_so(field: str, recognized: str) -> None:
    extracted = read(FACTURE.format(**GOOD | {field: recognized}))
    assert sums(extracted) == ["32664.70", "4332.38", "36997.08"]
    assert [rate.taxable_amount for rate in extracted.invoice.tax_breakdown] == [Decimal("17488.44"), Decimal("15176.26")]


def test_a_tax_cut_in_two_is_one_where_it_is_the_rate_of_its_base() -> None:
    figures = {"q2": "60   m    ", "p2": "535,45", "a2": "32.127,00", "base": "32.127,00", "net": "49.615,44", "gross": "54.880,12"}
    extracted = read_apart(FACTURE.format(**GOOD | figures | {"tax": "1 766,99"}), "1")
    assert sums(extracted) == ["49615.44", "5264.68", "54880.12"]
    assert [rate.tax_amount for rate in extracted.invoice.tax_breakdown] == [Decimal("3497.69"), Decimal("1766.99")]


def test_a_beginning_that_nothing_tells_is_not_made_up() -> None:
    extracted = read(FACTURE.format(**GOOD | {"gross": "‚997,18"}))
    assert value_at(extracted, "total_with_tax") in ("997.18", None)


@pytest.mark.parametrize(
    "recognized",
    [
        {"a2": "15 176,26"},
        {"q1": "27pièce "},
        {"q2": "22/m     "},
        {"q2": "22m      ", "a2": "15 176,26"},
    ],
)
def test_a_line_is_read_as_quantity_and_price_bear_it_out(recognized: dict[str, str]) -> None:
    first, second = read_apart(FACTURE.format(**GOOD | recognized), "15").invoice.lines
    assert (first.quantity, first.unit, first.net_price, first.net_amount) == (27, "pièce", Decimal("647.72"), Decimal("17488.44"))
    assert (second.quantity, second.unit, second.net_price, second.net_amount) == (22, "m", Decimal("689.83"), Decimal("15176.26"))


def test_the_sums_of_the_page_tell_of_thousands_that_the_price_does_not() -> None:
    _, second = read_apart(FACTURE.format(**GOOD | {"a2": "15 176,26", "p2": "111,11"}), "15").invoice.lines
    assert second.net_amount == Decimal("15176.26")


def test_a_line_stays_as_it_was_read_where_price_and_sums_say_something_else() -> None:
    _, second = read_apart(FACTURE.format(**GOOD | {"a2": "15 176,26", "p2": "111,11", "net": "32 111,11"}), "15").invoice.lines
    assert second.net_amount == Decimal("176.26")


def test_a_mark_before_thousands_says_that_something_is_missing() -> None:
    assert as_number(",997,08") == (" 997,08", 0.2)
    assert as_number(".50") == (".50", 0.0)
    assert misreading("‚997,08 €", Decimal("36997.08")) == 0.6
    assert misreading("997,08 €", Decimal("36997.08")) is None
    assert misreading("‚997,08 €", Decimal("36997.18")) is None


def test_a_percent_sign_before_a_parenthesis_is_no_rule() -> None:
    text = FACTURE.format(**GOOD).replace("Papier vergé    ", "Papier (30 %) B ")
    assert read(text).invoice.lines[0].item_name == "Papier (30 %) B"


def test_a_valid_vat_id_stands_where_its_label_was_misread() -> None:
    text = (
        FACTURE.format(**GOOD)
        + "\nAtelier Beauséjour SARL          N° FVA intracommunautaire FR74900000100          12, rue des Tisserands"
    )
    assert value_at(read(text), "seller.vat_id") == "FR74900000100"
