"""The head of an item table: which columns it names, in seven languages, and over which stretch of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid, Row
from app.extractors.labels import label_words, words_at
from app.extractors.titles import is_title, one_title, title_of, titles_in

_NAMES = {"name", "nom", "naam", "nome", "nombre", "item", "artikelname", "produktname", "article"}
_DESCRIPTIONS = {"description", "designation", "beschreibung", "omschrijving", "beschrijving", "descrizione", "descripcion", "descricao"}
_OF_WORDS = {Column.NAME, Column.ITEM_ID, Column.OTHER}
_KEY_COLUMNS = {Column.NAME, Column.QUANTITY, Column.PRICE, Column.AMOUNT, Column.ITEM_ID, Column.UNIT, Column.TAX_RATE, Column.POSITION}


@dataclass(slots=True)
class Head:
    """One column: `x0`..`x1` is where its title stands."""

    column: Column
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class TableHead:
    """`first`..`last` are the rows of the titles; `heads` from left to right.

    `described`: the names stand with a description ("Item & description").
    """

    first: int
    last: int
    heads: tuple[Head, ...]
    described: bool = False

    def has(self, column: Column) -> bool:
        return any(head.column is column for head in self.heads)


def find_heads(grid: Grid, values: list[list[tuple[int, int]]]) -> list[TableHead]:
    """Every table head of the document, from top to bottom. One needs an amount or a price, and something to be paid for.

    `values`: where values stand in each row; what stands under titles set close tells how many they are.
    """
    titles = [_titles(row, _ValuesBelow(grid, values, number)) for number, row in enumerate(grid.rows)]
    found: list[TableHead] = []
    for number, row in enumerate(grid.rows):
        last = found[-1].last if found else -1
        if number <= last or len(titles[number]) < 2 or (_count_digits(row) > len(row.words) / 4):
            continue
        lines = _lines_of(grid, titles, number, last)
        heads = [Head(head.column, head.x0, head.x1) for head in titles[number]]
        for near in sorted(lines, key=lambda near: abs(near - number)):
            if near != number:
                _merge(heads, titles[near])
        if len(lines) > 1:
            _retitle(heads, grid.rows[lines.start : lines.stop])
        if not (_is_head(titles[number], row) or (len(lines) > 1 and _is_head(heads, row))):
            continue
        _add_unknown(heads, row)
        heads.sort(key=lambda head: head.x0)
        words = {word for line in lines for spot in grid.rows[line].words for word in label_words(spot.text)}
        found.append(TableHead(lines.start, lines.stop - 1, tuple(_settle(heads)), bool(words & _NAMES and words & _DESCRIPTIONS)))
    return found


def _lines_of(grid: Grid, titles: Sequence[list[Head]], number: int, last: int) -> range:
    """The rows around a row of titles, under the row `last`, that hold the other lines of these titles."""
    row = grid.rows[number]
    begin = end = number
    spans = [_span(row, *cell) for cell in row.cells]
    for step in (1, -1):
        for near in range(number + step, number + 5 * step, step):
            if not last < near < len(grid.rows):
                break
            other = grid.rows[near]
            gap = grid.rows[begin].y0 - other.y1 if step < 0 else other.y0 - grid.rows[end].y1
            # What stands over a table may be anything; under it only titles without values are part of it.
            if other.page != row.page or gap > 0.9 * row.height * (1 if step > 0 else 2) or _count_digits(other):
                break
            if step < 0 and len(other.cells) == 1 and len(other.words) > 2 and gap > 0.9 * row.height:
                break  # "Charges by service": of the table, not of a column
            usual = titles[near] and not (step > 0 and len(titles[near]) * 2 < len(other.cells)) and _mostly_titles(titles[near], other)
            if not usual and not (gap < 0.7 * row.height and _is_stacked(other, spans)):
                break
            spans += [_span(other, *cell) for cell in other.cells]
            begin, end = min(begin, near), max(end, near)
    return range(begin, end + 1)


def count_titles(row: Row) -> int:
    """How many words of a row are titles of columns by themselves."""
    return sum(is_title(word) for spot in row.words for word in label_words(spot.text))


def _add_unknown(heads: list[Head], row: Row) -> None:
    """Titles that we do not know keep what stands under them apart; the leftmost is the name where no other is."""
    named = any(head.column is Column.NAME for head in heads)
    for first, end in row.cells:
        x0, x1 = row.words[first].x0, row.words[end - 1].x1
        if any(head.x1 > x0 and head.x0 < x1 for head in heads) or sum(map(str.isalpha, row.span(first, end))) < 3:
            continue
        heads.append(Head(Column.OTHER if named else Column.NAME, x0, x1))
        named = True


def _span(row: Row, first: int, end: int) -> tuple[float, float]:
    return row.words[first].x0, row.words[end - 1].x1


def _is_stacked(other: Row, spans: list[tuple[float, float]]) -> bool:
    """Whether a row is the first or last words of titles that have `spans` ("Unit-" over "price"): short cells, most over or under one."""
    over = 0
    for first, end in other.cells:
        x0, x1 = _span(other, first, end)
        met = [(a, b) for a, b in spans if a < x1 and x0 < b]
        if end - first > 4 or any(max(a, c) > min(b, d) for a, b in met for c, d in met):
            return False
        over += bool(met)
    return over * 2 >= len(other.cells)


def _retitle(heads: list[Head], rows: list[Row]) -> None:
    """Titles set on several lines are what all their words say from top to bottom: "Meng.-" over "einheit" is a unit, not a quantity."""
    for head in heads:
        inside = [[row.span(a, b) for a, b in row.cells if row.words[a].x0 < head.x1 and row.words[b - 1].x1 > head.x0] for row in rows]
        lines = [cells[0] for cells in inside if len(cells) == 1]
        if len(lines) < 2 or any(len(cells) > 1 for cells in inside):
            continue  # on one line; or words of two columns, of which the title of each is known by itself
        head.column = title_of(lines) or head.column


def _mostly_titles(heads: list[Head], row: Row) -> bool:
    """Whether the titles found in a row are most of it: "Bill to: Acme" has one too."""
    return sum(head.x1 - head.x0 for head in heads) > 0.5 * sum(spot.x1 - spot.x0 for spot in row.words)


def _count_digits(row: Row) -> int:
    """How many words have digits."""
    return sum(any(map(str.isdigit, spot.text)) for spot in row.words)


def _is_head(heads: list[Head], row: Row) -> bool:
    columns = {head.column for head in heads} & _KEY_COLUMNS
    if len(columns) < 2 or not columns & {Column.AMOUNT, Column.PRICE, Column.QUANTITY}:
        return False
    if not columns & {Column.NAME, Column.ITEM_ID, Column.POSITION} and not {Column.QUANTITY, Column.PRICE} <= columns:
        return False
    if len(columns) == 2 and not (Column.NAME in columns and columns & {Column.AMOUNT, Column.PRICE} and len(row.cells) >= 2):
        return False
    # A sentence may hold these words too: the titles must be most of the row.
    covered = sum(max(1, round((head.x1 - head.x0) / (row.height * 0.5))) for head in heads)
    return covered * row.height * 0.5 > 0.4 * sum(spot.x1 - spot.x0 for spot in row.words)


@dataclass(frozen=True, slots=True)
class _ValuesBelow:
    grid: Grid
    values: list[list[tuple[int, int]]]
    number: int

    def most(self, x0: float, x1: float) -> int:
        """The most values that one of the next rows has between x0 and x1."""
        most = 0
        for below in range(self.number + 1, min(self.number + 8, len(self.grid.rows))):
            placed = self.grid.rows[below].words
            most = max(most, sum(placed[b - 1].x1 > x0 and placed[a].x0 < x1 for a, b in self.values[below]))
        return most

    def texts(self, x0: float, x1: float) -> int:
        """How many columns of cells, each flush left and clear of the next, begin between x0 and x1 in the next rows."""
        title = self.grid.rows[self.number]
        cells = [
            _span(below, first, end)
            for below in self.grid.rows[self.number + 1 : self.number + 20]
            if below.page == title.page
            for first, end in below.cells
            if x0 - title.height < below.words[first].x0 < x1
        ]
        flush: list[list[tuple[float, float]]] = []
        for cell in sorted(cells):
            if flush and cell[0] - flush[-1][-1][0] < 0.6 * title.height:
                flush[-1].append(cell)
            else:
                flush.append([cell])
        flush = [cells for cells in flush if len(cells) > 1]
        return 1 + sum(max(right for _, right in cells) < after[0][0] for cells, after in pairwise(flush))


_CLOSE = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")


def _title_words(row: Row, i: int) -> tuple[str, ...]:
    """The plain words of one word of a row; those of "QuantityUnit", two titles set without a blank, are those of both."""
    words = words_at(row, i)
    parts = _CLOSE.split(row.words[i].text)
    if len(parts) < 2 or titles_in(words):
        return words
    apart = [label_words(part) for part in parts]
    return tuple(word for part in apart for word in part) if all(titles_in(part) for part in apart) else words


def _titles(row: Row, below: _ValuesBelow) -> list[Head]:
    """The titles in a row, cell by cell. Several in one cell are several columns' only if as many stand under it."""
    heads: list[Head] = []
    for start, end in row.cells if len(row.words) <= 40 else ():
        owned = [(word, i) for i in range(start, end) for word in _title_words(row, i)]
        words = [word for word, _ in owned]
        found = titles_in(words)
        in_cell = [Head(title.column, row.words[owned[title.first][1]].x0, row.words[owned[title.end - 1][1]].x1) for title in found]
        x0, x1 = _span(row, start, end)
        columns = 1
        if len(in_cell) > 1:
            columns = below.texts(x0, x1)
            if any(head.column not in _OF_WORDS for head in in_cell):
                columns = max(columns, below.most(x0, x1))
        if len(in_cell) == columns + 1 > 2 and in_cell[0].column is Column.POSITION:
            in_cell[1].x0 = in_cell[0].x0  # the numbers of the lines stand close before what follows them
            in_cell = in_cell[1:]
        if len(in_cell) > columns:
            column = one_title([head.column for head in in_cell], words)
            in_cell = [Head(column, x0, x1)] if column else in_cell
        elif len(in_cell) == 1 and len(words) <= found[0].end - found[0].first + 2:
            in_cell[0].x0, in_cell[0].x1 = x0, x1
        heads += in_cell
    return heads


