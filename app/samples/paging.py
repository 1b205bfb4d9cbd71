"""What the layouts share: a table that runs on over pages with its sum carried, and the texts of each block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from app.domain.invoice import Address, Invoice, LineItem, Party
from app.samples.canvas import BLACK, GREY, HEIGHT, Color, Font, Sheet, text_width, wrap
from app.samples.wording import Wording

BOTTOM = HEIGHT - 92
"""Nothing of the table is drawn below this; the footer is."""


@dataclass(frozen=True, slots=True)
class Column:
    """`x`: the left edge, or the right one for figures."""

    title: str
    x: float
    align: Literal["left", "right", "center"]
    text: Callable[[LineItem], str]


@dataclass(frozen=True, slots=True)
class Table:
    """How a layout draws its lines. `item_x`, `item_width`: the column of the names, whose text wraps."""

    columns: Sequence[Column]
    left: float
    right: float
    item_title: str
    item_x: float
    item_width: float
    font: Font
    bold: Font
    size: float
    head_fill: Color | None = None
    head_ink: Color = BLACK
    line_rules: bool = True


class Flow:
    """The sheets so far and the place on the last one. `start_sheet` draws a further sheet's head and gives where its body begins."""

    def __init__(self, first: Sheet, y: float, start_sheet: Callable[[int], tuple[Sheet, float]]) -> None:
        self.sheets = [first]
        self.y = y
        self._start_sheet = start_sheet

    @property
    def sheet(self) -> Sheet:
        return self.sheets[-1]

    def turn(self) -> None:
        sheet, self.y = self._start_sheet(len(self.sheets) + 1)
        self.sheets.append(sheet)

    def reserve(self, height: float) -> None:
        """Turns the page if less than `height` is left on it."""
        if self.y + height > BOTTOM:
            self.turn()


def draw_lines(flow: Flow, table: Table, invoice: Invoice, wording: Wording) -> None:
    """The table, over as many pages as it takes: each ends with the sum carried and the next begins with it."""
    assert invoice.currency
    leading = table.size * 1.3
    _titles(flow, table)
    carried = Decimal("0.00")
    for line in invoice.lines:
        names = wrap(line.item_name or "", table.bold, table.size, table.item_width)
        details = wrap(line.item_description or "", table.font, table.size - 1, table.item_width)
        height = leading * (len(names) + len(details)) + 7
        if flow.y + height + 2 * leading > BOTTOM:
            amount = wording.amount_of(carried, invoice.currency)
            _carry(flow, table, wording.carried, amount)
            flow.turn()
            _titles(flow, table)
            _carry(flow, table, wording.brought, amount)
        sheet, y = flow.sheet, flow.y
        for column in table.columns:
            sheet.text(column.x, y, column.text(line), table.font, table.size, align=column.align)
        for name in names:
            sheet.text(table.item_x, y, name, table.bold, table.size)
            y += leading
        for detail in details:
            sheet.text(table.item_x, y - 1, detail, table.font, table.size - 1, color=GREY)
            y += leading - 1
        if table.line_rules:
            sheet.rule(table.left, y - leading + 5.5, table.right, y - leading + 5.5, thickness=0.3, color=(0.8, 0.8, 0.82))
        flow.y = y + 6
        carried += line.net_amount or Decimal()


def _titles(flow: Flow, table: Table) -> None:
    sheet, y = flow.sheet, flow.y
    if table.head_fill:
        sheet.fill(table.left, y - 12, table.right, y + 5, table.head_fill)
    else:
        sheet.rule(table.left, y - 12, table.right, y - 12, thickness=0.9)
        sheet.rule(table.left, y + 5, table.right, y + 5)
    for column in table.columns:
        sheet.text(column.x, y, column.title, table.bold, table.size, color=table.head_ink, align=column.align)
    sheet.text(table.item_x, y, table.item_title, table.bold, table.size, color=table.head_ink)
    flow.y += table.size + 13


def _carry(flow: Flow, table: Table, label: str, amount: str) -> None:
    flow.sheet.text(table.item_x, flow.y, label, table.bold, table.size)
    flow.sheet.text(table.columns[-1].x, flow.y, amount, table.bold, table.size, align="right")
    flow.y += table.size * 1.3 + 6


