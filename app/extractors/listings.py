"""Items without a table head: a column of amounts whose sum is the total below it, as on receipts and letters."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.columns_lexicon import Column
from app.extractors.items import ItemRow, Text
from app.extractors.labels import amount_meaning
from app.extractors.tables import Table

_SUMS = ("net", "subtotal", "total", "gross", "due")
_COUNT = re.compile(r"(\d{1,4})\s?[xX×*]\s")


def read_listing(found: Candidates) -> Table:
    """The rows above a total that add up to it exactly; empty if no column does: without a head, only arithmetic is proof enough."""
    grid = found.grid
    columns: dict[tuple[int, int], list[Candidate]] = {}
    for c in found.of("amount"):
        row = grid.rows[c.row]
        last = all(not any(map(str.isdigit, spot.text)) for spot in row.words[c.end :])
        if last and (c.decimals == 2 or c.currency) and any(ch.isalpha() for spot in row.words[: c.first] for ch in spot.text):
            columns.setdefault((row.page, round(row.words[c.end - 1].x1 / 6)), []).append(c)
    best: list[Candidate] = []
    for column in columns.values():
        run = _run(found, column)
        if len(run) > len(best):
            best = run
    items = [_item(found, c) for c in best] or _proved(found)
    return Table(tuple(items), frozenset(item.row for item in items))


def _proved(found: Candidates) -> list[ItemRow]:
    """Rows whose last number is the product of two before it: no chance, once it happens twice or with a quantity that is not one."""
    rows: dict[int, list[Candidate]] = {}
    for c in found.of("amount"):
        rows.setdefault(c.row, []).append(c)
    items: list[ItemRow] = []
    for cells in rows.values():
        amount = cells[-1]
        if len(cells) < 3 or len(cells) > 9 or not _value(amount) or amount.decimals != 2:
            continue
        pairs = (
            (q, p)
            for q in cells[:-1]
            for p in cells[:-1]
            if q is not p and p.decimals >= 2 and _value(q) > 0 and _value(q) * _value(p) == _value(amount)
        )
        pair = next(pairs, None)
        if pair is None:
            continue
        item = _item(found, amount)
        item.numbers[Column.QUANTITY], item.numbers[Column.PRICE] = pair
        item.names = [
            Text(part.row, part.first, part.end, part.text) for part in item.names if part.first not in (pair[0].first, pair[1].first)
        ]
        item.proved = True
        if item.names:
            items.append(item)
    return items if len(items) > 1 or any(item.numbers[Column.QUANTITY].value != 1 for item in items) else []


def _run(found: Candidates, column: list[Candidate]) -> list[Candidate]:
    """The longest stretch of the column that ends right above a labelled total and sums up to it."""
    grid = found.grid
    best: list[Candidate] = []
    stretch: list[Candidate] = []
    for c in column:
        roles = found.strength(c, amount_meaning)
        role = max(roles, key=lambda name: roles[name]) if roles else ""
        if role in _SUMS and roles[role] > 0.3 and found.labels(c)[0].relation != "above":
            total = Decimal(0)
            for length, above in enumerate(reversed(stretch), 1):
                below = stretch[len(stretch) - length + 1] if length > 1 else c
                gap = max(b.y0 - a.y1 for a, b in pairwise(grid.rows[above.row : below.row + 1]))
                if gap > 4 * grid.rows[c.row].height:
                    break
                if role != "net" and found.strength(above, amount_meaning).get("tax", 0.0) > 0.3:
                    break  # a tax is part of no list, unless what follows is called net (duties on energy)
                total += _value(above)
                if total == _value(c) and total and length > len(best):
                    best = stretch[len(stretch) - length :]
        elif role in ("paid", "carried", "rounding"):
            stretch = []
        else:
            stretch.append(c)
    return best


def _value(candidate: Candidate) -> Decimal:
    assert isinstance(candidate.value, Decimal)
    return candidate.value


def _item(found: Candidates, amount: Candidate) -> ItemRow:
    row = found.grid.rows[amount.row]
    item = ItemRow(amount.row, {Column.AMOUNT: amount})
    wordy = [cell for cell in range(row.cell_of[amount.first] + 1) if sum(map(str.isalpha, row.span(*row.cells[cell]))) >= 2]
    for cell in wordy:
        first, end = row.cells[cell]
        end = min(end, amount.first)
        text = row.span(first, end)
        if end > first:
            count = _COUNT.match(text)
            if count and end - first > 1:
                skip = 1 if row.words[first].text[-1:] in "xX×*" else 2
                item.numbers[Column.QUANTITY] = Candidate("amount", Decimal(count[1]), amount.row, first, first + 1)
                first += min(skip, end - first - 1)
            item.names.append(Text(amount.row, first, end, row.span(first, end)))
            break
    return item
