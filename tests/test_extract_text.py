"""The text extractor on made-up pages of many languages and layouts: what it reads, where from, and what it leaves out."""

from __future__ import annotations

import re
import struct
import time
from decimal import Decimal
from typing import Any

import pytest

from app.domain.document import UNIT, Document, Mark, Page, Words
from app.domain.extraction import Extracted
from app.domain.invoice import Invoice
from app.domain.work import Decoded, Job, Prepared, Reading
from app.errors import Unprocessable
from app.extractors.text import extract_text
from app.stages.extract import extract
from tests.sheets import SHEETS, Sheet

CHARACTER, ROW, HEIGHT = 5.0, 14.0, 10.0


def page(text: str, number: int = 1, hidden: str = "") -> Page:
    """A page from plain text, 5 points a character and 14 a row; words that `hidden` matches are drawn invisibly."""
    rows = text.strip("\n").split("\n")
    width = max(595.0, 40 + CHARACTER * max(len(row) for row in rows))
    height = max(842.0, 40 + ROW * len(rows))
    texts: list[str] = []
    boxes, lines, marks = b"", b"", b""
    for line, row in enumerate(rows):
        for match in re.finditer(r"\S+", row):
            x0, x1, y0 = 20 + CHARACTER * match.start(), 20 + CHARACTER * match.end() - 0.6, 20 + ROW * line
            texts.append(match[0])
            boxes += struct.pack("<4H", *(int(v * UNIT) for v in (x0 / width, y0 / height, x1 / width, (y0 + HEIGHT) / height)))
            lines += struct.pack("<H", line)
            marks += bytes([Mark.INVISIBLE if hidden and re.fullmatch(hidden, match[0]) else Mark.NONE])
    return Page(number, width, height, Words(tuple(texts), boxes, lines, marks))


def document(*pages: str, hidden: str = "") -> Document:
    return Document("application/pdf", tuple(page(text, number, hidden) for number, text in enumerate(pages, 1)))


def value_at(extracted: Extracted, path: str) -> str | None:
    value: Any = extracted.invoice
    for name in path.split("."):
        value = getattr(value, name)
    return None if value is None else str(value)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_header(sheet: Sheet) -> None:
    extracted = extract_text(document(*sheet.pages))
    assert {path: value_at(extracted, path) for path in sheet.expected} == sheet.expected


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if sheet.lines is not None], ids=lambda sheet: sheet.name)
def test_lines(sheet: Sheet) -> None:
    lines = extract_text(document(*sheet.pages)).invoice.lines
    text = tuple((line.item_name, None if line.quantity is None else str(line.quantity), str(line.net_amount)) for line in lines)
    assert text == sheet.lines


def sheet(name: str) -> Sheet:
    return next(sheet for sheet in SHEETS if sheet.name == name)


def test_every_value_says_where_it_stands() -> None:
    pages = sheet("german_two_pages_carried_over").pages
    source = document(*pages)
    extracted = extract_text(source)
    for path in ("number", "issue_date", "total_with_tax", "payment_account", "seller.name", "lines.4.net_amount", "lines.0.item_name"):
        field = extracted.fields[path]
        assert field.source == "text"
        assert field.page and field.box and field.words
        assert 0.3 <= field.confidence < 1
        words = source.pages[field.page - 1].words
        text = " ".join(words.texts[i] for i in field.words)
        first = words.box(field.words[0])
        assert (field.box.x0, field.box.y0) == pytest.approx((first.x0, first.y0), abs=1e-4)
        if path == "total_with_tax":
            assert text.startswith("1.129,31")
            assert field.page == 2
        if path == "lines.0.item_name":
            assert text == "Kopierpapier A4"
    assert set(extracted.fields) >= {"currency", "seller.vat_id", "buyer.name", "total_tax", "total_without_tax"}
    assert extracted.page_range == (1, 2)
    assert extracted.language == "de"


def test_tax_breakdown_by_rate() -> None:
    breakdown = extract_text(document(*sheet("several_tax_rates").pages)).invoice.tax_breakdown
    assert [(row.rate, row.taxable_amount, row.tax_amount) for row in breakdown] == [
        (Decimal(7), Decimal("164.00"), Decimal("11.48")),
        (Decimal(19), Decimal("20.00"), Decimal("3.80")),
    ]


def test_hidden_words_are_not_read() -> None:
    text = "ACME Ltd\n\nInvoice number: 4711-A\nInvoice date: 3 May 2024\n\nTotal due: £120.00"
    assert extract_text(document(text)).invoice.number == "4711-A"
    assert extract_text(document(text, hidden="4711-A")).invoice.number is None


