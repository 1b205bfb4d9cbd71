"""The totals of an invoice against each other: the calculation rules BR-CO-10 to BR-CO-17 of EN 16931.

Amounts are rounded to the currency's decimals (at least two) before they are added, and compared exactly, as the standard does.
A contradiction is an error wherever the invoice was read from: of two amounts that disagree one is wrong, whoever wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from app.domain.finding import Finding, Severity
from app.domain.invoice import AllowanceCharge, Invoice
from app.domain.paths import leaves
from app.rules.context import Context
from app.rules.exact import CENT, ONE, all_stated, is_sane, over, rounded, stated, times, total
from app.rules.policy import SUM_OF_LINES

MOST_NAMED = 50
CASH_ROUNDING = Decimal("0.05")
HIGHEST_RATE = Decimal("1.30")  # above Hungary's 27 % and India's 28 %
ZERO_RATED = {"Z": "BR-Z-09", "E": "BR-E-09", "AE": "BR-AE-09", "K": "BR-IC-09", "G": "BR-G-09", "O": "BR-O-09"}


@cache
def unit_of(currency: str | None) -> Decimal:
    """The smallest amount: a cent, or a thousandth where the currency has three decimals (KWD, TND ...)."""
    from babel.numbers import get_currency_precision

    decimals = get_currency_precision(currency) if currency and len(currency) == 3 and currency.isascii() else 2
    return ONE.scaleb(-min(max(2, decimals), 4))


def rounding_of(context: Context) -> Decimal:
    """How far a total may be from its parts: what is paid in cash is rounded to the smallest coin, which is five or ten cents in places."""
    return CASH_ROUNDING if context.extracted.document_type == "receipt" else Decimal(0)


def amounts_in_range(invoice: Invoice, context: Context) -> Iterator[Finding]:
    for path, value in leaves(invoice):
        if isinstance(value, Decimal) and not is_sane(value):
            yield Finding("amount_out_of_range", "error", "No invoice bears a number of this size.", (path,))


def sum_of_lines(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-10: BT-106 = sum of BT-131."""
    stands, amounts = stated(invoice.line_total), all_stated(line.net_amount for line in invoice.lines)
    if stands is None or not amounts:
        return
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(amount, unit) for amount in amounts)
    if adds_up != rounded(stands, unit):
        named = tuple(f"lines.{i}.net_amount" for i in range(len(amounts))) if len(amounts) <= MOST_NAMED else ()
        yield _contradiction("BR-CO-10", "The line amounts", adds_up, "line total", stands, ("line_total", *named))


def sum_of_lines_without_their_total(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """Where a page states no line total, its lines may still be counted: they add up to the total without tax, or with it."""
    amounts = all_stated(line.net_amount for line in invoice.lines)
    without_tax, with_tax = stated(invoice.total_without_tax), stated(invoice.total_with_tax)
    if context.is_xml or invoice.line_total is not None or not amounts or without_tax is None or with_tax is None:
        return
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(amount, unit) for amount in amounts)
    changes = rounded(stated(invoice.charge_total) or Decimal(0), unit) - rounded(stated(invoice.allowance_total) or Decimal(0), unit)
    if min(abs(adds_up + changes - rounded(stands, unit)) for stands in (without_tax, with_tax)) > rounding_of(context):
        yield _contradiction(SUM_OF_LINES, "The line amounts", adds_up + changes, "total", without_tax, ("total_without_tax",), "warning")


def sum_of_allowances(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-11: BT-107 = sum of BT-92."""
    yield from _sum_of_changes("BR-CO-11", "allowance", invoice.allowance_total, invoice.allowances, invoice, context)


def sum_of_charges(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-12: BT-108 = sum of BT-99."""
    yield from _sum_of_changes("BR-CO-12", "charge", invoice.charge_total, invoice.charges, invoice, context)


def _sum_of_changes(
    rule: str, name: str, stands: Decimal | None, changes: tuple[AllowanceCharge, ...], invoice: Invoice, context: Context
) -> Iterator[Finding]:
    stands, amounts = stated(stands), all_stated(change.amount for change in changes)
    if stands is None or amounts is None or (not amounts and not context.is_xml):
        return  # on a page their sum may be all that is said of them
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(amount, unit) for amount in amounts)
    if adds_up != rounded(stands, unit):
        named = tuple(f"{name}s.{i}.amount" for i in range(len(amounts))) if len(amounts) <= MOST_NAMED else ()
        yield _contradiction(rule, f"The {name}s", adds_up, f"{name} total", stands, (f"{name}_total", *named))


