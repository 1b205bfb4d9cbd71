"""How bright the bare paper is, all over a page: what shadows and lamps did to it, told apart from what is printed."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TILES = 48  # along the longer side
SLOPE = 0.86  # light falls by no more than this from one tile to the next; ink may
WHITE = 245  # what the paper becomes


def even(picture: Pixels) -> Pixels:
    """The same grey picture as if lit evenly on white paper; ink keeps its part of the light. Dark print stays dark."""
    level = paper_level(picture)
    size = (picture.shape[1], picture.shape[0])
    return _pixels(cv2.divide(picture, cv2.resize(level, size, interpolation=cv2.INTER_LINEAR), scale=WHITE))


def paper_level(picture: Pixels) -> Pixels:
    """A map of `TILES` along the longer side: the grey of the paper there, 1..255.

    The brighter part of each tile, raised where it lies more than a `SLOPE` below its neighbours: a printed band is not a shadow.
    """
    tiles = bright_tiles(picture)
    kernel = np.ones((3, 3), np.uint8)
    level = tiles.astype(np.float32)
    for _ in range(TILES):
        raised = np.maximum(level, np.asarray(cv2.dilate(level, kernel)) * SLOPE)
        if np.array_equal(raised, level):
            break
        level = raised.astype(np.float32)
    smooth = cv2.GaussianBlur(level, (0, 0), 1.0)
    return np.clip(smooth, 1, 255).astype(np.uint8)


def bright_tiles(picture: Pixels) -> Pixels:
    """The light part of each tile (about the upper fifth), free of thin print."""
    height, width = picture.shape
    longer = max(height, width)
    fine = 6 * TILES  # six samples a tile: an area's mean, then the brightest but one of them in each direction
    if longer > fine:
        size = (max(1, round(width * fine / longer)), max(1, round(height * fine / longer)))
        picture = _pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    open_ = cv2.dilate(picture, np.ones((3, 3), np.uint8))
    size = (max(1, round(width * TILES / longer)), max(1, round(height * TILES / longer)))
    return _pixels(cv2.resize(open_, size, interpolation=cv2.INTER_AREA))


def _pixels(made: Any) -> Pixels:
    """OpenCV's stubs know no types of elements."""
    pixels: Pixels = made
    return pixels
