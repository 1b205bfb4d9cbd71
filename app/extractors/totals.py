"""The amounts of the summary, chosen together: labels propose, arithmetic (without tax + tax = with tax, due = total - paid) decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.extraction import Source
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import RIVALS, Choice, confidence
from app.extractors.derived_sums import base_sums, closing, included_taxes, proved_by_lines, tax_sums
from app.extractors.labels import amount_meaning
from app.extractors.misread_totals import Reading, Sums, closed_by_misreading
from app.extractors.rates import CENT, ZERO, Rate, matching_rates, read_rates, value_of

DOUBTFUL = 0.3  # what a reading costs that stands only if the sums close with it
POOL = 9  # candidates of a kind that are tried together


@dataclass(frozen=True, slots=True)
class Totals:
    chosen: dict[str, Choice]
    rates: tuple[Rate, ...]


def choose_totals(found: Candidates, items: frozenset[int], sum_of_lines: Decimal | None) -> Totals:
    """Sums that the page shows, or that follow from two shown ones. `items`: rows of the item table; `sum_of_lines` of its amounts."""
    amounts = [c for c in found.of("amount") if c.row not in items and (c.decimals <= 2 or c.currency)]
    doubtful = [c for c in found.alternatives.get("amount", ()) if c.row not in items and c.decimals == 2]
    roles: dict[int, dict[str, float]] = {}
    for c in [*amounts, *doubtful]:
        money = 1.0 if c.decimals == 2 or c.currency else 0.55
        strength = found.strength(c, amount_meaning)
        if money < 1 and max(strength.values(), default=0.0) < 0.6:
            strength = {}  # a bare whole number needs a clear label to be money
        roles[id(c)] = {role: weight * money for role, weight in strength.items()}
    biggest = max((abs(value_of(c)) for c in amounts if max(roles[id(c)].values(), default=0.0) > 0.4), default=ZERO)
    rates = read_rates(found, items, [*amounts, *doubtful])  # base x rate = tax is proof enough for a doubtful one

    stacked = _column_sums(found, amounts)
    whole, rest = _partly_paid(amounts, roles)
    readings = [*amounts, *doubtful]
    gross = _pool(
        (c for c in readings if value_of(c) not in rest),
        lambda c: (
            _gross_merit(roles[id(c)], abs(value_of(c)), biggest)
            + (0.35 if id(c) in stacked and roles[id(c)] else 0.0)
            + (0.35 if value_of(c) in whole and roles[id(c)] else 0.0)
        ),
    )
    net = _pool(readings, lambda c: _net_merit(roles[id(c)], value_of(c), sum_of_lines))
    bases = {rate.base for rate in rates if rate.rate} - {rate.tax for rate in rates}
    tax = _pool(
        (c for c in readings if value_of(c) not in bases), lambda c: roles[id(c)].get("tax", 0.0) - 0.7 * roles[id(c)].get("gross", 0.0)
    )
    tax += tax_sums(amounts, roles, rates) + included_taxes(found, amounts, roles)
    net += base_sums(amounts, rates)
    net += proved_by_lines(sum_of_lines, gross, net, tax)
    bare = [c for c in amounts if not roles[id(c)] and c.decimals == 2]
    net, gross = net + closing(bare, gross, tax, -1), gross + closing(bare, net, tax, 1)
    of_one_rate = _of_one_rate(rates, gross)
    gross, net, tax = ([r for r in pool if not r.candidate or (r.candidate.row, r.value) not in of_one_rate] for pool in (gross, net, tax))
    withheld = [abs(value_of(c)) for c in amounts if roles[id(c)].get("withheld", 0.0) > 0.4]
    best = _best(gross, net, tax, withheld)
    if best and any(found.grid.rows[c.row].read for c in amounts[:1]):
        best = closed_by_misreading(found, best, (gross, net, tax), sum_of_lines)
    chosen: dict[str, Choice] = {}
    if best:
        _record(best, chosen, gross, net, tax)
    _undo_withholding(chosen, withheld)
    _fill(chosen, amounts, rates, net)
    _record_due(chosen, amounts, roles)
    _record_line_total(chosen, amounts, roles, sum_of_lines)
    return Totals(chosen, matching_rates(rates, chosen))


def _column_sums(found: Candidates, amounts: list[Candidate]) -> set[int]:
    """Amounts that are the sum of two or more that stand right above them, flush right in one column."""
    columns: dict[tuple[int, int], list[Candidate]] = {}
    for c in amounts:
        row = found.grid.rows[c.row]
        if c.decimals == 2:
            columns.setdefault((row.page, round(row.words[c.end - 1].x1 / 4)), []).append(c)
    sums: set[int] = set()
    for column in columns.values():
        for i, c in enumerate(column):
            running = ZERO
            for n, above in enumerate(reversed(column[max(0, i - 8) : i])):
                if found.grid.rows[c.row].y0 - found.grid.rows[above.row].y1 > 3 * (n + 1) * found.grid.rows[c.row].height:
                    break
                running += value_of(above)
                if n and running == value_of(c) and running:
                    sums.add(id(c))
    return sums


def _partly_paid(amounts: list[Candidate], roles: dict[int, dict[str, float]]) -> tuple[set[Decimal], set[Decimal]]:
    """Of a total with what was paid of it already and what is left to pay: the total, and the rest, which is none."""

    def said(*names: str) -> set[Decimal]:
        return {abs(value_of(c)) for c in amounts if max(roles[id(c)].get(name, 0.0) for name in names) > 0.4} - {ZERO}

    totals, paid, due = said("gross", "total", "net", "subtotal"), said("paid"), said("due")
    known = [(total, left) for total in totals for left in due if left < total and total - left in paid]
    return {total for total, _ in known}, {left for _, left in known}


def _gross_merit(roles: dict[str, float], value: Decimal, biggest: Decimal) -> float:
    merit = max(roles.get("gross", 0.0), 0.8 * roles.get("total", 0.0), 0.62 * roles.get("due", 0.0))
    if not merit:
        return 0.0
    merit -= 0.5 * max(roles.get("tax", 0.0), roles.get("net", 0.0), roles.get("carried", 0.0)) if merit < 0.9 else 0.0
    return merit + (0.2 * float(value / biggest) if biggest else 0.0)


def _net_merit(roles: dict[str, float], value: Decimal, sum_of_lines: Decimal | None) -> float:
    merit = max(roles.get("net", 0.0), 0.6 * roles.get("subtotal", 0.0), 0.35 * roles.get("total", 0.0), 0.25 * roles.get("gross", 0.0))
    if merit and sum_of_lines is not None and abs(value - sum_of_lines) <= CENT:
        merit += 0.2
    return merit


def _pool(amounts: Iterable[Candidate], merit: Callable[[Candidate], float]) -> list[Reading]:
    best: dict[Decimal, Reading] = {}
    for c in amounts:
        weight = merit(c) - 0.3 * c.cost
        if weight > 0.12 and (value_of(c) not in best or best[value_of(c)].merit < weight):
            best[value_of(c)] = Reading(value_of(c), weight, c)
    return sorted(best.values(), key=lambda reading: -reading.merit)[:POOL]


def _of_one_rate(rates: tuple[Rate, ...], gross: list[Reading]) -> frozenset[tuple[int, Decimal]]:
    """Row and value of the amounts of each rate, in a table of several that make a total together: none of them is the document's."""
    together = sum((rate.base + rate.tax for rate in rates), ZERO)
    if len(rates) < 2 or not any(abs(reading.value - together) <= CENT for reading in gross):
        return frozenset()
    return frozenset((rate.row, value) for rate in rates for value in (rate.base, rate.tax, rate.base + rate.tax))


