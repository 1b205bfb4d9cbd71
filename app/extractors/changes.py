"""Discounts and charges of the whole document that stand among its sums: between what the lines add up to and the total without tax."""

from __future__ import annotations

from decimal import Decimal

from app.domain.invoice import AllowanceCharge
from app.domain.parsing import money
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.labels import amount_meaning
from app.extractors.lines import PROVED, Place, sum_of
from app.extractors.rates import ZERO, value_of
from app.extractors.tables import Table

MOST = 4
"""Rows between two sums: more are something else."""

_OTHERS = {"tax", "gross", "due", "paid", "withheld"}
"""Where one of these stands between, the total under it is no total without tax."""

Changes = tuple[tuple[AllowanceCharge, ...], tuple[AllowanceCharge, ...]]


def read_changes(found: Candidates, table: Table, chosen: dict[str, Choice], place: Place) -> Changes:
    """Allowances and charges, if all that stands between the two sums leads from the one to the other, to the cent."""
    net = chosen.get("total_without_tax")
    if net is None or net.candidate is None or not isinstance(net.value, Decimal):
        return (), ()
    lines = chosen.get("line_total")
    start, above = (value, max(table.rows, default=-1)) if (value := sum_of(table)) is not None else (None, -1)
    if lines and lines.candidate and isinstance(lines.value, Decimal) and lines.candidate.row < net.candidate.row:
        start, above = lines.value, lines.candidate.row
    if start is None or start == net.value:
        return (), ()
    last: dict[int, Candidate] = {}
    for c in found.of("amount"):
        if above < c.row < net.candidate.row and c.decimals == 2 and c.row not in table.rows:
            last[c.row] = c
    above = max((row for row, c in last.items() if value_of(c) == start), default=above)  # the sum of the lines by another name
    last = {row: c for row, c in last.items() if row > above}
    roles = {row: _role(found, c) for row, c in last.items()}
    if not 0 < len(last) <= MOST or not _OTHERS.isdisjoint(roles.values()):
        return (), ()
    changes = [(-abs(value_of(c)) if roles[row] == "discount" else value_of(c), c) for row, c in last.items()]  # however it is signed
    if start + sum((value for value, _ in changes), ZERO) != net.value:
        return (), ()
    less = [c for value, c in changes if value < 0]
    more = [c for value, c in changes if value > 0]
    return (
        tuple(_change(found, c, f"allowances.{n}", place) for n, c in enumerate(less)),
        tuple(_change(found, c, f"charges.{n}", place) for n, c in enumerate(more)),
    )


def _role(found: Candidates, c: Candidate) -> str:
    roles = found.strength(c, amount_meaning)
    return max(roles, key=lambda role: roles[role], default="")


def _change(found: Candidates, c: Candidate, path: str, place: Place) -> AllowanceCharge:
    place(f"{path}.amount", PROVED, c.row, c.first, c.end)
    row = found.grid.rows[c.row]
    reason = row.cell_text(row.cell_of[c.first] - 1) if row.cell_of[c.first] else row.span(0, c.first)
    return AllowanceCharge(amount=money(abs(value_of(c))), reason=reason.rstrip(" :") or None)
