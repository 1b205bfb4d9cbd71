"""Pages of a PDF as pixels, at the resolution that is asked for. Runs in a confined child only."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import cv2
import numpy as np
import pymupdf
from pymupdf import mupdf

from app.errors import Unprocessable
from app.readers.limits import Limits
from app.readers.pdf import FAULTS, IMAGES, opened, size_of
from app.readers.pictures import Pixels

LARGE = 0.1  # of the page: smaller pictures are logos and stamps, whose resolution says nothing about the page's


@contextmanager
def _profiles(used: bool) -> Iterator[None]:
    if not used:
        mupdf.fz_disable_icc()
    try:
        yield
    finally:
        mupdf.fz_enable_icc()


class PdfPages:
    """An open PDF; pages number from 1. Raises Unprocessable, in every method. `exact`: colours as their profiles say, for people;
    without, a third of the time is saved."""

    def __init__(self, content: bytes, limits: Limits, *, exact: bool = False) -> None:
        self._limits = limits
        self._exact = exact
        self._stack = ExitStack()
        self._document: pymupdf.Document = self._stack.enter_context(opened(content, limits))

    def __enter__(self) -> PdfPages:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def pages(self) -> int:
        return int(self._document.page_count)

    def size(self, number: int) -> tuple[float, float]:
        """Width and height in points, as displayed."""
        with self._page(number) as page:
            return size_of(page, self._limits)

    def source_dpi(self, number: int) -> float:
        """Pixels per inch of the finest of the large pictures on the page; infinite if there is none: what is drawn has any resolution."""
        with self._page(number) as page:
            width, height = size_of(page, self._limits)
            finest = 0.0
            for info in pymupdf.TextPage(page.get_displaylist().get_textpage(IMAGES)).extractIMGINFO():
                x0, y0, x1, y1 = info["bbox"]
                area = abs((x1 - x0) * (y1 - y0))
                if area >= LARGE * width * height:
                    finest = max(finest, 72 * math.sqrt(info["width"] * info["height"] / area))
        return finest or math.inf

    def pixels(self, number: int, wide: int, high: int, *, colour: bool) -> Pixels:
        """The whole page in `wide` x `high` pixels (about: its own proportions are kept), white where nothing is drawn."""
        with self._page(number) as page, _profiles(self._exact):
            width, height = size_of(page, self._limits)
            scale = max(wide / width, high / height)
            scale = min(scale, math.sqrt(self._limits.frame_pixels / (width * height)))
            space = pymupdf.csRGB if colour else pymupdf.csGRAY
            picture = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=space, alpha=False)
            rows: Pixels = np.frombuffer(picture.samples_mv, np.uint8).reshape(picture.height, picture.stride)
            if not colour:
                return np.array(rows[:, : picture.width])
            pixels = rows[:, : 3 * picture.width].reshape(picture.height, picture.width, 3)
            return cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)

    @contextmanager
    def _page(self, number: int) -> Iterator[pymupdf.Page]:
        if not 1 <= number <= self.pages:
            raise Unprocessable("damaged", "no such page")
        try:
            yield self._document[number - 1]
        except FAULTS as exc:
            raise Unprocessable("damaged", type(exc).__name__) from exc
