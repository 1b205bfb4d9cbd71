"""Item lines: the rows under a table head until the totals, over all pages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.extractors.amount_columns import amounts_without_tax
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.closing import adds_up, close
from app.extractors.columns import TableHead, find_heads
from app.extractors.columns_lexicon import Column
from app.extractors.continued import is_part_of, ways_to_go_on
from app.extractors.grid import Grid
from app.extractors.item_names import give_names
from app.extractors.item_rows import read_row
from app.extractors.items import Aside, ItemRow, Text
from app.extractors.row_verdicts import verdict
from app.extractors.untitled import heads_by_numbers


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: every row of the document that the table covers, head included; `span`: from where to where it goes across the page. The
    rest is as in `Closing`."""

    items: tuple[ItemRow, ...]
    rows: frozenset[int]
    asides: tuple[Aside, ...] = ()
    closed: bool | None = None
    changes: tuple[Aside, ...] = ()
    span: tuple[float, float] = (0.0, float("inf"))

    def holds(self, candidate: Candidate, grid: Grid) -> bool:
        """Whether a value stands in the table, and not in a column of the page beside it."""
        row = grid.rows[candidate.row]
        first, end = row.cells[row.cell_of[candidate.first]]
        x0, x1 = row.words[first].x0, row.words[end - 1].x1
        return candidate.row in self.rows and x1 + row.height > self.span[0] and x0 - row.height < self.span[1]

    def merit(self) -> tuple[int, bool, int]:
        """How well it was read: lines that are products, whether all together come to a sum of the page, and how many have a name."""
        named = sum(bool(item.names) for item in self.items)
        return sum(item.proved for item in self.items), bool(self.closed), named if self.closed else 0


class Body(NamedTuple):
    """What stands under a head on one page. `rows`: those that belong to items; `asides`: with amounts, but no items; `closed`: the totals
    begin.

    `footed`: closed by words that stand under the totals, or under every page.
    """

    items: list[ItemRow]
    rows: set[int]
    asides: list[Aside]
    closed: bool = False
    footed: bool = False

    def fit(self) -> tuple[int, int]:
        """How well the rows fit the columns: items whose amount is quantity x price, then values that have a column."""
        return sum(item.proved for item in self.items), sum(len(item.numbers) + len(item.texts) for item in self.items)

    def follows(self, before: Body) -> bool:
        """Whether the table goes on here: not under totals; behind what may be the foot of a page, where most amounts are proved or every
        row fills the columns that all rows before did."""
        if before.closed and not before.footed:
            return False
        if not self.items or not before.footed:
            return bool(self.items)
        usual = set.intersection(*(set(item.numbers) for item in before.items)) if before.items else set()
        alike = len(usual) > 2 and all(usual <= item.numbers.keys() for item in self.items)
        return alike or self.fit()[0] * 2 > len(self.items)


def read_tables(found: Candidates) -> Table:
    """The item lines of all pages in order; empty where there is neither a table head that we know nor proof by numbers alone."""
    heads = find_heads(found.grid, found.finder.values)
    titled = _in_detail(found, heads, _read(found, heads))
    if titled.closed and all(item.names for item in titled.items):
        return titled
    untitled = heads_by_numbers(found)
    other = _read(found, untitled.heads)
    borne_out = sum(item.row in untitled.rows for item in other.items) * 2 > len(untitled.rows)
    return other if other.merit() > titled.merit() or (borne_out and not titled.items) else titled


def _in_detail(found: Candidates, heads: list[TableHead], table: Table) -> Table:
    """A later table of more lines in place of one that is a summary of it: both come to the same."""
    total = sum((item.amount for item in table.items), Decimal(0))
    later = [head for head in heads if table.items and head.first > max(table.rows)] if table.closed is not False else []
    if later and total:
        other = _read(found, later)
        alike = sum((item.amount for item in other.items), Decimal(0)) == total
        if alike and len(other.items) > len(table.items) and all(item.names for item in other.items):
            return other
    return table


def _read(found: Candidates, heads: list[TableHead]) -> Table:
    grid = found.grid
    reader = _Reader(found)
    items: list[ItemRow] = []
    asides: list[Aside] = []
    rows: set[int] = set()
    columns: TableHead | None = None  # those in use, and the items that stand under their titles
    model: list[ItemRow] = []
    last = Body([], set(), [])  # the page read before
    for number, head in enumerate(heads):
        after = heads[number + 1].first if number + 1 < len(heads) else len(grid.rows)
        page = grid.rows[head.first].page
        body = range(head.last + 1, min(after, grid.pages[page - 1][1]))
        own = amounts_without_tax(grid, head, body, reader.by_row)
        later = columns if columns and grid.rows[columns.first].page < page else None
        other = reader.go_on(later, model, body) if later and is_part_of(own, later, grid) else None
        if last.closed and items and not _alike(head, heads[number - 1]) and not (other and other.follows(last)):
            continue  # a tax table or another list under the totals
        if items and (_is_of_taxes(head) or adds_up(found, items, head.first)):
            continue
        read = reader.read(own, body, goes_on=later is not None and (last.footed or not last.closed) and _alike(own, later))
        if other and other.follows(last) and other.fit() >= read.fit():
            read = other
        elif read.items:
            columns, model = own, read.items
        last = read
        if not read.items or columns is None:
            continue
        items += read.items
        asides += read.asides
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
            asides += read.asides
            rows.update(read.rows)
    closing = close(found, items, asides)
    return Table(closing.items, frozenset(rows), closing.asides, closing.closed, closing.changes, _span(grid, heads, rows, items))


