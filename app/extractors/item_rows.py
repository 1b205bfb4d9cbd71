"""One row of an item table: its numbers and texts by column; quantity x price = amount used to tell numbers apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.confusions import misreading
from app.extractors.grid import Grid, Row

CENT = Decimal("0.01")


NUMERIC = {Column.QUANTITY, Column.PRICE, Column.AMOUNT, Column.TAX_RATE, Column.TAX_AMOUNT, Column.DISCOUNT, Column.POSITION}


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


def read_row(
    grid: Grid, head: TableHead, number: int, candidates: list[Candidate], doubtful: list[Candidate], dated: set[tuple[int, int]]
) -> ItemRow:
    """`doubtful`: other readings of the row's amounts, taken where quantity x price bears them out."""
    row = grid.rows[number]
    item = ItemRow(number)
    free = [True] * len(row.words)
    if head.heads[0].column in (Column.POSITION, Column.ITEM_ID, Column.QUANTITY):
        edge = head.heads[0].x0 - row.height  # what stands in the margin is no part of the table
        free = [spot.x1 > edge for spot in row.words]
    name = next((h for h in head.heads if h.column is Column.NAME), None)
    for c in sorted(candidates, key=lambda c: c.first):
        if any((number, i) in dated for i in range(c.first, c.end)):
            continue
        column = _column_of(row, c, head)
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
            if column.column is Column.AMOUNT:
                item.numbers[column.column] = c
                _mark(free, c)
            continue
        item.numbers[column.column] = c
        _mark(free, c)
    for cell_first, cell_end in row.cells:
        i = cell_first
        while i < cell_end:
            if not free[i]:
                i += 1
                continue
            j = i + 1
            while j < cell_end and free[j] and not (name and abs(row.words[j].x0 - name.x0) < 0.3 * row.height):
                j += 1
            _place_text(row, number, i, j, head, item)
            i = j
    _prove(row, item, candidates, doubtful)
    return item


def _is_under(row: Row, candidate: Candidate, head: Head) -> bool:
    return row.words[candidate.first].x0 < head.x1 and row.words[candidate.end - 1].x1 > head.x0


def _is_rate(candidate: Candidate) -> bool:
    """A tax rate and not a tax: with a per cent sign, or small with at most a decimal or a half."""
    value = candidate.value
    assert isinstance(value, Decimal)
    return candidate.kind == "percent" or (0 <= value <= 30 and (value * 2 == int(value * 2) or candidate.decimals == 1))


def _mark(free: list[bool], candidate: Candidate) -> None:
    for i in range(candidate.first, candidate.end):
        free[i] = False


def _column_of(row: Row, candidate: Candidate, head: TableHead) -> Head | None:
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


def _place_text(row: Row, number: int, first: int, end: int, head: TableHead, item: ItemRow) -> None:
    x0, x1 = row.words[first].x0, row.words[end - 1].x1
    text = row.span(first, end)
    if not any(map(str.isalnum, text)):
        return
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


def _prove(row: Row, item: ItemRow, candidates: list[Candidate], doubtful: list[Candidate]) -> None:
    """Checks quantity x price = amount and, where columns misled, finds the numbers of the row that fulfil it."""
    numbers = item.numbers
    amount = numbers.get(Column.AMOUNT)
    quantity, price = numbers.get(Column.QUANTITY), numbers.get(Column.PRICE)
    if amount is None:
        return
    share = numbers.get(Column.DISCOUNT)
    if quantity and price and (_times(quantity, price, amount) or (share and _times(quantity, price, amount, value_of(share)))):
        item.proved = True
        return
    plain = [c for c in candidates if c.kind == "amount" and c is not amount and c.first < amount.first]
    plain += _counted_with_unit(row, item, amount)
    glued = _counted_with_unit(row, item, amount) if quantity is None and price else []
    for counted in glued:
        if share and _times(counted, price, amount, value_of(share)):  # type: ignore[arg-type]
            numbers[Column.QUANTITY], item.proved = counted, True
            _take_unit(row, item)
            return
    if find_factors(item, plain, amount) or _find_cut_amount(item, plain, amount, doubtful):
        _take_unit(row, item)
        return
    if row.read and quantity and price:
        item.proved = _prove_otherwise(row, item, quantity, price, amount)


_WITH_UNIT = re.compile(r"(?P<n>\d{1,4}(?:[.,]\d{1,2})?)/?(?P<unit>[^\W\d_]{1,6})\.?")


def _counted_with_unit(row: Row, item: ItemRow, amount: Candidate) -> list[Candidate]:
    """Quantities that stand in one word with their unit ("31h"), outside the item's name."""
    named = {i for part in item.names for i in range(part.first, part.end)}
    return [
        Candidate(
            "amount",
            Decimal(match["n"].replace(",", ".")),
            item.row,
            i,
            i + 1,
            decimals=len(match["n"].replace(",", ".").partition(".")[2]),
        )
        for i, spot in enumerate(row.words[: amount.first])
        if i not in named and (match := _WITH_UNIT.fullmatch(spot.text))
    ]


def _take_unit(row: Row, item: ItemRow) -> None:
    quantity = item.numbers[Column.QUANTITY]
    if match := _WITH_UNIT.fullmatch(row.words[quantity.first].text):
        item.texts.setdefault(Column.UNIT, Text(item.row, quantity.first, quantity.end, match["unit"]))


