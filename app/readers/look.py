"""A look at a small picture of a page: what is to be done before it is read. Pure: an array in, a plan out; some 20 ms."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from app.domain.document import Matrix, PagePlan, Treatment, View
from app.readers.blankness import is_blank
from app.readers.flaws import grain, softness, specks, unevenness
from app.readers.paper import even
from app.readers.prepare import IDENTITY, as_pixels, grey, looked_at
from app.readers.print_marks import ENOUGH, Letters, Lie, find_letters, lie_of
from app.readers.repeats import alike, fingerprint
from app.readers.sheet_edges import find_sheet

__all__ = ["alike", "fingerprint", "look"]

Pixels = NDArray[np.uint8]
Homography = NDArray[np.float64]

SMALL = 1000  # pixels along the longer side; more is made smaller first
DPI = 200.0
LEAST_SKEW = 0.15  # degrees: less costs more in sharpness than it gains
PLAIN_CAPITALS = (4.6, 11.0)  # points: how high capitals may stand on a page whose resolution is believed (6 to 15 point type)
CAPITALS = 7.4  # points, where the resolution is not believed: 20 pixels at 200 dpi, what Tesseract reads best
PLAIN_SIDE = (140.0, 1300.0)  # points: from a till receipt to A3
A4 = 842.0
MOST_PIXELS = 9_000_000  # of the picture to be read
UNEVEN, SPECKLED, SOFT = 0.25, 0.02, 0.071  # see flaws.py; chosen where reading gains
GRAINY, WHITE = 0.2, 250
FEW = 200  # letters; with more the page is not blank, and need not be looked at for that
MOST_UPSCALING = 8.0  # of the small picture


Step = Literal["sheet", "turn", "skew", "size", "background", "denoise", "sharpen", "whiten"]
"""What may be left out, to see what it is good for."""


def look(pixels: Pixels, number: int, width: float, height: float, *, without: Collection[Step] = ()) -> PagePlan:
    """The plan for page `number`, without `same_as`. Raises ValueError for what is no 8-bit picture.

    `pixels`: (H, W) or (H, W, 3) in the order blue, green, red, about `SMALL` pixels along the longer side, as the page lies in the file;
    `width` and `height`: what the file says that it measures, in points.
    """
    plain = grey(pixels)
    width, height = _believable(width, height, pixels)
    small = _square(plain, width, height)
    colour = small if pixels.ndim == 2 else _square(pixels, width, height)
    matrix = np.eye(3)
    corners = None if "sheet" in without else find_sheet(colour)
    if corners is not None:
        matrix = _unit_square_to(corners)
        sides = np.roll(corners, -1, axis=0) - corners
        lengths = np.hypot(sides[:, 0] * small.shape[1], sides[:, 1] * small.shape[0])
        across, down = (lengths[0] + lengths[2]) / 2, (lengths[1] + lengths[3]) / 2
        width, height = width * across / small.shape[1], height * down / small.shape[0]
        small = looked_at(small, _matrix(matrix), max(1, round(across)), max(1, round(down)))
    flat = even(small)
    letters = find_letters(flat, ink_threshold(flat))
    lie = lie_of(letters)
    if lie is not None:
        lie = Lie(0 if "turn" in without else lie.quarters, 0.0 if "skew" in without else lie.angle)
        if lie.quarters % 2:
            width, height = height, width
        matrix = matrix @ _turn(lie, width, height)
    capitals = _capital_height(letters, lie)
    zoom = _zoom(capitals * max(width, height) / max(small.shape), max(width, height), max(small.shape))
    if "size" in without:
        zoom = 1.0
    view = View(width * zoom, height * zoom, _matrix(matrix))
    dpi = min(DPI, math.sqrt(MOST_PIXELS / (view.width * view.height)) * 72)
    blank = (lie is None or len(letters) < FEW) and is_blank(flat)
    return PagePlan(number, view, dpi, tuple(t for t in _treatments(small, flat, capitals) if t not in without), blank=blank)


def ink_threshold(flat: Pixels) -> int:
    """Between ink and paper, by Otsu, kept within what either can be."""
    best, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(min(max(best, 90), 215))


def _believable(width: float, height: float, pixels: Pixels) -> tuple[float, float]:
    """The size in the file, or one as the picture's shape where that is none (a fax's pixels may be twice as high as wide)."""
    h, w = pixels.shape[:2]
    if 1 <= width <= 20_000 and 1 <= height <= 20_000 and 1 / 3 < (width / height) / (w / h) < 3:
        return width, height
    return max(1.0, A4 * w / max(w, h)), max(1.0, A4 * h / max(w, h))


def _square(pixels: Pixels, width: float, height: float) -> Pixels:
    """With square pixels, as the page measures (a fax has others), and no more than `SMALL` of them along a side."""
    h, w = pixels.shape[:2]
    ratio = (width / height) / (w / h)
    fair_w, fair_h = (float(w), h / ratio) if ratio < 0.98 else (w * ratio, float(h)) if ratio > 1.02 else (float(w), float(h))
    scale = min(1.0, SMALL / max(fair_w, fair_h))
    size = (max(1, round(fair_w * scale)), max(1, round(fair_h * scale)))
    return pixels if size == (w, h) else as_pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _unit_square_to(corners: NDArray[np.float64]) -> Homography:
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(unit, corners.astype(np.float32)), np.float64)


def _turn(lie: Lie, width: float, height: float) -> Homography:
    """From fractions of the upright page (`width` x `height`) to fractions of the page before it was turned."""
    angle = math.radians(lie.angle if abs(lie.angle) >= LEAST_SKEW else 0.0)
    cos, sin = math.cos(angle), math.sin(angle)
    size = np.array([[width, 0, -width / 2], [0, height, -height / 2], [0, 0, 1]])
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    matrix = np.linalg.inv(size) @ turn @ size
    quarter = np.array([[0.0, 1, 0], [-1, 0, 1], [0, 0, 1]])  # fractions after one quarter turn clockwise -> before it
    for _ in range(lie.quarters):
        matrix = quarter @ matrix
    return np.asarray(matrix, np.float64)


def _matrix(matrix: Homography) -> Matrix:
    if np.abs(matrix - np.eye(3)).max() < 1e-9:
        return IDENTITY
    a = [float(value) for value in (matrix / matrix[2, 2]).ravel()]
    return (a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], 1.0)


def _capital_height(letters: Letters, lie: Lie | None) -> float:
    """Pixels; 0 if it cannot be told."""
    if lie is None:
        return 0.0
    upright = letters.turned(lie.quarters)
    wide, tall = upright.x1 - upright.x0, upright.y1 - upright.y0
    single = wide < 1.5 * tall  # of letters grown together a skewed box says little
    if np.count_nonzero(single) < ENOUGH:
        single[:] = True
    cos, sin = math.cos(math.radians(lie.angle)), abs(math.sin(math.radians(lie.angle)))
    return float(np.percentile((tall * cos - wide * sin)[single] / (cos * cos - sin * sin), 60))


def _zoom(capitals: float, side: float, pixels: int) -> float:
    """What the file's points must be multiplied by to be believed: 1 where letters have a usual height."""
    if capitals > 0:
        zoom = 1.0 if PLAIN_CAPITALS[0] <= capitals <= PLAIN_CAPITALS[1] else CAPITALS / capitals
    else:
        zoom = 1.0 if PLAIN_SIDE[0] <= side <= PLAIN_SIDE[1] else A4 / side
    return min(zoom, MOST_UPSCALING * pixels / (side * DPI / 72))


def _treatments(small: Pixels, even_: Pixels, capitals: float) -> tuple[Treatment, ...]:
    chosen: list[Treatment] = []
    if unevenness(small) > UNEVEN:
        chosen.append("background")
    if specks(even_) > SPECKLED:
        chosen.append("denoise")
    elif softness(even_, capitals) > SOFT:
        chosen.append("sharpen")
    if grain(small) > GRAINY or np.percentile(small, 75) < WHITE:
        chosen.append("whiten")
    return tuple(chosen)
