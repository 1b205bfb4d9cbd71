"""Which pages of a PDF have words that will do, and which must be read from their picture."""

from __future__ import annotations

import random
import string

import pymupdf
import pytest

from app.domain.document import TextSource
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from app.readers.text_layer import is_garbled
from tests.pdfs import saved

LETTER = [f"Invoice line {row} for services rendered in the month of March, amount due 1.{row:03},00 EUR" for row in range(40)]


def sources(document: pymupdf.Document) -> list[TextSource]:
    return [page.text for page in read_pdf(saved(document), Limits()).pages]


def write(page: pymupdf.Page, lines: list[str], top: float = 60, **style: object) -> None:
    for row, line in enumerate(lines):
        page.insert_text((50, top + 18 * row), line, fontsize=10, **style)


def scan(lines: list[str], background: float = 1.0) -> bytes:
    """A picture of a page with these lines, as PNG."""
    document = pymupdf.open()
    page = document.new_page()
    if background < 1:
        page.draw_rect(page.rect, color=None, fill=(background, background, 1))
    write(page, lines)
    png: bytes = page.get_pixmap(dpi=110).tobytes("png")
    return png


def with_picture(png: bytes, place: tuple[float, float, float, float] | None = None) -> tuple[pymupdf.Document, pymupdf.Page]:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_image(pymupdf.Rect(place) if place else page.rect, stream=png)
    return document, page


def test_digital_pages_will_do() -> None:
    document = pymupdf.open()
    write(document.new_page(), LETTER)
    write(document.new_page(), ["Page 2 of 2"])
    document.new_page()  # nothing on it at all
    white = document.new_page()
    white.draw_rect(white.rect, color=None, fill=(1, 1, 1))
    assert sources(document) == ["layer"] * 4


def test_a_scan_has_no_words() -> None:
    document, _ = with_picture(scan(LETTER))
    assert sources(document) == ["none"]


def test_letters_drawn_as_lines_are_to_be_read() -> None:
    document = pymupdf.open()
    page = document.new_page()
    for row in range(20):
        page.draw_line((72, 72 + 20 * row), (300, 72 + 20 * row))
    assert sources(document) == ["none"]


def test_the_words_that_a_scanner_hid_under_its_picture() -> None:
    document, page = with_picture(scan(LETTER))
    write(page, LETTER, render_mode=3)
    page.insert_text((400, 800), "received", fontsize=12, color=(1, 0, 0))
    assert sources(document) == ["hidden"]


def test_words_under_a_picture_are_hidden_too() -> None:
    document = pymupdf.open()
    page = document.new_page()
    write(page, LETTER)
    page.insert_image(page.rect, stream=scan(["Another letter"] * 3))
    assert sources(document) == ["hidden"]


def test_a_stamp_or_a_footer_on_a_scan_is_not_the_page() -> None:
    document, page = with_picture(scan(LETTER))
    page.insert_text((380, 820), "Scanned by the mail room, 2 March 2026", fontsize=9)
    assert sources(document) == ["partial"]


def test_a_letterhead_as_picture_under_honest_words_is_no_scan() -> None:
    document, page = with_picture(scan(["Nordlicht GmbH, machines and tools", "Harbour Street 4, Kiel"], background=0.9))
    write(page, LETTER[:25], top=200)
    assert sources(document) == ["layer"]


def test_a_logo_is_no_scan() -> None:
    document, page = with_picture(scan(LETTER), (400, 20, 550, 120))
    write(page, LETTER)
    assert sources(document) == ["layer"]


def test_few_words_on_an_empty_background_will_do() -> None:
    document, page = with_picture(scan([], background=0.9))
    page.insert_text((50, 60), "Page 3 of 3: this page was left empty on purpose")
    assert sources(document) == ["layer"]


@pytest.mark.parametrize(
    "text",
    [
        " ".join(LETTER[:3]),
        "Rechnung Nr 4711 vom 3 März 2026 über Lieferung und Leistung, zahlbar in vierzehn Tagen ohne Abzug, Umsatzsteuer 19 Prozent",
        "Faktura numer sprzedawca nabywca nazwa towaru uslugi ilosc jednostka miary cena netto wartosc stawka podatku kwota brutto razem",
        "Лист рахунок фактура номер дата постачальник покупець назва товару кількість ціна сума разом до сплати податок на додану вартість",
        "Τιμολόγιο αριθμός ημερομηνία προμηθευτής πελάτης περιγραφή ποσότητα τιμή μονάδας αξία φόρος σύνολο πληρωτέο ποσό ευρώ τράπεζα",
        "発行日 請求書番号 株式会社 御中 品目 数量 単価 金額 小計 消費税 合計 お支払期限 振込先 銀行 支店 普通口座 " * 4,
        "GmbH HRB 1234 USt-IdNr. DE123456789 BIC XXXXDEFF IBAN DE02 1203",  # too little to judge
        "4711 0815 19,00 119,00 2026-03-01 " * 30,
        "\uf0b7 first point \uf0b7 second point of the list of services rendered \uf028 telephone",
    ],
)
def test_text_with_sense(text: str) -> None:
    assert not is_garbled(text.split())


PLAIN = " ".join(LETTER[:4])
dice = random.Random(3)
CIPHER = str.maketrans(string.ascii_lowercase, "".join(dice.sample(string.ascii_lowercase, 26)))


@pytest.mark.parametrize(
    "text",
    [
        "\ufffd\ufffd\ufffd \ufffd\ufffd total \ufffd\ufffd",
        "".join(chr(0xE000 + ord(c)) if c != " " else c for c in PLAIN),
        "".join(chr(ord(c) - 29) if ord(c) > 61 else c for c in PLAIN),  # glyph numbers taken for letters
        PLAIN.lower().translate(CIPHER),
    ],
    ids=["unmapped", "private", "shifted", "exchanged"],
)
def test_text_without_sense(text: str) -> None:
    assert is_garbled(text.split())


def test_a_page_without_sense_is_to_be_read() -> None:
    document = pymupdf.open()
    write(document.new_page(), ["".join(chr(ord(c) - 29) if ord(c) > 61 else c for c in line) for line in LETTER])
    assert sources(document) == ["garbled"]
