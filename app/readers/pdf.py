"""A PDF as a `Document`: words with boxes in reading order, what hides, what is embedded. Runs in a confined child only."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymupdf
from pymupdf import mupdf

from app.domain.document import Document, Mark, Page, Words
from app.errors import Unprocessable
from app.readers.hybrid import embedded_einvoice
from app.readers.limits import Limits
from app.readers.rows import DOWNWARDS, LEFT_TO_RIGHT, SLANTED, UPSIDE_DOWN, UPWARDS, Piece, pack
from app.readers.visibility import mark_hidden

pymupdf.TOOLS.mupdf_display_errors(False)  # they quote the document
pymupdf.TOOLS.mupdf_display_warnings(False)
pymupdf.TOOLS.set_small_glyph_heights(True)  # boxes as high as the letters are large, so that neighbour lines do not overlap


class NoSuchPage(Exception):
    """The document has fewer pages."""


def read_pdf(content: bytes, limits: Limits) -> Document:
    """Raises Unprocessable: `encrypted`, `damaged`, `too_many_pages`, `parser_limit`. Pages without a text layer have no words."""
    with _opened(content, limits) as document:
        embedded = embedded_einvoice(document, limits)
        pages: list[Page] = []
        notes = _notes(content, document)
        unreadable = total = 0
        for number in range(1, document.page_count + 1):
            try:
                page, page_notes = _read_page(document, number, limits)
            except (mupdf.FzErrorBase, RuntimeError, ValueError, IndexError, ZeroDivisionError) as exc:
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


def render_page(content: bytes, number: int, dpi: int, limits: Limits) -> bytes:
    """Page `number` (from 1) as PNG, white where nothing is drawn, at most `limits.pixels` large. Raises NoSuchPage, Unprocessable."""
    with _opened(content, limits) as document:
        if not 1 <= number <= document.page_count:
            raise NoSuchPage
        page = document[number - 1]
        width, height = _size(page, limits)
        scale = min(max(dpi, 18), limits.dpi) / 72
        # The largest scale with (width * scale + 2) * (height * scale + 2) <= pixels: MuPDF rounds sides outwards.
        area, sides = width * height, width + height
        scale = min(scale, (math.sqrt(sides**2 + area * (limits.pixels - 4)) - sides) / area)
        picture = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
        png: bytes = picture.tobytes("png")
        return png


@contextmanager
def _opened(content: bytes, limits: Limits) -> Iterator[pymupdf.Document]:
    """A PDF that can be read, with 1 to `limits.pages` pages. What MuPDF raises meanwhile becomes Unprocessable."""
    try:
        document = pymupdf.open(stream=content, filetype="pdf")
        if not document.is_pdf:  # MuPDF goes by content and opens pictures, HTML, SVG, e-books ...
            raise Unprocessable("unsupported_type", "MuPDF takes it for another format")
        if document.needs_pass:
            raise Unprocessable("encrypted", "a password is needed to open it")
        if document.page_count == 0:
            raise Unprocessable("damaged", "no pages")
        if document.page_count > limits.pages:
            raise Unprocessable("too_many_pages", f"more than {limits.pages}")
        yield document
    except (mupdf.FzErrorBase, RuntimeError, ValueError, IndexError) as exc:
        _raise_if_limit(exc)
        raise Unprocessable("damaged", type(exc).__name__) from exc


def _raise_if_limit(exc: Exception) -> None:
    message = str(exc)
    if isinstance(exc, mupdf.FzErrorLimit) or ("alloc" in message and "failed" in message):
        raise Unprocessable("parser_limit", type(exc).__name__) from exc


def _size(page: pymupdf.Page, limits: Limits) -> tuple[float, float]:
    width, height = page.rect.width, page.rect.height
    if not (0 < width <= limits.page_side and 0 < height <= limits.page_side):
        raise Unprocessable("parser_limit", "size of a page")
    return width, height


_UNMAPPED = re.compile("[\ufffd\ue000-\uf8ff]")
IMAGES = pymupdf.TEXT_PRESERVE_IMAGES
# ActualText is left out: it lets a file say something else than what it draws.
TEXT = mupdf.FZ_STEXT_IGNORE_ACTUALTEXT


def _read_page(document: pymupdf.Document, number: int, limits: Limits) -> tuple[Page, set[str]]:
    page = document[number - 1]
    width, height = _size(page, limits)
    # Interpreted once; words, pictures and the small drawing are then taken from the list.
    drawing = page.get_displaylist()
    share = _image_share(drawing, width, height)
    text = pymupdf.TextPage(drawing.get_textpage(TEXT))
    pieces = _pieces(text, limits)
    notes = set()
    words = Words()
    if pieces:
        mark_hidden(pieces, drawing, width, height)
        if share > 0.5 and 2 * sum(p.mark & Mark.INVISIBLE > 0 for p in pieces) > len(pieces):
            notes.add("ocr_layer")
        everything = "".join(piece.text for piece in pieces)
        if not everything.isascii() and 3 * len(_UNMAPPED.findall(everything)) > len(everything):
            notes.add("unmapped_text")
        words = pack(pieces, width, height, limits.word_length)
    return Page(number, round(width, 2), round(height, 2), words, share), notes


def _pieces(text: pymupdf.TextPage, limits: Limits) -> list[Piece]:
    """Words from MuPDF's word list (fast, with boxes), styled from its spans (colour, size, baseline, font)."""
    words = text.extractWORDS()
    if len(words) > limits.words_on_page:
        raise Unprocessable("parser_limit", "words on a page")
    blocks = {block["number"]: block["lines"] for block in text.extractDICT()["blocks"] if block["type"] == 0}
    pieces: list[Piece] = []
    start = run = 0
    while start < len(words):
        block_number, line_number = words[start][5], words[start][6]
        end = start + 1
        while end < len(words) and words[end][6] == line_number and words[end][5] == block_number:
            end += 1
        of_line = words[start:end]
        lines = blocks.get(block_number, ())
        line = lines[line_number] if line_number < len(lines) else None
        if line is None or not _same_text(line, of_line):
            line = _nearest(lines, of_line[0])
        _style(of_line, line, run, pieces)
        start, run = end, run + 1
    return pieces


