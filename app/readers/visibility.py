"""Which words of a page a person does not see. The page is drawn small and in grey, and each word's place is looked at: where
nothing stands out, the word is hidden, whatever trick hid it (colour, a picture or a shape on top, clipping)."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pymupdf
from pymupdf import mupdf

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

LETTER = 0.4  # how much of a pixel a letter must fill to count; small print rarely fills one. Half of that must still be seen:
# a pale watermark over it leaves more
REPAINTED_SHARE = 0.1  # of a word's ink: a picture that replaces one digit of five changes this much

_Box = tuple[float, float, float, float]


def mark_hidden(
    pieces: Sequence[Piece], page: pymupdf.Page, drawing: pymupdf.DisplayList, pictures: Sequence[_Box], width: float, height: float
) -> None:
    """Sets the HIDDEN bits of the pieces' marks. INVISIBLE must be there already. `pictures`: where the page has some.

    Costs about as much as reading the page's words; twice that if there are words where there are pictures.
    """
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
    on_pictures: list[tuple[Piece, int, int, int, int]] = []
    for piece in doubtful:
        x0, y0, x1, y1 = piece.x0 * scale, piece.y0 * scale, piece.x1 * scale, piece.y1 * scale
        vertical = piece.direction in (UPWARDS, DOWNWARDS)
        if (x1 - x0 if vertical else y1 - y0) < JUDGED_HEIGHT:
            continue
        if any(map(str.isalnum, piece.text)):  # only the middle, where letters have ink and the neighbour lines have none
            if vertical:
                x0, x1 = x0 + 0.2 * (x1 - x0), x1 - 0.2 * (x1 - x0)
            else:
                y0, y1 = y0 + 0.2 * (y1 - y0), y1 - 0.2 * (y1 - y0)
        left, top = min(max(int(x0), 0), columns - 1), min(max(int(y0), 0), lines - 1)
        wide = min(max(int(x1 + 0.999), left + 1), columns) - left
        bottom = min(max(int(y1 + 0.999), top + 1), lines)
        if pictures and _on_one(piece, pictures):
            on_pictures.append((piece, left, top, wide, bottom))
        middle = (top + bottom) // 2 * stride + left  # most words show in their middle row alone
        row = pixels[middle : middle + wide]
        if max(row) - min(row) >= CONTRAST:
            continue
        rows = [pixels[start : start + wide] for start in range(top * stride + left, bottom * stride + left, stride)]
        darkest, brightest = min(map(min, rows)), max(map(max, rows))
        if brightest - darkest < CONTRAST:
            same_colour = abs(piece.luma - (darkest + brightest) // 2) <= 2 * CONTRAST
            piece.mark |= _CAMOUFLAGED if same_colour else _COVERED
    if on_pictures:
        bare = _without_pictures(page, drawing, scale)
        if bare.stride == stride and bare.height == lines:
            for piece, left, top, wide, bottom in on_pictures:
                places = range(top * stride + left, bottom * stride + left, stride)
                if not piece.mark & _HIDDEN and _repainted(piece.luma, bare.samples_mv, pixels, places, wide):
                    piece.mark |= _COVERED


def _on_one(piece: Piece, pictures: Sequence[_Box]) -> bool:
    x, y = (piece.x0 + piece.x1) / 2, (piece.y0 + piece.y1) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in pictures)


def _without_pictures(page: pymupdf.Page, drawing: pymupdf.DisplayList, scale: float) -> pymupdf.Pixmap:
    matrix = mupdf.FzMatrix(scale, 0, 0, scale, 0, 0)
    frame = mupdf.fz_round_rect(mupdf.fz_transform_rect(mupdf.fz_bound_display_list(drawing.this), matrix))
    grey = mupdf.FzColorspace(mupdf.FzColorspace.Fixed_GRAY)
    picture = mupdf.fz_new_pixmap_with_bbox(grey, frame, mupdf.FzSeparations(), 0)
    mupdf.fz_clear_pixmap_with_value(picture, 255)
    device = mupdf.fz_new_draw_device(matrix, picture)
    mupdf.fz_enable_device_hints(device, mupdf.FZ_DONT_DECODE_IMAGES)  # only heeded when a page is interpreted, not by a list
    mupdf.fz_run_page(page.this, device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    return pymupdf.Pixmap("raw", picture)


def _repainted(luma: int, bare: memoryview, shown: memoryview, places: Sequence[int], wide: int) -> bool:
    """True if the pixels of the letters, known from the page without its pictures, do not show them: a picture lies on top."""
    before = b"".join(bare[start : start + wide] for start in places)
    after = b"".join(shown[start : start + wide] for start in places)
    ground, ground_shown = _ground(before, luma), _ground(after, luma)
    if abs(luma - ground) < CONTRAST or abs(luma - ground_shown) < CONTRAST:
        return False  # white letters on a dark picture: without it there is nothing to compare
    letters = int.from_bytes(before.translate(_covered(luma, ground, LETTER)))
    kept = int.from_bytes(after.translate(_covered(luma, ground_shown, LETTER / 2)))
    return (letters & ~kept).bit_count() > REPAINTED_SHARE * letters.bit_count()


def _ground(pixels: bytes, luma: int) -> int:
    """What letters of the grey `luma` stand on."""
    darkest, brightest = min(pixels), max(pixels)
    return brightest if brightest - luma >= luma - darkest else darkest


@lru_cache(4096)
def _covered(luma: int, ground: int, least: float) -> bytes:
    """For each grey 1 or 0: whether a letter fills at least that part of a pixel which has this grey."""
    return bytes((value - ground) / (luma - ground) >= least for value in range(256))
