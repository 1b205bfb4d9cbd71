"""What cannot be seen, and what the page says otherwise than the XML."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from app.domain.document import Mark
from app.domain.extraction import Field, Source
from app.domain.invoice import Invoice
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, D, check, context, page


def field(page: int, *words: int, source: Source = "text") -> Field:
    return Field(0.995, source, "rules", page, None, words)


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
