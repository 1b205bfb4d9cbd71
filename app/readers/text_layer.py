"""Whether the words of a PDF page will do, or the page has to be read from its picture. In doubt they will: reading costs a thousand
times as much, and what a producer wrote is exact."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pymupdf
from pymupdf import mupdf

from app.domain.document import Mark, TextSource
from app.readers.rows import Piece

_HIDDEN = int(Mark.HIDDEN)

MOSTLY_PICTURE = 0.4  # of the page under pictures: a scan with wide margins; no logo is that large
OTHER_INK = 2.0  # times as many edges of print outside of the words as inside: then the words are a stamp or a footer over a scan
LEAST_INK = 400  # edges in the drawing: some lines of print; less is a signature, a logo
DRAWN = 600  # pixels along the longer side; 8 pt print is 6 pixels high, and its edges can be counted
DARKER, FAINT = 60, 12  # of 255, than the paper: pale backgrounds are no print; on an empty page anything is

UNMAPPED = re.compile("[\ufffd\ue000-\uf8ff]")
MOST_UNMAPPED = 0.2  # of the letters: symbol fonts for bullets and telephones have fewer
JUDGED_LETTERS, JUDGED_PAIRS = 1500, 80
SENSE = 0.45  # of the pairs of letters: invoices in 14 languages have 0.7 and more, ciphers and shifted glyphs 0.1 to 0.4
# The pairs of letters that 90 % of print in the languages of Europe consists of.
_PAIRS = frozenset(
    (
        "aa ab ac ad ag ah ai al am an ar as at au av ax ay ba be bi bl bo br bu ca ce ch ci cl co cr ct cu da de di do dr du ea eb ec "
        "ed ee ef eg ei el em en er es et eu ev fa fe fi fo ft ga ge gi gs gu ha he hi hl hn ho hr ia ib ic id ie if ig il im in io ip "
        "ir is it iv ke ko la ld le li ll lo lu ma mb me mi mm mo mp ms na nc nd ne ng ni nk no ns nt nu nv oc od oi ol om on or os ot "
        "ou pa pe po pr qu ra rc rd re rg ri rm rn ro rs rt ru sa sc se sh si so sp ss st su ta te th ti to tr ts tt tu tv ua ub ue ui "
        "um un ur us ut va ve vi vo wi za ze"
    ).split()
)


def source_of(pieces: Sequence[Piece], share: float, drawing: pymupdf.DisplayList, width: float, height: float) -> TextSource:
    """`pieces`: the words of the page, with their marks; `share`: part of it under pictures; `drawing`: all of it.

    "none" without words, unless nothing at all is drawn; "hidden" if nobody sees them and there is something else to see; "garbled" if
    they mean nothing; "partial" if most of what is printed is in pictures; else "layer".
    """
    if not pieces:
        return "none" if share > 0 or _anything_drawn(drawing, width, height) else "layer"
    visible = [piece for piece in pieces if not piece.mark & _HIDDEN]
    if 2 * len(visible) < len(pieces):
        return "hidden" if share > MOSTLY_PICTURE or (not visible and _ink(drawing, (), width, height)[0]) else "layer"
    if is_garbled([piece.text for piece in visible]):
        return "garbled"
    if share > MOSTLY_PICTURE:
        all_ink, other = _ink(drawing, visible, width, height)
        if other > LEAST_INK and other > OTHER_INK * (all_ink - other):
            return "partial"
    return "layer"


def _anything_drawn(drawing: pymupdf.DisplayList, width: float, height: float) -> bool:
    """Not the white of the paper alone. A blank rear side shall not send a digital invoice to be read."""
    box = mupdf.FzRect(mupdf.FzRect.Fixed_EMPTY)
    device = mupdf.fz_new_bbox_device(box)
    mupdf.fz_run_display_list(drawing.this, device, mupdf.FzMatrix(), mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    return not mupdf.fz_is_empty_rect(box) and _ink(drawing, (), width, height, FAINT)[0] > 0


def is_garbled(texts: Sequence[str]) -> bool:
    """Their letters have no meaning: glyphs without Unicode, or pairs of letters that no language has."""
    everything = "".join(texts)
    if everything.isascii() or len(UNMAPPED.findall(everything)) <= MOST_UNMAPPED * len(everything):
        sample = _latin(" ".join(texts)[:JUDGED_LETTERS])
        if sample is None:
            return False
        pairs = [pair for pair in map(str.__add__, sample, sample[1:]) if pair.isalpha()]
        return len(pairs) >= JUDGED_PAIRS and sum(map(_PAIRS.__contains__, pairs)) < SENSE * len(pairs)
    return True


def _latin(text: str) -> str | None:
    """Small letters without accents; None for another script, whose pairs we do not know."""
    if not text.isascii():
        letters = [c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)]
        foreign = sum(c.isalpha() and c > "\u024f" for c in letters)
        if 4 * foreign > sum(map(str.isalpha, letters)):
            return None
        text = "".join(c if c.isascii() else " " for c in letters)
    return text.lower()


def _ink(drawing: pymupdf.DisplayList, words: Sequence[Piece], width: float, height: float, darker: int = DARKER) -> tuple[int, int]:
    """How often dark and light change along the rows of the drawn page: on all of it, and outside of the words."""
    scale = DRAWN / max(width, height)
    picture = drawing.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=0)
    stride, columns, rows = picture.stride, picture.width, picture.height
    grey = bytearray(picture.samples_mv)
    counts = [0] * 256
    for value in range(256):
        counts[value] = grey.count(value)
    paper = max(range(128, 256), key=counts.__getitem__)
    dark = bytes(value < paper - darker for value in range(256))
    bits = bytearray(grey.translate(dark))
    edges = _edges(bits, stride, columns, rows)
    if edges:
        for word in words:
            left, right = max(int(word.x0 * scale) - 1, 0), min(int(word.x1 * scale) + 2, columns)
            clear = bytes(max(right - left, 0))
            for row in range(max(int(word.y0 * scale) - 1, 0), min(int(word.y1 * scale) + 2, rows)):
                bits[row * stride + left : row * stride + left + len(clear)] = clear
    return edges, _edges(bits, stride, columns, rows) if words else edges


def _edges(bits: bytearray, stride: int, columns: int, rows: int) -> int:
    total = 0
    for start in range(0, rows * stride, stride):
        row = int.from_bytes(bits[start : start + columns])
        total += (row ^ row >> 8).bit_count() if row else 0
    return total