def title_of(invoice: Invoice, wording: Wording) -> str:
    """For the head of the page: "Rechnung"."""
    return wording.credit_note if invoice.type_code == "381" else wording.invoice


def cells_of(wording: Wording) -> Mapping[str, Callable[[LineItem], str]]:
    """What stands in each column of a line. Quantities keep their own decimals, prices have two."""
    return {
        "position": lambda line: line.id or "",
        "item_id": lambda line: line.item_id or "",
        "quantity": lambda line: wording.number_of(line.quantity or Decimal()),
        "unit": lambda line: wording.units[line.unit or ""],
        "price": lambda line: wording.number_of(line.net_price or Decimal(), 2),
        "tax_rate": lambda line: wording.percent_of(line.tax_rate or Decimal()),
        "amount": lambda line: wording.number_of(line.net_amount or Decimal(), 2),
    }


def totals_of(invoice: Invoice, wording: Wording) -> list[tuple[str, str]]:
    """Label and amount: without tax, each tax, with tax. The caller makes the last one stand out."""
    assert invoice.currency and invoice.total_without_tax is not None and invoice.total_with_tax is not None
    rows = [(wording.total_without_tax, wording.amount_of(invoice.total_without_tax, invoice.currency))]
    for part in invoice.tax_breakdown:
        assert part.rate is not None and part.taxable_amount is not None and part.tax_amount is not None
        base = wording.amount_of(part.taxable_amount, invoice.currency)
        label = wording.tax.format(rate=wording.percent_of(part.rate), base=base)
        rows.append((label, wording.amount_of(part.tax_amount, invoice.currency)))
    rows.append((wording.total_with_tax, wording.amount_of(invoice.total_with_tax, invoice.currency)))
    return rows


def meta_of(invoice: Invoice, wording: Wording) -> list[tuple[str, str]]:
    """Label and value of number, dates and references: those that the invoice has."""
    credit = invoice.type_code == "381"
    rows = [
        (wording.credit_note_number if credit else wording.number, invoice.number),
        (wording.issue_date, invoice.issue_date and wording.date_of(invoice.issue_date)),
        (wording.delivery_date, invoice.delivery_date and wording.date_of(invoice.delivery_date)),
        (wording.due_date, invoice.due_date and wording.date_of(invoice.due_date)),
        (wording.customer_number, invoice.buyer.id),
        (wording.purchase_order, invoice.purchase_order_reference),
        (wording.preceding_invoice, invoice.preceding_invoice_reference),
        (wording.buyer_vat, invoice.buyer.vat_id),
    ]
    return [(label, value) for label, value in rows if value]


def payment_of(invoice: Invoice, wording: Wording) -> list[tuple[str, str]]:
    account = invoice.payment_account
    rows = [
        (wording.account, account and " ".join(account[i : i + 4] for i in range(0, len(account), 4))),
        (wording.bic, invoice.payment_bic),
        (wording.payment_reference, invoice.payment_reference),
    ]
    return [(label, value) for label, value in rows if value]


_COUNTRIES = {
    "en": {"GB": "United Kingdom", "IE": "Ireland", "DE": "Germany", "FR": "France"},
    "de": {"GB": "Großbritannien", "IE": "Irland", "DE": "Deutschland", "FR": "Frankreich"},
    "fr": {"GB": "Royaume-Uni", "IE": "Irlande", "DE": "Allemagne", "FR": "France"},
}


def address_of(party: Party, wording: Wording, *, country: bool = False) -> list[str]:
    """Name and address, a line each; British and Irish post codes follow the city."""
    address = party.address
    lines = [party.name, address.line_1, address.line_2, address.line_3, _city(address)]
    if country and address.country:
        lines.append(_COUNTRIES[wording.language][address.country])
    return [line for line in lines if line]


def _city(address: Address) -> str:
    parts = (address.city, address.post_code) if address.country in ("GB", "IE") else (address.post_code, address.city)
    return " ".join(filter(None, parts))


def paragraph(flow: Flow, text: str, x: float, width: float, font: Font, size: float) -> None:
    lines = wrap(text, font, size, width)
    flow.reserve(len(lines) * size * 1.35)
    flow.y = flow.sheet.column(x, flow.y, lines, font, size)


def label_width(rows: Sequence[tuple[str, str]], font: Font, size: float) -> float:
    return max((text_width(label, font, size) for label, _ in rows), default=0.0)