def _best(gross: list[Reading], net: list[Reading], tax: list[Reading], withheld: list[Decimal]) -> Sums | None:
    none: list[Reading | None] = [None]
    best: tuple[float, Sums] | None = None
    for g in none + list(gross):
        for n in none + list(net):
            for t in none + list(tax):
                merit = (g.merit if g else 0.0) + 0.9 * (n.merit if n else 0.0) + 0.9 * (t.merit if t else 0.0)
                closed = False
                if g and n and t:
                    closes = abs(n.value + t.value - g.value) <= CENT or any(abs(n.value + t.value - w - g.value) <= CENT for w in withheld)
                    if closes and abs(t.value) <= abs(n.value):  # no tax is more than what is taxed
                        merit += 1.0 if t.value else 0.45
                        closed = bool(t.value)
                    else:
                        merit -= 0.65  # a document may contradict itself: strong labels stand, weak ones fall
                elif g and n:
                    merit -= 0.0 if abs(n.value) <= abs(g.value) else 0.8
                    if n.candidate is not None and n.candidate is g.candidate:
                        merit -= 0.5
                elif g and t and abs(t.value) >= abs(g.value) and g.value:
                    merit -= 0.8
                elif n and t and not g and abs(t.value) > abs(n.value):
                    merit -= 0.8
                if g and t and g.candidate is t.candidate and g.candidate is not None:
                    merit -= 1.0
                if n and t and n.candidate is t.candidate and n.candidate is not None:
                    merit -= 1.0
                if not closed and any(r and r.candidate and r.candidate.cost >= DOUBTFUL for r in (g, n, t)):
                    merit -= 0.8
                if best is None or merit > best[0]:
                    best = (merit, (g, n, t))
    return best[1] if best else None


def _record(
    best: Sums,
    chosen: dict[str, Choice],
    gross: list[Reading],
    net: list[Reading],
    tax: list[Reading],
) -> None:
    g, n, t = best
    closed = bool(g and n and t and abs(n.value + t.value - g.value) <= CENT)
    for path, reading, pool in (("total_with_tax", g, gross), ("total_without_tax", n, net), ("total_tax", t, tax)):
        if reading is None:
            continue
        rivals = tuple((other.merit, other.candidate) for other in pool if other.value != reading.value and other.candidate)[:RIVALS]
        rival = max((other.merit for other in pool if other.value != reading.value), default=0.0)
        sure = confidence(reading.merit + (0.5 if closed else 0.0), 0.0 if closed else rival)
        if sure >= 0.45:
            source: Source = "text" if reading.candidate else "computed"
            chosen[path] = Choice(reading.value, sure, reading.candidate, source, reading.merit, rivals)


