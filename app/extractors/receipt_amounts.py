"""The amounts of a till's receipt, and what its rows say that each is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.extractors.candidate import Candidate
from app.extractors.grid import Row
from app.extractors.labels import amount_meaning, cues_in, words_at
from app.extractors.lexicon import Cue
from app.extractors.receipts import Receipt, kinds_in

TOTALS = {"rounded": 1.0, "gross": 1.0, "total": 0.9, "due": 1.0, "subtotal": 0.45, "net": 0.3}
"""Roles of sums, and how much each says that it is what was paid."""
COIN = Decimal("0.05")
"""The smallest one to which tills round."""


@dataclass(frozen=True, slots=True)
class RowAmount:
    """An amount and what its row says: a role of `amount_meaning`, or a kind of `receipts.SPELLINGS`."""

    candidate: Candidate
    value: Decimal
    role: str
    weight: float


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
            role = "rounded"  # more than is rounded off: what it was rounded to
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
        return "rounded", min(1.3, weight + 0.3)  # "rounded total": what is paid
    if "count" in kinds and meaning.role in TOTALS:
        weight *= 0.5
    return meaning.role, weight


def as_the_sums_say(amounts: list[RowAmount], taxes: Collection[Candidate]) -> list[RowAmount]:
    """The amounts, with the role of those that their label misnames, as the other amounts show. `taxes`: those of the tax summary."""
    return [replace(a, role=_shown_role(a, amounts, taxes)) if a.role in TOTALS else a for a in amounts]


def _shown_role(a: RowAmount, amounts: list[RowAmount], taxes: Collection[Candidate]) -> str:
    if a.candidate in taxes:
        return "tax"  # the foot of a summary: "Total  68.49  4.11"
    above = [b for b in amounts if b.candidate.row < a.candidate.row]
    below = [b for b in amounts if b.candidate.row > a.candidate.row]
    if a.role == "due":
        sums = {b.value for b in above if b.role in (*TOTALS, "")}
        if any(b.role == "tendered" and b.value - a.value in sums for b in above if b.value > a.value):
            return "change"  # "balance", under what was given
    if a.role == "total":
        sums = {b.value for b in below if b.role in ("total", "gross", "rounded", "due")}
        if any(b.role in ("tax", "charge") and b.value > 0 and abs(a.value + b.value - sum_) < COIN for b in below for sum_ in sums):
            return "net"
    return a.role
