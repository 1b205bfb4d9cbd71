"""The pixels of pages that must be read or shown: how each is to be read (`plan_pages`), the picture to read, the picture to show.
Runs in a confined child only."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from app.domain.document import PagePlan, View
from app.errors import Unprocessable
from app.readers.limits import Limits
from app.readers.look import look
from app.readers.pdf_pages import PdfPages
from app.readers.pictures import PictureFile, Pixels
from app.readers.prepare import prepare, shown
from app.readers.repeats import alike, fingerprint
from app.readers.sniff import Kind

LOOKED_AT = 1000  # pixels, the long side of the picture that a plan is made from: letters of 8 pt are 10 pixels high
PLAIN_DPI = 200.0  # for a page that nobody could look at
LEAST_DPI, MOST_DPI = 36.0, 1200.0
BUDGET = 0.7  # of the child's CPU time: the pages after that are not looked at, but still read


class Pages(Protocol):
    """Pages as pixels, from whatever file they are in."""

    @property
    def pages(self) -> int: ...

    def size(self, number: int) -> tuple[float, float]:
        """Points, upright."""
        ...

    def source_dpi(self, number: int) -> float:
        """Pixels per inch that the file holds."""
        ...

    def pixels(self, number: int, wide: int, high: int, *, colour: bool) -> Pixels: ...


class NoSuchPage(Exception):
    """The document has fewer pages."""


def open_pages(content: bytes, kind: Kind, limits: Limits, *, exact: bool = False) -> PdfPages | PictureFile:
    """A context manager. `exact`: colours as people shall see them. Raises Unprocessable."""
    if kind == "pdf":
        return PdfPages(content, limits, exact=exact)
    if kind == "xml":
        raise Unprocessable("unsupported_type", "no pages")
    return PictureFile(content, kind, limits)


def plan_pages(source: Pages, numbers: tuple[int, ...], limits: Limits) -> tuple[PagePlan, ...]:
    """One plan a number, in the same order. A page that cannot be drawn gets a plain one, so that the others are read; making its
    picture tells the reason. Raises Unprocessable if that is so of all of them."""
    plans: list[PagePlan] = []
    seen: list[tuple[int, bytes]] = []
    failure: Unprocessable | None = None
    end = time.process_time() + BUDGET * limits.seconds(len(numbers))[0]
    for number in numbers:
        width, height = source.size(number)
        source_dpi = source.source_dpi(number)
        plan = PagePlan(number, View(width, height), max(min(PLAIN_DPI, source_dpi), LEAST_DPI))
        if time.process_time() < end:
            try:
                pixels = _small(source, number, width, height)
            except Unprocessable as exc:
                failure = exc
            else:
                plan = _bounded(look(pixels, number, width, height), limits)
                if not plan.blank:
                    plan = _told_apart(plan, pixels, seen)
        plans.append(plan)
    if failure is not None and not any(plan.treatments or plan.blank for plan in plans) and len(seen) == 0:
        raise failure
    return tuple(plans)


def _told_apart(plan: PagePlan, pixels: Pixels, seen: list[tuple[int, bytes]]) -> PagePlan:
    mark = fingerprint(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False) if pixels.ndim == 3 else pixels)
    for earlier, other in seen:
        if alike(mark, other):
            return replace(plan, same_as=earlier)
    seen.append((plan.number, mark))
    return plan


def _small(source: Pages, number: int, width: float, height: float) -> Pixels:
    """`LOOKED_AT` pixels on the long side, square ones, whatever those of a fax are."""
    scale = LOOKED_AT / max(width, height)
    wide, high = max(round(width * scale), 1), max(round(height * scale), 1)
    pixels = source.pixels(number, wide, high, colour=True)
    if pixels.shape[:2] == (high, wide):
        return pixels
    return cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _bounded(plan: PagePlan, limits: Limits) -> PagePlan:
    width, height = float(plan.view.width), float(plan.view.height)  # NumPy's own floats do not travel
    most = 72 * math.sqrt(limits.pixels / (width * height)) * 0.999
    a, b, c, d, e, f, g, h, i = map(float, plan.view.matrix)
    dpi = min(max(float(plan.dpi), LEAST_DPI), MOST_DPI, most)
    return replace(plan, view=View(width, height, (a, b, c, d, e, f, g, h, i)), dpi=dpi)


def page_picture(source: Pages, plan: PagePlan, limits: Limits) -> Pixels:
    """The page as planned: (height, width), 8-bit grey, in one piece of memory. Raises Unprocessable."""
    wide, high = _needed(plan.view, plan.dpi, *source.size(plan.number))
    picture = prepare(source.pixels(plan.number, wide, high, colour=False), plan)
    if picture.ndim != 2 or picture.dtype != np.uint8 or picture.size > 1.01 * limits.pixels:
        raise Unprocessable("parser_limit", "size of the picture")
    return np.ascontiguousarray(picture)


def render_png(source: Pages, number: int, dpi: float, view: View | None, limits: Limits) -> bytes:
    """The page in its colours, through `view` if given, as PNG. Raises NoSuchPage, Unprocessable."""
    if not 1 <= number <= source.pages:
        raise NoSuchPage
    width, height = source.size(number)
    seen = view or View(width, height)
    dpi = min(max(dpi, 18.0), float(limits.dpi), 72 * math.sqrt(limits.pixels / (seen.width * seen.height)) * 0.999)
    wide, high = max(round(seen.width * dpi / 72), 1), max(round(seen.height * dpi / 72), 1)
    pixels = source.pixels(number, *_needed(seen, dpi, width, height), colour=True)
    written, png = cv2.imencode(".png", shown(pixels, seen, wide, high), (cv2.IMWRITE_PNG_COMPRESSION, 4))
    if not written:
        raise Unprocessable("parser_limit", "the picture could not be encoded")
    return png.tobytes()


def _needed(view: View, dpi: float, width: float, height: float) -> tuple[int, int]:
    """Pixels of the whole page so that what `view` shows of it has at least the resolution `dpi` on each of its four sides."""
    corners = [_mapped(view, x, y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    scale = 0.0  # pixels a point of the page
    for i, side in enumerate((view.width, view.height, view.width, view.height)):
        (x0, y0), (x1, y1) = corners[i], corners[(i + 1) % 4]
        length = math.hypot((x1 - x0) * width, (y1 - y0) * height)
        scale = max(scale, side * dpi / 72 / max(length, 1e-6))
    scale = min(scale, MOST_DPI / 72)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _mapped(view: View, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f, g, h, i = view.matrix
    w = g * x + h * y + i
    return (a * x + b * y + c) / w, (d * x + e * y + f) / w
