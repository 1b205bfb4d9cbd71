"""Three ways to lay an invoice out. They differ in all but their paging; each takes any language and the firm's colour."""

from __future__ import annotations

from app.domain.invoice import Invoice
from app.samples.canvas import BLACK, GREY, HEIGHT, WHITE, WIDTH, Color, Sheet
from app.samples.paging import (
    Column,
    Flow,
    Table,
    address_of,
    cells_of,
    draw_lines,
    label_width,
    meta_of,
    paragraph,
    payment_of,
    title_of,
    totals_of,
)
from app.samples.wording import Wording


def banner(invoice: Invoice, wording: Wording, ink: Color) -> list[Sheet]:
    """A coloured band on top, the payment box beside the totals; sans serif."""
    seller = invoice.seller

    def band(sheet: Sheet, height: float) -> None:
        sheet.fill(0, 0, WIDTH, height, ink)
        sheet.text(45, height * 0.6 + 3, seller.name or "", "hebo", 15, color=WHITE)
        sheet.text(WIDTH - 45, height * 0.6 + 3, title_of(invoice, wording), "hebo", 15, color=WHITE, align="right")
        legal = f"{seller.name} · {wording.legal_id} {seller.legal_id} · {wording.seller_vat} {seller.vat_id}"
        sheet.rule(45, HEIGHT - 56, WIDTH - 45, HEIGHT - 56, thickness=0.5)
        sheet.text(WIDTH / 2, HEIGHT - 44, legal, size=7.5, color=GREY, align="center")
        sheet.text(WIDTH / 2, HEIGHT - 33, " · ".join(filter(None, (seller.email, seller.phone))), size=7.5, color=GREY, align="center")

    def next_sheet(_: int) -> tuple[Sheet, float]:
        sheet = Sheet()
        band(sheet, 46)
        return sheet, 78

    first = Sheet()
    band(first, 74)
    first.text(45, 94, ", ".join(address_of(seller, wording, country=True)[1:]), size=8, color=GREY)
    first.text(45, 130, wording.bill_to, "hebo", 8, color=ink)
    address_end = first.column(45, 145, address_of(invoice.buyer, wording, country=True), size=10)
    meta = meta_of(invoice, wording)
    y = 130.0
    for label, value in meta:
        first.text(345, y, label, size=9, color=GREY)
        first.text(WIDTH - 45, y, value, "hebo", 9, align="right")
        y += 15
    flow = Flow(first, max(address_end, y) + 24, next_sheet)
    cells = cells_of(wording)
    amount = f"{wording.amount} ({invoice.currency})" if len(wording.amount) < 8 else wording.amount
    table = Table(
        columns=(
            Column(wording.item_id, 51, "left", cells["item_id"]),
            Column(wording.quantity, 330, "right", cells["quantity"]),
            Column(wording.unit, 338, "left", cells["unit"]),
            Column(wording.price, 430, "right", cells["price"]),
            Column(wording.tax_rate, 470, "right", cells["tax_rate"]),
            Column(amount, WIDTH - 51, "right", cells["amount"]),
        ),
        left=45,
        right=WIDTH - 45,
        item_title=wording.item,
        item_x=112,
        item_width=188,
        font="helv",
        bold="hebo",
        size=9,
        head_fill=ink,
        head_ink=WHITE,
    )
    draw_lines(flow, table, invoice, wording)
    rows = totals_of(invoice, wording)
    payment = payment_of(invoice, wording)
    flow.reserve(18 * len(rows) + 70)
    top = flow.y + 12
    y = top
    for label, value in rows[:-1]:
        flow.sheet.text(325, y, label, size=9)
        flow.sheet.text(WIDTH - 51, y, value, size=9, align="right")
        y += 16
    flow.sheet.fill(319, y - 9, WIDTH - 45, y + 15, ink)
    flow.sheet.text(325, y + 6, rows[-1][0], "hebo", 10.5, color=WHITE)
    flow.sheet.text(WIDTH - 51, y + 6, rows[-1][1], "hebo", 10.5, color=WHITE, align="right")
    if payment:
        flow.sheet.text(51, top, wording.payment, "hebo", 9, color=ink)
        for row, (label, value) in enumerate(payment, start=1):
            flow.sheet.text(51, top + 15 * row, label, size=8.5, color=GREY)
            flow.sheet.text(51 + label_width(payment, "helv", 8.5) + 8, top + 15 * row, value, "helv", 8.5)
    flow.y = max(y + 34, top + 15 * len(payment) + 22)
    paragraph(flow, invoice.payment_terms or "", 51, WIDTH - 102, "helv", 8.5)
    return flow.sheets


