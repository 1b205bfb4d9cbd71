"""Invoices made forwards as the standard says have no error; with one total changed they always have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.invoice import AllowanceCharge, Invoice, LineItem, TaxBreakdown
from app.rules.policy import verdict
from app.stages.validate import findings_of
from tests.rules.invoices import GOOD, TODAY, D, context

CENT = D("0.01")
amounts = st.decimals(min_value=D("0.01"), max_value=D(100_000), places=2)
rates = st.sampled_from([D(0), D("5.5"), D(7), D(19), D("21.00"), D(25)])


@st.composite
def consistent(draw: st.DrawFn) -> Invoice:
    """An invoice made as the standard says, forwards from its lines."""
    lines = []
    for quantity, price, rate, base in draw(
        st.lists(
            st.tuples(
                st.decimals(min_value=D("0.001"), max_value=D(1000), places=3),
                st.decimals(min_value=D("0.0001"), max_value=D(10_000), places=4),
                rates,
                st.sampled_from([None, D(1), D(100)]),
            ),
            min_size=1,
            max_size=8,
        )
    ):
        net = (quantity * price / (base or 1)).quantize(CENT, ROUND_HALF_UP)
        category = "S" if rate else "Z"
        lines.append(
            LineItem(quantity=quantity, net_price=price, price_base_quantity=base, net_amount=net, tax_category=category, tax_rate=rate)
        )
    changes = [AllowanceCharge(amount, tax_category="S", tax_rate=D(19)) for amount in draw(st.lists(amounts, max_size=3))]
    split = draw(st.integers(0, len(changes)))
    allowances, charges = changes[:split], changes[split:]
    sums: dict[Decimal, Decimal] = {}
    for item in lines:
        sums[item.tax_rate] = sums.get(item.tax_rate, D(0)) + item.net_amount
    for sign, some in ((-1, allowances), (1, charges)):
        for change in some:
            sums[D(19)] = sums.get(D(19), D(0)) + sign * change.amount
    breakdown = tuple(
        TaxBreakdown("S" if rate else "Z", rate, base, (base * rate / 100).quantize(CENT, ROUND_HALF_UP)) for rate, base in sums.items()
    )
    line_total = sum((item.net_amount for item in lines), D(0))
    allowance_total, charge_total = (sum((change.amount for change in some), D(0)) for some in (allowances, charges))
    without = line_total - allowance_total + charge_total
    tax_total = sum((tax.tax_amount for tax in breakdown), D(0))
    paid = draw(st.one_of(st.none(), amounts))
    return replace(
        GOOD,
        issue_date=TODAY - timedelta(days=draw(st.integers(0, 1000))),
        due_date=None,
        delivery_date=None,
        lines=tuple(lines),
        allowances=tuple(allowances),
        charges=tuple(charges),
        tax_breakdown=breakdown,
        line_total=line_total,
        allowance_total=allowance_total if allowances else None,
        charge_total=charge_total if charges else None,
        total_without_tax=without,
        total_tax=tax_total,
        total_with_tax=without + tax_total,
        paid_amount=paid,
        rounding_amount=None,
        amount_due=without + tax_total - (paid or 0),
    )


@given(consistent(), st.sampled_from(["xml", "text"]))
@settings(max_examples=100, deadline=None)
def test_a_consistent_invoice_has_no_errors_and_is_approved(invoice: Invoice, source: str) -> None:
    ctx = context(invoice, source)
    found = findings_of(ctx)
    assert [finding for finding in found if finding.severity == "error"] == []
    assert verdict(ctx.extracted, found) == "approved"


@given(
    consistent(),
    st.sampled_from(["line_total", "total_without_tax", "total_tax", "total_with_tax", "amount_due"]),
    st.decimals(min_value=D("-1000"), max_value=D(1000), places=2).filter(lambda change: change != 0),
    st.sampled_from(["xml", "text"]),
)
@settings(max_examples=100, deadline=None)
def test_a_total_that_was_changed_is_always_an_error(invoice: Invoice, name: str, change: Decimal, source: str) -> None:
    ctx = context(replace(invoice, **{name: getattr(invoice, name) + change}), source)
    found = findings_of(ctx)
    assert any(finding.severity == "error" and name in finding.fields for finding in found)
    assert verdict(ctx.extracted, found) == "needs_review"
