"""What is no invoice is told apart and named; what is one never is refused; where neither is clear a person is asked."""

from __future__ import annotations

from collections import Counter

import pytest

from app.domain.extraction import Extracted
from app.extractors.text import extract_text
from app.rules.policy import verdict
from tests.other_documents import LANGUAGES, OtherDocument, other_documents
from tests.sheets import SHEETS
from tests.test_extract_text import document

MADE_UP = list(other_documents())


def read(*pages: str) -> Extracted:
    return extract_text(document(*pages))


def test_other_documents_in_eight_languages_are_refused_and_none_is_taken_for_an_invoice() -> None:
    told = Counter((each.kind, "refused" if (x := read(each.text)).refused else x.document_type) for each in MADE_UP)
    kinds = {each.kind for each in MADE_UP}
    assert {each.language for each in MADE_UP} == set(LANGUAGES)
    assert len(kinds) == 12
    assert {type for _, type in told} <= {"refused", "other"}
    refused = {kind: told[kind, "refused"] / sum(1 for each in MADE_UP if each.kind == kind) for kind in kinds}
    assert min(refused.values()) >= 0.8, refused
    assert sum(told[kind, "refused"] for kind in kinds) >= 0.95 * len(MADE_UP)


def a_document(kind: str, language: str) -> OtherDocument:
    return next(each for each in MADE_UP if (each.kind, each.language) == (kind, language))


@pytest.mark.parametrize(
    ("kind", "language", "says"),
    [
        ("delivery_note", "de", "This looks like a delivery note, not like an invoice: its title is “Lieferschein”"),
        ("payment_advice", "en", "This looks like a payment advice"),
        ("payslip", "fr", "“cotisations salariales”"),
        ("letter", "nl", "it names no sum to be paid"),
    ],
)
def test_the_reason_is_one_that_a_person_understands(kind: str, language: str, says: str) -> None:
    extracted = read(a_document(kind, language).text)
    (finding,) = extracted.findings
    assert finding.rule == "not_an_invoice"
    assert says in finding.message
    assert verdict(extracted, extracted.findings) == "quarantined"


def test_no_invoice_is_refused_or_doubted() -> None:
    assert [sheet.name for sheet in SHEETS if read(*sheet.pages).document_type == "other"] == []


INVOICE = """
Harrow & Finch Ltd                                          {title}
12 Mill Lane, Leeds LS1 4AB                                 {number}
                                                            Date: 13/03/2024
Cobalt Toys Ltd
9 Dock Street, Hull HU1 2AB

Delivery note: 4711          Purchase order: PO-887

Description                     Qty      Unit price        Amount
Work lamps                        2           50.00        100.00
                                          Subtotal         100.00
                                          VAT 20%           20.00
                                          Total            120.00
"""


@pytest.mark.parametrize(
    ("title", "number", "type", "refused"),
    [
        ("INVOICE", "Invoice number: 1204", "invoice", False),
        ("INVOICE / DELIVERY NOTE", "Invoice number: 1204", "invoice", False),
        ("", "Invoice number: 1204", "invoice", False),
        ("DELIVERY NOTE", "Invoice number: 1204", "other", False),  # a person decides
        ("PURCHASE ORDER", "Order number: 1204", "other", True),
    ],
)
def test_what_it_calls_itself_is_weighed_with_the_number_that_it_bears(title: str, number: str, type: str, refused: bool) -> None:
    extracted = read(INVOICE.format(title=title, number=number))
    assert (extracted.document_type, extracted.refused) == (type, refused)


def test_where_neither_side_is_clear_a_person_decides() -> None:
    doubtful = INVOICE.format(title="", number="Invoice to: Cobalt Toys Ltd").replace(
        "Delivery note: 4711", "Quotation valid until 1 May; accepted by:"
    )
    extracted = read(doubtful)
    assert (extracted.document_type, extracted.refused) == ("other", False)
    assert [finding.rule for finding in extracted.findings] == ["document_kind"]
    assert verdict(extracted, extracted.findings) == "needs_review"
