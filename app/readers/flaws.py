"""What is wrong with the picture of a page, measured on the small one: uneven light, specks, soft letters, grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.readers.paper import bright_tiles, paper_level

Pixels = NDArray[np.uint8]

INK = 200  # on evened paper; anything darker


def unevenness(small: Pixels) -> float:
    """0..1: how much darker bare paper is in the darkest twentieth of the page than in the lightest. Dark print does not count."""
    level, tiles = paper_level(small), bright_tiles(small)
    paper = level[tiles >= level * 0.95]
    if not len(paper):
        return 0.0
    dark, light = np.percentile(paper, (5, 95))
    return float(1 - dark / max(light, 1))


def specks(even: Pixels) -> float:
    """Single dots on bare paper, in parts of the picture's pixels."""
    around = cv2.medianBlur(even, 3)
    dots = cv2.threshold(cv2.subtract(around, even), 20, 255, cv2.THRESH_BINARY)[1]
    dots = cv2.bitwise_and(dots, cv2.threshold(around, 225, 255, cv2.THRESH_BINARY)[1])
    return cv2.countNonZero(dots) / even.size


def softness(even: Pixels, capitals: float) -> float:
    """How wide the edge of a letter is, in parts of the height of capitals (`capitals`, pixels; 0 if unknown): 0 if it cannot be told.

    An edge that takes w pixels has a second derivative of about contrast / w.
    """
    ink = cv2.threshold(even, INK, 255, cv2.THRESH_BINARY_INV)[1]
    near = cv2.subtract(cv2.dilate(ink, np.ones((3, 3), np.uint8)), cv2.erode(ink, np.ones((5, 5), np.uint8)))
    curve = float(cv2.meanStdDev(cv2.Laplacian(even, cv2.CV_16S), mask=near)[1][0, 0])
    contrast = float(cv2.meanStdDev(even, mask=near)[1][0, 0])
    return contrast / (curve * capitals) if curve > 0 and capitals > 0 else 0.0


_GRAIN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)  # Immerkaer 1996: blind to edges and slopes


def grain(picture: Pixels) -> float:
    """The standard deviation of the noise on most of the picture, in grey levels: from the median of what the kernel leaves.

    Looks at eight bands, an eighth of the picture.
    """
    rows = len(picture)
    bands = np.concatenate([picture[row : row + rows // 64 + 3] for row in range(0, rows, rows // 8 + 1)])
    rest = cv2.filter2D(bands, cv2.CV_32F, _GRAIN)
    return float(np.median(np.abs(rest))) / (0.6745 * 6)
