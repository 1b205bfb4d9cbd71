"""What arithmetic says of the total of a till's receipt: money given less change, rounding, tax summaries, the articles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from app.extractors.candidate import Candidate
from app.extractors.lexicon import Cue
from app.extractors.receipt_amounts import TOTALS, RowAmount
from app.extractors.receipts import Receipt

ZERO, CENT = Decimal(0), Decimal("0.01")
ROUNDED = Decimal("0.1")
"""More is rounded off nowhere: the smallest coin is 5 or, without tax, 10 hundredths."""
MOST_RATES = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of the tax summary: base, tax and their sum."""

    base: Candidate
    tax: Candidate
    total: Decimal


@dataclass(frozen=True, slots=True)
class Proof:
    """A value that arithmetic arrives at, and how much that says; `articles`: it is their sum."""

    value: Decimal
    weight: float
    articles: bool = False


def summaries_of(receipt: Receipt) -> Iterator[Summary]:
    """Rows that hold a base and a tax that is a likely share of it (1 to 28 %), where tax is spoken of, or its rate stands there; their sum
    may stand by them."""
    found = receipt.found
    by_row: dict[int, list[Candidate]] = {}
    for c in found.of("amount"):
        if c.decimals == 2:
            by_row.setdefault(c.row, []).append(c)
    rates: dict[int, list[Decimal]] = {}
    for c in found.of("percent"):
        rates.setdefault(c.row, []).append(_value(c))
    taxed = False
    for number in range(len(found.grid.rows)):
        taxed = taxed or any(Cue.TAX in hit.cues for hit in found.cues[number])
        cells = by_row.get(number, [])
        if not 2 <= len(cells) <= 4:
            continue
        pairs = [(a, b) for a in cells for b in cells if _value(a) + _value(b) in map(_value, cells)]
        for base, tax in (*pairs, cells[-2:]):
            if not (taxed or any(abs(_value(base) * rate / 100 - _value(tax)) <= CENT for rate in rates.get(number, ()))):
                continue
            if _value(base) > 0 and Decimal("0.01") <= _value(tax) / _value(base) <= Decimal("0.28"):
                yield Summary(base, tax, _value(base) + _value(tax))
                break


def _value(c: Candidate) -> Decimal:
    assert isinstance(c.value, Decimal)
    return c.value


def proofs_of(amounts: list[RowAmount], summaries: list[Summary]) -> Iterator[Proof]:
    """Values that arithmetic arrives at."""
    tendered = [a for a in amounts if a.role == "tendered" and a.value > 0]
    change = [a for a in amounts if a.role == "change" and a.value >= 0]
    for given in tendered:
        for back in change:
            if back.value < given.value and back.candidate.row > given.candidate.row:
                yield Proof(given.value - back.value, 0.8 if back.value else 0.55)
        above = {a.value for a in amounts if a.candidate.row < given.candidate.row}
        for a in amounts:
            if a.role == "" and ZERO < a.value < given.value and a.candidate.row > given.candidate.row and given.value - a.value in above:
                yield Proof(given.value - a.value, 0.5)  # change under a name that is not known
        yield Proof(given.value, 0.3 * given.weight)
    for rounding in (a for a in amounts if a.role == "rounding"):
        for a in amounts:
            if a.role not in ("subtotal", "total", "gross") or a.candidate.row > rounding.candidate.row:
                continue
            if not rounding.value:
                yield Proof(a.value, 0.3)
            elif abs(rounding.value) < ROUNDED:
                yield Proof(a.value + rounding.value, 0.55)
                yield Proof(a.value - abs(rounding.value), 0.45)
            yield from (Proof(b.value, 0.35) for b in _rounded(a.value, rounding, amounts))
        for summary in summaries:
            yield from (Proof(b.value, 0.55) for b in _rounded(summary.total, rounding, amounts))
    for a in amounts:
        if a.role in ("subtotal", "net"):
            for tax in amounts:
                if tax.role == "tax" and tax.value > 0 and tax.candidate.row > a.candidate.row:
                    yield Proof(a.value + tax.value, 0.6)
    for summary in summaries:
        yield Proof(summary.total, 0.6)
    for first, last in combinations(range(len(summaries) + 1), 2):
        if 1 < last - first <= MOST_RATES:
            yield Proof(sum((summary.total for summary in summaries[first:last]), ZERO), 0.5)
    yield from _sums_of_articles(amounts)


def _rounded(value: Decimal, rounding: RowAmount, amounts: list[RowAmount]) -> Iterator[RowAmount]:
    """Totals under the rounding that differ from `value` by no more than rounding does, whatever the rounding itself was read as."""
    for a in amounts:
        if a.role in TOTALS and a.candidate.row > rounding.candidate.row and ZERO < abs(a.value - value) < ROUNDED:
            yield a


def _sums_of_articles(amounts: list[RowAmount]) -> Iterator[Proof]:
    """Sums of the amounts from the first on, that say nothing of themselves, also less the discounts among them."""
    total, off, count = ZERO, ZERO, 0
    for a in amounts:
        if a.role in TOTALS and count:
            if count == 1:
                yield Proof(total, 0.3, articles=True)
            break
        if a.role == "discount" and a.value and count:
            off += abs(a.value)
            yield Proof(total - off, 0.5, articles=True)
        if a.role:
            continue
        total, count = total + a.value, count + 1
        if count > 1:
            yield Proof(total, 0.5, articles=True)
