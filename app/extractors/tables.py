"""Item lines: the rows under a table head until the totals, wrapped rows joined, quantity x price = amount used to tell numbers apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from app.extractors.candidates import Candidate, Candidates
from app.extractors.columns import Column, Head, TableHead, find_heads
from app.extractors.grid import Grid, Row
from app.extractors.labels import amount_meaning
from app.extractors.lexicon import Cue

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
    wrapped: list[Text] = field(default_factory=list)
    proved: bool = False


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
        new, used, closed = _read_body(found, head, body, by_row, dated)
        if new:
            items += new
            rows.update(used)
            rows.update(range(head.first, head.last + 1))
    return Table(tuple(items), frozenset(rows))


def _alike(head: TableHead, other: TableHead) -> bool:
    return [h.column for h in head.heads] == [h.column for h in other.heads]


def _read_body(
    found: Candidates, head: TableHead, body: range, by_row: dict[int, list[Candidate]], dated: set[tuple[int, int]]
) -> tuple[list[ItemRow], set[int], bool]:
    grid = found.grid
    items: list[ItemRow] = []
    loose: list[Text] = []
    used: set[int] = set()
    pitch = 0.0
    last = head.last
    for number in body:
        row = grid.rows[number]
        item = _read_row(grid, head, number, by_row.get(number, []), dated)
        verdict = _verdict(found, head, number, item, bool(items))
        if verdict == "stop":
            return _finish(head, items, loose, grid), used, True
        gap = row.y0 - grid.rows[last].y1
        if gap > max(9 * row.height, 3 * pitch) and items and verdict != "item":
            break
        if verdict == "item":
            if items:
                pitch = max(pitch, row.y0 - grid.rows[items[-1].row].y0)
            items.append(item)
            used.add(number)
            last = number
        elif verdict == "text":
            loose += item.names
            if item.names:
                used.add(number)
                last = number
    return _finish(head, items, loose, grid), used, False


def _read_row(grid: Grid, head: TableHead, number: int, candidates: list[Candidate], dated: set[tuple[int, int]]) -> ItemRow:
    row = grid.rows[number]
    item = ItemRow(number)
    free = [True] * len(row.tokens)
    if head.heads[0].column in (Column.POSITION, Column.ITEM_ID, Column.QUANTITY):
        edge = head.heads[0].x0 - row.height  # what stands in the margin is no part of the table
        free = [token.x1 > edge for token in row.tokens]
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
        wordy = any(any(ch.isalpha() for ch in t.text) and len(t.text) > 3 for t in row.tokens[cell_first : c.first])
        if name and wordy and c.end < cell_end and column.x0 > row.tokens[c.first].x1:
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
            j = i
            while j < cell_end and free[j]:
                j += 1
            _place_text(row, number, i, j, head, item)
            i = j
    _prove(item, candidates)
    return item


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
    x0, x1 = row.tokens[candidate.first].x0, row.tokens[candidate.end - 1].x1
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
    x0, x1 = row.tokens[first].x0, row.tokens[end - 1].x1
    text = row.span(first, end)
    if not any(c.isalnum() for c in text):
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
    elif column in (Column.NAME, Column.ITEM_ID, Column.POSITION) or (end - first >= 2 and any(c.isalpha() for c in text)):
        has_name = any(h.column is Column.NAME for h in head.heads)
        if column is not Column.NAME and has_name and not (end - first >= 3 or best is None or best[0] > 0):
            item.texts.setdefault(Column.OTHER, part)
        elif any(c.isalpha() for c in text):
            item.names.append(part)


def _prove(item: ItemRow, candidates: list[Candidate]) -> None:
    """Checks quantity x price = amount and, where columns misled, finds the numbers of the row that fulfil it."""
    numbers = item.numbers
    amount = numbers.get(Column.AMOUNT)
    quantity, price = numbers.get(Column.QUANTITY), numbers.get(Column.PRICE)
    if amount is None:
        return
    if quantity and price and _times(quantity, price, amount):
        item.proved = True
        return
    plain = [c for c in candidates if c.kind == "amount" and c is not amount and c.first < amount.first]
    for q in plain if len(plain) <= 8 else ():
        for p in plain:
            if p is q or (quantity and quantity is not q and price and price is not p and quantity is not p and price is not q):
                continue
            if _times(q, p, amount) and p.decimals >= min(q.decimals, 2) and not q.currency and p.value != 1:
                if q.value == 1 and (p.decimals < 2 or q.decimals > 2):
                    continue
                numbers[Column.QUANTITY], numbers[Column.PRICE] = q, p
                item.proved = True
                return


def _times(quantity: Candidate, price: Candidate, amount: Candidate) -> bool:
    q, p, a = quantity.value, price.value, amount.value
    assert isinstance(q, Decimal) and isinstance(p, Decimal) and isinstance(a, Decimal)
    return a != 0 and abs(abs(q * p) - abs(a)) <= max(CENT, abs(a) * Decimal("0.0005"))


def _verdict(found: Candidates, head: TableHead, number: int, item: ItemRow, begun: bool) -> str:
    """`item`, `text` (goes with an item), `skip` (carried over, group sums, charges) or `stop` (the totals begin)."""
    numbers = item.numbers
    priced = Column.AMOUNT in numbers if head.has(Column.AMOUNT) else Column.PRICE in numbers
    counted = Column.QUANTITY in numbers or (Column.PRICE in numbers and head.has(Column.AMOUNT))
    row = found.grid.rows[number]
    if begun and not item.numbers and _begins_totals(found, number):
        return "stop"
    begin, end = _label_cell(row, number, item)
    hits = [hit for hit in found.cues[number] if begin <= hit.first and hit.end <= end]
    label = frozenset().union(*(hit.cues for hit in hits)) if hits else frozenset()
    meaning = amount_meaning(label) if label else None
    covered = sum(hit.end - hit.first for hit in hits)
    wordy = sum(any(c.isalpha() for c in t.text) for t in row.tokens[begin:end])
    labelled = meaning is not None and covered * 2 >= wordy and wordy <= 8
    if labelled and covered >= wordy and begun and meaning is not None and meaning.role in ("total", "gross", "due") and not item.proved:
        return "stop"
    money = any(c.decimals == 2 or c.currency for c in numbers.values()) or any(_looks_like_money(t.text) for t in row.tokens)
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
    if any(Cue.PAGE in hit.cues for hit in found.cues[number]) and len(row.tokens) <= 6:
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
        last = next((i for i in range(len(row.tokens) - 1, -1, -1) if _looks_like_money(row.tokens[i].text)), None)
    if last is None:
        return 0, len(row.tokens)
    for cell in range(row.cell_of[last], -1, -1):
        begin, end = row.cells[cell]
        end = min(end, last)
        if sum(c.isalpha() for t in row.tokens[begin:end] for c in t.text) > 3:
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
            x0, x1 = row.tokens[c.first].x0, row.tokens[c.end - 1].x1
            if min(x1, right.x1) - max(x0, right.x0) > 0 and len(row.cells) >= 4:
                return True
    return False


def _finish(head: TableHead, items: list[ItemRow], loose: list[Text], grid: Grid) -> list[ItemRow]:
    """Gives rows without numbers to their item: the one above, or the nearest where names are set centred beside the numbers."""
    if not items:
        return []
    centred = _is_centred(items, loose, grid)
    for text in loose:
        row = grid.rows[text.row]
        above = [item for item in items if item.row < text.row]
        below = [item for item in items if item.row > text.row]
        if not above and not below:
            continue
        if above and below and centred:
            up = row.y0 - grid.rows[above[-1].row].y1
            down = grid.rows[below[0].row].y0 - row.y1
            owner = below[0] if down <= up else above[-1]
        elif above:
            owner = above[-1]
        elif centred and grid.rows[below[0].row].y0 - row.y1 < 2 * row.height:
            owner = below[0]
        else:
            continue
        owner.names.append(text)
    for item in items:
        _take_unit(item)
        item.names.sort(key=lambda part: (part.row, part.first))
        _tidy_names(grid, item, _right_limit(grid, head, items))
    return [item for item in items if item.names or item.proved or Column.QUANTITY in item.numbers]


def _is_centred(items: list[ItemRow], loose: list[Text], grid: Grid) -> bool:
    """Whether the numbers of an item stand beside the middle of its words: then they fall between two lines of an even number of them."""
    nameless = [grid.rows[item.row] for item in items if not item.names]
    if not nameless:
        return False
    lines = [grid.rows[text.row] for text in loose]
    between = 0
    for row in nameless:
        near = min((abs(line.y0 - row.y0) for line in lines if line.page == row.page), default=99.0)
        between += near < 0.85 * row.height
    return between * 2 >= len(nameless)


def _right_limit(grid: Grid, head: TableHead, items: list[ItemRow]) -> float:
    """How far to the right a name may go: to the next column's title or values."""
    name = next((h for h in head.heads if h.column is Column.NAME), None)
    if name is None:
        return 0.0
    after = [h.x0 for h in head.heads if h.x0 > name.x1]
    values = [
        grid.rows[c.row].tokens[c.first].x0
        for item in items
        for column, c in item.numbers.items()
        if column is not Column.POSITION and grid.rows[c.row].tokens[c.first].x0 > name.x0
    ]
    return min([*after[:1], *values], default=0.0)


