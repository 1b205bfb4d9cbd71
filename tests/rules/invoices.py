"""An invoice that every rule passes, and the ways to change and check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.document import Document, EInvoice, Mark, Page, Words
from app.domain.extraction import Extracted, Field
from app.domain.invoice import Address, AllowanceCharge, Invoice, LineItem, Party, Period, TaxBreakdown
from app.domain.paths import leaves
from app.rules.context import Context
from app.stages.validate import findings_of

TODAY = date(2026, 6, 1)
D = Decimal


def good() -> Invoice:
    """Two lines, an allowance, a charge, two rates; everything that the rules look at is stated and consistent."""
    return Invoice(
        number="2026-0815",
        issue_date=date(2026, 5, 4),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 6, 3),
        delivery_date=date(2026, 5, 2),
        seller=Party(name="Muster AG", vat_id="DE136695976", address=Address(country="DE")),
        buyer=Party(name="Acheteur SA", vat_id="FR40303265045", address=Address(country="FR")),
        payment_account="DE89 3704 0044 0532 0130 00",
        payment_bic="DEUTDEFF",
        period=Period(date(2026, 4, 1), date(2026, 4, 30)),
        lines=(
            LineItem(
                item_name="Schrauben",
                quantity=D(250),
                net_price=D("3.90"),
                gross_price=D("4.00"),
                price_discount=D("0.10"),
                price_base_quantity=D(100),
                net_amount=D("9.75"),
                tax_category="S",
                tax_rate=D(19),
            ),
            LineItem(
                item_name="Buch",
                quantity=D(3),
                net_price=D("20.00"),
                net_amount=D("57.00"),
                allowances=(AllowanceCharge(amount=D("5.00")),),
                charges=(AllowanceCharge(amount=D("2.00")),),
                tax_category="S",
                tax_rate=D(7),
                period=Period(date(2026, 4, 1), date(2026, 4, 30)),
                origin_country="DE",
            ),
        ),
        allowances=(AllowanceCharge(amount=D("7.00"), tax_category="S", tax_rate=D("7.00")),),
        charges=(AllowanceCharge(amount=D("10.25"), tax_category="S", tax_rate=D(19)),),
        line_total=D("66.75"),
        allowance_total=D("7.00"),
        charge_total=D("10.25"),
        total_without_tax=D("70.00"),
        tax_breakdown=(
            TaxBreakdown("S", D("19.00"), D("20.00"), D("3.80")),
            TaxBreakdown("S", D("7.00"), D("50.00"), D("3.50")),
        ),
        total_tax=D("7.30"),
        total_with_tax=D("77.30"),
        paid_amount=D("50.00"),
        rounding_amount=D("0.05"),
        amount_due=D("27.35"),
    )


def page(text: str, number: int = 1, marks: dict[str, Mark] | None = None, image_share: float = 0.0) -> Page:
    """A page with the words of `text`, a line each line; `marks` by word."""
    texts: list[str] = []
    lines = b""
    for row, line in enumerate(text.splitlines()):
        for word in line.split():
            texts.append(word)
            lines += row.to_bytes(2, "little")
    packed = bytes((marks or {}).get(word, Mark.NONE) for word in texts)
    return Page(number, 595, 842, Words(tuple(texts), bytes(8 * len(texts)), lines, packed), image_share)


def context(
    invoice: Invoice,
    source: Any = "xml",
    pages: Sequence[Page] = (),
    fields: dict[str, Field] | None = None,
    problems: tuple[str, ...] = (),
) -> Context:
    """Of a page every value was read well, where `fields` do not say otherwise."""
    einvoice = EInvoice(invoice, "cii", None, problems) if source == "xml" else None
    if source != "xml":
        fields = {path: Field(0.995, source, "test") for path, _ in leaves(invoice)} | (fields or {})
    document = Document("application/pdf" if pages else "application/xml", tuple(pages), einvoice)
    return Context(document, Extracted(invoice, "invoice", source, fields or {}), TODAY)


def check(invoice: Invoice, source: Any = "xml", **more: Any) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in findings_of(context(invoice, source, **more))]


def line(invoice: Invoice, index: int, **changes: Any) -> Invoice:
    lines = list(invoice.lines)
    lines[index] = replace(lines[index], **changes)
    return replace(invoice, lines=tuple(lines))


def tax(invoice: Invoice, index: int, **changes: Any) -> Invoice:
    taxes = list(invoice.tax_breakdown)
    taxes[index] = replace(taxes[index], **changes)
    return replace(invoice, tax_breakdown=tuple(taxes))


GOOD = good()
