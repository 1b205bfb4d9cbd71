"""The tax breakdown: rows that hold a rate, a base and their product."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.columns_lexicon import Column
from app.extractors.labels import amount_meaning
from app.extractors.lexicon import Cue
from app.extractors.tables import Table

CENT = Decimal("0.01")


ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax rate: percent, base, tax, and the row where it stands."""

    rate: Decimal
    base: Decimal
    tax: Decimal
    row: int


def value_of(candidate: Candidate) -> Decimal:
    assert isinstance(candidate.value, Decimal)
    return candidate.value


def read_rates(found: Candidates, items: frozenset[int], amounts: list[Candidate]) -> tuple[Rate, ...]:
    """Rows outside the item table that hold a rate, a base and their product."""
    percents: dict[int, list[Decimal]] = {}
    for c in found.of("percent"):
        if c.row not in items and value_of(c) < 100:
            percents.setdefault(c.row, []).append(value_of(c))
    by_row: dict[int, list[Candidate]] = {}
    for c in amounts:
        by_row.setdefault(c.row, []).append(c)
    rates: list[Rate] = []
    for row, cells in by_row.items():
        if len(cells) < 2 or len(cells) > 9:
            continue
        bare = [value_of(c) for c in cells if ZERO < value_of(c) <= 30 and c.decimals <= 2 and not c.currency]
        taxed = any(Cue.TAX in label.cues for c in cells for label in found.labels(c))
        for rate in percents.get(row) or (bare if taxed else []):
            match = next(
                (
                    (b, t)
                    for b in cells
                    for t in cells
                    if b is not t
                    and b.decimals == 2
                    and t.decimals == 2
                    and abs(value_of(b) * rate / 100 - value_of(t)) <= 2 * CENT
                    and _fits(b, t, rate)
                ),
                None,
            )
            if match and all((r.rate, r.base) != (rate, value_of(match[0])) for r in rates):
                rates.append(Rate(rate, value_of(match[0]), value_of(match[1]), row))
                break
    return tuple(rates)


def _fits(base: Candidate, tax: Candidate, rate: Decimal) -> bool:
    if rate == 0:
        return value_of(tax) == 0 and value_of(base) != 0
    return value_of(tax) != 0 and value_of(tax) != rate and abs(value_of(base)) > abs(value_of(tax))


def read_taxes(found: Candidates, table: Table, chosen: dict[str, Choice]) -> tuple[Rate, ...]:
    """Rows under the lines that hold a rate and its tax but no base, if together they are the total tax and bases that bear them out
    are known: the total without tax, of a single one; of several what the lines of each rate add up to."""
    net, total = (chosen[path].value if path in chosen else None for path in ("total_without_tax", "total_tax"))
    if not isinstance(total, Decimal) or not isinstance(net, Decimal):
        return ()
    percents: dict[int, list[Decimal]] = {}
    for c in found.of("percent"):
        percents.setdefault(c.row, []).append(value_of(c))
    amounts = [c for c in found.of("amount") if c.row not in table.rows and c.decimals == 2]
    taxes: dict[Decimal, Candidate] = {}
    for c in amounts:
        alone = len(percents.get(c.row, ())) == 1 == sum(other.row == c.row for other in amounts)
        if alone and found.strength(c, amount_meaning).get("tax", 0.0) >= 0.5:
            taxes.setdefault(percents[c.row][0], c)
    bases = dict.fromkeys(taxes, net) if len(taxes) == 1 else _by_rate(table)
    rates = tuple(Rate(rate, bases[rate], value_of(c), c.row) for rate, c in taxes.items() if rate in bases)
    if len(rates) < len(taxes) or abs(abs(sum((rate.tax for rate in rates), ZERO)) - abs(total)) > CENT:
        return ()
    return rates if all(abs(abs(rate.base * rate.rate / 100) - abs(rate.tax)) <= 2 * CENT for rate in rates) else ()


def _by_rate(table: Table) -> dict[Decimal, Decimal]:
    """What the lines of each rate add up to; empty where one has no rate or no amount."""
    bases: dict[Decimal, Decimal] = {}
    for item in table.items:
        rate = item.numbers.get(Column.TAX_RATE)
        if rate is None or Column.AMOUNT not in item.numbers:
            return {}
        bases[value_of(rate)] = bases.get(value_of(rate), ZERO) + item.amount
    return bases


def matching_rates(rates: tuple[Rate, ...], chosen: dict[str, Choice]) -> tuple[Rate, ...]:
    """The breakdown, if it agrees with the total tax (or there is none to agree with)."""
    tax = chosen.get("total_tax")
    if not rates or tax is None or not isinstance(tax.value, Decimal):
        return rates
    if abs(sum((rate.tax for rate in rates), ZERO) - tax.value) <= 2 * CENT:
        return rates
    return tuple(rate for rate in rates if abs(rate.tax - tax.value) <= CENT)[:1]
