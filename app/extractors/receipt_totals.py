"""What was to be paid by a till's receipt: the amount that most of it bears out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.choice import Choice, confidence
from app.extractors.confusions import misreading
from app.extractors.receipt_amounts import COIN, TOTALS, RowAmount, as_the_sums_say, row_amounts
from app.extractors.receipt_proofs import MOST_RATES, Proof, Summary, proofs_of, summaries_of
from app.extractors.receipts import Receipt, given_on
from app.extractors.totals import Totals

CENT = Decimal("0.01")
ZERO = Decimal(0)
AFTER_ROUNDING = 0.15
"""What a total gains over the one that was rounded to it."""
LEAST = 0.55
"""Under this nothing is said: one label alone that nothing bears out is as often an article."""
UNSEEN = 0.3
"""What it costs a value that it stands nowhere as it is."""


def paid_by(receipt: Receipt) -> tuple[Choice, list[Summary]] | None:
    """The total after rounding, and the rows of the tax summary that close with it; None where nothing bears an amount out."""
    summaries = list(summaries_of(receipt))
    amounts = as_the_sums_say(list(row_amounts(receipt)), {summary.tax for summary in summaries})
    proofs = list(proofs_of(amounts, summaries))
    labelled = [a for a in amounts if a.role in TOTALS]
    values = {a.value for a in amounts if a.role in (*TOTALS, "tendered", "") and a.value > 0} | {proof.value for proof in proofs}
    best: tuple[float, Decimal, Candidate | None] | None = None
    for value in values:
        own = max((TOTALS[a.role] * a.weight - 0.3 * a.candidate.cost for a in labelled if a.value == value), default=0.0)
        near = max((_misread(receipt, a, value) for a in labelled if a.value != value), default=0.0)
        label = max(own, near)
        proved = [proof for proof in proofs if proof.value == value]
        if any(a.role == "subtotal" for a in labelled if a.value == value) and label <= TOTALS["subtotal"]:
            proved = [proof for proof in proved if not proof.articles]  # a subtotal is what the articles add up to
        if before := _rounded_to(value, amounts, proofs):
            proved += [proof for proof in proofs if proof.value in before]
            label += AFTER_ROUNDING
        shown = [a.candidate for a in amounts if a.value == value]
        if not shown and not near:
            continue
        repeated = 0.08 * min(3, max(0, len(shown) - 1))
        merit = label + _together(proof.weight for proof in proved) + repeated - (0.0 if shown else UNSEEN)
        if best is None or merit > best[0] + 0.001:
            at = shown[0] if shown else None
            if own:
                at = max((a for a in labelled if a.value == value), key=lambda a: TOTALS[a.role] * a.weight).candidate
            best = (merit, value, at)
    if best is None or best[0] < LEAST:
        return None
    merit, value, at = best
    return Choice(value, confidence(min(1.0, merit / 1.6)), at, "text" if at else "computed"), _closing(summaries, value)


def _closing(summaries: list[Summary], value: Decimal) -> list[Summary]:
    """The row, or else the rows under one another, one for each rate, that add up to the total."""
    for count in range(1, MOST_RATES + 1):
        for first in range(len(summaries) - count + 1):
            rows = summaries[first : first + count]
            if abs(sum((summary.total for summary in rows), ZERO) - value) <= 2 * CENT:
                return rows
    return []


def _rounded_to(value: Decimal, amounts: list[RowAmount], proofs: list[Proof]) -> set[Decimal]:
    """Of what a total may have been rounded to the smallest coin: totals over it, and what the sums arrive at where that stands nowhere, or
    where the receipt says that it was rounded."""
    if value % COIN:
        return set()
    own = [a for a in amounts if a.value == value and a.role in ("total", "gross", "rounded", "due")]
    last = max((a.candidate.row for a in own), default=-1)
    before = {a.value for a in amounts if a.role in TOTALS and a.candidate.row < last}
    off = {a.value for a in amounts if a.role == "rounding" and a.value}
    shown = {a.value for a in amounts}
    if any(a.role == "rounded" for a in own):
        shown = set()
    before |= {proof.value for proof in proofs if (own and proof.value not in shown) or abs(value - proof.value) in map(abs, off)}
    return {other for other in before if ZERO < abs(other - value) < COIN}


def _together(weights: Iterator[float]) -> float:
    """Independent proofs add up, each counting less than the one before."""
    total, share = 0.0, 1.0
    for weight in sorted(weights, reverse=True):
        total += share * weight
        share *= 0.5
    return total


def _misread(receipt: Receipt, amount: RowAmount, value: Decimal) -> float:
    row = receipt.found.grid.rows[amount.candidate.row]
    cost = misreading(row.span(amount.candidate.first, amount.candidate.end), value)
    return 0.0 if cost is None else max(0.0, TOTALS[amount.role] * amount.weight * (0.75 - 0.35 * cost))


def settle_receipt(receipt: Receipt, totals: Totals, header: dict[str, Choice]) -> Totals:
    """The totals and, in `header`, the date of the receipt. What does not agree with its total is left out."""
    if day := given_on(receipt):
        header["issue_date"] = day
    header.pop("due_date", None)
    chosen = dict(totals.chosen)
    paid = paid_by(receipt)
    if paid is None:
        sums = {a.value for a in row_amounts(receipt) if a.role in TOTALS}
        wrong = "total_with_tax" in chosen and chosen["total_with_tax"].value not in sums  # the change, or an article
        return Totals({}, ()) if wrong else totals
    total, rows = paid
    chosen["total_with_tax"] = total
    net, tax = (chosen.get(path) for path in ("total_without_tax", "total_tax"))
    for path in ("amount_due", "paid_amount"):
        chosen.pop(path, None)
    if rows:
        sure = round(0.9 * total.confidence, 3)
        chosen["total_without_tax"] = _sum_of([summary.base for summary in rows], sure)
        chosen["total_tax"] = _sum_of([summary.tax for summary in rows], sure)
    elif not (net and tax and isinstance(net.value, Decimal) and isinstance(tax.value, Decimal) and net.value + tax.value == total.value):
        for path in ("total_without_tax", "total_tax"):
            chosen.pop(path, None)
    return Totals(chosen, totals.rates if rows else ())


def _sum_of(amounts: list[Candidate], sure: float) -> Choice:
    """The amount of a single rate, where it stands; the sum of several, which stands nowhere."""
    if len(amounts) == 1:
        return Choice(amounts[0].value, sure, amounts[0])
    return Choice(sum((value for c in amounts if isinstance(value := c.value, Decimal)), ZERO), sure, None, "computed")
