"""Made-up invoices as LayoutLMv3 is taught them: the words as the product reads them, their boxes, the picture, what each word is."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pymupdf
from numpy.typing import NDArray

from app.models.layoutlmv3 import SCALE, boxes_of
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from training.invoices import make
from training.invoices.blocks import Spot
from training.invoices.style import Side

DPI = 30  # of the picture: the model's own is smaller still

HEADER = {
    "number": "number",
    "issue_date": "issue_date",
    "due_date": "due_date",
    "purchase_order_reference": "purchase_order_reference",
    "payment_account": "payment_account",
    "seller.name": "seller_name",
    "seller.vat_id": "seller_vat_id",
    "buyer.name": "buyer_name",
    "total_without_tax": "total_without_tax",
    "total_tax": "total_tax",
    "total_with_tax": "total_with_tax",
    "amount_due": "amount_due",
}
LINE = {
    "item_name": "line_item_name",
    "quantity": "line_quantity",
    "net_price": "line_net_price",
    "net_amount": "line_net_amount",
}
ENTITIES = (*HEADER.values(), *LINE.values())
"""What a word may belong to; all else on a page is "O"."""
LABELS = ("O", *(f"{place}-{entity}" for entity in ENTITIES for place in "BI"))


@dataclass(frozen=True)
class TaughtPage:
    """`picture`: rows x columns x RGB. `words`: in the order in which they are read, `boxes` (n, 4) in thousandths of the page.
    `labels`: of each word. `lines`: the visual line on which each word stands."""

    picture: NDArray[np.uint8]
    words: tuple[str, ...]
    boxes: NDArray[np.int64]
    labels: tuple[str, ...]
    lines: tuple[int, ...]


def taught_pages(seed: int, index: int, side: Side) -> Iterator[TaughtPage]:
    """The pages of document `index` of the set `seed`, of the families of one side (training/invoices)."""
    made = make(seed, index, side)
    with pymupdf.open(stream=made.pdf, filetype="pdf") as pdf:
        for page in read_pdf(made.pdf, Limits()).pages:
            drawn = pdf[page.number - 1].get_pixmap(dpi=DPI, colorspace=pymupdf.csRGB, alpha=False)
            picture = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).copy()
            boxes = boxes_of(page.words)
            labels = labels_of([spot for spot in made.spots if spot.page == page.number], boxes)
            lines = tuple(page.words.line(i) for i in range(len(page.words)))
            yield TaughtPage(picture, page.words.texts, boxes, labels, lines)


def entity_of(path: str) -> str | None:
    parts = path.split(".")
    return LINE.get(parts[2]) if parts[0] == "lines" and len(parts) == 3 else HEADER.get(path)


def labels_of(spots: Sequence[Spot], boxes: NDArray[np.int64]) -> tuple[str, ...]:
    """A word belongs to the value in whose box its middle lies. Each line of a value is an entity of its own."""
    labels = ["O"] * len(boxes)
    middles = (boxes[:, :2] + boxes[:, 2:]) / (2 * SCALE)
    for spot in spots:
        entity = entity_of(spot.path)
        if entity is None:
            continue
        x0, y0, x1, y1 = spot.box
        inside = np.flatnonzero((middles[:, 0] >= x0) & (middles[:, 0] <= x1) & (middles[:, 1] >= y0) & (middles[:, 1] <= y1))
        for place, word in zip("B" + "I" * len(inside), inside, strict=False):
            labels[word] = f"{place}-{entity}"
    return tuple(labels)
