"""Size and shape: many lines, many findings, numbers of any size."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.invoice import Invoice
from app.domain.paths import leaves
from app.rules.exact import is_sane, price_step, quantity_step, rounded
from app.stages.validate import MOST_OF_A_RULE, findings_of
from tests.rules.invoices import GOOD, TODAY, D, check, context


def many_lines(count: int, **changes: Any) -> Invoice:
    item = replace(GOOD.lines[1], **changes)
    return Invoice(number="1", issue_date=TODAY, currency="EUR", line_total=57 * D(count), total_with_tax=D(1), lines=(item,) * count)


def test_ten_thousand_lines_take_no_longer_than_lines() -> None:
    def seconds(count: int) -> float:
        invoice = many_lines(count)
        started = time.process_time()
        findings_of(context(invoice))
        return time.process_time() - started

    seconds(100)
    # Ten times the lines; beside each other, so that a slow machine does not matter. Each with each would be a hundred times.
    assert seconds(10_000) < 40 * min(seconds(1_000) for _ in range(3))


def test_findings_of_one_rule_are_limited_and_counted() -> None:
    found = [f for f in findings_of(context(many_lines(1000, quantity=D(9)), "text")) if f.rule == "line_amount"]
    assert len(found) == MOST_OF_A_RULE + 1
    assert str(1000 - MOST_OF_A_RULE) in found[-1].message
    assert found[-1].severity == "error"


HUGE = [D("1E+308"), D("-1E+999999"), D("1E-999999"), D("Infinity"), D("sNaN"), D("9" * 60), D(0).scaleb(999999)]


@pytest.mark.parametrize("value", HUGE, ids=str)
def test_no_size_of_a_number_breaks_a_rule(value: Decimal) -> None:
    assert value.is_finite() is False or value == 0 or not is_sane(value)
    for path, old in leaves(GOOD):
        if not isinstance(old, Decimal):
            continue
        head, _, rest = path.partition(".")
        index, _, leaf = rest.partition(".")
        if not rest:
            odd = replace(GOOD, **{head: value})
        elif "." not in leaf:
            items = list(getattr(GOOD, head))
            items[int(index)] = replace(items[int(index)], **{leaf: value})
            odd = replace(GOOD, **{head: tuple(items)})
        else:
            continue
        rules = [rule for rule, _ in check(odd)]
        if not is_sane(value):
            assert "amount_out_of_range" in rules


def test_rounding_is_half_up_and_steps_are_half_of_the_last_digit() -> None:
    assert rounded(D("2.345")) == D("2.35")
    assert rounded(D("-2.345")) == D("-2.35")
    assert price_step(D("2.5")) == price_step(D("2.50")) == D("0.005")
    assert price_step(D("2.5000")) == D("0.00005")
    assert quantity_step(D(3)) == quantity_step(D("3.00")) == quantity_step(D("1.5")) == 0
    assert quantity_step(D("1.33")) == D("0.005")
