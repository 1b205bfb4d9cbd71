"""Sums of a recognized page that close once one of them is read as what was likely misread."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.confusions import misreading

CENT = Decimal("0.01")
WITNESS = 0.5
"""Merit that both other sums need to have for the third to be read otherwise."""
ENOUGH = 1.3
"""Merit of all three together, less what the other reading costs."""
TRIED = 4  # readings of each sum


@dataclass(frozen=True, slots=True)
class Reading:
    """An amount as one of the three sums. `candidate` is None for a sum of several shown taxes."""

    value: Decimal
    merit: float
    candidate: Candidate | None


Sums = tuple[Reading | None, Reading | None, Reading | None]
"""With tax, without tax, tax."""


def closed_by_misreading(
    found: Candidates, best: Sums, pools: tuple[list[Reading], list[Reading], list[Reading]], sum_of_lines: Decimal | None
) -> Sums:
    """`best`, or sums that close: two as they stand, the third as the arithmetic wants it and the picture allows.

    Which of the three was misread, the sum of the lines and the tax rates on the page tell, if they tell.
    """
    if _closes(*best) or _untaxed(*best):
        return best
    choices: list[tuple[float, Sums]] = []
    rates = {c.value for c in found.of("percent") if isinstance(c.value, Decimal) and 0 < c.value < 40}
    for wrong, (one, other) in enumerate(((1, 2), (0, 2), (0, 1))):
        for a in pools[one][:TRIED]:
            for b in pools[other][:TRIED]:
                if min(a.merit, b.merit) < WITNESS or a.candidate is b.candidate:
                    continue
                value = a.value + b.value if wrong == 0 else a.value - b.value
                for c in pools[wrong][:TRIED]:
                    cost = _cost(found, c, value) if c.candidate not in (a.candidate, b.candidate) else None
                    if cost is None or c.candidate is None:
                        continue
                    read = Reading(value, c.merit - cost, c.candidate._replace(value=value, decimals=2, cost=round(cost, 3)))
                    sums: Sums = (read, a, b) if wrong == 0 else (a, read, b) if wrong == 1 else (a, b, read)
                    if _closes(*sums):
                        choices.append((a.merit + b.merit + read.merit + _borne_out(sums, sum_of_lines, rates), sums))
    merit, sums = max(choices, key=lambda choice: choice[0], default=(0.0, best))
    return sums if merit > ENOUGH else best


def _borne_out(sums: Sums, sum_of_lines: Decimal | None, rates: set[Decimal]) -> float:
    """How much else on the page speaks for these sums."""
    _, net, tax = sums
    if net is None or tax is None:
        return 0.0
    by_lines = 0.4 if sum_of_lines is not None and abs(net.value - sum_of_lines) <= CENT else 0.0
    return by_lines + (0.4 if any(abs(net.value * rate / 100 - tax.value) <= CENT for rate in rates) else 0.0)


def _cost(found: Candidates, reading: Reading, value: Decimal) -> float | None:
    """What it costs to read `value` where another one was recognized; None where that is too much."""
    c = reading.candidate
    if c is None or value == reading.value:
        return None
    cost = misreading(found.grid.rows[c.row].span(c.first, c.end), value)
    return cost if cost is not None and cost <= 1.2 else None


def _untaxed(gross: Reading | None, net: Reading | None, tax: Reading | None) -> bool:
    """Whether the page says that there is no tax, and so the same sum twice."""
    return gross is not None and net is not None and tax is not None and not tax.value and gross.value == net.value


def _closes(gross: Reading | None, net: Reading | None, tax: Reading | None) -> bool:
    if gross is None or net is None or tax is None or not tax.value or abs(tax.value) >= abs(net.value):
        return False
    return abs(net.value + tax.value - gross.value) <= CENT
