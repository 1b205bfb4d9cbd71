"""Rows without numbers given to the item that they belong to.

A table sets the numbers of an item beside the first of its words, the last, or the middle: which, is told by the blanks between items, and
by the rows over the first item and under the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.items import ItemRow, Text

DISTINCT = 1.25
"""How much wider than the others a blank must be to part two items."""

HEADING = 1.4
"""The same, for a row over an item to be the title of a group."""

Way = Literal["first", "middle", "last"]
"""Beside which of its lines the numbers of an item stand."""


@dataclass(slots=True)
class _Between:
    """The rows of words between two items; `above` or `below` is None at an end of the table."""

    above: ItemRow | None
    below: ItemRow | None
    rows: list[list[Text]] = field(default_factory=list)
    titled: bool = False  # the last of them is the title of a group

    def steps(self, grid: Grid) -> list[float]:
        """How wide the widest step down is before each row, from the item above to the item below."""
        numbers = [*([self.above.row] if self.above else []), *(row[0].row for row in self.rows), *([self.below.row] if self.below else [])]
        return [max(lower.y0 - upper.y0 for upper, lower in pairwise(grid.rows[a : b + 1])) for a, b in pairwise(numbers)]

    def widest(self, grid: Grid) -> tuple[int, float]:
        """Between two items: how many rows stand over the widest step, and how many times the next widest it is."""
        steps = self.steps(grid)
        at = max(range(len(steps)), key=lambda i: steps[i])
        return at, steps[at] / max(0.1, *(step for i, step in enumerate(steps) if i != at))

    def near(self, grid: Grid) -> int:
        """At an end of the table: how many rows stand close to the item, and to each other."""
        rows = [row[0].row for row in self.rows]
        numbers = [self.above.row, *rows] if self.above else [self.below.row if self.below else 0, *reversed(rows)]
        count = 0
        for a, b in pairwise(numbers):
            upper, lower = grid.rows[min(a, b)], grid.rows[max(a, b)]
            if lower.y0 - upper.y1 >= 0.9 * upper.height:
                break
            count += 1
        return count


def give_rows(items: Sequence[ItemRow], loose: Sequence[Text], grid: Grid, limit: float) -> None:
    """Adds every text of `loose` to the names of its item; titles of groups, and what stands over the table's first item, go to none.

    `limit`: how far right the words of an item reach.
    """
    places = [_Between(a, b) for a, b in pairwise((None, *items, None))]
    at = 0
    for text in loose:
        while (below := places[at].below) is not None and below.row < text.row:
            at += 1
        rows = places[at].rows
        if rows and rows[-1][0].row == text.row:
            rows[-1].append(text)
        else:
            rows.append([text])
    for place in places:
        place.titled = _is_titled(place, grid, limit)
    way: Way = "first" if _are_headings(items, loose) else _way(places, grid)
    for place, after in pairwise(places) if way == "middle" else ():
        place.titled = place.titled and not _is_between(place, after, grid)
    for place, split in zip(places, _splits(way, places, grid), strict=True):
        for number, row in enumerate(place.rows[: len(place.rows) - place.titled]):
            owner = place.above if number < split else place.below
            if way == "first" and place.above is None and place.below and place.below.names:
                continue
            if owner is not None and (place.above or len(place.rows) - number <= place.near(grid)):
                owner.names += row


def _are_headings(items: Sequence[ItemRow], loose: Sequence[Text]) -> bool:
    """Whether items are whole in one row each, from the code to the amount, and rows between them are few: none is the first of a name."""
    coded = sum(any(column in item.texts or column in item.numbers for column in _CODES) for item in items)
    named = all(any(part.row == item.row for part in item.names) for item in items)
    return named and coded * 3 >= len(items) * 2 and len({text.row for text in loose}) * 2 <= len(items)


_CODES = (Column.ITEM_ID, Column.POSITION)


def _is_titled(place: _Between, grid: Grid, limit: float) -> bool:
    """Whether the row over an item stands apart from those above and has room for more words: it names what follows, then."""
    if place.below is None or not place.rows or not place.below.names:
        return False
    last, following = place.rows[-1][-1], place.below.names[0]
    first_word = grid.rows[following.row].words[following.first]
    row = grid.rows[last.row]
    full = row.words[last.end - 1].x1 + first_word.x1 - first_word.x0 + 0.25 * row.height > limit
    if place.above is None:
        return not full and len(place.rows) == 1
    at, clear = place.widest(grid)
    return not full and at == len(place.rows) - 1 and clear > HEADING


def _is_between(place: _Between, after: _Between, grid: Grid) -> bool:
    """Whether an item's numbers stand as far under the row over them as over the next: then both rows are the item's."""
    if not after.rows or place.below is None:
        return False
    over, numbers, under = (grid.rows[n].y0 for n in (place.rows[-1][0].row, place.below.row, after.rows[0][0].row))
    return max(numbers - over, under - numbers) < DISTINCT * min(numbers - over, under - numbers)


def _way(places: Sequence[_Between], grid: Grid) -> Way:
    ways: tuple[Way, ...] = ("first", "middle", "last")
    return max(ways, key=lambda way: _merit(way, places, grid))


def _merit(way: Way, places: Sequence[_Between], grid: Grid) -> float:
    """How well a way explains where the blanks are."""
    merit = {"first": 0.2, "middle": 0.1, "last": 0.0}[way]
    for place, split in zip(places, _splits(way, places, grid), strict=True):
        if place.titled or not place.rows:
            continue
        if place.above and place.below:
            steps = place.steps(grid)
            height = grid.rows[place.above.row].height
            rival = max(step for i, step in enumerate(steps) if i != split)
            merit += max(-1.0, min(1.0, (steps[split] - rival) / height))
        elif way == ("last" if place.above else "first"):
            merit -= min(2, place.near(grid))
        elif way == "middle" and place.above:
            merit -= abs(split - place.near(grid))
    return merit + (_between_lines(places, grid) if way == "middle" else 0.0)


def _between_lines(places: Sequence[_Between], grid: Grid) -> int:
    """How many items have no words beside their numbers, but lines so near that the numbers stand between two of an even number."""
    count = 0
    for place, after in pairwise(places):
        if place.below and not place.below.names:
            row = grid.rows[place.below.row]
            lines = [grid.rows[line[0].row] for line in (*place.rows[-1:], *after.rows[:1])]
            count += any(abs(line.y0 - row.y0) < 0.85 * row.height for line in lines)
    return count


def _splits(way: Way, places: Sequence[_Between], grid: Grid) -> list[int]:
    """How many rows of each place go to the item above."""
    if way == "first":
        return [len(place.rows) if place.above else 0 for place in places]
    if way == "last":
        return [0 if place.below else len(place.rows) for place in places]
    splits: list[int] = []
    over = 0  # rows over the numbers of the item: as many stand under them
    for place in places:
        count = len(place.rows) - place.titled
        if place.above is None:
            splits.append(0)
            over = min(count, place.near(grid))
            continue
        split = min(over, count)
        if place.below and place.rows:
            widest, clear = place.widest(grid)
            split = min(widest, count) if clear >= DISTINCT else split
        splits.append(split)
        over = count - split
    return splits
