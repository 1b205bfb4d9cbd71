"""Receipts as tills print them: narrow, letters of one width, prices with tax."""

from __future__ import annotations

from decimal import Decimal

from training.invoices.blocks import Block, Pen, Run, nothing, spread, stack, words
from training.invoices.business import Deal
from training.invoices.header import address_lines, amount_runs
from training.invoices.identifiers import spaced_vat
from training.invoices.style import Style

WIDTH = 226.8  # points: a roll of 80 mm


def print_receipt(deal: Deal, style: Style) -> Pen:
    pen = Pen("cour" if style.size < 9.5 else "helv", 8.0, style.stretch if style.stretch < 1 else 1.0, (0.1, 0.1, 0.12), (WIDTH, 700.0))
    invoice, voice, random = deal.invoice, deal.voice, deal.voice._random
    assert invoice.issue_date and invoice.total_with_tax is not None and invoice.total_tax is not None
    wide = WIDTH - 24

    def middle(runs: list[Run] | str, **look: object) -> Block:
        return words(pen, runs, width=wide, align="center", **look)  # type: ignore[arg-type]

    def pair(left: list[Run] | str, right: list[Run] | str, bold: bool = False) -> Block:
        a, b = words(pen, left, bold=bold), words(pen, right, bold=bold)
        return spread(a, b, wide) if a.width + b.width + 6 < wide else stack(a, spread(nothing(), b, wide))

    rows: list[Block] = [middle([(invoice.seller.name or "", "seller.name")], bold=True, size=10)]
    rows += [middle(line) for line in address_lines(invoice.seller, deal)]
    if random.random() < 0.7:
        rows.append(middle(f"{voice.word('phone')} {invoice.seller.phone}"))
    if invoice.seller.vat_id:
        rows.append(middle([(f"{voice.word('seller_vat')} ", None), (spaced_vat(invoice.seller.vat_id, random), "seller.vat_id")]))
    rows += [nothing(0, 6), middle(voice.title("receipt"), bold=True)]
    rows.append(words(pen, [(f"{voice.word('receipt_number')}: ", None), (invoice.number or "", "number")]))
    time = f"{random.randrange(8, 21):02d}:{random.randrange(60):02d}"
    rows.append(words(pen, [(f"{voice.word('date')}: ", None), (voice.date(invoice.issue_date), "issue_date"), (f"  {time}", None)]))
    rows.append(
        words(
            pen, f"{voice.word('till')} {random.randrange(1, 9)}  {voice.word('cashier')}: {(invoice.seller.contact_name or '').split()[0]}"
        )
    )
    rows.append(middle("-" * int(wide / pen.width("-", pen.font, 8))))
    two = random.random() < 0.4
    for i, line in enumerate(invoice.lines):
        assert line.quantity is not None and line.net_price is not None and line.net_amount is not None
        path = f"lines.{i}"
        amount: list[Run] = [(voice.amount(line.net_amount), f"{path}.net_amount")]
        name: list[Run] = [(line.item_name or "", f"{path}.item_name")]
        count: list[Run] = [
            (voice.number(line.quantity), f"{path}.quantity"),
            (" x ", None),
            (voice.amount(line.net_price), f"{path}.net_price"),
        ]
        if two or line.quantity != 1:
            rows += [words(pen, name, width=wide), pair([("  ", None), *count], amount)]
        else:
            rows.append(pair(name, amount))
    rows.append(middle("-" * int(wide / pen.width("-", pen.font, 8))))
    if random.random() < 0.5:
        rows.append(pair(voice.word("line_total"), voice.amount(invoice.total_with_tax)))
    total = amount_runs(deal, invoice.total_with_tax, "total_with_tax", currency=True)
    rows.append(pair(voice.word("gross").format(currency=invoice.currency), total, bold=True))
    if random.random() < 0.5:
        given = (invoice.total_with_tax // 10 + 1) * 10
        rows += [pair(voice.word("cash"), voice.amount(given)), pair(voice.word("change"), voice.amount(given - invoice.total_with_tax))]
    else:
        rows.append(pair(voice.word("card"), voice.amount(invoice.total_with_tax)))
    rows.append(nothing(0, 5))
    for part in invoice.tax_breakdown:
        label = f"{voice.word('tax_rate')} {voice.percent(part.rate or Decimal())}  {voice.amount(part.taxable_amount or Decimal())}"
        path_of_tax = "total_tax" if len(invoice.tax_breakdown) == 1 else None
        rows.append(pair(label, [(voice.amount(part.tax_amount or Decimal()), path_of_tax)]))
    rows += [nothing(0, 6), middle(voice.sentence("thanks"))]
    whole = stack(*rows, gap=1.5)
    pen.paper = (WIDTH, round(whole.height + 50.0))
    pen.turn()
    whole.draw(pen, 12, 24)
    return pen
