"""Sums that no label names or that stand nowhere: what taxes of several rates add up to, the base of a rate, what closes the others."""

from __future__ import annotations

from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.misread_totals import Reading
from app.extractors.rates import CENT, ZERO, Rate, value_of

LIKELY_TAX = Decimal("0.3")  # of the total without tax


def closing(bare: list[Candidate], sums: list[Reading], taxes: list[Reading], sign: int) -> list[Reading]:
    """Amounts that no label explains, as the sum under the lines often is, and that a labelled sum and tax make certain."""
    known = {sum_.value for sum_ in sums} | {tax.value for tax in taxes}
    shown = {value_of(c): c for c in bare if value_of(c) not in known}
    pairs = ((sum_.value + sign * tax.value, tax.value) for sum_ in sums for tax in taxes if tax.value)
    return [Reading(value, 0.2, shown[value]) for value, tax in pairs if value in shown and abs(tax) < LIKELY_TAX * abs(value)]


def tax_sums(amounts: list[Candidate], roles: dict[int, dict[str, float]], rates: tuple[Rate, ...]) -> list[Reading]:
    """Several taxes that no line adds up: rates of a tax table, or CGST and SGST."""
    sums: list[Reading] = []
    if len(rates) > 1:
        sums.append(Reading(sum((rate.tax for rate in rates), ZERO), 0.75, None))
    elif rates and rates[0].rate:
        sums += [Reading(value_of(c), 0.5, c) for c in amounts if c.row == rates[0].row and value_of(c) == rates[0].tax][:1]
    side_by_side: dict[int, list[Decimal]] = {}
    for c in amounts:
        if roles[id(c)].get("tax", 0.0) > 0.5 and c.decimals == 2:
            side_by_side.setdefault(c.row, []).append(value_of(c))
    sums += [Reading(sum(values, ZERO), 0.5, None) for values in side_by_side.values() if 2 <= len(values) <= 4]
    blocks: list[dict[int, Decimal]] = [{}]
    for c in sorted(amounts, key=lambda c: (c.row, c.first)):
        if roles[id(c)].get("tax", 0.0) > 0.5 and value_of(c):
            blocks[-1][c.row] = value_of(c)  # the last of a row is the tax, what stands before it the base
        elif max(roles[id(c)].get("gross", 0.0), roles[id(c)].get("total", 0.0)) > 0.5 and c.row not in blocks[-1]:
            blocks.append({})  # what follows is said of something else
    blocks.append({row: value for block in blocks for row, value in block.items()})
    sums += [Reading(sum(block.values(), ZERO), 0.55, None) for block in blocks if 2 <= len(block) <= 6]
    return sums


def included_taxes(found: Candidates, amounts: list[Candidate], roles: dict[int, dict[str, float]]) -> list[Reading]:
    """Amounts with a rate in their row that are the tax in one of the totals at that rate: "incl. VAT 20 % 31.17"."""
    percents: dict[int, set[Decimal]] = {}
    for c in found.of("percent"):
        percents.setdefault(c.row, set()).add(value_of(c))
    totals = {value_of(c) for c in amounts if max(roles[id(c)].get("gross", 0.0), roles[id(c)].get("total", 0.0)) > 0.4}
    return [
        Reading(value_of(c), 0.75, c)
        for c in amounts
        if c.decimals == 2 and value_of(c)
        if any(abs(total * rate / (100 + rate) - value_of(c)) <= CENT for rate in percents.get(c.row, ()) for total in totals)
    ]


def base_sums(amounts: list[Candidate], rates: tuple[Rate, ...]) -> list[Reading]:
    if len(rates) == 1 and rates[0].rate:
        return [Reading(value_of(c), 0.4, c) for c in amounts if c.row == rates[0].row and value_of(c) == rates[0].base][:1]
    return [Reading(sum((rate.base for rate in rates), ZERO), 0.4, None)] if len(rates) > 1 else []


def proved_by_lines(sum_of_lines: Decimal | None, gross: list[Reading], net: list[Reading], tax: list[Reading]) -> list[Reading]:
    """What the lines add up to, if with a tax that is shown it makes a total that is shown: the total without tax often has no label."""
    if sum_of_lines is None or any(abs(reading.value - sum_of_lines) <= CENT for reading in net):
        return []
    closes = any(t.value and abs(sum_of_lines + t.value - g.value) <= CENT for t in tax for g in gross)
    return [Reading(sum_of_lines, 0.4, None)] if closes else []