def letter(invoice: Invoice, wording: Wording, ink: Color) -> list[Sheet]:
    """A business letter as in DIN 5008: address window, block of references at the right, three columns at the foot."""
    seller = invoice.seller
    left, right = 62.0, WIDTH - 57

    def frame(sheet: Sheet) -> None:
        sheet.text(right, 52, seller.name or "", "hebo", 14, color=ink, align="right")
        sheet.rule(left, 62, right, 62, thickness=1.4, color=ink)
        y = HEIGHT - 66
        sheet.rule(left, y - 12, right, y - 12, thickness=0.5)
        sheet.column(left, y, address_of(seller, wording), size=7)
        sheet.column(
            232, y, [f"{wording.seller_vat} {seller.vat_id}", seller.legal_id or "", seller.email or "", seller.phone or ""], size=7
        )
        sheet.column(400, y, [wording.payment, *(f"{label} {value}" for label, value in payment_of(invoice, wording)[:2])], size=7)

    def next_sheet(number: int) -> tuple[Sheet, float]:
        sheet = Sheet()
        frame(sheet)
        sheet.text(left, 86, f"{title_of(invoice, wording)} {wording.number_sign} {invoice.number}", size=8.5, color=GREY)
        return sheet, 116

    first = Sheet()
    frame(first)
    first.text(left, 124, " · ".join(address_of(seller, wording)), size=6.5, color=GREY)
    first.rule(left, 127, left + 215, 127, thickness=0.3)
    first.column(left, 144, address_of(invoice.buyer, wording), size=10.5)
    y = 134.0
    for label, value in [*meta_of(invoice, wording)[1:], (wording.contact, seller.contact_name or "")]:
        if value:
            first.text(352, y, f"{label}{wording.colon.rstrip()}", size=9)
            first.text(445, y, value, size=9)
            y += 14
    first.text(left, 268, f"{title_of(invoice, wording)} {wording.number_sign} {invoice.number}", "hebo", 13)
    flow = Flow(first, 300, next_sheet)
    cells = cells_of(wording)
    table = Table(
        columns=(
            Column(wording.position, left, "left", cells["position"]),
            Column(wording.quantity, 345, "right", cells["quantity"]),
            Column(wording.unit, 352, "left", cells["unit"]),
            Column(wording.price, 440, "right", cells["price"]),
            Column(wording.tax_rate, 472, "right", cells["tax_rate"]),
            Column(wording.amount, right, "right", cells["amount"]),
        ),
        left=left,
        right=right,
        item_title=wording.item,
        item_x=left + 28,
        item_width=205,
        font="helv",
        bold="helv",
        size=9,
        line_rules=False,
    )
    draw_lines(flow, table, invoice, wording)
    rows = totals_of(invoice, wording)
    flow.reserve(16 * len(rows) + 60)
    flow.sheet.rule(left, flow.y - 8, right, flow.y - 8)
    flow.y += 8
    for label, value in rows[:-1]:
        flow.sheet.text(440, flow.y, label, size=9, align="right")
        flow.sheet.text(right, flow.y, value, size=9, align="right")
        flow.y += 15
    flow.sheet.rule(300, flow.y - 10, right, flow.y - 10, thickness=0.9)
    flow.sheet.text(440, flow.y + 3, rows[-1][0], "hebo", 10, align="right")
    flow.sheet.text(right, flow.y + 3, rows[-1][1], "hebo", 10, align="right")
    flow.sheet.rule(300, flow.y + 8, right, flow.y + 8, thickness=0.9)
    flow.y += 34
    paragraph(flow, invoice.payment_terms or "", left, right - left, "helv", 9)
    for label, value in payment_of(invoice, wording)[2:]:
        paragraph(flow, f"{label}{wording.colon}{value}", left, right - left, "helv", 9)
    return flow.sheets