def _letters(line: Any) -> str:
    return "".join("".join(span["text"] for span in line["spans"]).split())


def _same_text(line: Any, words: list[Any]) -> bool:
    return _letters(line) == "".join(word[4] for word in words)


def _nearest(lines: Any, word: Any) -> Any:
    """MuPDF's two lists disagree where it leaves out characters beyond the page: then the place decides."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2

    def away(line: Any) -> float:
        x0, y0, x1, y1 = line["bbox"]
        return float(max(x0 - x, x - x1, 0) + max(y0 - y, y - y1, 0))

    return min(lines, key=away, default=None)


_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)


def _style(words: list[Any], line: Any, run: int, pieces: list[Piece]) -> None:
    if line is None:
        for x0, y0, x1, y1, text, *_ in words:
            pieces.append(Piece(text, x0, y0, x1, y1, run, y1, y1 - y0))
        return
    direction = _direction(line["dir"])
    upright = 1 if direction in (UPWARDS, DOWNWARDS) else 0  # index of the coordinate along the line
    spans = iter(line["spans"])
    left, mark, luma = 0, 0, 0
    baseline = size = 0.0
    place: tuple[float, ...] = ()
    for x0, y0, x1, y1, text, *_ in words:
        begun = 0  # letters of this word that are in `pieces` already
        counted = 0
        while True:
            if left == 0:
                span = next(spans, None)
                if span is not None:
                    new_mark, new_luma = _mark(span), _luma(span["color"])
                    if counted > begun and ((mark ^ new_mark) & INVISIBLE or abs(luma - new_luma) > OTHER_COLOUR):
                        # Something hidden is glued to something shown: they must not be read as one.
                        shown, rest = _cut((x0, y0, x1, y1), place[(2 if direction in _FORWARD else 0) + upright], upright, direction)
                        pieces.append(Piece(text[begun:counted], *shown, run, baseline, size, direction, mark, luma))
                        begun = counted
                        x0, y0, x1, y1 = rest
                    left = len("".join(span["text"].split()))
                    baseline, size, mark, luma, place = span["origin"][1 - upright], span["size"], new_mark, new_luma, span["bbox"]
                    if left == 0:
                        continue
                else:
                    left = len(text)  # the lists disagree: keep the last style
            taken = min(left, len(text) - counted)
            left -= taken
            counted += taken
            if counted >= len(text):
                break
        pieces.append(Piece(text[begun:], x0, y0, x1, y1, run, baseline, size, direction, mark, luma))


OTHER_COLOUR = 64  # of 255
_FORWARD = (LEFT_TO_RIGHT, DOWNWARDS, SLANTED)
_Box = tuple[float, float, float, float]


def _cut(box: _Box, at: float, upright: int, direction: int) -> tuple[_Box, _Box]:
    """Both parts of a word's box, first the one that is read first."""
    x0, y0, x1, y1 = box
    at = min(max(at, box[upright]), box[2 + upright])
    low, high = ((x0, y0, x1, at), (x0, at, x1, y1)) if upright else ((x0, y0, at, y1), (at, y0, x1, y1))
    return (low, high) if direction in _FORWARD else (high, low)


BOLD, INVISIBLE = int(Mark.BOLD), int(Mark.INVISIBLE)
_BOLD_GLYPH = mupdf.FZ_STEXT_BOLD
_PAINTED = mupdf.FZ_STEXT_FILLED | mupdf.FZ_STEXT_STROKED


def _mark(span: Any) -> int:
    flags: int = span["char_flags"]
    mark = 0
    if span["flags"] & pymupdf.TEXT_FONT_BOLD or flags & _BOLD_GLYPH or _BOLD.search(span["font"]):
        mark = BOLD
    if not flags & _PAINTED or span["alpha"] < 10:
        mark |= INVISIBLE
    return mark


def _luma(colour: int) -> int:
    return (299 * (colour >> 16 & 255) + 587 * (colour >> 8 & 255) + 114 * (colour & 255)) // 1000


def _direction(vector: tuple[float, float]) -> int:
    x, y = vector
    if abs(y) < 0.1:
        return LEFT_TO_RIGHT if x > 0 else UPSIDE_DOWN
    if abs(x) < 0.1:
        return DOWNWARDS if y > 0 else UPWARDS
    return SLANTED


CELLS = 40


def _image_share(drawing: pymupdf.DisplayList, width: float, height: float) -> float:
    """Part of the page under pictures, 0..1, counted in a grid of `CELLS` x `CELLS`: scanners cut pages into strips, which overlap."""
    pictures = pymupdf.TextPage(drawing.get_textpage(IMAGES)).extractIMGINFO()
    covered: set[int] = set()
    for picture in pictures[:1000]:
        x0, y0, x1, y1 = picture["bbox"]
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
