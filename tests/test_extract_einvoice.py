"""An e-invoice as an extraction: a field for every value, and for a hybrid the place where the page shows it."""

from __future__ import annotations

import struct
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from app.domain.document import UNIT, BoundingBox, Document, EInvoice, Mark, Page, Words
from app.domain.extraction import Field
from app.domain.invoice import AllowanceCharge, Invoice, LineItem, Party, TaxBreakdown
from app.domain.paths import leaves
from app.extractors.einvoice import extract_einvoice
from tests.einvoice_examples import FULL
from tests.random_invoice import random_invoice


def page_of(*rows: str, number: int = 1, marks: dict[str, Mark] | None = None) -> Page:
    """A page with each row on a line of its own; every word is 1/100 high and as wide as its letters, 1/100 each."""
    texts: list[str] = []
    boxes: list[int] = []
    lines: list[int] = []
    for row, text in enumerate(rows):
        x = 0.0
        for word in text.split():
            texts.append(word)
            lines.append(row)
            boxes += [round(v * UNIT) for v in (x, row / 100, x + len(word) / 100, (row + 1) / 100)]
            x += (len(word) + 1) / 100
    flags = bytes(int((marks or {}).get(text, Mark.NONE)) for text in texts)
    return Page(
        number, 595, 842, Words(tuple(texts), struct.pack(f"<{len(boxes)}H", *boxes), struct.pack(f"<{len(lines)}H", *lines), flags)
    )


def hybrid(invoice: Invoice, *pages: Page) -> Document:
    return Document("application/pdf" if pages else "application/xml", pages, EInvoice(invoice, "cii"))


def shown(document: Document, path: str) -> tuple[int, str] | None:
    """Page and words at which the field is said to stand."""
    field = extract_einvoice(document).fields[path]
    if field.page is None:
        assert (field.box, field.words) == (None, ())
        return None
    words = document.pages[field.page - 1].words
    assert field.box == BoundingBox.around([words.box(i) for i in field.words])
    return field.page, " ".join(words.texts[i] for i in field.words)


# ------------------------------------------------------------------------------------------------------------------- fields


def test_every_value_has_a_field_and_every_field_a_value() -> None:
    extracted = extract_einvoice(hybrid(FULL))
    values = dict(leaves(FULL))
    assert extracted.invoice is FULL
    assert set(extracted.fields) == set(values)
    paths = (
        "number",
        "seller.address.city",
        "lines.0.net_amount",
        "tax_breakdown.1.rate",
        "payment_accounts.1",
        "lines.0.attributes.0.value",
    )
    assert set(paths) <= set(values)
    assert set(extracted.fields.values()) == {Field(confidence=0.99, source="xml", engine="cii")}
    assert (extracted.source, extracted.page_range) == ("xml", None)


def test_paths_are_those_of_the_values() -> None:
    invoice = Invoice(
        issue_date=date(2024, 1, 2), seller=Party(name="S"), lines=(LineItem(), LineItem(allowances=(AllowanceCharge(Decimal("1.00")),)))
    )
    assert list(leaves(invoice)) == [
        ("issue_date", date(2024, 1, 2)),
        ("seller.name", "S"),
        ("lines.1.allowances.0.amount", Decimal("1.00")),
    ]


def test_every_leaf_of_a_full_invoice_is_a_text_a_number_or_a_date() -> None:
    kinds = {type(value) for _, value in leaves(random_invoice(Random(3), density=1.0))}
    assert kinds == {str, Decimal, date}


@pytest.mark.parametrize(
    ("code", "kind"), [("380", "invoice"), ("381", "credit_note"), ("261", "credit_note"), ("386", "invoice"), (None, "invoice")]
)
def test_the_type_code_decides_the_kind(code: str | None, kind: str) -> None:
    assert extract_einvoice(hybrid(replace(FULL, type_code=code))).document_type == kind


def test_the_language_is_that_of_the_pages() -> None:
    words = page_of("Rechnung Nr. 1 vom 2. Mai", "Bitte zahlen Sie den Betrag von 10,00 und die MwSt auf unsere Rechnung")
    assert extract_einvoice(hybrid(FULL, words)).language == "de"
    assert extract_einvoice(hybrid(FULL)).language is None


def test_without_an_einvoice_it_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no e-invoice"):
        extract_einvoice(Document("application/pdf", (page_of("words"),)))


# ------------------------------------------------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    "written", ["1234.50", "1,234.50", "1.234,50", "1 234,50", "1234,50", "1'234.50", "1.234,50€", "EUR1.234,50", "(1.234,50)", "1234.5000"]
)
def test_an_amount_is_found_however_it_is_written(written: str) -> None:
    invoice = Invoice(number="1", total_with_tax=Decimal("1234.50") if written != "1234.5000" else Decimal("1234.5000"))
    assert shown(hybrid(invoice, page_of("Total", written)), "total_with_tax") == (1, written)


