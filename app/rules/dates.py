"""Dates against each other and against today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from app.domain.finding import Finding
from app.domain.invoice import Invoice, Period
from app.rules.context import Context

TIME_ZONES = timedelta(days=1)  # today there may be tomorrow here
FAR_AHEAD = timedelta(days=366)
OLD = timedelta(days=3653)
EARLIEST = date(1970, 1, 1)
LONGEST_TERM = timedelta(days=731)
FAR_FROM_ISSUE = timedelta(days=731)


def issue_date_is_plausible(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """In the future or over ten years old: a warning. More than a year ahead or before 1970: misread or false, an error."""
    issued = invoice.issue_date
    if issued is None:
        return
    if issued < EARLIEST or issued - context.today > FAR_AHEAD:
        yield Finding("issue_date_impossible", "error", "The issue date cannot be right.", ("issue_date",))
    elif issued - context.today > TIME_ZONES:
        yield Finding("issue_date_future", "warning", "The issue date is in the future.", ("issue_date",))
    elif context.today - issued > OLD:
        yield Finding("issue_date_old", "warning", "The issue date is more than ten years ago.", ("issue_date",))


def due_date_follows_issue(invoice: Invoice, context: Context) -> Iterator[Finding]:
    issued, due = invoice.issue_date, invoice.due_date
    if issued is None or due is None:
        return
    if due < issued:
        yield Finding("due_before_issue", "warning", "The due date is before the issue date.", ("due_date", "issue_date"))
    elif due - issued > LONGEST_TERM:
        yield Finding("due_date_far", "warning", "The due date is more than two years after the issue date.", ("due_date", "issue_date"))


def other_dates_are_near_issue(invoice: Invoice, context: Context) -> Iterator[Finding]:
    for name in ("delivery_date", "tax_point_date"):
        day: date | None = getattr(invoice, name)
        if day is not None and invoice.issue_date is not None and abs(day - invoice.issue_date) > FAR_FROM_ISSUE:
            words = name.replace("_", " ")
            yield Finding(f"{name}_far", "warning", f"The {words} is more than two years from the issue date.", (name, "issue_date"))
    for i, preceding in enumerate(invoice.preceding_invoices):
        if preceding.issue_date is not None and invoice.issue_date is not None and preceding.issue_date > invoice.issue_date:
            named = (f"preceding_invoices.{i}.issue_date", "issue_date")
            yield Finding("preceding_invoice_later", "warning", "The preceding invoice is of a later date.", named)


def periods_do_not_end_before_they_start(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-29, BR-30."""
    if _is_backwards(invoice.period):
        yield Finding("BR-29", "error", "The invoicing period ends before it starts.", ("period.start", "period.end"))
    for i, line in enumerate(invoice.lines):
        if _is_backwards(line.period):
            named = (f"lines.{i}.period.start", f"lines.{i}.period.end")
            yield Finding("BR-30", "error", f"The period of line {i + 1} ends before it starts.", named)


def _is_backwards(period: Period | None) -> bool:
    return period is not None and period.start is not None and period.end is not None and period.end < period.start
