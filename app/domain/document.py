"""What the machine saw: `Document > Page > Words`. Nothing here is interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntFlag
from functools import cached_property
from typing import Literal

from app.domain.invoice import Invoice

UNIT = 65535
"""Boxes are stored as unsigned 16-bit integers in units of 1/65535 of the page's side: no NaN, nothing off the page."""

MediaType = Literal["application/pdf", "application/xml", "image/png", "image/jpeg", "image/tiff", "image/webp"]

TextSource = Literal["layer", "none", "garbled", "partial", "hidden", "read"]
"""Where a page's words come from: `layer` its own text layer, which can be used; `read` recognition. The others name why a text layer
will not do: there is none, its letters have no meaning, most of the page is a picture that it says nothing about, or nobody
sees it (a scanner's own reading under the picture)."""


class Mark(IntFlag):
    """What is special about a word. The HIDDEN bits mean that a person looking at the page does not see it."""

    NONE = 0
    BOLD = 1
    INVISIBLE = 2  # render mode 3, or fully transparent
    CAMOUFLAGED = 4  # drawn in (nearly) the colour of what is behind it
    COVERED = 8  # something opaque was drawn over it
    MICROSCOPIC = 16  # under 2 pt high
    OFF_PAGE = 32  # outside the visible page box
    HIDDEN = INVISIBLE | CAMOUFLAGED | COVERED | MICROSCOPIC | OFF_PAGE


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """Fractions 0..1 of the page as displayed, origin top left, x0 <= x1 and y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @staticmethod
    def around(boxes: list[BoundingBox]) -> BoundingBox:
        return BoundingBox(min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes))


@dataclass(frozen=True)
class Words:
    """The words of a page in reading order, as packed columns of equal length n.

    `texts`: n strings without white space. `boxes`: 8n bytes, little-endian uint16 x0 y0 x1 y1 in `UNIT`s.
    `lines`: 2n bytes, uint16, the number of the visual line that a word stands on (non-decreasing).
    `marks`: n bytes of `Mark`. `confidences`: n bytes, percent; empty for a text layer (certain).
    Raises ValueError if the lengths disagree or a box is turned inside out.
    """

    texts: tuple[str, ...] = ()
    boxes: bytes = b""
    lines: bytes = b""
    marks: bytes = b""
    confidences: bytes = b""

    def __post_init__(self) -> None:
        n = len(self.texts)
        if (len(self.boxes), len(self.lines), len(self.marks)) != (8 * n, 2 * n, n) or len(self.confidences) not in (0, n):
            raise ValueError("columns of different lengths")
        b = self._box_units
        if any(b[i] > b[i + 2] or b[i + 1] > b[i + 3] for i in range(0, 4 * n, 4)):
            raise ValueError("a box is turned inside out")

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def _box_units(self) -> memoryview:
        return memoryview(self.boxes).cast("H")

    def box(self, i: int) -> BoundingBox:
        x0, y0, x1, y1 = self._box_units[4 * i : 4 * i + 4]
        return BoundingBox(x0 / UNIT, y0 / UNIT, x1 / UNIT, y1 / UNIT)

    def line(self, i: int) -> int:
        return int(memoryview(self.lines).cast("H")[i])

    def mark(self, i: int) -> Mark:
        return Mark(self.marks[i])

    def confidence(self, i: int) -> float:
        return self.confidences[i] / 100 if self.confidences else 1.0


Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""Nine numbers, row by row: a homography of the plane."""

_TURNED: tuple[Matrix, ...] = (
    (1, 0, 0, 0, 1, 0, 0, 0, 1),
    (0, 1, 0, -1, 0, 1, 0, 0, 1),
    (-1, 0, 1, 0, -1, 1, 0, 0, 1),
    (0, -1, 1, 1, 0, 0, 0, 0, 1),
)
"""Of what is shown, turned clockwise by so many quarters, to what was shown before."""


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at: upright, flat, cropped. `width` and `height` of what is shown, in points.

    `matrix` maps a point of what is shown to the page as it lies in the file, both in fractions 0..1 with the origin top left: so it
    holds at every resolution, and the same view can be drawn again later.
    """

    width: float
    height: float
    matrix: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def turned(self, quarters: int) -> View:
        """What this shows, turned clockwise."""
        if not quarters:
            return self
        width, height = (self.height, self.width) if quarters % 2 else (self.width, self.height)
        return View(width, height, _product(self.matrix, _TURNED[quarters]))


def _product(a: Matrix, b: Matrix) -> Matrix:
    cells = [sum(a[3 * row + k] * b[3 * k + column] for k in range(3)) for row in range(3) for column in range(3)]
    return (cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8])


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `width` and `height` in points as displayed (rotation or `view` applied); `image_share`: part of it that pictures cover,
    0..1. `view`: set where the page was turned (so is one whose text layer runs sideways), flattened or cropped; the boxes of its words
    are fractions of what that shows. `engine`: what read the words, where `text` is "read"."""

    number: int
    width: float
    height: float
    words: Words = field(default_factory=Words)
    image_share: float = 0.0
    text: TextSource = "layer"
    view: View | None = None
    engine: str = ""

    @property
    def must_be_read(self) -> bool:
        """Its words have to be recognized from its picture."""
        return self.text not in ("layer", "read")


Treatment = Literal["background", "denoise", "sharpen", "whiten"]
"""What may be done to the pixels of a page before it is read; app/readers/prepare.py says how."""


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What is to be done with one page that must be read: decided once, from a small picture of it.

    `dpi`: resolution of the picture to make for recognition. `treatments`: in the order in which they are applied. A `blank` page
    and one that is the `same_as` an earlier page (its number) are set aside: they are not read.
    """

    number: int
    view: View
    dpi: float
    treatments: tuple[Treatment, ...] = ()
    blank: bool = False
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class EInvoice:
    """A structured invoice found in the file, mapped exactly. `profile` is BT-24 as written, `problems` what could not be read."""

    invoice: Invoice
    syntax: Literal["cii", "ubl", "zugferd1"]
    profile: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file as decoded. `einvoice` is set for e-invoice XML and hybrid PDFs; `attachments` are names, never content."""

    media_type: MediaType
    pages: tuple[Page, ...] = ()
    einvoice: EInvoice | None = None
    attachments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # stable codes of what the reader repaired or ignored: "repaired", "javascript", "xfa" ...

    def only(self, first: int, last: int) -> Document:
        """The pages from `first` to `last`; they keep their numbers. An e-invoice is not on pages: it stays."""
        return replace(self, pages=tuple(page for page in self.pages if first <= page.number <= last))