@pytest.mark.parametrize("written", ["12345.00", "234.50", "1234.501", "1234.50.1", "2345,0", "11.234,50"])
def test_a_part_of_another_number_is_not_the_amount(written: str) -> None:
    assert shown(hybrid(Invoice(number="1", total_with_tax=Decimal("1234.50")), page_of("Total", written)), "total_with_tax") is None


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-05",
        "05.03.2024",
        "5.3.2024",
        "05/03/2024",
        "03/05/2024",
        "05.03.24",
        "5 March 2024",
        "March 5, 2024",
        "5. März 2024",
        "5 mars 2024",
        "20240305",
    ],
)
def test_a_date_is_found_however_it_is_written(written: str) -> None:
    assert shown(hybrid(Invoice(number="1", issue_date=date(2024, 3, 5)), page_of("Date", written, "x")), "issue_date") == (1, written)


def test_accents_and_case_do_not_matter_but_other_words_do() -> None:
    invoice = Invoice(number="1", issue_date=date(2024, 2, 1), seller=Party(name="Müller & Söhne GmbH"))
    document = hybrid(invoice, page_of("von MÜLLER & SÖHNE", "GMBH Facture du 1 février 2024"))
    assert shown(document, "seller.name") == (1, "MÜLLER & SÖHNE GMBH")
    assert shown(document, "issue_date") == (1, "1 février 2024")
    assert shown(hybrid(invoice, page_of("Müller & Söhne GmbHX")), "seller.name") is None


def test_an_iban_in_groups_is_one_value() -> None:
    invoice = Invoice(number="1", payment_account="DE02120300000000202051")
    assert shown(hybrid(invoice, page_of("IBAN: DE02 1203 0000 0000 2020 51 BIC")), "payment_account") == (1, "DE02 1203 0000 0000 2020 51")


def test_totals_are_where_the_amount_stands_last_and_texts_where_they_stand_first() -> None:
    invoice = Invoice(number="RE-77", total_with_tax=Decimal("50.00"))
    first, second = page_of("RE-77 50,00", "x"), page_of("RE-77", "to pay 50,00", number=2)
    assert shown(hybrid(invoice, first, second), "number") == (1, "RE-77")
    assert shown(hybrid(invoice, first, second), "total_with_tax") == (2, "50,00")


def test_what_nobody_sees_is_no_place() -> None:
    invoice = Invoice(number="RE-77")
    assert shown(hybrid(invoice, page_of("RE-77", marks={"RE-77": Mark.CAMOUFLAGED})), "number") is None
    assert shown(hybrid(invoice, page_of("RE-77", marks={"RE-77": Mark.BOLD})), "number") == (1, "RE-77")


def test_the_values_of_a_line_stand_by_its_name() -> None:
    lines = tuple(
        LineItem(id=str(n), item_name=name, quantity=Decimal(2), net_price=Decimal("5.0000"), net_amount=Decimal("10.00"))
        for n, name in enumerate(["Blue pencil", "Red pencil", "Not on the page"], 1)
    )
    document = hybrid(
        Invoice(number="N-1", lines=lines), page_of("Invoice 2", "1 Blue pencil 2 5,00 10,00", "2 Red pencil 2 5,00 10,00", "Sum 20,00")
    )
    fields = extract_einvoice(document).fields
    for index in (0, 1):
        rows = {fields[f"lines.{index}.{name}"].box.y0 for name in ("item_name", "quantity", "net_price", "net_amount")}  # type: ignore[union-attr]
        assert rows == {fields[f"lines.{index}.item_name"].box.y0}  # type: ignore[union-attr]
    assert fields["lines.0.item_name"].box != fields["lines.1.item_name"].box
    assert fields["lines.2.net_amount"].page is None


def test_codes_and_single_letters_are_not_looked_for() -> None:
    invoice = Invoice(number="N-1", type_code="380", buyer=Party(id="7"), tax_breakdown=(TaxBreakdown("S", Decimal("19.00")),))
    document = hybrid(invoice, page_of("380 S 7 19 %"))
    assert [shown(document, path) for path in ("type_code", "tax_breakdown.0.category", "buyer.id")] == [None, None, None]
    assert shown(document, "tax_breakdown.0.rate") == (1, "19")


def test_an_amount_without_its_cents_is_not_taken_for_one() -> None:
    assert shown(hybrid(Invoice(number="N-1", total_tax=Decimal("10.00")), page_of("10 pieces")), "total_tax") is None


def test_a_value_over_two_pages_has_no_place() -> None:
    invoice = Invoice(number="N-1", seller=Party(name="Alpha Beta"))
    assert shown(hybrid(invoice, page_of("by Alpha"), page_of("Beta", number=2)), "seller.name") is None


def test_placing_is_quick_on_many_pages() -> None:
    rows = [f"row {n} 1.234,5{n % 10} text" for n in range(60)]
    pages = tuple(page_of(*rows, number=n) for n in range(1, 101))
    lines = tuple(LineItem(item_name=f"missing {n}", net_amount=Decimal("7.77")) for n in range(2000))
    started = time.process_time()
    extract_einvoice(hybrid(replace(FULL, lines=lines), *pages))
    assert time.process_time() - started < 3
