"""The columns of a table by its numbers alone, where no titles say what they hold or none that we know.

Proof that rows are items is arithmetic: a column of amounts adds up to a labelled sum below it, or each is the product of two numbers
before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise, permutations
from typing import NamedTuple

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.columns import Head, TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.item_names import UNITS, is_period
from app.extractors.items import value_of
from app.extractors.labels import amount_meaning
from app.extractors.products import times

_SUMS = ("net", "subtotal", "total", "gross", "due")
_NO_ITEMS = (*_SUMS, "tax", "paid", "carried", "rounding", "withheld")
_FARTHEST = 4.0  # heights of a row between two rows of a list


class Untitled(NamedTuple):
    """`heads`: of the one table whose amounts are proved, if there is one; `rows`: where these stand."""

    heads: list[TableHead]
    rows: frozenset[int]


def heads_by_numbers(found: Candidates) -> Untitled:
    """The head of the one table whose amounts are proved, its columns where its numbers and words stand."""
    numbers = _Numbers(found)
    amounts = numbers.amounts()
    heads = _columns(found.grid, amounts, numbers.by_row) if amounts else []
    if not heads:
        return Untitled([], frozenset())
    head = TableHead(*_titles_over(found.grid, heads, amounts[0].row), tuple(heads))
    return Untitled([head], frozenset(c.row for c in amounts))


class _Numbers:
    """The numbers of each row, and which of them are the amounts of items."""

    def __init__(self, found: Candidates) -> None:
        self.found = found
        dated = {(c.row, i) for c in found.of("date") if c.sound for i in range(c.first, c.end)}
        self.by_row: dict[int, list[Candidate]] = {}
        for kind in ("amount", "percent"):
            for c in found.of(kind):
                if not any((c.row, i) in dated for i in range(c.first, c.end)):
                    self.by_row.setdefault(c.row, []).append(c)
        for numbers in self.by_row.values():
            numbers.sort(key=lambda c: c.first)
        self.roles = {c: self._role(c) for c in found.of("amount") if c.decimals == 2 or c.currency}

    def _role(self, c: Candidate) -> str:
        roles = self.found.strength(c, amount_meaning)
        role = max(roles, key=lambda name: roles[name]) if roles else ""
        row = self.found.grid.rows[c.row]
        cells = [(a, min(b, c.first)) for a, b in row.cells if a < c.first]
        a, b = next((cell for cell in reversed(cells) if any(spot.wordy for spot in row.words[slice(*cell)])), (0, 0))
        said = sum(hit.end - hit.first for hit in self.found.cues[c.row] if a <= hit.first and hit.end <= b)
        if role not in _SUMS and said * 2 < sum(spot.wordy for spot in row.words[a:b]):
            return ""  # "Transport, pallet, zone 3" is no sum carried forward
        return role if role and roles[role] > 0.3 else ""

    def amounts(self) -> list[Candidate]:
        """The amounts of the items: a run of amounts, flush right, over the sum that they add up to, or products of two numbers before
        them. Those with the most products, then the most, then the first: below are sums. Of two such columns the one on the left: that
        on the right has the tax in it."""
        columns = list(self._columns())
        runs = [run for column in columns for run in self._runs(column)]
        runs += [products for column in columns if (products := self._products(column))]
        return max(runs, key=lambda run: (sum(map(self._is_product, run)), len(run), -run[0].row), default=[])

    def _products(self, column: Sequence[Candidate]) -> list[Candidate]:
        """Those that are products: no chance, once there are two or a quantity is not one."""
        products = [c for c in column if self._is_product(c)]
        return products if len(products) > 1 or any(self._counted(c) for c in products) else []

    def _columns(self) -> Iterator[list[Candidate]]:
        """Amounts that are flush, right or else left, from top to bottom; one a row."""
        rows = self.found.grid.rows
        amounts = list(self.roles)
        for edges in ([rows[c.row].words[c.end - 1].x1 for c in amounts], [rows[c.row].words[c.first].x0 for c in amounts]):
            column: list[Candidate] = []
            for (x, n), (after, _) in pairwise((*sorted((x, n) for n, x in enumerate(edges)), (float("inf"), 0))):
                column.append(amounts[n])
                if after - x > 0.6 * rows[amounts[n].row].height:
                    yield sorted({c.row: c for c in column}.values(), key=lambda c: c.row)
                    column = []

    def _runs(self, column: Sequence[Candidate]) -> Iterator[list[Candidate]]:
        """The longest run over each sum: one that is called so, or the next amount of the column. One amount alone is a run only over a
        sum that is both."""
        called = [c for c, role in self.roles.items() if role in _SUMS and self.found.labels(c)[0].relation != "above"]
        for sum_ in dict.fromkeys((*called, *column)):
            run = self._run([c for c in column if c.row < sum_.row], sum_)
            if len(run) > 1 or (run and ((sum_ in called and sum_ in column) or self._is_product(run[0]))):
                yield run

    def _run(self, column: Sequence[Candidate], sum_: Candidate) -> list[Candidate]:
        best: list[Candidate] = []
        run: list[Candidate] = []
        total, below = Decimal(0), sum_.row
        for c in reversed(column):
            if self.roles[c] in _NO_ITEMS and (self.roles[c] in _SUMS or not self._is_product(c)):
                if run:
                    break
                below = c.row
                continue
            if self._far(c.row, below):
                break
            run.append(c)
            below = c.row
            total += value_of(c)
            if total == value_of(sum_) and total:
                best = run[::-1]
        return best

    def _far(self, row: int, below: int) -> bool:
        """Whether there is white paper between two rows of a page."""
        rows = self.found.grid.rows[row : below + 1]
        on_one = rows[0].page == rows[-1].page
        return on_one and any(b.y0 - a.y1 > _FARTHEST * a.height for a, b in pairwise(rows))

    def _is_product(self, amount: Candidate) -> bool:
        return any(True for _ in self._factors(amount))

    def _counted(self, amount: Candidate) -> bool:
        return any(q.value != 1 for q, _ in self._factors(amount))

    def _factors(self, amount: Candidate) -> Iterator[tuple[Candidate, Candidate]]:
        before = [c for c in self.by_row[amount.row] if c.end <= amount.first]
        shares = [Decimal(0), *(value_of(c) for c in before if c.kind == "percent")]
        plain = [c for c in before if c.kind == "amount"]
        for q in plain if len(plain) <= 8 else ():
            for p in plain:
                if p is not q and p.decimals >= 2 and value_of(q) > 0 and any(times(q, p, amount, share) for share in shares):
                    yield q, p


@dataclass(slots=True)
class _Stretch:
    """What stands one under another in the rows of the items: from where to where, its numbers by row, or its words."""

    x0: float
    x1: float
    numbers: dict[int, Candidate] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    column: Column = Column.OTHER


def _columns(grid: Grid, amounts: Sequence[Candidate], by_row: Mapping[int, list[Candidate]]) -> list[Head]:
    """Where the numbers and words of the rows stand, and what they are."""
    own = {c.row: c for c in amounts}
    numbers = _number_columns(grid, own, by_row)
    words = _word_columns(grid, own, numbers)
    _name_numbers(numbers, own)
    words = [stretch for stretch in words if not all(map(is_period, stretch.texts))]
    name = max(words, key=lambda stretch: sum(map(len, stretch.texts)), default=None)
    words = [stretch for stretch in words if stretch is name or len(stretch.texts) * 2 > len(own)]
    if name is None:
        return []
    name.column = Column.NAME
    for stretch in words:
        if stretch is not name and all(text.casefold().strip(".") in UNITS for text in stretch.texts):
            stretch.column = Column.UNIT
        elif stretch.x0 < name.x0 and all(" " not in text and any(map(str.isdigit, text)) for text in stretch.texts):
            stretch.column = Column.ITEM_ID
    for stretch in numbers:
        if stretch.column is Column.OTHER and stretch.x1 <= name.x0:
            values = [value_of(c) for c in stretch.numbers.values()]
            counted = values == sorted(values) and values[0] <= 10 and len(values) == len({*values}) and values[-1] <= 10 * len(values)
            stretch.column = Column.POSITION if counted else Column.ITEM_ID
    return [Head(stretch.column, stretch.x0, stretch.x1) for stretch in sorted((*numbers, *words), key=lambda stretch: stretch.x0)]


def _number_columns(grid: Grid, own: Mapping[int, Candidate], by_row: Mapping[int, list[Candidate]]) -> list[_Stretch]:
    """The numbers that stand under each other in most rows, or in cells of their own."""
    placed: list[tuple[float, float, Candidate]] = []
    for number in own:
        row = grid.rows[number]
        for c in by_row[number]:
            begin, end = row.cells[row.cell_of[c.first]]
            if c.end < end and row.words[c.end].text in "xX×":
                continue  # "20 x Desk lamp"
            if not any(spot.wordy and len(spot.text) > 3 for spot in row.words[begin : c.first]):
                placed.append((row.words[c.first].x0, row.words[c.end - 1].x1, c))
    stretches: list[_Stretch] = []
    for x0, x1, c in sorted(placed, key=lambda p: p[1]):
        over = next((s for s in stretches if x0 < s.x1 and c.row not in s.numbers), None)
        if over is None:
            over = _Stretch(x0, x1)
            stretches.append(over)
        over.numbers[c.row] = c
        over.x0, over.x1 = min(over.x0, x0), max(over.x1, x1)
    return [s for s in stretches if len(s.numbers) * 2 >= len(own)]


def _word_columns(grid: Grid, own: Mapping[int, Candidate], numbers: Sequence[_Stretch]) -> list[_Stretch]:
    """The words beside the numbers, by their left edges; where there are none, those between the rows."""
    taken = {(c.row, i) for stretch in numbers for c in stretch.numbers.values() for i in range(c.first, c.end)}
    spans = [(number, a, b) for number in own for a, b in grid.rows[number].cells]
    letters = (sum(map(str.isalpha, grid.rows[n].words[i].text)) for n, a, b in spans for i in range(a, b) if (n, i) not in taken)
    if sum(letters) < 3 * len(own):
        spans = [
            (n, a, b) for n in range(min(own) - 1, max(own) + 2) if n not in own and n < len(grid.rows) for a, b in grid.rows[n].cells[:1]
        ]
    placed: list[tuple[float, float, str]] = []
    for number, begin, end in spans:
        words = grid.rows[number].words
        free = [i for i in range(begin, end) if (number, i) not in taken]
        text = " ".join(words[i].text for i in free)
        if len(text) > 1 and any(map(str.isalpha, text)):
            placed.append((words[free[0]].x0, words[free[-1]].x1, text))
    height = grid.rows[min(own)].height
    stretches: list[_Stretch] = []
    for x0, x1, text in sorted(placed):
        if not stretches or x0 - stretches[-1].x0 > height:
            stretches.append(_Stretch(x0, x1))
        stretches[-1].x1 = max(stretches[-1].x1, x1)
        stretches[-1].texts.append(text)
    return stretches


def _name_numbers(stretches: Sequence[_Stretch], own: Mapping[int, Candidate]) -> None:
    """Which of the columns are amount, quantity, price and tax rate."""
    for stretch in stretches:
        if all(stretch.numbers.get(row) is c for row, c in own.items()):
            stretch.column = Column.AMOUNT
        elif any(c.kind == "percent" for c in stretch.numbers.values()):
            stretch.column = Column.TAX_RATE
    shares = [stretch for stretch in stretches if stretch.column is Column.TAX_RATE]
    pairs = [
        (_proofs(q, p, share, own), q, p, share) for q, p in permutations(stretches, 2) for share in (None, *shares) if _are_plain(q, p)
    ]
    best = max(pairs, key=lambda pair: pair[0], default=None)
    if best and best[0][0] * 2 > len(own):
        _, quantity, price, share = best
        quantity.column, price.column = Column.QUANTITY, Column.PRICE
        if share:
            share.column = Column.DISCOUNT


def _are_plain(*stretches: _Stretch) -> bool:
    return all(stretch.column is Column.OTHER for stretch in stretches)


def _proofs(q: _Stretch, p: _Stretch, share: _Stretch | None, own: Mapping[int, Candidate]) -> tuple[int, int, int, bool]:
    """How well two columns are quantity and price: rows where their product, less the share, is the amount; prices have cents and a
    currency, quantities no fraction; and nothing is taken off without need."""
    rows = [row for row in own if row in q.numbers and row in p.numbers]
    proved = cents = whole = 0
    for row in rows:
        quantity, price = q.numbers[row], p.numbers[row]
        less = share.numbers.get(row) if share else None
        proved += times(quantity, price, own[row], value_of(less) if less else Decimal(0))
        cents += (price.decimals >= 2) - (quantity.decimals >= 2) + bool(price.currency) - bool(quantity.currency)
        whole += value_of(quantity) % 1 == 0
    return proved, cents, whole, share is None


def _titles_over(grid: Grid, heads: Sequence[Head], number: int) -> tuple[int, int]:
    """The rows of the titles over the first item: (first, last), of which the last is before the first if there are none."""
    height = grid.rows[number].height
    for above in range(number - 1, max(-1, number - 5), -1):
        row = grid.rows[above]
        if row.page != grid.rows[number].page or any(map(str.isdigit, row.text)):
            break
        spans = [(row.words[a].x0, row.words[b - 1].x1, b - a) for a, b in row.cells]
        over = {id(h) for h in heads for x0, x1, _ in spans if x0 < h.x1 + height and x1 > h.x0 - height}
        if len(spans) > 1 and len(over) > 1 and all(words <= 5 for _, _, words in spans):
            first = above
            while first and count_cells(grid, first - 1, above) > 1:
                first -= 1
            return first, above
    return number, number - 1


def count_cells(grid: Grid, number: int, below: int) -> int:
    """How many cells a row close over another has, if it has no digits."""
    row, other = grid.rows[number], grid.rows[number + 1]
    near = row.page == other.page and other.y0 - row.y1 < row.height and not any(map(str.isdigit, row.text))
    return len(row.cells) if near else 0
