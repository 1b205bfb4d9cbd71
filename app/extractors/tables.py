"""Item lines: the rows under a table head until the totals, over all pages."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.columns import TableHead, find_heads
from app.extractors.columns_lexicon import Column
from app.extractors.continued import is_part_of, ways_to_go_on
from app.extractors.grid import Row
from app.extractors.item_names import give_names
from app.extractors.item_rows import ItemRow, Text, amounts_without_tax, read_row
from app.extractors.labels import amount_meaning
from app.extractors.lexicon import Cue


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: every row of the document that the table covers, head included."""

    items: tuple[ItemRow, ...]
    rows: frozenset[int]


class Body(NamedTuple):
    """What stands under a head on one page. `rows`: those that belong to items; `closed`: the totals begin.

    `footed`: closed by words that stand under the totals, or under every page.
    """

    items: list[ItemRow]
    rows: set[int]
    closed: bool = False
    footed: bool = False

    def fit(self) -> tuple[int, int]:
        """How well the rows fit the columns: items whose amount is quantity x price, then values that have a column."""
        return sum(item.proved for item in self.items), sum(len(item.numbers) + len(item.texts) for item in self.items)

    def follows(self, before: Body) -> bool:
        """Whether the table goes on here: not under totals; behind what may be the foot of a page, where most amounts are proved."""
        if before.closed and not before.footed:
            return False
        return bool(self.items) and (not before.footed or self.fit()[0] * 2 > len(self.items))


def read_tables(found: Candidates) -> Table:
    """The item lines of all pages in order; empty where no table head is found."""
    grid = found.grid
    reader = _Reader(found)
    items: list[ItemRow] = []
    rows: set[int] = set()
    heads = find_heads(grid, found.finder.values)
    columns: TableHead | None = None  # those in use, and the items that stand under their titles
    model: list[ItemRow] = []
    last = Body([], set())  # the page read before
    for number, head in enumerate(heads):
        after = heads[number + 1].first if number + 1 < len(heads) else len(grid.rows)
        page = grid.rows[head.first].page
        body = range(head.last + 1, min(after, grid.pages[page - 1][1]))
        own = amounts_without_tax(grid, head, body, reader.by_row)
        later = columns if columns and grid.rows[columns.first].page < page else None
        other = reader.go_on(later, model, body) if later and is_part_of(own, later, grid) else None
        if last.closed and items and not _alike(head, heads[number - 1]) and not (other and other.follows(last)):
            continue  # a tax table or another list under the totals
        read = reader.read(own, body, goes_on=later is not None and (last.footed or not last.closed) and _alike(own, later))
        if other and other.follows(last) and other.fit() >= read.fit():
            read = other
        elif read.items:
            columns, model = own, read.items
        last = read
        if not read.items or columns is None:
            continue
        items += read.items
        rows.update(read.rows)
        rows.update(range(head.first, head.last + 1))
        for first, end in grid.pages[page:]:  # pages that go on without repeating the head
            if first >= after or any(first <= other.first < end for other in heads):
                break
            if first == end:
                continue  # the blank back of a sheet
            read = reader.go_on(columns, model, range(first, end))
            if not read.follows(last):
                last = last if last.closed else read
                break
            last = read
            items += read.items
            rows.update(read.rows)
    return Table(tuple(items), frozenset(rows))


def _alike(head: TableHead, other: TableHead) -> bool:
    return [h.column for h in head.heads] == [h.column for h in other.heads]