_UNITS = frozenset(
    "st stk stck stuck std stunden h hr hrs hour hours day days tag tage pcs pc pce piece pieces ea each unit units kg g l ltr liter m m2 m3 qm cbm lfm km mm cm "
    "psch psl pausch pauschal pa nos no box pack paar set ud uds un u pz pezzi ore giorni jours heures forfait uur uren stuks dagen mois monat monate month "
    "months nights cad kwh kmh t to".split()
)


def _take_unit(item: ItemRow) -> None:
    """ "1 psch Kleinmaterial": a unit that runs into the name right behind the quantity."""
    quantity = item.numbers.get(Column.QUANTITY)
    for i, part in enumerate(item.names if quantity and Column.UNIT not in item.texts else ()):
        assert quantity is not None
        word, _, rest = part.text.partition(" ")
        if part.row == quantity.row and part.first == quantity.end and rest and word.casefold().strip(".") in _UNITS:
            item.texts[Column.UNIT] = Text(part.row, part.first, part.first + 1, word)
            item.names[i] = Text(part.row, part.first + 1, part.end, rest)
            return


def _is_remark(text: str) -> bool:
    """ "Packaging: box", "# PO line: 1": a remark on an item, not its name."""
    head, colon, _ = f"{text} ".partition(": ")
    return bool(colon) and len(head.split()) <= 3