def _undo_withholding(chosen: dict[str, Choice], withheld: list[Decimal]) -> None:
    """Where income tax is withheld, the last sum is what is to be paid: the total with tax is more, by what is withheld."""
    gross, net, tax = (chosen.get(path) for path in ("total_with_tax", "total_without_tax", "total_tax"))
    if gross and net and tax and isinstance(gross.value, Decimal) and isinstance(net.value, Decimal) and isinstance(tax.value, Decimal):
        total = net.value + tax.value
        if total != gross.value and any(abs(total - w - gross.value) <= CENT for w in withheld):
            chosen["amount_due"] = gross
            chosen["total_with_tax"] = Choice(total, round(0.8 * gross.confidence, 3), None, "computed")


def _fill(chosen: dict[str, Choice], amounts: list[Candidate], rates: tuple[Rate, ...], net_pool: list[Reading]) -> None:
    """What follows from the other two; a sum shown on the page is preferred to a computed one."""

    def known(path: str) -> Decimal | None:
        choice = chosen.get(path)
        return choice.value if choice and isinstance(choice.value, Decimal) else None

    def put(path: str, value: Decimal, sure: float) -> None:
        shown = next((c for c in amounts if value_of(c) == value and c.decimals == 2), None)
        chosen[path] = Choice(value, round(min(0.9, sure + (0.1 if shown else 0.0)), 3), shown, "text" if shown else "computed")

    gross, net, tax = known("total_with_tax"), known("total_without_tax"), known("total_tax")
    if gross is not None and net is not None and tax is None and gross != net and abs(net) < abs(gross):
        difference = gross - net
        if any(value_of(c) == difference for c in amounts) or any(rate.tax == difference for rate in rates):
            put("total_tax", difference, 0.7)
    elif gross is not None and tax is not None and net is None and abs(tax) < abs(gross):
        if any(reading.merit > 0.7 and reading.value != gross for reading in net_pool):
            return  # the page says another one, so the sums do not close: nothing follows
        put("total_without_tax", gross - tax, 0.7)
    elif net is not None and tax is not None and gross is None:
        put("total_with_tax", net + tax, 0.6)
    elif gross is not None and net is None and tax is None and len(rates) == 1 and rates[0].base + rates[0].tax == gross:
        put("total_without_tax", rates[0].base, 0.8)
        put("total_tax", rates[0].tax, 0.8)


def _record_due(chosen: dict[str, Choice], amounts: list[Candidate], roles: dict[int, dict[str, float]]) -> None:
    gross = chosen.get("total_with_tax")
    total = gross.value if gross and isinstance(gross.value, Decimal) else None
    due = [(roles[id(c)].get("due", 0.0), c) for c in amounts if roles[id(c)].get("due", 0.0) > 0.4]
    paid = [(roles[id(c)].get("paid", 0.0), c) for c in amounts if roles[id(c)].get("paid", 0.0) > 0.4]
    best: tuple[float, Candidate | None, Candidate | None] | None = None
    for due_merit, d in [*due, (0.0, None)][-13:]:
        for paid_merit, p in [*paid, (0.0, None)][-13:]:
            merit = due_merit + paid_merit
            if total is not None and d is not None:
                if p is not None and abs(value_of(d) - (total - abs(value_of(p)))) <= CENT:
                    merit += 0.8
                elif p is None and abs(value_of(d) - total) <= CENT:
                    merit += 0.5
                elif p is not None:
                    merit -= 0.8
            elif p is not None:
                merit -= 0.45
            if best is None or merit > best[0]:
                best = (merit, d, p)
    if best is None:
        return
    _, d, p = best
    if d is not None and "amount_due" not in chosen:
        agrees = total is not None and abs(value_of(d) - total + (abs(value_of(p)) if p else ZERO)) <= CENT
        chosen["amount_due"] = Choice(value_of(d), 0.93 if agrees else 0.62, d)
        if total is None and p is None and "total_with_tax" not in chosen:
            chosen["total_with_tax"] = Choice(value_of(d), 0.6, d)
    if p is not None:
        chosen["paid_amount"] = Choice(abs(value_of(p)), 0.85 if d is not None else 0.5, p)


def _record_line_total(
    chosen: dict[str, Choice], amounts: list[Candidate], roles: dict[int, dict[str, float]], sum_of_lines: Decimal | None
) -> None:
    weighed = [(roles[id(c)].get("subtotal", 0.0) + (0.4 if value_of(c) == sum_of_lines else 0.0), c) for c in amounts]
    weighed = [(merit, c) for merit, c in weighed if merit > 0.5 and roles[id(c)].get("subtotal", 0.0) > 0.3]
    if weighed:
        merit, c = max(weighed, key=lambda pair: pair[0])
        chosen["line_total"] = Choice(value_of(c), round(min(0.95, 0.3 + 0.5 * merit), 3), c)
