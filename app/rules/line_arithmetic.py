"""Each line on its own: quantity and price against its amount."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.domain.finding import Finding, Severity
from app.domain.invoice import Invoice, LineItem
from app.rules.context import Context
from app.rules.exact import CENT, all_stated, over, price_step, quantity_step, rounded, stated, times, total


def line_amounts(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BT-131 = BT-129 x BT-146 / BT-149 - BT-136 + BT-141 (PEPPOL-EN16931-R120).

    Prices and quantities are printed rounded: what half of their last digit can change, and a cent at each end, is tolerated.
    EN 16931 itself does not demand it (prices per hundred, insurance), so an e-invoice that breaks it is only worth a look; on a
    page it is the sign of a misread column.
    """
    severity: Severity = "warning" if context.is_xml else "error"
    for i, line in enumerate(invoice.lines):
        expected, tolerance = _expected(line)
        stands = stated(line.net_amount)
        if expected is not None and stands is not None and abs(expected - stands) > tolerance:
            named = tuple(f"lines.{i}.{name}" for name in ("quantity", "net_price", "net_amount"))
            yield Finding(
                "line_amount", severity, f"Quantity and price give {rounded(expected):f}, the line says {stands:f} (line {i + 1}).", named
            )


def net_prices(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BT-146 = BT-148 - BT-147 (PEPPOL-EN16931-R046)."""
    for i, line in enumerate(invoice.lines):
        net, gross, discount = stated(line.net_price), stated(line.gross_price), stated(line.price_discount)
        if net is None or gross is None or discount is None:
            continue
        if abs(gross - discount - net) > price_step(net) + price_step(gross) + price_step(discount):
            named = tuple(f"lines.{i}.{name}" for name in ("gross_price", "price_discount", "net_price"))
            yield Finding("net_price", "warning", f"The price and its discount do not give the net price (line {i + 1}).", named)


def _expected(line: LineItem) -> tuple[Decimal | None, Decimal]:
    """(amount, tolerance); no amount where something is missing that it needs."""
    quantity, price = stated(line.quantity), stated(line.net_price)
    allowances = all_stated(change.amount for change in line.allowances)
    charges = all_stated(change.amount for change in line.charges)
    base = Decimal(1) if line.price_base_quantity is None else stated(line.price_base_quantity)
    if quantity is None or price is None or allowances is None or charges is None or not base:
        return None, CENT
    tolerance = over(abs(quantity) * price_step(price) + abs(price) * quantity_step(quantity), abs(base)) + 2 * CENT
    return over(times(quantity, price), base) - total(allowances) + total(charges), tolerance
