"""Item lines: the rows under a table head until the totals, over all pages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.columns import TableHead, find_heads
from app.extractors.columns_lexicon import Column
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


def read_tables(found: Candidates) -> Table:
    """The item lines of all pages in order; empty where no table head is found."""
    grid = found.grid
    by_row: dict[int, list[Candidate]] = {}
    for kind in ("amount", "percent"):
        for candidate in found.of(kind):
            by_row.setdefault(candidate.row, []).append(candidate)
    doubtful: dict[int, list[Candidate]] = {}
    for candidate in found.alternatives.get("amount", ()):
        doubtful.setdefault(candidate.row, []).append(candidate)
    dated = {(c.row, i) for c in found.of("date") if c.sound for i in range(c.first, c.end)}
    items: list[ItemRow] = []
    rows: set[int] = set()
    heads = find_heads(grid, found.finder.values)
    closed = False
    for number, head in enumerate(heads):
        after = heads[number + 1].first if number + 1 < len(heads) else len(grid.rows)
        end_of_page = grid.pages[grid.rows[head.first].page - 1][1]
        if closed and items and not _alike(head, heads[number - 1]):
            continue  # a tax table or another list under the totals
        body = range(head.last + 1, min(after, end_of_page))
        head = amounts_without_tax(grid, head, body, by_row)
        new, used, closed = _read_body(found, head, body, by_row, doubtful, dated)
        if not new:
            continue
        items += new
        rows.update(used)
        rows.update(range(head.first, head.last + 1))
        for first, end in grid.pages[grid.rows[head.first].page :]:  # pages that go on without repeating the head
            if closed or first >= after or any(first <= other.first < end for other in heads):
                break
            new, used, closed = _read_body(found, head, range(first, end), by_row, doubtful, dated)
            if not new:
                break
            items += new
            rows.update(used)
    return Table(tuple(items), frozenset(rows))


def _alike(head: TableHead, other: TableHead) -> bool:
    return [h.column for h in head.heads] == [h.column for h in other.heads]


def _read_body(
    found: Candidates,
    head: TableHead,
    body: range,
    by_row: dict[int, list[Candidate]],
    doubtful: dict[int, list[Candidate]],
    dated: set[tuple[int, int]],
) -> tuple[list[ItemRow], set[int], bool]:
    grid = found.grid
    items: list[ItemRow] = []
    loose: list[Text] = []
    used: set[int] = set()
    pitch = 0.0
    last = max(head.last, body.start)
    cents = body.start > head.last + 1  # whether amounts have them; on a page that goes on, they must
    for number in body:
        row = grid.rows[number]
        item = read_row(grid, head, number, by_row.get(number, []), doubtful.get(number, []), dated)
        if cents and (whole := item.numbers.get(Column.AMOUNT)) and not whole.decimals and not whole.currency:
            del item.numbers[Column.AMOUNT]  # a page number in the column of the amounts
        verdict = _verdict(found, head, number, item, bool(items))
        if verdict == "stop":
            return give_names(head, items, loose, grid), used, True
        gap = row.y0 - grid.rows[last].y1
        if gap > max(9 * row.height, 3 * pitch) and items and verdict != "item":
            break
        if verdict == "item":
            if items:
                pitch = max(pitch, row.y0 - grid.rows[items[-1].row].y0)
            items.append(item)
            used.add(number)
            last = number
            cents = cents or (Column.AMOUNT in item.numbers and item.numbers[Column.AMOUNT].decimals == 2)
        elif verdict == "text":
            loose += item.names
            if item.names:
                used.add(number)
                last = number
    return give_names(head, items, loose, grid), used, False


def _verdict(found: Candidates, head: TableHead, number: int, item: ItemRow, begun: bool) -> str:
    """`item`, `text` (goes with an item), `skip` (carried over, group sums, charges) or `stop` (the totals begin)."""
    numbers = item.numbers
    priced = Column.AMOUNT in numbers if head.has(Column.AMOUNT) else Column.PRICE in numbers
    counted = Column.QUANTITY in numbers or (Column.PRICE in numbers and head.has(Column.AMOUNT))
    row = found.grid.rows[number]
    if (begun or (row.read and number > head.last + 2)) and not item.numbers and _begins_totals(found, number):
        return "stop"
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
    if labelled and meaning is not None and money and not (counted and Column.QUANTITY in numbers):
        if meaning.role in ("net", "gross", "due", "tax", "total", "paid", "subtotal", "rounding"):
            if meaning.role == "subtotal" and _more_below(found, head, number):
                return "skip"
            return "stop" if begun else "skip"
        if meaning.role == "charge" and item.names and not head.has(Column.QUANTITY) and priced:
            return "item"
        return "skip"
    if priced and counted:
        return "item"
    if priced and not head.has(Column.QUANTITY) and not (head.has(Column.PRICE) and Column.PRICE not in numbers and begun):
        return "item" if item.names or Column.ITEM_ID in item.texts else "skip"
    if priced and item.names and not begun and not labelled:
        return "item"
    if priced and item.names and (Column.TAX_RATE in numbers or Column.POSITION in numbers):
        return "item" if meaning is None else "skip"
    if priced:
        return "skip"
    if any(Cue.PAGE in hit.cues for hit in found.cues[number]) and len(row.words) <= 6:
        return "skip"
    return "text"


_AFTER_ITEMS = {Cue.IBAN, Cue.BIC, Cue.TERMS, Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.BANK}


def _begins_totals(found: Candidates, number: int) -> bool:
    """A row without numbers that ends the items: titles of the sums, or words on payment and tax ids."""
    row = found.grid.rows[number]
    titles = 0
    for first, end in row.cells:
        cues = frozenset().union(*(h.cues for h in found.cues[number] if first <= h.first and h.end <= end))
        meaning = amount_meaning(cues) if cues else None
        titles += meaning is not None and meaning.role in ("net", "gross", "due", "tax", "total", "subtotal") and end - first <= 5
    return titles >= 2 or any(hit.cues & _AFTER_ITEMS for hit in found.cues[number])


def _label_cell(row: Row, number: int, item: ItemRow) -> tuple[int, int]:
    """The words right before the row's last number: a label of it, if the row is one of the totals."""
    last = max((c.first for c in item.numbers.values()), default=None)
    if last is None:
        last = next((i for i in range(len(row.words) - 1, -1, -1) if _looks_like_money(row.words[i].text)), None)
    if last is None:
        return 0, len(row.words)
    for cell in range(row.cell_of[last], -1, -1):
        begin, end = row.cells[cell]
        end = min(end, last)
        if sum(c.isalpha() for t in row.words[begin:end] for c in t.text) > 3:
            return begin, end
    return 0, last


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