def _merge(heads: list[Head], others: list[Head]) -> None:
    """Titles of a second line widen those that they overlap; the rest are columns of their own."""
    for other in others:
        over = [head for head in heads if head.x1 > other.x0 and head.x0 < other.x1]
        if not over:
            heads.append(Head(other.column, other.x0, other.x1))
            continue
        over[0].x0, over[0].x1 = min(over[0].x0, other.x0), max(over[0].x1, other.x1)


def _settle(heads: list[Head]) -> list[Head]:
    """One column of each kind: the last of several amounts is the line's total, the first of the others is meant."""
    seen: dict[Column, Head] = {}
    result: list[Head] = []
    for head in heads:
        if head.column is Column.NAME and {Column.NAME, Column.PRICE} <= seen.keys():  # "Descrição | Preço | Desc."
            head = Head(Column.DISCOUNT, head.x0, head.x1)
        elif head.column is Column.NAME and Column.NAME in seen:  # "Item | Description": the first is what identifies it
            seen[Column.NAME].column = Column.ITEM_ID
        elif head.column is Column.PRICE and Column.PRICE in seen and all(other.column is not Column.AMOUNT for other in heads):
            head = Head(Column.AMOUNT, head.x0, head.x1)  # "Price each | Price incl. VAT"
        elif head.column in seen and head.column not in (Column.OTHER, Column.AMOUNT):
            result.append(Head(Column.OTHER, head.x0, head.x1))
            continue
        if head.column is Column.AMOUNT and Column.AMOUNT in seen:
            seen[Column.AMOUNT].column = Column.OTHER
        new = Head(head.column, head.x0, head.x1)
        seen[head.column] = new
        result.append(new)
    if Column.PRICE in seen and not {Column.AMOUNT, Column.QUANTITY, Column.TAX_AMOUNT} & seen.keys():
        seen[Column.PRICE].column = Column.AMOUNT  # "Item | Price": of nothing else could it be the price
    return result
