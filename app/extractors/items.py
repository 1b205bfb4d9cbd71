"""What is read of one line of an item table, before it is a line of the invoice."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.columns_lexicon import Column


@dataclass(slots=True)
class Text:
    """Words of one row that belong together."""

    row: int
    first: int
    end: int
    text: str


@dataclass(slots=True)
class ItemRow:
    """One item line as read: numbers by column, texts by column; `names` from top to bottom. `proved`: quantity x price = amount."""

    row: int
    numbers: dict[Column, Candidate] = field(default_factory=dict)
    texts: dict[Column, Text] = field(default_factory=dict)
    names: list[Text] = field(default_factory=list)
    proved: bool = False
    changes: list[Aside] = field(default_factory=list)  # its own discounts and charges, printed under it

    @property
    def amount(self) -> Decimal:
        """What the line comes to, its own discounts and charges counted; zero where it has no amount."""
        own = self.numbers.get(Column.AMOUNT)
        return (value_of(own) if own else Decimal(0)) + sum((change.value for change in self.changes), Decimal(0))


@dataclass(frozen=True, slots=True)
class Aside:
    """A row with an amount that was not made a line. `role`: why, by `amount_meaning` ("discount", "subtotal" ...), or "" if unclear."""

    item: ItemRow
    role: str = ""

    @property
    def value(self) -> Decimal:
        """What it adds to the sum of the lines if it counts: discounts are printed with and without a minus."""
        value = value_of(self.item.numbers[Column.AMOUNT])
        return -abs(value) if self.role == "discount" else value


def value_of(candidate: Candidate) -> Decimal:
    """The number that a candidate for an amount or a share is."""
    assert isinstance(candidate.value, Decimal)
    return candidate.value
