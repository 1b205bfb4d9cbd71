"""A PDF as a `Document`: words with boxes in reading order, what hides, what is embedded. Runs in a confined child only."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pymupdf
from pymupdf import mupdf

from app.domain.document import Document, Mark, Page, View
from app.errors import Unprocessable
from app.readers.hybrid import embedded_einvoice
from app.readers.limits import Limits
from app.readers.pdf_words import words_of
from app.readers.rows import clean, pack
from app.readers.text_layer import UNMAPPED, source_of
from app.readers.typesetting import joined_letters, printed_once, quarters_to_upright, turned
from app.readers.visibility import mark_hidden

pymupdf.TOOLS.mupdf_display_errors(False)  # they quote the document
pymupdf.TOOLS.mupdf_display_warnings(False)
pymupdf.TOOLS.set_small_glyph_heights(True)  # boxes as high as the letters are large, so that neighbour lines do not overlap
pymupdf.TOOLS.unset_quad_corrections(False)  # which PyMuPDF's layout analysis does for all, wherever the packages are that it needs


FAULTS = (mupdf.FzErrorBase, RuntimeError, ValueError, IndexError, ArithmeticError)
"""What MuPDF and its Python layer raise because of what is in a file."""


class NoSuchPage(Exception):
    """The document has fewer pages."""


def read_pdf(content: bytes, limits: Limits) -> Document:
    """Raises Unprocessable: `encrypted`, `damaged`, `too_many_pages`, `parser_limit`. Pages without a text layer have no words."""
    with opened(content, limits) as document:
        embedded = embedded_einvoice(document, limits)
        pages: list[Page] = []
        notes = _notes(content, document)
        unreadable = total = 0
        for number in range(1, document.page_count + 1):
            try:
                page, page_notes = _read_page(document, number, limits)
            except FAULTS as exc:
                _raise_if_limit(exc)
                unreadable += 1
                page, page_notes = Page(number, 595.0, 842.0), {"unreadable_page"}
            total += len(page.words)
            if total > limits.words:
                raise Unprocessable("parser_limit", "words")
            pages.append(page)
            notes |= page_notes
        if unreadable == len(pages) and embedded.einvoice is None:
            raise Unprocessable("damaged", "no page can be read")
        if document.is_repaired:  # asked last: MuPDF repairs when it meets the damage
            notes.add("repaired")
    if embedded.broken:
        notes.add("unreadable_xml")
    if embedded.others:
        notes.add("embedded_file")
    return Document("application/pdf", tuple(pages), embedded.einvoice, embedded.others, tuple(sorted(notes)))


def render_page(content: bytes, number: int, dpi: float, limits: Limits) -> bytes:
    """Page `number` (from 1) as PNG, white where nothing is drawn, at most `limits.pixels` large. Raises NoSuchPage, Unprocessable."""
    with opened(content, limits) as document:
        if not 1 <= number <= document.page_count:
            raise NoSuchPage
        page = document[number - 1]
        width, height = size_of(page, limits)
        scale = min(max(dpi, 18), limits.dpi) / 72
        # The largest scale with (width * scale + 2) * (height * scale + 2) <= pixels: MuPDF rounds sides outwards.
        area, sides = width * height, width + height
        scale = min(scale, (math.sqrt(sides**2 + area * (limits.pixels - 4)) - sides) / area)
        picture = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
        png: bytes = picture.tobytes("png")
        return png


class _Document(pymupdf.Document):
    def init_doc(self) -> None:
        """Outline and metadata are never looked at, and reading them costs more than opening the file."""


@contextmanager
def opened(content: bytes, limits: Limits) -> Iterator[pymupdf.Document]:
    """A PDF that can be read, with 1 to `limits.pages` pages. What MuPDF raises meanwhile becomes Unprocessable."""
    try:
        document = _Document(stream=content, filetype="pdf")
        if not document.is_pdf:  # MuPDF goes by content and opens pictures, HTML, SVG, e-books ...
            raise Unprocessable("unsupported_type", "MuPDF takes it for another format")
        if document.needs_pass:
            raise Unprocessable("encrypted", "a password is needed to open it")
        if document.page_count == 0:
            raise Unprocessable("damaged", "no pages")
        if document.page_count > limits.pages:
            raise Unprocessable("too_many_pages", f"more than {limits.pages}")
        yield document
    except FAULTS as exc:
        _raise_if_limit(exc)
        raise Unprocessable("damaged", type(exc).__name__) from exc


def _raise_if_limit(exc: Exception) -> None:
    message = str(exc)
    if isinstance(exc, mupdf.FzErrorLimit) or ("alloc" in message and "failed" in message):
        raise Unprocessable("parser_limit", type(exc).__name__) from exc


def size_of(page: pymupdf.Page, limits: Limits) -> tuple[float, float]:
    width, height = page.rect.width, page.rect.height
    if not (0 < width <= limits.page_side and 0 < height <= limits.page_side):
        raise Unprocessable("parser_limit", "size of a page")
    return width, height


IMAGES = pymupdf.TEXT_PRESERVE_IMAGES
# ActualText is left out: it lets a file say something else than what it draws.
TEXT = mupdf.FZ_STEXT_IGNORE_ACTUALTEXT


def _read_page(document: pymupdf.Document, number: int, limits: Limits) -> tuple[Page, set[str]]:
    page = document[number - 1]
    width, height = size_of(page, limits)
    # Interpreted once; words, pictures and the small drawing are then taken from the list.
    drawing = page.get_displaylist()
    pictures = [info["bbox"] for info in pymupdf.TextPage(drawing.get_textpage(IMAGES)).extractIMGINFO()][:MOST_PICTURES]
    share = _share(pictures, width, height)
    text = pymupdf.TextPage(drawing.get_textpage(TEXT))
    pieces = words_of(text, limits.words_on_page)
    notes = set()
    if pieces:
        mark_hidden(pieces, page, drawing, pictures, width, height)
        if share > 0.5 and 2 * sum(p.mark & Mark.INVISIBLE > 0 for p in pieces) > len(pieces):
            notes.add("ocr_layer")
        everything = "".join(piece.text for piece in pieces)
        if not everything.isascii() and 3 * len(UNMAPPED.findall(everything)) > len(everything):
            notes.add("unmapped_text")
        pieces = printed_once(pieces)
    source = source_of(pieces if any(clean(piece.text) for piece in pieces) else (), share, drawing, width, height)
    view = View(round(width, 2), round(height, 2))
    quarters = quarters_to_upright(pieces) if source == "layer" else 0
    if quarters:
        pieces, view = [turned(piece, quarters, width, height) for piece in pieces], view.turned(quarters)
        width, height = (height, width) if quarters % 2 else (width, height)
    words = pack(joined_letters(pieces), width, height, limits.word_length)
    return Page(number, view.width, view.height, words, share, source, view if quarters else None), notes


CELLS = 40
MOST_PICTURES = 1000  # more than strips of a scan; each costs time for every word


def _share(pictures: Sequence[tuple[float, float, float, float]], width: float, height: float) -> float:
    """Part of the page under pictures, 0..1, counted in a grid of `CELLS` x `CELLS`: scanners cut pages into strips, which overlap."""
    covered: set[int] = set()
    for x0, y0, x1, y1 in pictures:
        columns = range(_cell(x0 / width), _cell(x1 / width))
        for row in range(_cell(y0 / height), _cell(y1 / height)):
            covered.update(row * CELLS + column for column in columns)
    return len(covered) / CELLS**2


def _cell(share: float) -> int:
    return min(max(round(share * CELLS), 0), CELLS)


# Looked for in the bytes too: actions of pages and annotations are many, and nothing here depends on the answer being complete.
_SIGNS = (
    ("javascript", re.compile(rb"/(?:JavaScript|JS)\b")),
    ("launch", re.compile(rb"/Launch\b")),
    ("external_stream", re.compile(rb"/FFilter\b|/FDecodeParms\b|/FS\s*/URL\b")),
    ("signed", re.compile(rb"/ByteRange\b")),
    ("xfa", re.compile(rb"/XFA\b")),
)
_ENTRIES = (
    ("javascript", "Root/Names/JavaScript"),
    ("javascript", "Root/OpenAction/JS"),
    ("xfa", "Root/AcroForm/XFA"),
    ("encrypted", "Encrypt"),
)


def _notes(content: bytes, document: pymupdf.Document) -> set[str]:
    notes = {note for note, sign in _SIGNS if sign.search(content)}
    trailer = mupdf.pdf_trailer(mupdf.pdf_document_from_fz_document(document.this))
    for note, path in _ENTRIES:
        if note not in notes and mupdf.pdf_dict_getp(trailer, path).m_internal:
            notes.add(note)
    if mupdf.pdf_to_int(mupdf.pdf_dict_getp(trailer, "Root/AcroForm/SigFlags")) & 1:
        notes.add("signed")
    return notes


def practice() -> bytes:
    """A PDF with one page of all that invoices are made of: to have MuPDF load its fonts and tables, and Python specialize its code,
    before the first document comes."""
    document = pymupdf.open()
    page = document.new_page()
    for row in range(45):
        y = 40 + 17 * row
        page.draw_rect(pymupdf.Rect(30, y - 12, 560, y + 4), color=(0, 0, 0), fill=(0.9, 0.9, 1) if row % 2 else None)
        for x, font in ((36, "helv"), (150, "hebo"), (260, "tiro"), (400, "cour"), (480, "tibo")):
            page.insert_text((x, y), f"Line {row} caf\u00e9", fontname=font, fontsize=9, color=(0, 0, 0.3))
    made: bytes = document.tobytes(deflate=True)
    return made