def total_without_tax(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-13: BT-109 = BT-106 - BT-107 + BT-108."""
    lines, stands = stated(invoice.line_total), stated(invoice.total_without_tax)
    if lines is None or stands is None or _unusable(invoice.allowance_total) or _unusable(invoice.charge_total):
        return
    unit = unit_of(invoice.currency)
    expected = rounded(lines, unit) - _or_zero(invoice.allowance_total, unit) + _or_zero(invoice.charge_total, unit)
    if not context.is_xml and invoice.total_with_tax is not None and expected == _or_zero(stated(invoice.total_with_tax), unit):
        return  # a page whose lines are printed with their tax
    if expected != rounded(stands, unit):
        involved = _stated_of(invoice, "total_without_tax", "line_total", "allowance_total", "charge_total")
        yield _contradiction("BR-CO-13", "Line total, allowances and charges", expected, "total without tax", stands, involved)


def sum_of_taxes(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-14: BT-110 = sum of BT-117."""
    stands, amounts = stated(invoice.total_tax), all_stated(tax.tax_amount for tax in invoice.tax_breakdown)
    if stands is None or not amounts:
        return
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(amount, unit) for amount in amounts)
    if adds_up != rounded(stands, unit):
        named = tuple(f"tax_breakdown.{i}.tax_amount" for i in range(min(len(amounts), MOST_NAMED)))
        yield _contradiction("BR-CO-14", "The taxes", adds_up, "total tax", stands, ("total_tax", *named))


