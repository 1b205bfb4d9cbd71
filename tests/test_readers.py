"""From bytes to words: what is what, where it stands, in which order, and what a person does not see. In this process: own files only."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from app.domain.document import Mark, Page, Words
from app.errors import Unprocessable
from app.readers import answer, wire
from app.readers.hybrid import attachments
from app.readers.limits import MIB, Limits
from app.readers.pdf import NoSuchPage, read_pdf, render_page
from app.readers.tasks import Task
from tests.pdfs import CII, raw_pdf, saved, text_pdf


def refusal(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Unprocessable) as caught:
        read_pdf(content, limits or Limits())
    return caught.value.reason


def first_page(document: pymupdf.Document) -> Page:
    return read_pdf(saved(document), Limits()).pages[0]


def marks(words: Words) -> dict[str, Mark]:
    return {text: words.mark(i) for i, text in enumerate(words.texts)}


# Words of a PDF


def test_boxes_are_fractions_of_the_page_as_displayed() -> None:
    document = pymupdf.open()
    page = document.new_page(width=600, height=800)
    page.insert_text((300, 400), "here")
    box = first_page(document).words.box(0)
    assert box.x0 == pytest.approx(0.5, abs=0.003) and box.y0 < 0.5 <= box.y1 + 0.001
    page.insert_text((300, 400), "aside to the right", rotate=90)
    page.set_rotation(90)
    turned = first_page(document)
    assert (turned.width, turned.height, turned.view) == (800, 600, None)
    box = turned.words.box(turned.words.texts.index("here"))
    assert box.x0 < 0.5 < box.x1 + 0.001 and box.y0 == pytest.approx(0.5, abs=0.003)
    page.set_rotation(0)
    page.insert_text((300, 500), "most of the words run to the right")
    page.set_cropbox(pymupdf.Rect(200, 300, 500, 700))
    cropped = first_page(document)
    assert (cropped.width, cropped.height) == (300, 400)
    assert cropped.words.box(cropped.words.texts.index("here")).x0 == pytest.approx(1 / 3, abs=0.005)


@pytest.mark.parametrize("direction", [90, 180, 270])
def test_a_page_whose_print_lies_on_its_side_is_turned(direction: int) -> None:
    document = pymupdf.open()
    page = document.new_page(width=600, height=800)
    for row, text in enumerate(("Invoice 17", "Total 119.00")):
        away = 100 + 20 * row  # from the edge where the text begins to be read
        page.insert_text({90: (away, 700), 180: (500, 800 - away), 270: (600 - away, 100)}[direction], text, rotate=direction)
    page.insert_text((10, 10), "margin")
    upright = first_page(document)
    assert upright.words.texts[:4] == ("Invoice", "17", "Total", "119.00")
    sides = (600, 800) if direction == 180 else (800, 600)
    assert upright.view is not None and (upright.width, upright.height) == (upright.view.width, upright.view.height) == sides
    invoice, number, total, _ = (upright.words.box(i) for i in range(4))
    assert invoice.x0 == pytest.approx(100 / sides[0], abs=0.01) and invoice.y1 == pytest.approx(100 / sides[1], abs=0.02)
    assert invoice.x1 < number.x0 and invoice.y1 < total.y1
    a, b, c, d, e, f, *_ = upright.view.matrix  # what is shown, in the page as it lies in the file
    x, y = a * invoice.x0 + b * invoice.y1 + c, d * invoice.x0 + e * invoice.y1 + f
    begun = {90: (100, 700), 180: (500, 700), 270: (500, 100)}[direction]
    assert (600 * x, 800 * y) == pytest.approx(begun, abs=10)  # the height of a line


def test_print_upon_print_is_one_word() -> None:
    document = pymupdf.open()
    page = document.new_page()
    for x in (50, 50.4):
        page.insert_text((x, 100), "Desk lamp")
    page.insert_text((50, 114), "lamp")  # the next line is another
    page.insert_text((120, 100), "lamp")
    page.insert_text((200, 100), "copy", render_mode=3)
    page.insert_text((200, 100), "copy")
    words = first_page(document).words
    assert words.texts == ("Desk", "lamp", "lamp", "copy", "lamp")
    assert not words.mark(3) & Mark.HIDDEN


def test_letters_set_apart_are_words() -> None:
    document = pymupdf.open()
    page = document.new_page()
    x = 50.0
    for letter in "TAX INVOICE":
        if letter != " ":
            page.insert_text((x, 100), letter, fontsize=12)
        x += pymupdf.get_text_length(letter, fontsize=12) + 4
    for i, letter in enumerate("DE89"):  # in the boxes of a form
        page.insert_text((50 + 15 * i, 150), letter, fontsize=12)
    page.insert_text((50, 200), "7 x 3")
    page.insert_text((50, 250), "A B")
    assert first_page(document).words.texts == ("TAX", "INVOICE", "DE89", "7", "x", "3", "A", "B")


def test_bold_is_seen() -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "Total", fontname="hebo")
    page.insert_text((72, 100), "plain")
    got = marks(first_page(document).words)
    assert got == {"Total": Mark.BOLD, "plain": Mark.NONE}


def test_what_nobody_sees_is_marked_and_what_is_seen_is_not() -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "plain")
    page.insert_text((72, 100), "mode3", render_mode=3)
    page.insert_text((72, 130), "white", color=(1, 1, 1))
    page.insert_text((300, 130), "7", color=(1, 1, 1), fontsize=4)
    page.insert_text((300, 160), "I", fontsize=6)
    page.insert_text((72, 160), "offwhite", color=(0.985, 0.985, 0.985))
    page.insert_text((72, 190), "tiny", fontsize=1)
    page.insert_text((72, 220), "paintedover")
    page.draw_rect(pymupdf.Rect(60, 200, 300, 230), color=None, fill=(0.9, 0.9, 0.9))
    page.insert_text((72, 260), "transparent", fill_opacity=0.0)
    page.draw_rect(pymupdf.Rect(60, 280, 300, 310), color=None, fill=(0, 0, 0.4))
    page.insert_text((72, 300), "header", color=(1, 1, 1))
    page.insert_text((200, 300), "blackish", color=(0, 0, 0.4))
    page.draw_rect(pymupdf.Rect(60, 320, 300, 350), color=(0, 0, 0), fill=(0.85, 0.9, 1))
    page.insert_text((72, 340), "shaded")
    page.insert_text((72, 380), "pale", color=(0.85, 0.85, 0.85), fontsize=7)
    page.insert_text((72, 410), ". - _ ,")
    picture = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 50, 20), False)
    picture.clear_with(255)
    page.insert_text((72, 440), "behind")
    page.insert_image(pymupdf.Rect(60, 425, 200, 450), pixmap=picture, keep_proportion=False)
    got = marks(first_page(document).words)
    assert {text: mark for text, mark in got.items() if mark & Mark.HIDDEN} == {
        "mode3": Mark.INVISIBLE,
        "white": Mark.CAMOUFLAGED,
        "7": Mark.CAMOUFLAGED,
        "offwhite": Mark.CAMOUFLAGED,
        "tiny": Mark.MICROSCOPIC,
        "paintedover": Mark.COVERED,
        "transparent": Mark.INVISIBLE,
        "blackish": Mark.CAMOUFLAGED,
        "behind": Mark.COVERED,
    }
    assert set(got) >= {"plain", "I", "header", "shaded", "pale", ".", "-", "_"}


def picture_of(text: str, background: tuple[float, float, float] = (1, 1, 1)) -> pymupdf.Pixmap:
    document = pymupdf.open()
    page = document.new_page(width=140, height=25)
    page.draw_rect(page.rect, color=None, fill=background)
    page.insert_text((12, 15), text, fontsize=14)
    return page.get_pixmap(dpi=144)


@pytest.mark.parametrize("shown", ["Total 100.00", "PAID", ""], ids=["another amount", "another word", "nothing"])
def test_a_picture_over_the_text_hides_it_even_with_letters_on_it(shown: str) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 440), "Total 900.00", fontsize=14)
    page.insert_image(pymupdf.Rect(60, 425, 200, 450), pixmap=picture_of(shown))
    assert marks(first_page(document).words)["900.00"] & Mark.HIDDEN == Mark.COVERED


@pytest.mark.parametrize("background", [(1, 1, 1), (0.8, 0.9, 1), (0.5, 0.5, 0.5), (0.35, 0.35, 0.35)])
@pytest.mark.parametrize("size", [6, 9, 14])
def test_text_on_a_picture_is_seen(background: tuple[float, float, float], size: int) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_image(page.rect, pixmap=picture_of("", background), keep_proportion=False)
    page.insert_text((72, 440), "Total 900.00", fontsize=size)
    page.insert_text((72, 480), "bright", fontsize=size, color=(1, 1, 1) if background[0] <= 0.5 else (0, 0, 0.6))
    assert not any(mark & Mark.HIDDEN for mark in marks(first_page(document).words).values())


def test_a_pale_stamp_over_the_text_does_not_hide_it() -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 440), "Total 900.00", fontsize=10)
    stamp = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 140, 25), True)
    stamp.clear_with(200)
    stamp.set_alpha(bytes([70]) * (140 * 25))
    page.insert_image(pymupdf.Rect(60, 425, 200, 450), pixmap=stamp)
    assert not any(mark & Mark.HIDDEN for mark in marks(first_page(document).words).values())


def test_hidden_letters_are_not_glued_to_shown_ones() -> None:
    content = b"BT /F1 12 Tf 72 700 Td (Total 100.00) Tj 3 Tr (0) Tj 0 Tr 1 g ET BT /F1 12 Tf 72 650 Td 0 g (7) Tj 1 g (5) Tj ET"
    words = read_pdf(raw_pdf(content), Limits()).pages[0].words
    assert [(t, bool(words.mark(i) & Mark.HIDDEN)) for i, t in enumerate(words.texts)] == [
        ("Total", False),
        ("100.00", False),
        ("0", True),
        ("7", False),
        ("5", True),
    ]
    assert words.box(1).x1 <= words.box(2).x0 + 1e-4


def test_a_word_in_two_shades_stays_one() -> None:
    content = b"BT /F1 12 Tf 72 700 Td 0 g (Rech) Tj 0.1 g (nung) Tj ET"
    assert read_pdf(raw_pdf(content), Limits()).pages[0].words.texts == ("Rechnung",)


def test_actual_text_cannot_say_something_else_than_is_drawn() -> None:
    content = b"/Span <</ActualText (Total 900.00)>> BDC BT /F1 12 Tf 72 700 Td (Total 100.00) Tj ET EMC"
    assert read_pdf(raw_pdf(content), Limits()).pages[0].words.texts == ("Total", "100.00")


def test_a_scan_with_recognized_text_is_noted() -> None:
    document = pymupdf.open()
    page = document.new_page()
    picture = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 60, 80), False)
    picture.clear_with(200)
    page.insert_image(page.rect, pixmap=picture, keep_proportion=False)
    page.insert_text((72, 72), "recognized", render_mode=3)
    got = read_pdf(saved(document), Limits())
    assert got.pages[0].image_share == 1.0 and "ocr_layer" in got.notes
    assert got.pages[0].words.mark(0) & Mark.INVISIBLE


def test_a_page_without_text_has_no_words() -> None:
    document = pymupdf.open()
    document.new_page()
    assert len(first_page(document).words) == 0


# What is embedded


def hybrid(*files: tuple[str, bytes]) -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "Invoice")
    for name, content in files:
        document.embfile_add(name, content, filename=name)
    return saved(document)


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "my invoice.xml", "noextension"])
def test_an_einvoice_inside_is_read_whatever_its_name(name: str) -> None:
    got = read_pdf(hybrid(("photo.jpg", b"\xff\xd8\xff"), (name, CII)), Limits())
    assert got.einvoice is not None and got.einvoice.invoice.number == "R-1"
    assert got.attachments == ("photo.jpg",) and got.notes == ("embedded_file",)
    assert got.pages[0].words.texts == ("Invoice",)


@pytest.mark.parametrize(
    "content", [CII[:-40], b"", b"not xml", b'<!DOCTYPE a [<!ENTITY b "c">]>' + CII], ids=["cut", "empty", "text", "doctype"]
)
def test_a_broken_einvoice_does_not_lose_the_page(content: bytes) -> None:
    got = read_pdf(hybrid(("factur-x.xml", content)), Limits())
    assert got.einvoice is None and "unreadable_xml" in got.notes
    assert got.pages[0].words.texts == ("Invoice",)


def test_an_attachment_that_explodes_is_left_alone() -> None:
    content = hybrid(("factur-x.xml", CII + b" " * (30 * MIB)))
    tracemalloc.start()
    try:
        got = read_pdf(content, Limits(attachment_bytes=MIB))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert got.einvoice is None and "unreadable_xml" in got.notes and len(got.pages[0].words) == 1
    assert peak < 8 * MIB


def test_xml_that_is_no_invoice_is_an_attachment() -> None:
    got = read_pdf(hybrid(("order.xml", b"<Order><Invoices/></Order>"), ("a/../../etc/passwd", b"x")), Limits())
    assert got.einvoice is None and sorted(got.attachments) == ["order.xml", "passwd"] and got.notes == ("embedded_file",)


def test_associated_files_count_too_and_once() -> None:
    packed = zlib.compress(CII)
    stream = b"<</Type/EmbeddedFile/Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream"
    specification = b"<</Type/Filespec/F(factur-x.xml)/UF(factur-x.xml)/EF<</F 6 0 R>>>>"
    content = raw_pdf(catalogue="/AF[7 0 R 7 0 R]/Names<</EmbeddedFiles<</Names[(x)7 0 R]>>>>", more=(stream, specification))
    with pymupdf.open(stream=content) as document:
        assert [a.name for a in attachments(document, 10)] == ["factur-x.xml"]
    got = read_pdf(raw_pdf(catalogue="/AF[7 0 R]", more=(stream, specification)), Limits())
    assert got.einvoice is not None and got.attachments == ()


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (raw_pdf(catalogue="/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "javascript"),
        (raw_pdf(catalogue="/OpenAction<</S/Launch/F(calc.exe)>>"), "launch"),
        (raw_pdf(catalogue="/AcroForm<</XFA(x)/Fields[]>>"), "xfa"),
        (raw_pdf(catalogue="/AcroForm<</SigFlags 3/Fields[]>>"), "signed"),
        (raw_pdf(stream="/F(/etc/passwd)/FFilter/ASCIIHexDecode"), "external_stream"),
        (text_pdf()[:-40], "repaired"),
    ],
)
def test_notes(content: bytes, note: str) -> None:
    assert note in read_pdf(content, Limits()).notes


# Limits and refusals


def test_encryption() -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "secret")
    locked = saved(document, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="user", owner_pw="owner")
    assert refusal(locked) == "encrypted"
    only_owner = read_pdf(saved(document, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner"), Limits())
    assert only_owner.pages[0].words.texts == ("secret",) and "encrypted" in only_owner.notes


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7",
        b"%PDF-1.7\n" + bytes(range(256)) * 20,
        raw_pdf().replace(b"/Kids[3 0 R]", b"/Kids[]     ").replace(b"/Count 1", b"/Count 0"),
    ],
    ids=["header only", "noise", "no pages"],
)
def test_damaged(content: bytes) -> None:
    assert refusal(content) == "damaged"


def test_what_is_no_pdf_is_not_opened_as_something_else() -> None:
    assert refusal(b"<html><body><p>%PDF-1.7</p></body></html>") in ("damaged", "unsupported_type")
    assert refusal(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>') in ("damaged", "unsupported_type")


def test_limits() -> None:
    assert refusal(text_pdf(pages=3), Limits(pages=2)) == "too_many_pages"
    assert refusal(text_pdf("an art by dad"), Limits(words_on_page=3)) == "parser_limit"
    assert refusal(text_pdf("an art by dad", pages=2), Limits(words=7)) == "parser_limit"
    assert refusal(raw_pdf(page="/MediaBox[0 0 14401 100]")) == "parser_limit"
    assert len(read_pdf(text_pdf("an art by dad", pages=2), Limits(words=8, words_on_page=4, pages=2)).pages) == 2


def test_render_bounds() -> None:
    content = text_pdf()
    with pytest.raises(NoSuchPage):
        render_page(content, 2, 72, Limits())
    small = render_page(content, 1, 300, Limits(pixels=100_000))
    assert int.from_bytes(small[16:20]) * int.from_bytes(small[20:24]) <= 100_000
    sliver = render_page(raw_pdf(page="/MediaBox[0 0 1 14400]"), 1, 300, Limits(pixels=1000))
    assert int.from_bytes(sliver[16:20]) * int.from_bytes(sliver[20:24]) <= 1000


# Faults of our own


def test_our_own_fault_is_not_the_documents(tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(b"")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        told = wire.decode(bytes(answer(Task("decode", "pdf"), folder, Limits())[0]), Limits())
    finally:
        os.close(folder)
    assert told.refused == "internal_error"
    assert told.detail.startswith("IsADirectoryError in __init__.py line ") and str(tmp_path) not in told.detail


@pytest.mark.parametrize(("file", "reason"), [("/lib/pymupdf/x.py", "damaged"), ("/app/readers/pdf.py", "internal_error")])
def test_an_undocumented_error_deep_in_the_parser_is_the_documents(monkeypatch: pytest.MonkeyPatch, file: str, reason: str) -> None:
    parser: dict[str, Any] = {}
    exec(compile("def get_displaylist(*_):\n raise TypeError('quotes the document')", file, "exec"), parser)
    monkeypatch.setattr(pymupdf.Page, "get_displaylist", parser["get_displaylist"])
    with tempfile.TemporaryFile() as content:
        content.write(text_pdf())
        content.flush()
        told = wire.decode(bytes(answer(Task("decode", "pdf"), content.fileno(), Limits())[0]), Limits())
    assert told.refused == reason and told.detail.startswith("TypeError") and "quotes" not in told.detail