class _Reader:
    """Reads what stands under a head; keeps the numbers of each row for it."""

    def __init__(self, found: Candidates) -> None:
        self.found = found
        self.by_row: dict[int, list[Candidate]] = {}
        for kind in ("amount", "percent"):
            for candidate in found.of(kind):
                self.by_row.setdefault(candidate.row, []).append(candidate)
        self.doubtful: dict[int, list[Candidate]] = {}
        for candidate in found.alternatives.get("amount", ()):
            self.doubtful.setdefault(candidate.row, []).append(candidate)
        self.dated = {(c.row, i) for c in found.of("date") if c.sound for i in range(c.first, c.end)}

    def go_on(self, columns: TableHead, model: list[ItemRow], body: range) -> Body:
        """A page of the same table: with its columns, or with these moved, whichever its rows fit better."""
        ways = ways_to_go_on(columns, model, self.found.grid, body, self.by_row)
        return max((self.read(way, body, goes_on=True) for way in ways), key=Body.fit)

    def read(self, head: TableHead, body: range, goes_on: bool = False) -> Body:
        grid = self.found.grid
        items: list[ItemRow] = []
        loose: list[Text] = []
        used: set[int] = set()
        pitch, over = 0.0, False
        last = max(head.last, body.start)
        cents = body.start > head.last + 1  # whether amounts have them; on a page without a head, they must
        opening = self._first_proved(head, body) if goes_on else body.start
        for number in body:
            row = grid.rows[number]
            item = self._row(head, number)
            if cents and (whole := item.numbers.get(Column.AMOUNT)) and not whole.decimals and not whole.currency:
                del item.numbers[Column.AMOUNT]  # a page number in the column of the amounts
            verdict = _verdict(self.found, head, number, item, bool(items), number < opening)
            if verdict in ("stop", "foot"):
                return Body(give_names(head, items, loose, grid), used, True, verdict == "foot")
            gap = row.y0 - grid.rows[last].y1
            if gap > max(9 * row.height, 3 * pitch) and items and verdict != "item":
                break
            if verdict == "item":
                if items:
                    pitch = max(pitch, row.y0 - grid.rows[items[-1].row].y0)
                elif goes_on:  # a letterhead over it is no part of the table
                    loose = [text for text in loose if grid.rows[text.row].y1 > row.y0 - row.height]
                    used = {text.row for text in loose}
                items.append(item)
                used.add(number)
                last, over = number, False
                cents = cents or (Column.AMOUNT in item.numbers and item.numbers[Column.AMOUNT].decimals == 2)
            elif verdict == "carried":
                over = True  # what follows stands under the table, if no item does
            elif verdict == "text" and not over:
                loose += item.names
                if item.names:
                    used.add(number)
                    last = number
        return Body(give_names(head, items, loose, grid), used)

    def _row(self, head: TableHead, number: int) -> ItemRow:
        return read_row(self.found.grid, head, number, self.by_row.get(number, []), self.doubtful.get(number, []), self.dated)

    def _first_proved(self, head: TableHead, body: range) -> int:
        """What stands over it, on a page that goes on, is the letterhead again, titles and the sum brought forward; or items too."""
        return next((number for number in body if self._row(head, number).proved), body.start)


def _verdict(found: Candidates, head: TableHead, number: int, item: ItemRow, begun: bool, opening: bool) -> str:
    """`item`, `text` (goes with an item), `carried` (a sum to the next page), `skip` (group sums, charges), `stop` (the totals
    begin) or `foot` (what stands under the totals, or under every page).

    `opening`: over the first proved item of a page that goes on.
    """
    numbers = item.numbers
    priced = Column.AMOUNT in numbers if head.has(Column.AMOUNT) else Column.PRICE in numbers
    counted = Column.QUANTITY in numbers or (Column.PRICE in numbers and head.has(Column.AMOUNT))
    row = found.grid.rows[number]
    if (begun or (row.read and number > head.last + 2 and not opening)) and not item.numbers:
        if _names_sums(found, number):
            return "stop"
        if any(hit.cues & _AFTER_ITEMS for hit in found.cues[number]):
            return "foot" if _ends_page(found, number) else "stop"
    begin, end = _label_cell(row, number, item)
    hits = [hit for hit in found.cues[number] if begin <= hit.first and hit.end <= end]
    label = frozenset().union(*(hit.cues for hit in hits)) if hits else frozenset()
    meaning = amount_meaning(label) if label else None
    covered = sum(hit.end - hit.first for hit in hits)
    wordy = sum(t.wordy for t in row.words[begin:end])
    labelled = meaning is not None and covered * 2 >= wordy and wordy <= 8
    if labelled and covered >= wordy and begun and meaning is not None and meaning.role in ("total", "gross", "due") and not item.proved:
        return "stop"
    money = any(c.decimals == 2 or c.currency for c in numbers.values()) or any(_looks_like_money(t.text) for t in row.words)
    amount = numbers[Column.AMOUNT].value if Column.AMOUNT in numbers else None
    if labelled and meaning is not None and meaning.role == "discount" and isinstance(amount, Decimal) and amount < 0:
        return "skip"
    if item.proved:
        return "item"
    if labelled and meaning is not None and meaning.role in ("discount", "charge") and head.has(Column.PRICE) and Column.PRICE not in numbers:
        return "skip"
    if labelled and meaning is not None and meaning.role == "carried" and any(Cue.PAGE in hit.cues for hit in hits):
        return "carried"  # "Carried over from page 1" counts nothing
    if labelled and meaning is not None and money and not (counted and Column.QUANTITY in numbers):
        if meaning.role in ("net", "gross", "due", "tax", "total", "paid", "subtotal", "rounding"):
            if meaning.role == "subtotal" and (_more_below(found, head, number) or _ends_page(found, number)):
                return "skip"
            return "stop" if begun else "skip"
        if meaning.role == "charge" and item.names and not head.has(Column.QUANTITY) and priced:
            return "item"
        return "carried" if meaning.role == "carried" else "skip"
    if priced and counted:
        return "item"
    if priced and not head.has(Column.QUANTITY) and not (head.has(Column.PRICE) and Column.PRICE not in numbers and begun):
        return "item" if item.names or Column.ITEM_ID in item.texts else "skip"
    if priced and item.names and not begun and not labelled and not opening:
        return "item"
    if priced and item.names and (Column.TAX_RATE in numbers or Column.POSITION in numbers):
        return "item" if meaning is None else "skip"
    if priced:
        return "skip"
    if any(Cue.PAGE in hit.cues for hit in found.cues[number]) and len(row.words) <= 6:
        return "skip"
    return "text"


