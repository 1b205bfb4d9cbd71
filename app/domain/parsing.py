"""From the text on a page to values: amounts, dates, identifiers. Pure; returns None where the text does not say it clearly."""

from __future__ import annotations

from decimal import Decimal

CENT = Decimal("0.01")


def money(value: Decimal) -> Decimal:
    """The same amount with at least two decimals: Decimal("1190") -> Decimal("1190.00")."""
    exponent = value.as_tuple().exponent
    return value.quantize(CENT) if isinstance(exponent, int) and exponent > -2 else value