def test_what_is_not_there_is_none() -> None:
    invoice = extract_text(document("ACME Ltd\n\nInvoice number: 4711-A\nInvoice date: 3 May 2024\n\nTotal: £120.00")).invoice
    assert invoice.payment_account is None
    assert invoice.due_date is None
    assert invoice.purchase_order_reference is None
    assert invoice.seller.vat_id is None
    assert invoice.lines == ()


def test_customer_number_is_not_the_number() -> None:
    invoice = extract_text(document("ACME Ltd\n\nCustomer number: 99881\nOrder number: 7001\nDate: 3 May 2024\n\nTotal: £120.00")).invoice
    assert invoice.number is None
    assert invoice.buyer.id == "99881"


@pytest.mark.parametrize(
    ("dates", "issued"),
    [
        ("Invoice date: 04/05/2023\nDue date: 05/25/2023", "2023-04-05"),  # the other date can only be month first
        ("Invoice date: 04/05/2023\nDue date: 25/05/2023", "2023-05-04"),
        ("Invoice date: 2023-05-04", "2023-05-04"),
        ("Invoice date: 4th May 2023", "2023-05-04"),
        ("Invoice date: 04.05.23", "2023-05-04"),
        ("Date de facture : 1er août 2023", "2023-08-01"),
        ("Rechnungsdatum: 4. Mai 2023", "2023-05-04"),
        ("Fecha de factura: 4 de mayo de 2023", "2023-05-04"),
    ],
)
def test_dates_by_the_documents_own_evidence(dates: str, issued: str) -> None:
    assert value_at(extract_text(document(f"ACME Ltd\nInvoice number: 4711-A\n{dates}\nTotal: 120.00")), "issue_date") == issued


def test_missing_sum_follows_only_from_sums_that_agree() -> None:
    computed = extract_text(document("ACME Ltd\nInvoice no: 4711-A\n\nVAT 20%: £20.00\nTotal incl. VAT: £120.00"))
    assert computed.invoice.total_without_tax == Decimal("100.00")
    assert computed.fields["total_without_tax"].source == "computed"
    contradicting = extract_text(document("ACME Ltd\nInvoice no: 4711-A\n\nTotal excl. VAT: £90.00\nVAT: £20.00\nTotal incl. VAT: £120.00"))
    assert contradicting.invoice.total_without_tax in (None, Decimal("90.00"))


def reading(source: Document) -> Reading:
    return Reading(Prepared(Decoded(Job("t", "i", "d", "0" * 64, "f.pdf", 1, 1), source)), source)


REMITTANCE = """
REMITTANCE ADVICE

From: Globex Corporation           Date: 2024-02-01
To: Initech Ltd                    Payment reference: 99812

Invoice No      Invoice Date     Amount
INV-100         2024-01-02       100.00
INV-101         2024-01-09       250.00
Total paid                       350.00
"""
LETTER = """
Dear Mr Jones,

Thank you for your application of 12 March 2024 for the post of accountant.
We would like to invite you to an interview on 3 April 2024 at 10:00.
Please bring your certificates with you, and let us know if you are not able to come on this date.
"""


@pytest.mark.parametrize("text", [REMITTANCE, LETTER])
def test_other_documents_are_refused(text: str) -> None:
    extracted = extract(reading(document(text))).extracted
    assert (extracted.document_type, extracted.refused) == ("other", True)
    assert extracted.invoice == Invoice()
    assert extracted.fields == {}


def test_no_invoice_is_refused() -> None:
    for made_up in SHEETS:
        assert extract(reading(document(*made_up.pages))).extracted.document_type != "other", made_up.name


def test_a_document_without_words_is_unreadable() -> None:
    with pytest.raises(Unprocessable) as refusal:
        extract(reading(Document("application/pdf", (Page(1, 595, 842),))))
    assert refusal.value.reason == "unreadable"


@pytest.mark.parametrize(
    "row",
    [
        "1" * 20_000,
        "1 " * 2_000,
        "1.1," * 3_000,
        "DE" + "1 " * 2_000,
        "31.12." * 2_000,
        "A" * 20_000,
        "12 may " * 2_000,
        ":#:" * 3_000,
        "€" * 5_000,
    ],
    ids=["digits", "groups", "separators", "iban", "dates", "letters", "months", "punctuation", "signs"],
)
def test_hostile_text_takes_linear_time(row: str) -> None:
    def seconds(text: str) -> float:
        source = document("Invoice number: 4711\n" + text)
        start = time.process_time()
        extract_text(source)
        return time.process_time() - start

    seconds(row[:200])
    assert seconds(row) < 10.0  # half a second at most on the machine where this was written
