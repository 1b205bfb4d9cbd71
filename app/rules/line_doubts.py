"""Which lines are in doubt where they do not add up, and which rows of their table were not made lines: nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.domain.extraction import DOUBT
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.arithmetic import MOST_NAMED, rounding_of, unit_of
from app.rules.context import Context
from app.rules.exact import rounded, stated, total
from app.rules.policy import LINES_IN_DOUBT

LONGEST = 60  # characters of a row that are quoted


def lines_in_doubt(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """The lines of a page that add up to none of its totals, or of which some have no amount: those, and those of low confidence."""
    sums = [stated(value) for value in (invoice.line_total, invoice.total_without_tax, invoice.total_with_tax)]
    amounts = [stated(line.net_amount) for line in invoice.lines]
    known = [amount for amount in amounts if amount is not None]
    if context.is_xml or not known or all(value is None for value in sums):
        return
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(amount, unit) for amount in known)
    changes = rounded(stated(invoice.charge_total) or Decimal(0), unit) - rounded(stated(invoice.allowance_total) or Decimal(0), unit)
    off = min(abs(lines - rounded(value, unit)) for lines in (adds_up, adds_up + changes) for value in sums if value is not None)
    if len(known) == len(amounts) and off <= rounding_of(context):
        return
    fields = context.extracted.fields
    doubted = [
        i
        for i, amount in enumerate(amounts)
        if amount is None or ((field := fields.get(f"lines.{i}.net_amount")) is not None and field.confidence < DOUBT)
    ]
    if not doubted:
        return
    named = [path for i in doubted for name in ("quantity", "net_price", "net_amount") if (path := f"lines.{i}.{name}") in fields]
    message = f"The lines add up to {adds_up:f}, which is none of the totals. In doubt: "
    message += "line " + ", ".join(str(i + 1) for i in doubted[:MOST_NAMED]) + "."
    for row in context.extracted.left_out[:MOST_NAMED]:
        message += f' Not made a line, page {row.page}: "{row.text[:LONGEST]}".'
    yield Finding(LINES_IN_DOUBT, "warning", message, tuple(named[: 3 * MOST_NAMED]))
