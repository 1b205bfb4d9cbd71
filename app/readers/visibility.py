"""Which words of a page a person does not see. The page is drawn small and in grey, and each word's place is looked at: where
nothing stands out, the word is hidden, whatever trick hid it (colour, a picture or a shape on top, clipping)."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

from collections.abc import Sequence

import pymupdf

from app.domain.document import Mark
from app.readers.rows import DOWNWARDS, UPWARDS, Piece

DRAWN_PIXELS = 2_000_000  # A4 at 72 dpi is 0.5 million; larger pages are drawn smaller
CONTRAST = 10  # of 255: pale grey 6 pt print on white still differs by 20 at 72 dpi
JUDGED_HEIGHT = 2.5  # pixels; smaller words leave too little ink to judge
MICROSCOPIC_POINTS = 2.0
MICROSCOPIC_SHARE = 0.0008  # of the page's height: the same on pages that are drawn in huge units

# As plain integers: `enum` makes the operators ten times slower, which counts for every word.
_CAMOUFLAGED, _COVERED, _MICROSCOPIC, _OFF_PAGE, _HIDDEN = map(
    int, (Mark.CAMOUFLAGED, Mark.COVERED, Mark.MICROSCOPIC, Mark.OFF_PAGE, Mark.HIDDEN)
)


def mark_hidden(pieces: Sequence[Piece], drawing: pymupdf.DisplayList, width: float, height: float) -> None:
    """Sets the HIDDEN bits of the pieces' marks. INVISIBLE must be there already. Costs about as much as reading the page's words."""
    for piece in pieces:
        tall = piece.x1 - piece.x0 if piece.direction in (UPWARDS, DOWNWARDS) else piece.y1 - piece.y0
        if tall < MICROSCOPIC_POINTS or tall < MICROSCOPIC_SHARE * height:
            piece.mark |= _MICROSCOPIC
        if piece.x0 >= width or piece.y0 >= height or piece.x1 <= 0 or piece.y1 <= 0:
            piece.mark |= _OFF_PAGE
    doubtful = [piece for piece in pieces if not piece.mark & _HIDDEN]
    if not doubtful:
        return
    scale = min(1.0, (DRAWN_PIXELS / (width * height)) ** 0.5)
    picture = drawing.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=0)
    pixels, stride, columns, lines = picture.samples_mv, picture.stride, picture.width, picture.height
    for piece in doubtful:
        x0, y0, x1, y1 = piece.x0 * scale, piece.y0 * scale, piece.x1 * scale, piece.y1 * scale
        if x1 - x0 < JUDGED_HEIGHT or y1 - y0 < JUDGED_HEIGHT:
            continue
        if any(map(str.isalnum, piece.text)):  # only the middle, where letters have ink and the neighbour lines have none
            if piece.direction in (UPWARDS, DOWNWARDS):
                x0, x1 = x0 + 0.2 * (x1 - x0), x1 - 0.2 * (x1 - x0)
            else:
                y0, y1 = y0 + 0.2 * (y1 - y0), y1 - 0.2 * (y1 - y0)
        left, top = min(max(int(x0), 0), columns - 1), min(max(int(y0), 0), lines - 1)
        wide = min(max(int(x1 + 0.999), left + 1), columns) - left
        bottom = min(max(int(y1 + 0.999), top + 1), lines)
        middle = (top + bottom) // 2 * stride + left  # most words show in their middle row alone
        row = pixels[middle : middle + wide]
        if max(row) - min(row) >= CONTRAST:
            continue
        rows = [pixels[start : start + wide] for start in range(top * stride + left, bottom * stride + left, stride)]
        darkest, brightest = min(map(min, rows)), max(map(max, rows))
        if brightest - darkest < CONTRAST:
            same_colour = abs(piece.luma - (darkest + brightest) // 2) <= 2 * CONTRAST
            piece.mark |= _CAMOUFLAGED if same_colour else _COVERED
