"""Exact decimal arithmetic on stated amounts, safe against values like 1e308."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, Overflow

CENT = Decimal("0.01")
ONE = Decimal(1)

LARGEST = 18
MOST_DECIMALS = 40
# Two values within these limits multiply exactly in 116 digits, and 10,000 such products add up exactly.
_EXACT = Context(prec=128, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])


def is_sane(value: Decimal) -> bool:
    """A number that an invoice may bear: finite, below 10^18, at most 40 decimals."""
    if not value.is_finite():
        return False
    return value.adjusted() < LARGEST and _exponent(value) >= -MOST_DECIMALS


def stated(value: Decimal | None) -> Decimal | None:
    """The value if the rules can count with it. What is out of range has a finding of its own."""
    return value if value is not None and is_sane(value) else None


def rounded(value: Decimal, unit: Decimal = CENT) -> Decimal:
    """Half up (away from zero), as EN 16931 rounds."""
    return value.quantize(unit, context=_EXACT)


def times(a: Decimal, b: Decimal) -> Decimal:
    return _EXACT.multiply(a, b)


def over(a: Decimal, b: Decimal) -> Decimal:
    """`b` is not zero."""
    return _EXACT.divide(a, b)


def total(values: Iterable[Decimal]) -> Decimal:
    result = Decimal(0)
    for value in values:
        result = _EXACT.add(result, value)
    return result


def all_stated(values: Iterable[Decimal | None]) -> list[Decimal] | None:
    """None as soon as one is missing: a sum over some of them says nothing."""
    found: list[Decimal] = []
    for value in values:
        known = stated(value)
        if known is None:
            return None
        found.append(known)
    return found


def price_step(value: Decimal) -> Decimal:
    """How far a printed price may be from the one meant: half of its last digit, of the second decimal at most. 2.5 -> 0.005."""
    return _half_of_digit(min(-2, _exponent(value)))


def quantity_step(value: Decimal) -> Decimal:
    """The same for a quantity, which is exact unless it has two decimals or more: 1.33 hours may mean 80 minutes.

    1.33 -> 0.005, 1.50 -> 0.
    """
    exponent = _exponent(value.normalize(context=_EXACT))
    return _half_of_digit(exponent) if exponent <= -2 else Decimal(0)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _half_of_digit(exponent: int) -> Decimal:
    return Decimal(5).scaleb(exponent - 1, context=_EXACT)
