"""Quantity x price = amount: whether a row's numbers fulfil it, and which of them do where columns or the recognizer misled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

from app.extractors.candidate import Candidate
from app.extractors.columns_lexicon import Column
from app.extractors.confusions import misreading
from app.extractors.grid import Row
from app.extractors.items import ItemRow, Text, value_of

CENT = Decimal("0.01")


def prove(row: Row, item: ItemRow, candidates: list[Candidate], doubtful: list[Candidate]) -> None:
    """Checks quantity x price = amount and, where columns misled, finds the numbers of the row that fulfil it."""
    numbers = item.numbers
    amount = numbers.get(Column.AMOUNT)
    quantity, price = numbers.get(Column.QUANTITY), numbers.get(Column.PRICE)
    if amount is None:
        return
    share = numbers.get(Column.DISCOUNT)
    if quantity and price and (times(quantity, price, amount) or (share and times(quantity, price, amount, value_of(share)))):
        item.proved = True
        return
    plain = [c for c in candidates if c.kind == "amount" and c is not amount and c.first < amount.first]
    plain += _counted_with_unit(row, item, amount)
    glued = _counted_with_unit(row, item, amount) if quantity is None and price else []
    for counted in glued:
        if share and times(counted, price, amount, value_of(share)):  # type: ignore[arg-type]
            numbers[Column.QUANTITY], item.proved = counted, True
            _take_unit(row, item)
            return
    shares = [c for c in candidates if c.kind == "percent" and c.first < amount.first and share is None]
    if (
        find_factors(item, plain, amount)
        or _find_cut_amount(item, plain, amount, doubtful)
        or _find_discounted(item, plain, amount, shares)
    ):
        _take_unit(row, item)
        return
    if row.read and quantity and price:
        item.proved = _prove_otherwise(row, item, quantity, price, amount)


def prove_again(item: ItemRow, doubtful: Iterable[Candidate]) -> None:
    """After another reading of the amount was taken: whether it is a product, with the price as read or as `doubtful` reads it."""
    quantity, price, amount = (item.numbers.get(column) for column in (Column.QUANTITY, Column.PRICE, Column.AMOUNT))
    if not (quantity and price and amount):
        return
    ways = [price, *(c for c in doubtful if (c.row, c.end) == (price.row, price.end))]
    bearing = next((way for way in ways if times(quantity, way, amount)), None)
    item.proved = bearing is not None
    item.numbers[Column.PRICE] = bearing or price


_WITH_UNIT = re.compile(r"(?P<n>\d{1,4}(?:[.,]\d{1,2})?)/?(?P<unit>[^\W\d_]{1,6})\.?")


def _counted_with_unit(row: Row, item: ItemRow, amount: Candidate) -> list[Candidate]:
    """Quantities that stand in one word with their unit ("31h"), outside the item's name."""
    named = {i for part in item.names for i in range(part.first, part.end)}
    parted = [glued(item.row, i, spot.text) for i, spot in enumerate(row.words[: amount.first]) if i not in named]
    return [found[0] for found in parted if found]


def glued(row: int, place: int, text: str) -> tuple[Candidate, Text] | None:
    """The number and the unit that are set as one word ("31h"), at `place` in the row; None where it is none."""
    match = _WITH_UNIT.fullmatch(text)
    if match is None:
        return None
    digits = match["n"].replace(",", ".")
    number = Candidate("amount", Decimal(digits), row, place, place + 1, decimals=len(digits.partition(".")[2]))
    return number, Text(row, place, place + 1, match["unit"])


def _take_unit(row: Row, item: ItemRow) -> None:
    quantity = item.numbers[Column.QUANTITY]
    if found := glued(item.row, quantity.first, row.words[quantity.first].text):
        item.texts.setdefault(Column.UNIT, found[1])


def _find_cut_amount(item: ItemRow, plain: list[Candidate], amount: Candidate, doubtful: list[Candidate]) -> bool:
    """Whether the amount is what quantity x price gives once it is joined with the number before it ("1 285,76")."""
    as_read = item.numbers
    for whole in doubtful:
        if whole.end != amount.end or whole.first >= amount.first:
            continue
        item.numbers = {column: c for column, c in as_read.items() if c.end <= whole.first or c.first >= whole.end}
        item.numbers[Column.AMOUNT] = whole
        quantity, price = item.numbers.get(Column.QUANTITY), item.numbers.get(Column.PRICE)
        item.proved = bool(quantity and price and times(quantity, price, whole))
        if item.proved or find_factors(item, [c for c in plain if c.end <= whole.first], whole):
            return True
    item.numbers = as_read
    return False


def find_factors(item: ItemRow, plain: list[Candidate], amount: Candidate) -> bool:
    """Whether two numbers of the row multiply to its amount: they are quantity and price, then."""
    numbers = item.numbers
    quantity, price = numbers.get(Column.QUANTITY), numbers.get(Column.PRICE)
    plain = sorted(plain, key=lambda c: c is not quantity and c is not price) if len(plain) <= 8 else []
    for q in plain:
        for p in plain:
            if p is q or (quantity and quantity is not q and price and price is not p and quantity is not p and price is not q):
                continue
            if times(q, p, amount) and p.decimals >= min(q.decimals, 2) and not q.currency and p.value != 1:
                if q.value == 1 and (p.decimals < 2 or q.decimals > 2):
                    continue
                numbers[Column.QUANTITY], numbers[Column.PRICE] = q, p
                item.proved = True
                return True
    return False


def _find_discounted(item: ItemRow, plain: list[Candidate], amount: Candidate, shares: list[Candidate]) -> bool:
    """Whether two numbers of the row, less a share that stands behind them, multiply to its amount: "12 x 3.67, less 15%"."""
    if {Column.QUANTITY, Column.PRICE} & item.numbers.keys():
        return False
    for q, p in pairwise(plain):
        for share in shares:
            if p.end <= share.first and p.decimals >= 2 and value_of(share) and times(q, p, amount, value_of(share)):
                item.numbers.update({Column.QUANTITY: q, Column.PRICE: p, Column.DISCOUNT: share})
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


def times(quantity: Candidate, price: Candidate, amount: Candidate, discount: Decimal = Decimal(0)) -> bool:
    """Whether quantity x price, less the discount in percent, is the amount."""
    q, p, a = value_of(quantity), value_of(price), value_of(amount)
    product = q * p if not 0 < abs(discount) < 100 else q * p * (100 - abs(discount)) / 100
    return a != 0 and abs(abs(product) - abs(a)) <= max(CENT, abs(a) * Decimal("0.0005"))
