"""Rows without numbers given to the item that they belong to: the one above, or the one that they stand around.

In most tables an item begins on the row of its numbers. Where cells are centred, its words stand over and under that row; then the widest
blank between two items parts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.extractors.grid import Grid
from app.extractors.item_rows import ItemRow, Text

DISTINCT = 1.25
"""How much wider than the others a blank must be to part two items."""
HEADING = 1.5
"""The same, for a row that stands apart from the item above to be the title of those below."""


@dataclass(slots=True)
class _Between:
    """The texts of the rows between two items, row by row; `above` or `below` is None at an end of the table."""

    above: ItemRow | None
    below: ItemRow | None
    rows: list[list[Text]]

    def split(self, grid: Grid) -> tuple[int, float]:
        """Where the widest step down lies: before the row of this number; and how many times the next widest it is."""
        numbers = [*([self.above.row] if self.above else []), *(row[0].row for row in self.rows), *([self.below.row] if self.below else [])]
        steps = [grid.rows[b].y0 - grid.rows[a].y0 for a, b in pairwise(numbers)]
        widest = max(range(len(steps)), key=lambda i: steps[i])
        rival = max((step for i, step in enumerate(steps) if i != widest), default=0.0)
        return widest + (0 if self.above else 1), steps[widest] / max(rival, 0.1)

    def before(self, grid: Grid) -> int:
        """How many of the rows stand with the item below."""
        if self.above:
            split, clear = self.split(grid)
            return len(self.rows) - split if clear >= DISTINCT else 0
        assert self.below is not None
        return _close_rows(grid, [self.below.row, *(row[0].row for row in reversed(self.rows))])

    def behind(self, grid: Grid) -> int:
        """How many stand with the item above."""
        if self.below:
            split, clear = self.split(grid)
            return split if clear >= DISTINCT else 0
        assert self.above is not None
        return _close_rows(grid, [self.above.row, *(row[0].row for row in self.rows)])


def _close_rows(grid: Grid, numbers: Sequence[int]) -> int:
    """How many rows follow the first of `numbers` without a blank as high as a row."""
    count = 0
    for a, b in pairwise(numbers):
        if max(grid.rows[b].y0 - grid.rows[a].y1, grid.rows[a].y0 - grid.rows[b].y1) >= 0.9 * grid.rows[a].height:
            break
        count += 1
    return count


def give_rows(items: Sequence[ItemRow], loose: Sequence[Text], grid: Grid) -> None:
    """Adds every text of `loose` to the names of its item; titles of groups, and what stands over the first item, go to none."""
    places = [_Between(None, items[0], [])] + [_Between(a, b, []) for a, b in pairwise(items)] + [_Between(items[-1], None, [])]
    at = 0
    for text in loose:
        while places[at].below is not None and places[at].below.row < text.row:  # type: ignore[union-attr]
            at += 1
        rows = places[at].rows
        if rows and rows[-1][0].row == text.row:
            rows[-1].append(text)
        else:
            rows.append([text])
    places = [place for place in places if place.rows]
    centred = _are_centred(items, places, grid)
    for place in places:
        for number, row in enumerate(place.rows):
            owner = _owner(place, number, grid, centred)
            if owner is not None:
                owner.names += row


def _owner(place: _Between, number: int, grid: Grid, centred: bool) -> ItemRow | None:
    split, clear = place.split(grid)
    if place.above and place.below:
        if centred and clear >= DISTINCT:
            return place.above if number < split else place.below
        if centred:
            row = grid.rows[place.rows[number][0].row]
            up, down = row.y0 - grid.rows[place.above.row].y1, grid.rows[place.below.row].y0 - row.y1
            return place.below if down <= up else place.above
        return None if clear >= HEADING and number >= split else place.above
    if place.above:
        return place.above
    assert place.below is not None
    if not centred:
        return None
    return place.below if len(place.rows) - number <= place.before(grid) else None


def _are_centred(items: Sequence[ItemRow], places: Sequence[_Between], grid: Grid) -> bool:
    """Whether numbers stand beside the middle of the words: between two lines of an even number of them, or with lines on both sides."""
    nameless = [grid.rows[item.row] for item in items if not item.names]
    lines = [grid.rows[row[0].row] for place in places for row in place.rows]
    between = sum(
        min((abs(line.y0 - row.y0) for line in lines if line.page == row.page), default=99.0) < 0.85 * row.height for row in nameless
    )
    if nameless and between * 2 >= len(nameless):
        return True
    votes = 0
    for above, below in pairwise([None, *places, None]):
        item = above.below if above else below.above if below else None
        if item is None or (above and below and above.below is not below.above):
            continue
        before, behind = above.before(grid) if above else 0, below.behind(grid) if below else 0
        votes += (1 if before == behind else -1) if before else -(behind > 0)
    return votes > 0
