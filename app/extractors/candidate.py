"""One possible value and the labels that stand by it: what the grammar finds, the search for labels looks at, and the choice weighs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from app.extractors.lexicon import Cue

Kind = Literal["amount", "percent", "date", "iban", "bic", "vat_id", "id", "currency"]


Relation = Literal["inline", "left", "above"]


Value = Decimal | date | str


class Label(NamedTuple):
    """Cues that stand by a value. `distance`: cells or rows between, 0 = next to it. `colon`: the label ends with one. `bare`: no word
    of it says whose number it is."""

    cues: frozenset[Cue]
    relation: Relation
    distance: int
    colon: bool = False
    bare: bool = False


class Candidate(NamedTuple):
    """One possible value. `row` counts through the document; `first` to before `end` are words of that row.

    `cost`: how much had to be read otherwise than it was recognized (a letter O as a zero ...); 0 where the value stands there as it is.
    """

    kind: Kind
    value: Value
    row: int
    first: int
    end: int
    currency: str | None = None
    decimals: int = 0
    sound: bool = True  # its checksum, where it has one
    cost: float = 0.0