def _find_cut_amount(item: ItemRow, plain: list[Candidate], amount: Candidate, doubtful: list[Candidate]) -> bool:
    """Whether the amount is what quantity x price gives once it is joined with the number before it ("1 285,76")."""
    as_read = item.numbers
    for whole in doubtful:
        if whole.end != amount.end or whole.first >= amount.first:
            continue
        item.numbers = {column: c for column, c in as_read.items() if c.end <= whole.first or c.first >= whole.end}
        item.numbers[Column.AMOUNT] = whole
        quantity, price = item.numbers.get(Column.QUANTITY), item.numbers.get(Column.PRICE)
        item.proved = bool(quantity and price and _times(quantity, price, whole))
        if item.proved or find_factors(item, [c for c in plain if c.end <= whole.first], whole):
            return True
    item.numbers = as_read
    return False


def find_factors(item: ItemRow, plain: list[Candidate], amount: Candidate) -> bool:
    """Whether two numbers of the row multiply to its amount: they are quantity and price, then."""
    numbers = item.numbers
    quantity, price = numbers.get(Column.QUANTITY), numbers.get(Column.PRICE)
    for q in plain if len(plain) <= 8 else ():
        for p in plain:
            if p is q or (quantity and quantity is not q and price and price is not p and quantity is not p and price is not q):
                continue
            if _times(q, p, amount) and p.decimals >= min(q.decimals, 2) and not q.currency and p.value != 1:
                if q.value == 1 and (p.decimals < 2 or q.decimals > 2):
                    continue
                numbers[Column.QUANTITY], numbers[Column.PRICE] = q, p
                item.proved = True
                return True
    return False


def _prove_otherwise(row: Row, item: ItemRow, quantity: Candidate, price: Candidate, amount: Candidate) -> bool:
    """Whether quantity x price = amount once one of the three is read as what was likely misread; that reading is taken, then."""
    q, p, a = (c.value for c in (quantity, price, amount))
    assert isinstance(q, Decimal) and isinstance(p, Decimal) and isinstance(a, Decimal)
    if not q or not p or not a:
        return False
    wanted = ((Column.AMOUNT, amount, q * p), (Column.PRICE, price, a / q), (Column.QUANTITY, quantity, a / p))
    best: tuple[float, Column, Candidate] | None = None
    for column, c, value in wanted:
        exact = value.quantize(CENT)
        if abs(exact - value) > Decimal("0.00001") or not exact or exact == c.value:
            continue
        cost = misreading(row.span(c.first, c.end), exact)
        if cost is not None and (best is None or cost < best[0]):
            best = (cost, column, c._replace(value=exact.copy_sign(value), decimals=2, cost=round(cost, 3)))
    if best is None:
        return False
    item.numbers[best[1]] = best[2]
    return True


def amounts_without_tax(grid: Grid, head: TableHead, body: range, by_row: dict[int, list[Candidate]]) -> TableHead:
    """The head, its amount moved to an earlier column where that is what quantity x price gives, or found where no title names it.

    "Qty | Price | Amount | Tax | Total with tax": a line's own amount is without tax.
    """
    price = next((i for i, h in enumerate(head.heads) if h.column is Column.PRICE), None)
    named = next((i for i, h in enumerate(head.heads) if h.column is Column.AMOUNT), None)
    tax = next((i for i, h in enumerate(head.heads) if h.column is Column.TAX_AMOUNT), None)
    last = len(head.heads) - 1 if named is None else named
    first = 0 if price is None else price + 1
    if (price is None and tax is None) or all(h.column is not Column.OTHER for h in head.heads[first : last + 1]):
        return head
    votes = dict.fromkeys(range(first, last + 1), 0)
    for number in body:
        by_column: dict[int, Candidate] = {}
        for c in by_row.get(number, ()):
            found = _column_of(grid.rows[number], c, head)
            if found is not None:
                by_column.setdefault(head.heads.index(found), c)
        quantity = next((c for i, c in by_column.items() if head.heads[i].column is Column.QUANTITY), None)
        for i in votes:
            if i not in by_column or by_column[i].kind != "amount":
                continue
            counted = quantity is not None and quantity.value != 1 and price is not None and price in by_column
            if counted and _times(quantity, by_column[price], by_column[i]):  # type: ignore[arg-type,index]
                votes[i] += 1
                break
            taxed = tax in by_column and last in by_column and i < last and head.heads[i].column is Column.OTHER
            if taxed and value_of(by_column[i]) + value_of(by_column[tax]) == value_of(by_column[last]):  # type: ignore[index]
                votes[i] += 1
                break
    best = max(votes, key=lambda i: votes[i])
    if named is None:
        if not votes[best]:
            return head
    elif best == last or votes[best] <= votes[last] or (votes[best] == 1 and not grid.rows[head.first].read):
        return head
    kinds = {last: head.heads[last].column if named is None else Column.OTHER, best: Column.AMOUNT}
    heads = tuple(Head(kinds.get(i, h.column), h.x0, h.x1) for i, h in enumerate(head.heads))
    return TableHead(head.first, head.last, heads, head.described)


def _times(quantity: Candidate, price: Candidate, amount: Candidate, discount: Decimal = Decimal(0)) -> bool:
    """Whether quantity x price, less the discount in percent, is the amount."""
    q, p, a = value_of(quantity), value_of(price), value_of(amount)
    product = q * p if not 0 < abs(discount) < 100 else q * p * (100 - abs(discount)) / 100
    return a != 0 and abs(abs(product) - abs(a)) <= max(CENT, abs(a) * Decimal("0.0005"))
