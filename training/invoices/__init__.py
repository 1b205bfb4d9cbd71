"""Made-up invoices to train on and to measure with: any number, no two alike, the same for the same seed, on any day.

`make(seed, index)` draws the truth first, then a layout composed of independent choices, then the pages. `family` names the layout:
a fifth of all families is held out (`style.side_of`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from random import Random
from typing import Any

from app.domain.invoice import Invoice
from app.samples.canvas import assemble, save
from training.invoices.blocks import Spot
from training.invoices.business import make_deal
from training.invoices.compose import compose
from training.invoices.style import Side, make_style
from training.invoices.till import print_receipt


@dataclass(frozen=True, slots=True)
class Made:
    """`invoice`: what the pages show, None where they do not say. `spots`: where, each line of a value by itself, each time it is shown.
    `sold`: the whole truth, also what is not printed."""

    pdf: bytes
    invoice: Invoice
    sold: Invoice
    spots: tuple[Spot, ...]
    family: str
    kind: str
    locale: str
    language: str
    pages: int


def make(seed: int, index: int, only: Side | None = None) -> Made:
    """Document `index` of the set `seed`; `only`: of the families on this side."""
    random = Random(f"{seed}:{index}")
    style = make_style(random, only)
    deal = make_deal(random)
    pen = (print_receipt if deal.kind == "receipt" else compose)(deal, style)
    pdf = save(assemble(pen.sheets, embed_fonts=False))
    shown = only_shown(deal.invoice, {spot.path for spot in pen.spots})
    family = f"till-{style.family}" if deal.kind == "receipt" else style.family
    return Made(pdf, shown, deal.invoice, tuple(pen.spots), family, deal.kind, deal.voice.locale.code, deal.voice.language, len(pen.sheets))


def only_shown(invoice: Invoice, paths: set[str]) -> Invoice:
    """Without the values that stand on no page; the kind of document is always to be seen."""
    shown: Invoice = _only(invoice, "", paths | {"type_code"})
    return shown


def _only(value: Any, path: str, paths: set[str]) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        inside = {f.name: _only(getattr(value, f.name), f"{path}.{f.name}".lstrip("."), paths) for f in fields(value)}
        return replace(value, **inside)
    if isinstance(value, tuple):
        return tuple(_only(part, f"{path}.{i}", paths) for i, part in enumerate(value))
    return value if path in paths else None