_AFTER_ITEMS = {Cue.IBAN, Cue.BIC, Cue.TERMS, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.BANK}
"""Words on payment and tax ids, in a row without numbers."""


def _names_sums(found: Candidates, number: int) -> bool:
    """Whether a row is the titles of the sums."""
    row = found.grid.rows[number]
    titles = 0
    for first, end in row.cells:
        cues = frozenset().union(*(h.cues for h in found.cues[number] if first <= h.first and h.end <= end))
        meaning = amount_meaning(cues) if cues else None
        titles += meaning is not None and meaning.role in ("net", "gross", "due", "tax", "total", "subtotal") and end - first <= 5
    return titles >= 2


def _label_cell(row: Row, number: int, item: ItemRow) -> tuple[int, int]:
    """The words right before the row's last number: a label of it, if the row is one of the totals."""
    amount = item.numbers.get(Column.AMOUNT)
    last = amount.first if amount else max((c.first for c in item.numbers.values()), default=None)
    if last is None:
        last = next((i for i in range(len(row.words) - 1, -1, -1) if _looks_like_money(row.words[i].text)), None)
    if last is None:
        return 0, len(row.words)
    for cell in range(row.cell_of[last], -1, -1):
        begin, end = row.cells[cell]
        end = min(end, last)
        if sum(c.isalpha() for t in row.words[begin:end] for c in t.text) > 3 and not _counts(row, begin, end):
            return begin, end
    return 0, last


def _counts(row: Row, begin: int, end: int) -> bool:
    """ "5.00% of 100.00 EUR": more numbers than words is how an amount came about, not what it is."""
    numbers = sum(t.text[0].isdigit() for t in row.words[begin:end])
    return numbers > 1 and numbers * 2 > end - begin - 1


def _looks_like_money(text: str) -> bool:
    return len(text) >= 4 and text[-1].isdigit() and text[-3] in ".,"


def _more_below(found: Candidates, head: TableHead, number: int) -> bool:
    """Whether a proved item follows within the page: then a subtotal is one of a group."""
    end = found.grid.pages[found.grid.rows[number].page - 1][1]
    right = next((h for h in head.heads if h.column is Column.QUANTITY), None)
    if right is None:
        return False
    for c in found.of("amount"):
        if number < c.row < min(end, number + 12):
            row = found.grid.rows[c.row]
            x0, x1 = row.words[c.first].x0, row.words[c.end - 1].x1
            if min(x1, right.x1) - max(x0, right.x0) > 0 and len(row.cells) >= 4:
                return True
    return False


def _ends_page(found: Candidates, number: int) -> bool:
    """Whether no money stands below on this page, but on a later one: then the totals are still to come, and a subtotal is carried over."""
    amounts = found.of("amount")
    end = found.grid.pages[found.grid.rows[number].page - 1][1]
    below = range(bisect_right(amounts, number, key=lambda c: c.row), len(amounts))
    return next((amounts[i].row >= end for i in below if amounts[i].decimals == 2), False)
