"""The sum of the item lines against the sums that the page shows: rows wrongly taken for lines, or not, and misread amounts are put right.

Nothing is changed unless the lines add up, to the cent, to a labelled sum afterwards; the fewest changes that do are made. Where none do,
the table stays as it was read and is said not to close.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.columns_lexicon import Column
from app.extractors.confusions import misreading
from app.extractors.items import Aside, ItemRow, value_of
from app.extractors.labels import amount_meaning
from app.extractors.products import prove_again

ZERO = Decimal(0)
_SUMS = ("net", "subtotal", "total", "gross", "due")
_CHANGES = ("discount", "charge")
TRIED = 12
"""Rows in doubt that are tried together: of more, too many subsets add up to something."""


@dataclass(frozen=True, slots=True)
class Closing:
    """`closed`: the lines add up to a sum of the page; False where it shows sums and they do not, None where it shows none.

    `changes`: discounts and charges that stand between the lines and that sum, for the whole document.
    """

    items: tuple[ItemRow, ...]
    asides: tuple[Aside, ...]
    closed: bool | None
    changes: tuple[Aside, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    """One change to the lines and what it adds to their sum."""

    difference: Decimal
    cost: float
    drop: ItemRow | None = None
    take: Aside | None = None
    read: Candidate | None = None  # the amount of `drop`'s row, which stays, read otherwise


def close(found: Candidates, items: Sequence[ItemRow], asides: Sequence[Aside], known: Collection[Decimal] = ()) -> Closing:
    """The lines as the sums of the page bear them out. `asides` in the order of their rows; `known`: sums that are sure already."""
    if not items:
        return Closing((), tuple(asides), None)
    sums = _sums_under(found, items) | set(known)
    _take_prices(items, sums)
    if any(Column.AMOUNT not in item.numbers for item in items):
        return Closing(tuple(items), tuple(asides), None)
    if not sums:
        return Closing(tuple(items), tuple(asides), None)
    items, running = _without_running_sums(items, sums)
    asides = sorted((*asides, *running), key=lambda aside: aside.item.row)
    total = sum((item.amount for item in items), ZERO)
    if charges := _charges(found, items, total, sums):
        asides = sorted((*asides, *charges), key=lambda aside: aside.item.row)
        return _closed(found, items[: -len(charges)], asides, (), (), charges)
    between = [a for a in asides if a.role in _CHANGES and a.item.row < items[-1].row]
    behind = [a for a in asides if a.role in _CHANGES and a.item.row > items[-1].row]
    for own, whole in (([], []), ([], behind), (between, []), (between, behind), ([], [*between, *behind])):
        if total + _sum(own) + _sum(whole) in sums:
            return _closed(found, items, asides, (), own, whole)
    steps = sorted(_steps(found, items, asides, sums - {total}, total), key=lambda step: step.cost)[:TRIED]
    plans = [
        (sum(step.cost for step in plan), plan, own, whole)
        for many in (1, 2)
        for plan in combinations(steps, many)
        for own, whole in (([], []), (between, []), ([], behind))
        if len({id(step.drop) for step in plan if step.drop}) == sum(step.drop is not None for step in plan)
        and total + _sum(own) + _sum(whole) + sum((step.difference for step in plan), ZERO) in sums
    ]
    if plans:
        _, plan, own, whole = min(plans, key=lambda p: p[0])
        return _closed(found, items, asides, plan, own, whole)
    return Closing(tuple(items), tuple(asides), False)


def adds_up(found: Candidates, items: Sequence[ItemRow], row: int) -> bool:
    """Whether the items add up to a labelled sum of the page that stands in or under a row."""
    return sum((item.amount for item in items), ZERO) in _sums_under(found, items, row)


def _without_running_sums(items: Sequence[ItemRow], sums: set[Decimal]) -> tuple[list[ItemRow], list[Aside]]:
    """The lines, and rows among them that are but the sum of all lines so far, whatever they are called ("Fees", and under it "Expenses"):
    if the lines add up to a sum without them, or the last row is such a sum."""
    kept: list[ItemRow] = []
    running: list[Aside] = []
    for item in items:
        uncounted = Column.QUANTITY not in item.numbers and Column.PRICE not in item.numbers
        if len(kept) > 1 and uncounted and item.amount == sum((other.amount for other in kept), ZERO):
            running.append(Aside(item, "subtotal"))
        else:
            kept.append(item)
    if running and (running[-1].item is items[-1] or sum((item.amount for item in kept), ZERO) in sums):
        return kept, running
    return list(items), []


def _take_prices(items: Sequence[ItemRow], sums: Collection[Decimal]) -> None:
    """ "Quantity | Price" and no amounts: prices that add up to a sum of the page are what the lines come to, whatever the quantities."""
    prices = [item.numbers.get(Column.PRICE) for item in items if Column.AMOUNT not in item.numbers]
    if len(prices) == len(items) and all(prices) and sum((value_of(price) for price in prices if price), ZERO) in sums:
        for item in items:
            item.numbers[Column.AMOUNT] = item.numbers.pop(Column.PRICE)


def _charges(found: Candidates, items: Sequence[ItemRow], total: Decimal, sums: Collection[Decimal]) -> list[Aside]:
    """The last lines that are called a charge ("Shipping"), where the page has a sum of the lines without them and one with them."""
    charges: list[Aside] = []
    for item in reversed(items[1:]):
        if not _is_called_charge(found, item):
            break
        charges.insert(0, Aside(item, "charge"))
    return charges if charges and {total, total - _sum(charges)} <= set(sums) else []


def _is_called_charge(found: Candidates, item: ItemRow) -> bool:
    words = [(part.first, part.end) for part in (*item.names, *item.texts.values()) if part.row == item.row]
    hits = [hit for hit in found.cues[item.row] if any(first <= hit.first and hit.end <= end for first, end in words)]
    meaning = amount_meaning(frozenset().union(*(hit.cues for hit in hits))) if hits else None
    named = sum(end - first for first, end in words)
    return meaning is not None and meaning.role == "charge" and sum(hit.end - hit.first for hit in hits) * 2 >= named


def _sum(asides: Iterable[Aside]) -> Decimal:
    return sum((aside.value for aside in asides), ZERO)


def _sums_under(found: Candidates, items: Sequence[ItemRow], top: int = 0) -> set[Decimal]:
    """Amounts under the first line, and not over the row `top`, that a label calls a sum of some kind."""
    rows = {item.row for item in items}
    sums: set[Decimal] = set()
    for c in found.of("amount"):
        if c.row <= items[0].row or c.row < top or c.row in rows or not (c.decimals == 2 or c.currency):
            continue
        roles = found.strength(c, amount_meaning)
        if roles and max(roles[role] for role in roles) > 0.3 and max(roles, key=lambda role: roles[role]) in _SUMS:
            sums.add(value_of(c))
    return sums - {ZERO}


def _steps(found: Candidates, items: Sequence[ItemRow], asides: Sequence[Aside], sums: set[Decimal], total: Decimal) -> Iterator[_Step]:
    usual = {column for column in Column if sum(column in item.numbers for item in items) * 5 > len(items) * 3}
    printed = [step for item in items for step in _as_recognized(found, item)]
    yield from printed
    totals = {total, *(total + step.difference for step in printed)}
    for item in items:
        amount = item.numbers[Column.AMOUNT]
        row = found.grid.rows[item.row]
        if not item.proved and not usual <= item.numbers.keys():
            yield _Step(-item.amount, 1.0 + 0.2 * len(item.numbers), drop=item)
        if row.read and not item.proved:
            for value in {value_of(amount) + wanted - added for wanted in sums for added in totals}:
                cost = misreading(row.span(amount.first, amount.end), value)
                if cost is not None and value > 0:
                    read = amount._replace(value=value, decimals=2, cost=round(cost, 3))
                    yield _Step(value - value_of(amount), 0.5 + cost, drop=item, read=read)
    for aside in asides:
        if aside.role in ("", "charge") and aside.item.names:
            yield _Step(aside.value, 0.8 if not aside.role else 1.2, take=aside)


def _as_recognized(found: Candidates, item: ItemRow) -> Iterator[_Step]:
    """The amount of a line as it stands there, where quantity x price made another of it: the price may be rounded; or with the thousands
    before it, where a blank parts them and price and amount lost them both."""
    amount = item.numbers[Column.AMOUNT]
    for c in found.alternatives.get("amount", ()) if found.grid.rows[item.row].read else ():
        if c.row == amount.row and c.end == amount.end and c.first < amount.first:
            yield _Step(value_of(c) - value_of(amount), 0.3 + c.cost, drop=item, read=c)
    for c in found.of("amount") if amount.cost else ():
        if (c.row, c.first) == (amount.row, amount.first) and c.value != amount.value:
            yield _Step(value_of(c) - value_of(amount), 0.1 - amount.cost, drop=item, read=c)


def _closed(
    found: Candidates,
    items: Sequence[ItemRow],
    asides: Sequence[Aside],
    plan: Sequence[_Step],
    own: Sequence[Aside],
    whole: Sequence[Aside],
) -> Closing:
    kept = list(items)
    left = [aside for aside in asides if aside not in own]
    for step in plan:
        if step.take:
            kept.append(step.take.item)
            left.remove(step.take)
        elif step.drop and step.read:
            step.drop.numbers[Column.AMOUNT] = step.read
            prove_again(step.drop, found.alternatives.get("amount", ()))
        elif step.drop:
            kept.remove(step.drop)
            left.append(Aside(step.drop))
    kept.sort(key=lambda item: item.row)
    for aside in own:
        next(item for item in reversed(kept) if item.row < aside.item.row).changes.append(aside)
    return Closing(tuple(kept), tuple(sorted(left, key=lambda aside: aside.item.row)), True, tuple(whole))