def ledger(invoice: Invoice, wording: Wording, ink: Color) -> list[Sheet]:
    """A printed form: centred letterhead, references in a strip of cells, ruled columns, boxed totals; serif."""
    seller = invoice.seller
    left, right = 48.0, WIDTH - 48
    edges = (left, 282.0, 328.0, 374.0, 434.0, 474.0, right)
    ruled_from: list[float] = []

    def letterhead(sheet: Sheet) -> None:
        sheet.text(WIDTH / 2, 50, seller.name or "", "tibo", 19, color=ink, align="center")
        sheet.text(WIDTH / 2, 66, " – ".join(address_of(seller, wording, country=True)[1:]), "tiro", 9.5, align="center")
        sheet.text(WIDTH / 2, 79, " – ".join(filter(None, (seller.phone, seller.email))), "tiro", 9.5, align="center")
        sheet.rule(left, 88, right, 88, thickness=1.2, color=ink)
        sheet.rule(left, 91, right, 91, thickness=0.4, color=ink)
        foot = f"{seller.name} – {wording.legal_id} {seller.legal_id} – {wording.seller_vat}{wording.colon}{seller.vat_id}"
        sheet.text(WIDTH / 2, HEIGHT - 40, foot, "tiro", 8, align="center")

    def next_sheet(_: int) -> tuple[Sheet, float]:
        sheet = Sheet()
        letterhead(sheet)
        ruled_from.append(108)
        return sheet, 120

    first = Sheet()
    letterhead(first)
    _box(first, 318, 108, right, 196)
    first.text(326, 122, wording.bill_to, "tiit", 9)
    first.column(326, 138, address_of(invoice.buyer, wording), "tiro", 11)
    first.text(left, 134, title_of(invoice, wording), "tibo", 22, color=ink)
    meta = meta_of(invoice, wording)
    first.text(left, 158, f"{meta[0][0]} {meta[0][1]}", "tibo", 12)
    in_strip = [row for row in meta[1:] if row[0] != wording.buyer_vat]
    for label, value in [row for row in meta[1:] if row[0] == wording.buyer_vat]:
        first.text(left, 176, f"{label}{wording.colon}{value}", "tiro", 10)
    step = (right - left) / len(in_strip)
    for cell, (label, value) in enumerate(in_strip):
        x = left + step * cell
        _box(first, x, 210, x + step, 246)
        first.text(x + step / 2, 222, label, "tiit", 8.5, align="center")
        first.text(x + step / 2, 238, value, "tiro", 10.5, align="center")
    ruled_from.append(262)
    flow = Flow(first, 274, next_sheet)
    cells = cells_of(wording)
    table = Table(
        columns=(
            Column(wording.quantity, edges[2] - 6, "right", cells["quantity"]),
            Column(wording.unit, edges[2] + 5, "left", cells["unit"]),
            Column(wording.price, edges[4] - 6, "right", cells["price"]),
            Column(wording.tax_rate, edges[5] - 5, "right", cells["tax_rate"]),
            Column(wording.amount, right - 6, "right", cells["amount"]),
        ),
        left=left,
        right=right,
        item_title=wording.item,
        item_x=left + 6,
        item_width=edges[1] - left - 12,
        font="tiro",
        bold="tiro",
        size=10,
        line_rules=False,
        head_fill=(0.93, 0.92, 0.89),
    )
    draw_lines(flow, table, invoice, wording)
    for top, sheet in zip(ruled_from, flow.sheets, strict=True):
        bottom = flow.y if sheet is flow.sheet else HEIGHT - 92
        _box(sheet, left, top, right, bottom)
        for x in edges[1:-1]:
            sheet.rule(x, top, x, bottom, thickness=0.4, color=BLACK)
    rows = totals_of(invoice, wording)
    flow.reserve(20 * len(rows) + 60)
    y = flow.y + 12
    for label, value in rows:
        bold = (label, value) == rows[-1]
        _box(flow.sheet, 318, y, right, y + 19, fill=(0.93, 0.92, 0.89) if bold else None)
        flow.sheet.text(324, y + 13, label, "tibo" if bold else "tiro", 10)
        flow.sheet.text(right - 6, y + 13, value, "tibo" if bold else "tiro", 10, align="right")
        y += 19
    payment = payment_of(invoice, wording)
    if payment:
        flow.sheet.text(left, flow.y + 25, wording.payment, "tibo", 10)
        for row, (label, value) in enumerate(payment, start=1):
            flow.sheet.text(left, flow.y + 25 + 14 * row, f"{label}{wording.colon}{value}", "tiro", 10)
    flow.y = max(y, flow.y + 25 + 14 * len(payment)) + 22
    paragraph(flow, invoice.payment_terms or "", left, right - left, "tiro", 9)
    return flow.sheets


def _box(sheet: Sheet, x0: float, y0: float, x1: float, y1: float, fill: Color | None = None) -> None:
    if fill:
        sheet.fill(x0, y0, x1, y1, fill)
    for a, b, c, d in ((x0, y0, x1, y0), (x1, y0, x1, y1), (x0, y1, x1, y1), (x0, y0, x0, y1)):
        sheet.rule(a, b, c, d, thickness=0.4, color=BLACK)
