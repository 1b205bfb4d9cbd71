"""Look-alikes: invoices laid out by hand as real senders lay theirs out, to measure with. A source apart from `training.invoices`, whose
sales they print. Half of the templates are held out (`half_of`), by the same cut as labelled documents: `tests.split`.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import pymupdf

from tests import split
from training.invoices import only_shown
from training.invoices.business import Deal
from training.invoices.truth import values_of
from training.lookalikes.content import FOLDER, deal_for, terms_of
from training.lookalikes.shown import Printer, paths_on
from training.lookalikes.template import fill, names

Half = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Page:
    """A document before it is printed. `printer` has noted which values it shows."""

    template: str
    html: str
    deal: Deal
    printer: Printer


def half_of(template: str) -> Half:
    """`closed`: held out, never looked at for tuning."""
    return "closed" if split.half_of({"layout": template}, template) == "unopened" else "open"


def write(seed: int, index: int, half: Half | None = None, only: str | None = None) -> Page:
    """Document `index` of the set `seed`, its template of one half, or `only` this one: the templates take turns."""
    known = [name for name in names() if half in (None, half_of(name)) and only in (None, name)]
    template = known[index % len(known)]
    random = Random(f"look-alike {seed}:{template}:{index}")
    deal = deal_for(terms_of((FOLDER / f"{template}.html").read_text("utf-8")), random)
    html, printer = fill(template, deal, random)
    return Page(template, html, deal, printer)


def text_of(pdf: bytes) -> str:
    with pymupdf.open(stream=pdf, filetype="pdf") as pages:
        return "\n".join(page.get_text() for page in pages)


def truth_about(page: Page, text: str) -> dict[str, Any]:
    """In the words of `training.invoices.truth`: of the printed values those that do stand in the text layer `text`."""
    deal, voice = page.deal, page.deal.voice
    truth = values_of(only_shown(deal.invoice, paths_on(text, page.printer.notes, deal.invoice)), deal.invoice)
    doubted = page.printer.unsure | {"vendor_name"}  # a logo or a brand says it in another way
    truth["unsure"] += [name for name in truth["absent"] if name in doubted]
    truth["absent"] = [name for name in truth["absent"] if name not in doubted]
    return truth | {
        "language": voice.language,
        "locale": voice.locale.code,
        "layout": page.template,
        "held_out": half_of(page.template) == "closed",
        "kind": deal.kind,
        "source": "pdf",
    }
