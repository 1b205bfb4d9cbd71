"""From the rows of a table to the lines of the invoice, with what is in doubt about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.domain.extraction import DOUBT, LeftOut
from app.domain.invoice import AllowanceCharge, LineItem
from app.domain.parsing import money
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.items import Aside, ItemRow, Text, value_of
from app.extractors.tables import Table

PROVED, READ = 0.92, 0.72
"""How sure a line is whose amount is quantity x price, and one of which that is not known."""
BORNE_OUT = 0.05
"""What it adds that all lines add up to a sum of the page."""
IN_DOUBT = DOUBT - 0.1


class Place(Protocol):
    """Notes where a value of a line stands, and how sure it is."""

    def __call__(self, path: str, sure: float, row: int, first: int, end: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Lines:
    """`allowances` and `charges` are the whole document's, of those that are printed among the lines. `left_out`: rows with amounts that
    were not made lines, where the lines do not add up."""

    items: tuple[LineItem, ...] = ()
    allowances: tuple[AllowanceCharge, ...] = ()
    charges: tuple[AllowanceCharge, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def sum_of(table: Table) -> Decimal | None:
    """What the lines add up to; None where none has an amount."""
    amounts = [item.amount for item in table.items if Column.AMOUNT in item.numbers]
    return sum(amounts, Decimal(0)) if amounts else None


def lines_of(table: Table, grid: Grid, sums: Collection[Decimal], place: Place) -> Lines:
    """`sums`: the totals that were chosen for the invoice and that its lines may add up to."""
    total = sum_of(table)
    changes = sum((change.value for change in table.changes), Decimal(0))
    closed = table.closed
    if sums and total is not None and not (closed and any(abs(value) <= 2 * abs(total) <= 4 * abs(value) for value in sums)):
        closed = total in sums or total + changes in sums  # a subtotal is no proof where it is far from the totals
    doubted = set() if closed is not False else in_doubt(table.items)
    items = tuple(_line(item, f"lines.{n}", place, _sure(item, closed, n in doubted)) for n, item in enumerate(table.items))
    left_out = tuple(_left_out(aside, grid) for aside in table.asides) if closed is False else ()
    if not (table.changes and closed and total not in sums):
        return Lines(items, left_out=left_out)
    allowances = [aside for aside in table.changes if aside.value < 0]
    charges = [aside for aside in table.changes if aside.value >= 0]
    return Lines(
        items,
        tuple(_change(aside, f"allowances.{n}", place) for n, aside in enumerate(allowances)),
        tuple(_change(aside, f"charges.{n}", place) for n, aside in enumerate(charges)),
    )


def in_doubt(items: Sequence[ItemRow]) -> set[int]:
    """Which lines may be wrong where their sum is: those whose amount nothing proves, or all if every one is proved."""
    return {n for n, item in enumerate(items) if not item.proved} or set(range(len(items)))


def _sure(item: ItemRow, closed: bool | None, doubted: bool) -> float:
    if doubted:
        return IN_DOUBT
    return (PROVED if item.proved else READ) + (BORNE_OUT if closed else 0.0)


def _left_out(aside: Aside, grid: Grid) -> LeftOut:
    row = grid.rows[aside.item.row]
    return LeftOut(row.page, grid.box(row, 0, len(row.words)), row.span(0, len(row.words)))


def _line(item: ItemRow, path: str, place: Place, sure: float) -> LineItem:
    def number(name: str, column: Column) -> Decimal | None:
        candidate = item.numbers.get(column)
        if candidate is None or not isinstance(candidate.value, Decimal):
            return None
        place(f"{path}.{name}", sure, candidate.row, candidate.first, candidate.end)
        return candidate.value

    def words(name: str, part: Text | None) -> str | None:
        if part is None:
            return None
        place(f"{path}.{name}", sure - 0.05, part.row, part.first, part.end)
        return part.text

    name, rest = (item.names[0], item.names[1:]) if item.names else (None, [])
    amount = number("net_amount", Column.AMOUNT)
    return LineItem(
        id=_position(item),
        item_name=words("item_name", name),
        item_description="\n".join(part.text for part in rest) or None,
        item_id=words("item_id", item.texts.get(Column.ITEM_ID)),
        quantity=number("quantity", Column.QUANTITY),
        unit=words("unit", item.texts.get(Column.UNIT)),
        net_price=number("net_price", Column.PRICE),
        net_amount=money(item.amount) if amount is not None else None,
        tax_rate=number("tax_rate", Column.TAX_RATE),
        allowances=tuple(_change(aside, f"{path}.allowances.{n}", place) for n, aside in enumerate(a for a in item.changes if a.value < 0)),
        charges=tuple(_change(aside, f"{path}.charges.{n}", place) for n, aside in enumerate(a for a in item.changes if a.value >= 0)),
    )


def _change(aside: Aside, path: str, place: Place) -> AllowanceCharge:
    amount = aside.item.numbers[Column.AMOUNT]
    place(f"{path}.amount", PROVED, amount.row, amount.first, amount.end)
    rate = aside.item.numbers.get(Column.TAX_RATE)
    return AllowanceCharge(
        amount=money(abs(aside.value)),
        tax_rate=value_of(rate) if rate and path.count(".") == 1 else None,
        reason=aside.item.names[0].text if aside.item.names else None,
    )


def _position(item: ItemRow) -> str | None:
    candidate = item.numbers.get(Column.POSITION)
    return str(candidate.value) if candidate else None
