"""One row of an item table: its numbers and texts, each by the column under whose title it stands."""

from __future__ import annotations

from app.extractors.candidate import Candidate
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid, Row
from app.extractors.items import ItemRow, Text, value_of
from app.extractors.products import glued, prove

NUMERIC = {Column.QUANTITY, Column.PRICE, Column.AMOUNT, Column.TAX_RATE, Column.TAX_AMOUNT, Column.DISCOUNT, Column.POSITION}


def read_row(
    grid: Grid, head: TableHead, number: int, candidates: list[Candidate], doubtful: list[Candidate], dated: set[tuple[int, int]]
) -> ItemRow:
    """`doubtful`: other readings of the row's amounts, taken where quantity x price bears them out."""
    row = grid.rows[number]
    item = ItemRow(number)
    # Without titles the columns are as wide as what stands in them. What stands left of a table is no part of it.
    bounded = head.last < head.first or head.heads[0].column in (Column.POSITION, Column.ITEM_ID, Column.QUANTITY)
    edge = head.heads[0].x0 - row.height
    free = [not bounded or spot.x1 > edge for spot in row.words]
    name = next((h for h in head.heads if h.column is Column.NAME), None)
    for c in sorted(candidates, key=lambda c: c.first):
        if any((number, i) in dated for i in range(c.first, c.end)):
            continue
        column = column_of(row, c, head)
        if column is None or column.column not in NUMERIC:
            continue
        if column.column in (Column.POSITION,) and c.decimals:
            continue
        # A number that continues the words of a name ("Pen 12 pcs") is part of the name.
        cell_first, cell_end = row.cells[row.cell_of[c.first]]
        wordy = any(t.wordy and len(t.text) > 3 for t in row.words[cell_first : c.first])
        if name and wordy and c.end < cell_end and column.x0 > row.words[c.first].x1:
            continue
        # So is one behind the words ("Bracket, size 40") that is not under the next title, where another number is.
        if name and wordy and column.x0 > row.words[c.end - 1].x1 and any(_is_under(row, other, column) for other in candidates):
            continue
        if column.column is Column.TAX_RATE and not _is_rate(c):
            continue
        if column.column in item.numbers:
            if column.column is Column.AMOUNT and (c.decimals or not item.numbers[column.column].decimals):  # not the code of its tax
                item.numbers[column.column] = c
                _mark(free, c)
            continue
        item.numbers[column.column] = c
        _mark(free, c)
    columns: dict[int, Column | None] = {}  # by the first word of what stands there
    for cell_first, cell_end in row.cells:
        i = cell_first
        while i < cell_end:
            if not free[i]:
                i += 1
                continue
            j = i + 1
            while j < cell_end and free[j] and not (name and abs(row.words[j].x0 - name.x0) < 0.3 * row.height):
                j += 1
            columns[i] = _place_text(row, number, i, j, head, item)
            i = j
    named = sum(_letters(part) for part in item.names if columns[part.first] is Column.NAME)
    # "27 May 2025 | Laundry": what has a column of its own is no name, unless it says more.
    item.names = [
        part
        for part in item.names
        if columns[part.first] is not Column.OTHER or (_letters(part) >= named and not (len(item.names) > 1 and _is_dated(part, dated)))
    ]
    prove(row, item, candidates, doubtful)
    if Column.QUANTITY not in item.numbers and not row.read:
        _take_glued_quantity(row, item, head)
    item.names = [part for text in item.names if (part := _without_numbers(row, item, text))]
    return item


def _without_numbers(row: Row, item: ItemRow, text: Text) -> Text | None:
    """A text without the numbers at its ends that turned out to be the row's quantity or price."""
    taken = {i for c in item.numbers.values() for i in range(c.first, c.end)}
    first, end = text.first, text.end
    while first < end and first in taken:
        first += 1
    opened = next((i for i in range(first + 1, end) if i in taken and row.words[i].text[0] == "("), end)
    if row.words[end - 1].text.endswith(")") and end - 1 in taken:
        end = opened  # "Domain privacy (12 x 3.67, less 15%)"
    while end > first and (end - 1 in taken or (end - 2 in taken and end - 2 >= first and row.words[end - 1].text in _TIMES)):
        end -= 1  # "Minibar (10 x 11.23)"
    return Text(text.row, first, end, row.span(first, end)) if first < end else None


