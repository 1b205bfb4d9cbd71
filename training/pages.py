"""The made-up pages that the tiny models are trained on, and that the tests ask them about: the picture, the words, what is true."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import get_args

import numpy as np
import pymupdf
from numpy.typing import NDArray

from app.domain.invoice import Invoice
from app.models.donut_sequence import Value
from app.samples.canvas import Color
from app.samples.crowd import make_one
from app.samples.pages import Layout, draw_pdf
from app.samples.wording import WORDINGS, Wording

pymupdf.TOOLS.set_small_glyph_heights(True)  # as app/readers/pdf.py: it counts for the whole process, whoever is imported first
pymupdf.TOOLS.unset_quad_corrections(False)

SEED = 6
DPI = 100
PAGES = 8
MOST_LINES = 2  # of an invoice: a short answer
# Three layouts and five colours: no two of the pages have both in common, so that a picture too small for reading still tells them apart.
INKS: tuple[Color, ...] = ((0.09, 0.31, 0.42), (0.62, 0.1, 0.12), (0.1, 0.1, 0.12), (0.1, 0.5, 0.2), (0.45, 0.15, 0.6))


@dataclass(frozen=True)
class MadeUpPage:
    """`picture`: rows x columns x RGB. `words`: in the order of the file, `boxes` (n, 4) in thousandths of the page. `answer`: what Donut
    is to write. `labels`: what LayoutLMv3 is to say of each word."""

    picture: NDArray[np.uint8]
    words: tuple[str, ...]
    boxes: NDArray[np.int64]
    answer: Value
    labels: tuple[str, ...]


def made_up_pages(pages: int = PAGES) -> list[MadeUpPage]:
    """The same on any day: invoices of one page, in three languages and three layouts."""
    return list(islice(_pages(), pages))


def _pages() -> Iterator[MadeUpPage]:
    layouts = get_args(Layout)
    made = 0
    for index in count():
        language, invoice = make_one(SEED, index)
        if len(invoice.lines) > MOST_LINES:
            continue
        with pymupdf.open(
            stream=draw_pdf(invoice, language, layouts[made % len(layouts)], ink=INKS[made % len(INKS)]), filetype="pdf"
        ) as pdf:
            page = pdf[0]
            drawn = page.get_pixmap(dpi=DPI, colorspace=pymupdf.csRGB, alpha=False)
            picture = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).copy()
            found = page.get_text("words")
            sides = np.array([page.rect.width, page.rect.height] * 2)
        words = tuple(word[4] for word in found)
        boxes = np.clip(np.round(1000 * np.array([word[:4] for word in found]) / sides), 0, 1000).astype(np.int64)
        yield MadeUpPage(picture, words, boxes, _answer(invoice), _labels(words, invoice, WORDINGS[language]))
        made += 1


def _answer(invoice: Invoice) -> Value:
    assert invoice.issue_date is not None
    return {
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "currency": invoice.currency,
        "seller": {"name": invoice.seller.name, "vat_id": invoice.seller.vat_id},
        "lines": [
            {"item_name": line.item_name, "quantity": str(line.quantity), "net_amount": str(line.net_amount)} for line in invoice.lines
        ],
        "total_with_tax": str(invoice.total_with_tax),
    }


def _printed(invoice: Invoice, wording: Wording) -> dict[str, str]:
    """The values that are labelled, as the page shows them."""
    assert invoice.issue_date and invoice.due_date and invoice.currency and invoice.payment_account
    assert invoice.total_with_tax is not None and invoice.total_without_tax is not None
    account = invoice.payment_account
    return {
        "number": invoice.number or "",
        "issue_date": wording.date_of(invoice.issue_date),
        "due_date": wording.date_of(invoice.due_date),
        "seller_name": invoice.seller.name or "",
        "total_without_tax": wording.amount_of(invoice.total_without_tax, invoice.currency),
        "total_with_tax": wording.amount_of(invoice.total_with_tax, invoice.currency),
        "payment_account": " ".join(account[i : i + 4] for i in range(0, len(account), 4)),
    }


def _labels(words: tuple[str, ...], invoice: Invoice, wording: Wording) -> tuple[str, ...]:
    """Of each word: wherever the value stands, also a second time. White space of any kind parts words, in the value too."""
    labels = ["O"] * len(words)
    for name, text in _printed(invoice, wording).items():
        parts = text.split()
        for start in range(len(words) - len(parts) + 1):
            if list(words[start : start + len(parts)]) == parts and labels[start] == "O":
                labels[start : start + len(parts)] = [f"B-{name}", *[f"I-{name}"] * (len(parts) - 1)]
    return tuple(labels)
