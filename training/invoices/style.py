"""How a sender lays its invoices out: choices made one by one, so that there are more layouts than can be listed."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from random import Random
from typing import Literal

from app.samples.canvas import Color, Font

Side = Literal["rest", "held-out"]


@dataclass(frozen=True, slots=True)
class Structure:
    """The choices that make a layout what it is; those of colour, font and wording are in `Style`."""

    letterhead: Literal["left", "right", "center", "band", "two_sides", "none"]
    sender: Literal["line", "block", "footer_only"]
    addresses: Literal["window", "right", "side_by_side", "boxes", "three"]
    title: Literal["top_right", "above_table", "centered", "in_meta"]
    meta: Literal["rows", "sentences", "box", "strip", "above", "grid", "right_rows"]
    meta_place: Literal["beside_addresses", "below", "above_addresses"]
    columns: tuple[str, ...]
    table_rules: Literal["none", "head", "rows", "grid", "frame"]
    zebra: bool
    item_id: Literal["column", "in_name", "below"]
    totals: Literal["right", "left", "full", "boxed", "in_table"]
    tax_table: bool
    payment: Literal["footer", "paragraph", "rows", "box", "slip", "none"]


@dataclass(frozen=True, slots=True)
class Style:
    structure: Structure
    font: Font
    size: float
    stretch: float
    ink: Color
    margin: float
    logo: Literal["disc", "bars", "square", "none"]
    carried: bool
    small_print: Literal["none", "foot", "page"]
    stamp: bool
    greeting: bool
    currency_in_table: bool
    currency_in_head: bool
    tax_in_table: bool
    leading: float

    @property
    def family(self) -> str:
        """All documents of one family share every structural choice."""
        return hashlib.sha256(repr(astuple(self.structure)).encode()).hexdigest()[:12]


def side_of(family: str) -> Side:
    """A fifth of the families is held out, for good: by their hash alone."""
    return "held-out" if int(family[:4], 16) % 5 == 0 else "rest"


def make_style(random: Random, only: Side | None = None) -> Style:
    """Drawn anew until it falls on the side asked for."""
    while True:
        style = _draw(random)
        if only is None or side_of(style.family) == only:
            return style


_ORDERS = (
    ("name", "quantity", "price", "amount"),
    ("position", "name", "quantity", "unit", "price", "amount"),
    ("quantity", "name", "price", "amount"),
    ("item_id", "name", "quantity", "price", "tax_rate", "amount"),
    ("position", "item_id", "name", "quantity", "unit", "price", "amount"),
    ("position", "quantity", "unit", "name", "price", "amount"),
    ("name", "quantity", "unit", "price", "tax_rate", "amount"),
    ("item_id", "name", "quantity", "unit", "price", "discount", "amount"),
    ("name", "amount"),
    ("name", "price", "quantity", "amount"),
    ("quantity", "unit", "item_id", "name", "price", "amount"),
    ("name", "tax_rate", "price", "quantity", "amount"),
    ("item_id", "quantity", "name", "price", "amount"),
    ("name", "quantity", "price", "tax_rate", "tax_amount", "amount"),
    ("position", "name", "price", "quantity", "tax_rate", "amount"),
    ("name", "item_id", "quantity", "price", "discount", "tax_rate", "amount"),
)


def _draw(random: Random) -> Style:
    columns = list(random.choice(_ORDERS))
    for name, chance in (("position", 0.12), ("tax_rate", 0.15), ("unit", 0.15)):
        if random.random() < chance:
            if name in columns:
                columns.remove(name)
            elif name == "position":
                columns.insert(0, name)
            elif len(columns) > 2 and (name != "unit" or "price" in columns):
                columns.insert(columns.index("price") if name == "unit" else len(columns) - 1, name)
    structure = Structure(
        letterhead=random.choice(("left", "left", "right", "center", "band", "two_sides", "none")),
        sender=random.choice(("line", "block", "block", "footer_only")),
        addresses=random.choice(("window", "window", "right", "side_by_side", "boxes", "three")),
        title=random.choice(("top_right", "above_table", "above_table", "centered", "in_meta")),
        meta=random.choice(("rows", "rows", "sentences", "box", "strip", "above", "grid", "right_rows")),
        meta_place=random.choice(("beside_addresses", "beside_addresses", "below", "above_addresses")),
        columns=tuple(columns),
        table_rules=random.choice(("none", "head", "head", "rows", "grid", "frame")),
        zebra=random.random() < 0.2,
        item_id=random.choice(("column", "in_name", "below")),
        totals=random.choice(("right", "right", "right", "left", "full", "boxed", "in_table")),
        tax_table=random.random() < 0.25,
        payment=random.choice(("footer", "paragraph", "rows", "box", "slip", "none")),
    )
    shades = (
        (0.1, 0.1, 0.12),
        (0.13, 0.2, 0.42),
        (0.13, 0.36, 0.25),
        (0.45, 0.12, 0.2),
        (0.09, 0.31, 0.42),
        (0.55, 0.25, 0.1),
        (0.3, 0.3, 0.34),
    )
    return Style(
        structure=structure,
        font=random.choices(("helv", "tiro", "cour"), (75, 20, 5))[0],  # type: ignore[arg-type]
        size=random.choice((7.5, 8, 8.5, 9, 9, 9.5, 10)),
        stretch=random.choice((1.0, 1.0, 1.0, 0.88, 0.93, 1.06)),
        ink=random.choice(shades),
        margin=random.choice((36, 42, 50, 57, 62)),
        logo=random.choice(("disc", "bars", "square", "none", "none")),
        carried=random.random() < 0.5,
        small_print=random.choices(("none", "foot", "page"), (72, 20, 8))[0],  # type: ignore[arg-type]
        stamp=random.random() < 0.06,
        greeting=random.random() < 0.4,
        currency_in_table=random.random() < 0.35,
        currency_in_head=random.random() < 0.15,
        tax_in_table=random.random() < 0.5,
        leading=random.choice((1.15, 1.28, 1.28, 1.4)),
    )