def _take_glued_quantity(row: Row, item: ItemRow, head: TableHead) -> None:
    """ "8months" under the title of the quantity: what stands there alone is number and unit, also where no product bears it out."""
    title = next((h for h in head.heads if h.column is Column.QUANTITY), None)
    for first, end in row.cells if title else ():
        x0, x1 = row.words[first].x0, row.words[end - 1].x1
        if end == first + 1 and title and x0 < title.x1 and x1 > title.x0 and (found := glued(item.row, first, row.words[first].text)):
            item.numbers[Column.QUANTITY], item.texts[Column.UNIT] = found
            item.names = [part for part in item.names if part.first != first]


def _is_dated(part: Text, dated: set[tuple[int, int]]) -> bool:
    return all((part.row, i) in dated for i in range(part.first, part.end))


_TIMES = frozenset("xX×*@à")


def _letters(part: Text) -> int:
    return sum(map(str.isalpha, part.text))


def _is_under(row: Row, candidate: Candidate, head: Head) -> bool:
    return row.words[candidate.first].x0 < head.x1 and row.words[candidate.end - 1].x1 > head.x0


def _is_rate(candidate: Candidate) -> bool:
    """A tax rate and not a tax: with a per cent sign, or small with at most a decimal or a half."""
    value = value_of(candidate)
    return candidate.kind == "percent" or (0 <= value <= 30 and (value * 2 == int(value * 2) or candidate.decimals == 1))


def _mark(free: list[bool], candidate: Candidate) -> None:
    for i in range(candidate.first, candidate.end):
        free[i] = False


def column_of(row: Row, candidate: Candidate, head: TableHead) -> Head | None:
    """The column under whose title a number stands; numbers are mostly set flush right, so right ends count double."""
    x0, x1 = row.words[candidate.first].x0, row.words[candidate.end - 1].x1
    percent = candidate.kind == "percent"
    best: tuple[float, Head] | None = None
    for h in head.heads:
        if percent and h.column not in (Column.TAX_RATE, Column.DISCOUNT, Column.NAME, Column.OTHER):
            continue
        overlap = min(x1, h.x1) - max(x0, h.x0)
        distance = -min(overlap, 1.0) if overlap > 0 else -overlap + min(abs(x1 - h.x1), abs(x0 - h.x0)) * 0.2
        if overlap > 0:
            distance -= overlap / max(1.0, x1 - x0)
        if best is None or distance < best[0]:
            best = (distance, h)
    if best is None or best[0] > 6 * row.height:
        return None
    return best[1]


def _place_text(row: Row, number: int, first: int, end: int, head: TableHead, item: ItemRow) -> Column | None:
    """The column that the words were found to stand in."""
    x0, x1 = row.words[first].x0, row.words[end - 1].x1
    text = row.span(first, end)
    if not any(map(str.isalnum, text)):
        return None
    best: tuple[float, Head] | None = None
    for h in head.heads:
        overlap = min(x1, h.x1) - max(x0, h.x0)
        distance = -overlap / max(1.0, min(x1 - x0, h.x1 - h.x0)) if overlap > 0 else -overlap
        if abs(x0 - h.x0) < 0.5 * row.height:
            distance -= 1.0
        if best is None or distance < best[0]:
            best = (distance, h)
    column = best[1].column if best else Column.NAME
    part = Text(number, first, end, text)
    if column is Column.ITEM_ID and Column.ITEM_ID not in item.texts and end - first <= 3 and len(text) <= 30:
        item.texts[Column.ITEM_ID] = part
    elif column is Column.UNIT and end - first <= 3 and len(text) <= 16:
        item.texts.setdefault(Column.UNIT, part)
    elif column in (Column.QUANTITY, Column.PRICE, Column.AMOUNT) and end - first == 1 and len(text) <= 8:
        if text.replace(".", "").isalpha():
            item.texts.setdefault(Column.UNIT, part)
    elif column is Column.POSITION and end - first == 1 and len(text) <= 4:
        item.texts.setdefault(Column.POSITION, part)
    elif column in (Column.NAME, Column.ITEM_ID, Column.POSITION) or (end - first >= 2 and any(map(str.isalpha, text))):
        has_name = any(h.column is Column.NAME for h in head.heads)
        if column is not Column.NAME and has_name and not (end - first >= 3 or best is None or best[0] > 0):
            item.texts.setdefault(Column.OTHER, part)
        elif any(map(str.isalpha, text)) or (column is Column.NAME and len(row.words) == 1 and len(text) <= 4):
            item.names.append(part)  # a short number alone may be the last word of a name
    return column