def _span(grid: Grid, heads: list[TableHead], rows: set[int], items: list[ItemRow]) -> tuple[float, float]:
    """From the leftmost to the rightmost of a table: of its titles and numbers, and from where its names begin if no title is theirs."""
    used = [head for head in heads if head.first in rows]
    named = any(head.has(Column.NAME) for head in used)
    parts: list[Candidate | Text] = []
    for item in items:
        parts += [*item.numbers.values(), *([] if named else item.names[:1])]
    words = [(grid.rows[part.row].words[part.first].x0, grid.rows[part.row].words[part.end - 1].x1) for part in parts]
    places = [(title.x0, title.x1) for head in used for title in head.heads] + words
    return min((x0 for x0, _ in places), default=0.0), max((x1 for _, x1 in places), default=float("inf"))


def _is_of_taxes(head: TableHead) -> bool:
    """Whether the titles are those of a breakdown by tax rate."""
    return head.has(Column.TAX_RATE) and head.has(Column.TAX_AMOUNT) and not (head.has(Column.QUANTITY) or head.has(Column.PRICE))


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
        asides: list[Aside] = []
        used: set[int] = set()
        pitch, over = 0.0, False
        last = max(head.last, body.start)
        cents = body.start > head.last + 1  # whether amounts have them; on a page without a head, they must
        read = {number: self._row(head, number) for number in body}
        proved = [number for number, item in read.items() if item.proved and item.names]
        # What stands over it, on a page that goes on, is the letterhead again, titles and the sum brought forward; or items too.
        opening = min(proved, default=body.start) if goes_on else body.start
        headings: set[str] = set()  # of rows that are words alone
        for number, item in read.items():
            row = grid.rows[number]
            if cents and (whole := item.numbers.get(Column.AMOUNT)) and not whole.decimals and not whole.currency:
                del item.numbers[Column.AMOUNT]  # a page number in the column of the amounts
            kind, role = verdict(self.found, head, number, item, bool(items), number < opening)
            if kind == "stop" and Column.AMOUNT in item.numbers and (number < max(proved, default=0) or _ends_with(item, headings)):
                kind, role = "skip", "subtotal"  # of a group
            if kind in ("item", "skip") and not role and _is_taken_off(item, items):
                kind, role = "skip", "discount"
            if kind in ("stop", "foot"):
                return self._body(head, items, loose, used, asides, True, kind == "foot")
            gap = row.y0 - grid.rows[last].y1
            if gap > max(9 * row.height, 3 * pitch) and items and kind != "item":
                break
            if kind == "item":
                if items:
                    pitch = max(pitch, row.y0 - grid.rows[items[-1].row].y0)
                elif goes_on:  # a letterhead over it is no part of the table
                    loose = [text for text in loose if grid.rows[text.row].y1 > row.y0 - row.height]
                    used = {text.row for text in loose}
                items.append(item)
                used.add(number)
                last, over = number, False
                cents = cents or (Column.AMOUNT in item.numbers and item.numbers[Column.AMOUNT].decimals == 2)
            elif kind == "carried":
                over = True  # what follows stands under the table, if no item does
            elif kind == "skip" and items and Column.AMOUNT in item.numbers:
                asides.append(Aside(item, role))
                last = number
            elif kind == "text" and not over:
                headings.add(row.span(0, len(row.words)).casefold())
                loose += item.names
                if item.names:
                    used.add(number)
                    last = number
        return self._body(head, items, loose, used, asides)

    def _body(
        self,
        head: TableHead,
        items: list[ItemRow],
        loose: list[Text],
        used: set[int],
        asides: list[Aside],
        closed: bool = False,
        footed: bool = False,
    ) -> Body:
        give_names(head, items, loose, self.found.grid)
        named = [item for item in items if item.names or item.proved or Column.QUANTITY in item.numbers]
        asides += [Aside(item) for item in items if item not in named and Column.AMOUNT in item.numbers]
        return Body(named, used, sorted(asides, key=lambda aside: aside.item.row), closed, footed)

    def _row(self, head: TableHead, number: int) -> ItemRow:
        return read_row(self.found.grid, head, number, self.by_row.get(number, []), self.doubtful.get(number, []), self.dated)


def _is_taken_off(item: ItemRow, items: list[ItemRow]) -> bool:
    """Whether an amount below zero without a quantity or a price stands under items that have them: a discount, whatever it is called."""
    counted = all(Column.QUANTITY in other.numbers and other.amount > 0 for other in items)
    return bool(items) and counted and item.amount < 0 and not {Column.QUANTITY, Column.PRICE} & item.numbers.keys()


def _ends_with(item: ItemRow, headings: set[str]) -> bool:
    """Whether the words of a row end with one of the headings: "Total hardware"."""
    return any(len(heading) > 2 and part.text.casefold().endswith(heading) for part in item.names for heading in headings)
