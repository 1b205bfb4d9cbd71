"""What was to be paid by a till's receipt: the amount that most of it bears out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.choice import Choice, confidence
from app.extractors.confusions import misreading
from app.extractors.grid import Row
from app.extractors.labels import amount_meaning, cues_in, words_at
from app.extractors.lexicon import Cue
from app.extractors.receipts import Receipt, given_on, kinds_in
from app.extractors.totals import Totals

CENT = Decimal("0.01")
ZERO = Decimal(0)
ROUNDED = Decimal("0.1")
"""More is rounded off nowhere: the smallest coin is 5 or, without tax, 10 hundredths."""
COIN = Decimal("0.05")
AFTER_ROUNDING = 0.15
"""What a total gains over the one that was rounded to it."""
LEAST = 0.55
"""Under this nothing is said: one label alone that nothing bears out is as often an article."""
UNSEEN = 0.3
"""What it costs a value that it stands nowhere as it is."""
_TOTALS = {"gross": 1.0, "total": 0.9, "due": 1.0, "subtotal": 0.45, "net": 0.3}


@dataclass(frozen=True, slots=True)
class RowAmount:
    """An amount and what its row says: a role of `amount_meaning`, or a kind of `receipts.SPELLINGS`."""

    candidate: Candidate
    value: Decimal
    role: str
    weight: float


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


def paid_by(receipt: Receipt) -> tuple[Choice, Summary | None] | None:
    """The total after rounding, and the row of the tax summary that closes with it; None where nothing bears an amount out."""
    summaries = list(_summaries(receipt))
    amounts = _as_the_sums_say(list(row_amounts(receipt)), summaries)
    proofs = list(_proofs(receipt, amounts, summaries))
    labelled = [a for a in amounts if a.role in _TOTALS]
    values = {a.value for a in amounts if a.role in (*_TOTALS, "tendered", "") and a.value > 0} | {proof.value for proof in proofs}
    best: tuple[float, Decimal, Candidate | None] | None = None
    for value in values:
        own = max((_TOTALS[a.role] * a.weight - 0.3 * a.candidate.cost for a in labelled if a.value == value), default=0.0)
        near = max((_misread(receipt, a, value) for a in labelled if a.value != value), default=0.0)
        label = max(own, near)
        proved = [proof for proof in proofs if proof.value == value]
        if any(a.role == "subtotal" for a in labelled if a.value == value) and own <= _TOTALS["subtotal"]:
            proved = [proof for proof in proved if not proof.articles]  # a subtotal is what the articles add up to
        if before := _rounded_to(value, amounts):
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
                at = max((a for a in labelled if a.value == value), key=lambda a: _TOTALS[a.role] * a.weight).candidate
            best = (merit, value, at)
    if best is None or best[0] < LEAST:
        return None
    merit, value, at = best
    summary = next((s for s in summaries if abs(s.total - value) <= 2 * CENT), None)
    return Choice(value, confidence(min(1.0, merit / 1.6)), at, "text" if at else "computed"), summary


def _as_the_sums_say(amounts: list[RowAmount], summaries: list[Summary]) -> list[RowAmount]:
    """The amounts, with the role of those that their label misnames, as the other amounts show."""
    taxes = {summary.tax for summary in summaries}
    return [replace(a, role=_shown_role(a, amounts, taxes)) if a.role in _TOTALS else a for a in amounts]


def _shown_role(a: RowAmount, amounts: list[RowAmount], taxes: set[Candidate]) -> str:
    if a.candidate in taxes:
        return "tax"  # the foot of a summary: "Total  68.49  4.11"
    above = [b for b in amounts if b.candidate.row < a.candidate.row]
    below = [b for b in amounts if b.candidate.row > a.candidate.row]
    if a.role == "due":
        sums = {b.value for b in above if b.role in (*_TOTALS, "")}
        if any(b.role == "tendered" and b.value - a.value in sums for b in above if b.value > a.value):
            return "change"  # "balance", under what was given
    if a.role == "total":
        sums = {b.value for b in below if b.role in ("total", "gross", "due")}
        if any(b.role == "tax" and b.value > 0 and a.value + b.value in sums for b in below):
            return "net"
    return a.role


def _rounded_to(value: Decimal, amounts: list[RowAmount]) -> set[Decimal]:
    """The totals over a total that it is, but rounded to the smallest coin, or by what the receipt says that was rounded off."""
    if value % COIN:
        return set()
    below = [a.candidate.row for a in amounts if a.value == value and a.role in ("total", "gross", "due")]
    off = [a for a in amounts if a.role == "rounding" and a.value]
    return {
        a.value
        for a in amounts
        if a.role in _TOTALS
        and ZERO < abs(a.value - value) < COIN
        and (
            any(row > a.candidate.row for row in below)
            or any(rounding.candidate.row > a.candidate.row and abs(rounding.value) == abs(a.value - value) for rounding in off)
        )
    }


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
    return 0.0 if cost is None else max(0.0, _TOTALS[amount.role] * amount.weight * (0.75 - 0.35 * cost))


def row_amounts(receipt: Receipt) -> Iterator[RowAmount]:
    """The last amount of each row, by what the row says before it; a row of nothing else goes with the row above."""
    found = receipt.found
    by_row: dict[int, list[Candidate]] = {}
    for c in [*found.of("amount"), *found.alternatives.get("amount", ())]:
        if c.decimals == 2:
            by_row.setdefault(c.row, []).append(c)
    for number, cells in by_row.items():
        c = max(cells, key=lambda c: (c.end, c.first))
        row = found.grid.rows[number]
        words = [word for i in range(c.first) for word in words_at(row, i)]
        if not any(word.isalpha() and len(word) > 2 for word in words) and number and number - 1 not in by_row:
            above = found.grid.rows[number - 1]
            words = [word for i in range(len(above.words)) for word in words_at(above, i)]
        value = c.value
        assert isinstance(value, Decimal)
        role, weight = _role(words)
        if role == "rounding" and value > 1:
            role = "gross"  # more than is rounded off: what it was rounded to
        # A dash before the amount of an article is a speck: a receipt takes back only what it calls so.
        yield RowAmount(c, abs(value) if not role else value, role, weight)


def role_of(row: Row, end: int) -> str:
    """What the words of a row before `end` say that the amount behind them is; "" where they say nothing."""
    return _role([word for i in range(end) for word in words_at(row, i)])[0]


def _role(words: list[str]) -> tuple[str, float]:
    kinds = kinds_in(words)
    cues = cues_in(words)
    if "change" in kinds:
        return "change", 1.0
    total = bool(cues & {Cue.TOTAL, Cue.GRAND, Cue.PAYABLE})
    if "rounding" in kinds and not total:
        return "rounding", 1.0
    if "tendered" in kinds and not total:
        return "tendered", 1.0
    meaning = amount_meaning(cues)
    if meaning is None:
        return ("tendered", 0.5) if "tendered" in kinds else ("total", 0.8) if "total" in kinds else ("", 0.0)
    weight = meaning.weight
    if meaning.role == "paid":
        return "tendered", weight
    if Cue.TAX in cues and not total and Cue.SUBTOTAL not in cues:
        return "tax", weight  # "inclusive of 6 % tax: 2.90"
    if Cue.SUBTOTAL in cues:
        return "subtotal", 1.0
    if "rounding" in kinds:
        weight = min(1.3, weight + 0.3)  # "rounded total": what is paid
        return "gross", weight
    if "count" in kinds and meaning.role in _TOTALS:
        weight *= 0.5
    return meaning.role, weight


def _summaries(receipt: Receipt) -> Iterator[Summary]:
    """Rows that hold a base and a tax that is a likely share of it (1 to 28 %), where tax is spoken of."""
    found = receipt.found
    by_row: dict[int, list[Candidate]] = {}
    for c in found.of("amount"):
        if c.decimals == 2:
            by_row.setdefault(c.row, []).append(c)
    taxed = False
    for number, row in enumerate(found.grid.rows):
        taxed = taxed or any(Cue.TAX in hit.cues for hit in found.cues[number])
        cells = by_row.get(number, [])
        if not taxed or not 2 <= len(cells) <= 3:
            continue
        base, tax = cells[-2:]
        assert isinstance(base.value, Decimal) and isinstance(tax.value, Decimal)
        if base.value > 0 and Decimal("0.01") <= tax.value / base.value <= Decimal("0.28") and any(map(str.isdigit, row.text)):
            yield Summary(base, tax, base.value + tax.value)


def _proofs(receipt: Receipt, amounts: list[RowAmount], summaries: list[Summary]) -> Iterator[Proof]:
    tendered = [a for a in amounts if a.role == "tendered" and a.value > 0]
    change = [a for a in amounts if a.role == "change" and a.value >= 0]
    for given in tendered:
        for back in change:
            if back.value < given.value and back.candidate.row > given.candidate.row:
                yield Proof(given.value - back.value, 0.8 if back.value else 0.55)
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
    yield from _sums_of_articles(amounts)


def _rounded(value: Decimal, rounding: RowAmount, amounts: list[RowAmount]) -> Iterator[RowAmount]:
    """Totals under the rounding that differ from `value` by no more than rounding does, whatever the rounding itself was read as."""
    for a in amounts:
        if a.role in _TOTALS and a.candidate.row > rounding.candidate.row and ZERO < abs(a.value - value) < ROUNDED:
            yield a


def _sums_of_articles(amounts: list[RowAmount]) -> Iterator[Proof]:
    """Sums of the amounts from the first on, that say nothing of themselves."""
    total, count = ZERO, 0
    for a in amounts:
        if a.role in _TOTALS and count:
            break
        if a.role:
            continue
        total, count = total + a.value, count + 1
        if count > 1:
            yield Proof(total, 0.5, articles=True)


def settle_receipt(receipt: Receipt, totals: Totals, header: dict[str, Choice]) -> Totals:
    """The totals and, in `header`, the date of the receipt. What does not agree with its total is left out."""
    if day := given_on(receipt):
        header["issue_date"] = day
    header.pop("due_date", None)
    chosen = dict(totals.chosen)
    paid = paid_by(receipt)
    if paid is None:
        sums = {a.value for a in row_amounts(receipt) if a.role in _TOTALS}
        wrong = "total_with_tax" in chosen and chosen["total_with_tax"].value not in sums  # the change, or an article
        return Totals({}, ()) if wrong else totals
    total, summary = paid
    chosen["total_with_tax"] = total
    net, tax = (chosen.get(path) for path in ("total_without_tax", "total_tax"))
    for path in ("amount_due", "paid_amount"):
        chosen.pop(path, None)
    if summary:
        sure = round(0.9 * total.confidence, 3)
        chosen["total_without_tax"] = Choice(summary.base.value, sure, summary.base)
        chosen["total_tax"] = Choice(summary.tax.value, sure, summary.tax)
    elif not (net and tax and isinstance(net.value, Decimal) and isinstance(tax.value, Decimal) and net.value + tax.value == total.value):
        for path in ("total_without_tax", "total_tax"):
            chosen.pop(path, None)
    return Totals(chosen, totals.rates if summary else ())