def _tidy_names(grid: Grid, item: ItemRow, limit: float) -> None:
    """A code above the name is the item's id; a line that fills its column goes on in the next."""
    names = item.names
    known = item.texts.get(Column.ITEM_ID)
    if (
        len(names) > 1
        and (known is None or known.text.strip(".").isdigit())
        and names[0].end - names[0].first == 1
        and names[1].row > names[0].row
    ):
        code = names[0].text
        if any(c.isdigit() for c in code) and code == code.upper() and len(code) <= 20:
            item.texts[Column.ITEM_ID] = names.pop(0)
    named = next((i for i, part in enumerate(names) if not _is_remark(part.text)), 0)
    if named:
        names.insert(0, names.pop(named))
    while len(names) > 1 and limit:
        first, second = names[0], names[1]
        if second.row == first.row:
            left, right = sorted((first, second), key=lambda part: part.first)
            names[0] = Text(first.row, left.first, right.end, f"{left.text} {right.text}")
            names.pop(1)
            continue
        row, below = grid.rows[first.row], grid.rows[second.row]
        word = below.tokens[second.first]
        full = row.tokens[first.end - 1].x1 + (word.x1 - word.x0) + 0.25 * row.height > limit
        if not full or below.y0 - row.y1 > row.height or _is_remark(second.text) or len(first.text) > 200:
            break
        item.wrapped.append(second)
        names[0] = Text(first.row, first.first, first.end, f"{first.text} {second.text}")
        names.pop(1)
        break
