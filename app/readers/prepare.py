"""Makes the picture of a page that is read, and the one that people see, as its plan says. Pure: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.domain.document import Matrix, PagePlan, Treatment, View
from app.readers.flaws import grain
from app.readers.paper import even

Pixels = NDArray[np.uint8]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
LIGHT = 128  # paper is
LARGEST = 1 << 25  # pixels of one picture made here: a plan from elsewhere cannot ask for more memory than this


def prepare(pixels: Pixels, plan: PagePlan) -> Pixels:
    """The picture to read: 8-bit grey (h, w), contiguous, black is 0; w = width of the view * dpi / 72, and h likewise, at least 1.

    `pixels`: the page as it lies in the file, (H, W) or (H, W, 3) in the order blue, green, red, at any resolution. Raises ValueError for
    other shapes and for a plan that asks for more than `LARGEST` pixels.
    """
    width, height = (max(1, round(side * plan.dpi / 72)) for side in (plan.view.width, plan.view.height))
    picture = looked_at(grey(pixels), plan.view.matrix, width, height)
    for treatment in plan.treatments:
        picture = _TREATMENTS[treatment](picture)
    return np.ascontiguousarray(picture)


def shown(pixels: Pixels, view: View | None, width: int, height: int) -> Pixels:
    """What people are shown: `pixels` in their colours through `view`, (height, width) or (height, width, 3). ValueError as above."""
    return np.ascontiguousarray(looked_at(_checked(pixels), view.matrix if view else IDENTITY, width, height))


def grey(pixels: Pixels) -> Pixels:
    """(H, W). Raises ValueError for what is no picture of 8 bits."""
    pixels = _checked(pixels)
    return pixels if pixels.ndim == 2 else as_pixels(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def looked_at(pixels: Pixels, matrix: Matrix, width: int, height: int) -> Pixels:
    """`pixels` through `matrix` (fractions of what is made -> fractions of `pixels`), made with one interpolation.

    Where it is to become much smaller, areas are averaged first. What lies outside takes the colour of the paper.
    """
    if width < 1 or height < 1 or width * height > LARGEST:
        raise ValueError(f"a picture of {width} x {height} pixels")
    if matrix == IDENTITY:
        return _scaled(pixels, width, height)
    wanted = np.array(matrix, np.float64).reshape(3, 3)
    pixels = _reduced(pixels, wanted, width, height)
    source_h, source_w = pixels.shape[:2]
    # pixel centres: the middle of pixel i is at (i + 0.5) / n of the side
    from_pixels = np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]])
    to_pixels = np.array([[source_w, 0, -0.5], [0, source_h, -0.5], [0, 0, 1]])
    full = to_pixels @ wanted @ from_pixels
    paper = np.percentile(pixels[:: max(1, source_h // 64), :: max(1, source_w // 64)].reshape(-1, *pixels.shape[2:]), 80, axis=0)
    border = [float(part) for part in np.atleast_1d(paper)]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return as_pixels(cv2.warpPerspective(pixels, full, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=border))


def _scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    source_h, source_w = pixels.shape[:2]
    if (source_h, source_w) == (height, width):
        return pixels
    smaller = width <= source_w and height <= source_h
    return as_pixels(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC))


def _reduced(pixels: Pixels, matrix: NDArray[np.float64], width: int, height: int) -> Pixels:
    """Averaged by whole steps until one pixel made is at most two of these: an interpolation between neighbours then misses nothing."""
    corners = np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], np.float64)
    there = matrix @ corners
    x, y = there[:2] / there[2] * np.array([[pixels.shape[1]], [pixels.shape[0]]])
    top, right, bottom, left = (float(np.hypot(x[i] - x[i - 3], y[i] - y[i - 3])) for i in range(4))
    across = max(1, int(max(top, bottom) / width + 0.25))
    down = max(1, int(max(right, left) / height + 0.25))
    steps = min(across, down)
    if steps < 2:
        return pixels
    size = (max(1, pixels.shape[1] // steps), max(1, pixels.shape[0] // steps))
    return as_pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _checked(pixels: Pixels) -> Pixels:
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)) or 0 in pixels.shape:
        raise ValueError(f"no picture: {pixels.shape} of {pixels.dtype}")
    return pixels


def as_pixels(made: Any) -> Pixels:
    """OpenCV's stubs know no types of elements."""
    pixels: Pixels = made
    return pixels


def _whitened(picture: Pixels) -> Pixels:
    """All that is paper, grain and all, becomes white; ink keeps its part of the light.

    Tesseract parts ink from paper by Otsu's threshold over the whole page: where little is printed it falls into the grain of the paper,
    and nothing can be read.
    """
    paper = float(np.percentile(picture[::4, ::4], 75))
    if paper < LIGHT:
        return picture  # light print on a dark page
    top = paper - max(3 * grain(picture), 4.0)
    return as_pixels(cv2.LUT(picture, np.clip(np.arange(256) * 255.0 / top, 0, 255).astype(np.uint8)))


_TREATMENTS: Mapping[Treatment, Callable[[Pixels], Pixels]] = {
    "background": even,
    "denoise": lambda picture: as_pixels(cv2.medianBlur(picture, 3)),
    "sharpen": lambda picture: as_pixels(cv2.addWeighted(picture, 2.0, cv2.GaussianBlur(picture, (0, 0), 2.0), -1.0, 0)),
    "whiten": _whitened,
}
