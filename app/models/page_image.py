"""A picture of a page as the document models take it: unsigned bytes, colour planes first. What is done to the bytes after that
(scale, mean, deviation) is part of each model's graph, so that a page travels as bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def stretched(page: Pixels, height: int, width: int) -> Pixels:
    """The page (rows x columns, grey; or x 3, RGB) brought to `height` x `width` whatever its shape: (3, height, width).
    As LayoutLMv3's image processor does it."""
    return _planes(Image.fromarray(page).convert("RGB").resize((width, height), Image.Resampling.BILINEAR))


def framed(page: Pixels, height: int, width: int) -> Pixels:
    """The page in its own proportions, as large as fits, in the middle of black: (3, height, width). Pixel for pixel what Donut's
    image processor does: the shorter side first becomes the frame's shorter one, then what is still too long is made smaller."""
    image = Image.fromarray(page).convert("RGB")
    short = min(height, width)
    if image.width <= image.height:
        image = image.resize((short, short * image.height // image.width), Image.Resampling.BILINEAR)
    else:
        image = image.resize((short * image.width // image.height, short), Image.Resampling.BILINEAR)
    fit_height, fit_width = min(image.height, height), min(image.width, width)
    if (fit_height, fit_width) != (image.height, image.width):
        if image.height > image.width:
            fit_width = image.width * fit_height // image.height
        elif image.width > image.height:
            fit_height = image.height * fit_width // image.width
        image = image.resize((fit_width, fit_height), Image.Resampling.BILINEAR)
    frame = Image.new("RGB", (width, height))
    frame.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return _planes(frame)


def _planes(image: Image.Image) -> Pixels:
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