def total_with_tax(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-15: BT-112 = BT-109 + BT-110. Where no total tax is stated, the taxes of the breakdown are counted."""
    without, stands = stated(invoice.total_without_tax), stated(invoice.total_with_tax)
    taxes = all_stated([invoice.total_tax] if invoice.total_tax is not None else [tax.tax_amount for tax in invoice.tax_breakdown])
    if without is None or stands is None or not taxes:
        return
    unit = unit_of(invoice.currency)
    expected = rounded(without, unit) + total(rounded(tax, unit) for tax in taxes)
    if abs(expected - rounded(stands, unit)) > rounding_of(context):
        of_taxes = [f"tax_breakdown.{i}.tax_amount" for i in range(min(len(taxes), MOST_NAMED))]
        involved = ("total_with_tax", "total_without_tax", *(["total_tax"] if invoice.total_tax is not None else of_taxes))
        yield _contradiction("BR-CO-15", "Total without tax and tax", expected, "total with tax", stands, involved)


def implied_tax(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """Two totals of a page and no tax between them: what is missing must be a tax that exists, from nothing to `HIGHEST_RATE`."""
    without, stands = stated(invoice.total_without_tax), stated(invoice.total_with_tax)
    if context.is_xml or invoice.total_tax is not None or invoice.tax_breakdown or without is None or stands is None:
        return
    if not abs(without) <= abs(stands) <= abs(without) * HIGHEST_RATE:
        message = f"Between {without:f} and {stands:f} there is no tax of a rate that is in use."
        yield Finding("implied_tax", "error", message, ("total_with_tax", "total_without_tax"))


def amount_due(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-16: BT-115 = BT-112 - BT-113 + BT-114."""
    with_tax, stands = stated(invoice.total_with_tax), stated(invoice.amount_due)
    if with_tax is None or stands is None or _unusable(invoice.paid_amount) or _unusable(invoice.rounding_amount):
        return
    unit = unit_of(invoice.currency)
    expected = rounded(with_tax, unit) - _or_zero(invoice.paid_amount, unit) + _or_zero(invoice.rounding_amount, unit)
    if expected != rounded(stands, unit):
        involved = _stated_of(invoice, "amount_due", "total_with_tax", "paid_amount", "rounding_amount")
        yield _contradiction("BR-CO-16", "Total with tax, what was paid and rounding", expected, "amount due", stands, involved)


def tax_of_each_category(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-CO-17: BT-117 = BT-116 x BT-119, less than one unit of the currency away (the tolerance of the standard's own Schematron)."""
    unit = unit_of(invoice.currency)
    for i, tax in enumerate(invoice.tax_breakdown):
        base, rate, stands = stated(tax.taxable_amount), stated(tax.rate), stated(tax.tax_amount)
        if base is None or rate is None or stands is None:
            continue
        expected = rounded(over(times(base, rate), Decimal(100)), unit)
        if abs(expected - rounded(stands, unit)) >= ONE:
            named = tuple(f"tax_breakdown.{i}.{name}" for name in ("taxable_amount", "rate", "tax_amount"))
            yield _contradiction("BR-CO-17", "Taxable amount and rate", expected, "tax", stands, named)


def no_tax_where_none_is_due(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-Z-09, BR-E-09, BR-AE-09, BR-IC-09, BR-G-09, BR-O-09: exempt and zero rated categories bear no tax."""
    for i, tax in enumerate(invoice.tax_breakdown):
        rule, stands = ZERO_RATED.get(tax.category or ""), stated(tax.tax_amount)
        if rule and stands:
            named = (f"tax_breakdown.{i}.category", f"tax_breakdown.{i}.tax_amount")
            yield Finding(rule, "error", f"Tax category {tax.category} bears no tax, the invoice says {stands:f}.", named)


def taxable_amounts(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-S-08 and its like: BT-116 of a category and rate = its lines - its allowances + its charges, less than one unit away.

    Only where every line, allowance and charge names its category: for e-invoices.
    """
    if not context.is_xml or not invoice.lines:
        return
    sums: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    parts = [(line.tax_category, line.tax_rate, line.net_amount, 1) for line in invoice.lines]
    parts += [(change.tax_category, change.tax_rate, change.amount, -1) for change in invoice.allowances]
    parts += [(change.tax_category, change.tax_rate, change.amount, 1) for change in invoice.charges]
    unit = unit_of(invoice.currency)
    for category, rate, amount, sign in parts:
        known = stated(amount)
        if category is None or known is None or not _has_rate(category, rate):
            return
        sums[category, (rate or Decimal(0)).normalize()] += sign * rounded(known, unit)
    for i, tax in enumerate(invoice.tax_breakdown):
        base = stated(tax.taxable_amount)
        if base is None or tax.category is None or not _has_rate(tax.category, tax.rate):
            continue
        expected = sums.get((tax.category, (tax.rate or Decimal(0)).normalize()), Decimal(0))
        if abs(expected - rounded(base, unit)) >= ONE:
            named = (f"tax_breakdown.{i}.taxable_amount",)
            yield _contradiction(f"BR-{tax.category}-08", "The lines of this rate", expected, "taxable amount", base, named)


def sum_of_taxable_amounts(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """On a page an exempt part may stand outside the table of taxes, so a difference is a warning; where the page was recognized a row
    of that table may as well be lost, and with it the tax: an error. For e-invoices BR-S-08 decides."""
    stands, bases = stated(invoice.total_without_tax), all_stated(tax.taxable_amount for tax in invoice.tax_breakdown)
    if context.is_xml or stands is None or not bases:
        return
    unit = unit_of(invoice.currency)
    adds_up = total(rounded(base, unit) for base in bases)
    if abs(adds_up - rounded(stands, unit)) > CENT * len(bases):
        named = ("total_without_tax", *(f"tax_breakdown.{i}.taxable_amount" for i in range(min(len(bases), MOST_NAMED))))
        severity: Severity = "error" if context.extracted.source == "ocr" else "warning"
        yield _contradiction("sum_of_taxable_amounts", "The taxable amounts", adds_up, "total without tax", stands, named, severity)


def tax_in_tax_currency(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-53: another currency for the tax needs the tax in it (BT-111); in the same currency both are one amount."""
    if invoice.tax_currency is None or invoice.currency is None:
        return
    tax, converted = stated(invoice.total_tax), stated(invoice.total_tax_in_tax_currency)
    if invoice.tax_currency != invoice.currency:
        if invoice.total_tax_in_tax_currency is None:
            yield Finding("BR-53", "warning", "The tax is not stated in the currency of the tax.", ("tax_currency",))
        elif tax is not None and converted is not None and tax * converted < 0:
            named = ("total_tax", "total_tax_in_tax_currency")
            yield Finding("tax_currency_sign", "error", "The tax has opposite signs in its two currencies.", named)
    elif tax is not None and converted is not None and rounded(tax) != rounded(converted):
        named = ("total_tax", "total_tax_in_tax_currency")
        yield _contradiction("tax_currency", "The tax", converted, "total tax in the same currency", tax, named)


def _contradiction(
    rule: str, parts: str, adds_up: Decimal, name: str, stands: Decimal, fields: tuple[str, ...], severity: Severity = "error"
) -> Finding:
    return Finding(rule, severity, f"{parts} give {adds_up:f}, the invoice says {stands:f} ({name}).", fields)


def _has_rate(category: str, rate: Decimal | None) -> bool:
    """Only categories without tax may leave it out."""
    return category in ZERO_RATED if rate is None else is_sane(rate)


def _unusable(value: Decimal | None) -> bool:
    return value is not None and not is_sane(value)


def _or_zero(value: Decimal | None, unit: Decimal) -> Decimal:
    """The standard counts an absent allowance, charge, payment or rounding as none."""
    return rounded(value, unit) if value is not None else Decimal(0)


def _stated_of(invoice: Invoice, *names: str) -> tuple[str, ...]:
    return tuple(name for name in names if getattr(invoice, name) is not None)
