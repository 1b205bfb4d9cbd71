"""A table that goes on over pages: the columns to read a page with whose own titles are missing or were recognized only in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.extractors.candidate import Candidate
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.items import ItemRow

_FARTHEST = 0.06
"""Of the page's width: how far a sheet may lie from where the one before lay."""


def is_part_of(own: TableHead, before: TableHead, grid: Grid) -> bool:
    """Whether a head has fewer titles than the one before, and one of them at its place: the others could not be read, then."""
    if sum(h.column is not Column.OTHER for h in own.heads) >= sum(h.column is not Column.OTHER for h in before.heads):
        return False
    farthest = _FARTHEST * grid.sizes[grid.rows[own.first].page - 1][0]
    return any(h.column is other.column and abs(h.x1 - other.x1) <= farthest for h in own.heads for other in before.heads)


def ways_to_go_on(
    before: TableHead, items: Sequence[ItemRow], grid: Grid, body: range, by_row: Mapping[int, Sequence[Candidate]]
) -> list[TableHead]:
    """The columns of the page before as they stood there and, where amounts stand further left or right now, moved with them."""
    shift = _shift(items, grid, body, by_row)
    if not shift:
        return [before]
    heads = tuple(Head(h.column, h.x0 + shift, h.x1 + shift) for h in before.heads)
    return [before, TableHead(before.first, before.last, heads, before.described)]


def _shift(items: Sequence[ItemRow], grid: Grid, body: range, by_row: Mapping[int, Sequence[Candidate]]) -> float:
    """How far the last amounts of rows with as many numbers stand to the right of those of `items`; 0 if that is hardly to be seen."""
    amounts = [item.numbers[Column.AMOUNT] for item in items if Column.AMOUNT in item.numbers]
    fewest = min((len(by_row[c.row]) for c in amounts), default=0)
    numbers = [by_row[number] for number in body if len(by_row.get(number, ())) >= max(2, fewest)]
    here = [last for row in numbers if (last := max(row, key=lambda c: c.end)).decimals == 2]
    if len(amounts) < 2 or len(here) < 2:
        return 0.0
    shift = _right_end(here, grid) - _right_end(amounts, grid)
    row = grid.rows[here[0].row]
    return shift if row.height / 3 < abs(shift) <= _FARTHEST * grid.sizes[row.page - 1][0] else 0.0


def _right_end(amounts: Sequence[Candidate], grid: Grid) -> float:
    ends = sorted(grid.rows[c.row].words[c.end - 1].x1 for c in amounts)
    return ends[len(ends) // 2]
