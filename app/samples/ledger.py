"""Turns what was sold into an invoice whose every sum is right: lines, VAT per rate, totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from app.domain.invoice import Invoice, LineItem, TaxBreakdown

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sale:
    """One line before its sum: `price` without VAT for one `unit` (UN/ECE code), `rate` in percent."""

    name: str
    quantity: str
    unit: str
    price: str
    rate: str
    item_id: str | None = None
    description: str | None = None


def to_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def check_digits(country: str, account: str) -> str:
    """The IBAN of a national account number: ISO 13616, 98 minus the number (letters as 10..35) modulo 97."""
    digits = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{account}"


def add_up(invoice: Invoice, sales: Sequence[Sale]) -> Invoice:
    """`invoice` with lines, breakdown and totals; EN 16931 BR-CO-10, 13, 14, 15, 16, 17 hold. Rate 0 is category Z, all else S."""
    lines = tuple(
        LineItem(
            id=str(position),
            item_name=sale.name,
            item_description=sale.description,
            item_id=sale.item_id,
            quantity=Decimal(sale.quantity),
            unit=sale.unit,
            net_price=Decimal(sale.price),
            net_amount=to_cent(Decimal(sale.quantity) * Decimal(sale.price)),
            tax_category=_category(Decimal(sale.rate)),
            tax_rate=Decimal(sale.rate),
        )
        for position, sale in enumerate(sales, start=1)
    )
    taxable: dict[Decimal, Decimal] = {}
    for sale, line in zip(sales, lines, strict=True):
        rate = Decimal(sale.rate)
        taxable[rate] = taxable.get(rate, Decimal("0.00")) + (line.net_amount or Decimal())
    breakdown = tuple(
        TaxBreakdown(category=_category(rate), rate=rate, taxable_amount=base, tax_amount=to_cent(base * rate / 100))
        for rate, base in sorted(taxable.items(), reverse=True)
    )
    without_tax = sum(taxable.values(), Decimal("0.00"))
    tax = sum((part.tax_amount or Decimal() for part in breakdown), Decimal("0.00"))
    return replace(
        invoice,
        lines=lines,
        tax_breakdown=breakdown,
        line_total=without_tax,
        total_without_tax=without_tax,
        total_tax=tax,
        total_with_tax=without_tax + tax,
        amount_due=without_tax + tax,
    )


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"
