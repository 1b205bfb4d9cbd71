"""Receipts as tills print them: narrow, prices with tax; what stands where, and how large, is drawn for each."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from training.invoices.blocks import Block, Pen, Run, nothing, spread, stack, words
from training.invoices.business import Deal
from training.invoices.header import address_lines, amount_runs
from training.invoices.identifiers import spaced_vat
from training.invoices.style import Style

WIDTH = 226.8  # points: a roll of 80 mm
WIDE = WIDTH - 24
LONG = 24  # characters: a name that is set large no longer fits on a row


@dataclass(frozen=True, slots=True)
class _Till:
    deal: Deal
    pen: Pen

    def chance(self, share: float) -> bool:
        return self.deal.voice._random.random() < share

    def middle(self, runs: list[Run] | str, *, bold: bool = False, size: float | None = None) -> Block:
        return words(self.pen, runs, width=WIDE, align="center", bold=bold, size=size)

    def left(self, *runs: Run) -> Block:
        return words(self.pen, list(runs), width=WIDE)

    def pair(self, left: list[Run] | str, right: list[Run] | str, *, bold: bool = False, size: float | None = None) -> Block:
        a, b = words(self.pen, left, bold=bold, size=size), words(self.pen, right, bold=bold, size=size)
        return spread(a, b, WIDE) if a.width + b.width + 6 < WIDE else stack(a, spread(nothing(), b, WIDE))

    def rule(self) -> Block:
        return self.middle(self.deal.voice._random.choice("-=*") * int(WIDE / self.pen.width("=", self.pen.font, 8)))

    def head(self) -> list[Block]:
        """The name, large or not, a long one in two rows; address, telephone and tax number in any order; the title, first
        or last."""
        deal, voice = self.deal, self.deal.voice
        seller = deal.invoice.seller
        title = self.middle(voice.title("receipt"), bold=self.chance(0.6))
        size = 10.0 if self.chance(0.6) else None
        name = (seller.name or "").split(" ")
        cut = voice._random.randrange(1, len(name)) if len(seller.name or "") > LONG and self.chance(0.5) else len(name)
        parts = [" ".join(name[:cut]), " ".join(name[cut:])]
        named = [self.middle([(part, "seller.name")], bold=size is not None, size=size) for part in parts if part]
        blocks = [[self.middle(line) for line in address_lines(seller, deal)]]
        if self.chance(0.7):
            blocks.append([self.middle(f"{voice.word('phone')} {seller.phone}")])
        if seller.vat_id:
            vat: list[Run] = [(f"{voice.word('seller_vat')} ", None), (spaced_vat(seller.vat_id, voice._random), "seller.vat_id")]
            blocks.append([self.middle(vat)])
        if self.chance(0.3):
            voice._random.shuffle(blocks)
        below = [row for block in blocks for row in block]
        if self.chance(0.15):
            return [title, *named, *below]
        return [*named, *below, nothing(0, 6), title]

    def references(self) -> list[Block]:
        """Number, date with the time of day, till and cashier, each in a row, or two in one."""
        deal, voice = self.deal, self.deal.voice
        assert deal.invoice.issue_date
        time = f"{voice._random.randrange(8, 21):02d}:{voice._random.randrange(60):02d}" + (":27" if self.chance(0.3) else "")
        number: list[Run] = [(f"{voice.word('receipt_number')}: ", None), (deal.invoice.number or "", "number")]
        label = f"{voice.word('date')}: " if self.chance(0.7) else ""
        date: list[Run] = [(label, None), (voice.date(deal.invoice.issue_date), "issue_date"), (f"  {time}", None)]
        who = f"{voice.word('till')} {voice._random.randrange(1, 9)}  {voice.word('cashier')}: "
        who += (deal.invoice.seller.contact_name or "").split()[0]
        if self.chance(0.25):
            return [self.pair(number, date), self.left((who, None))]
        rows = [self.left(*number), self.left(*date), self.left((who, None))]
        if self.chance(0.3):
            voice._random.shuffle(rows)
        return rows

    def articles(self) -> list[Block]:
        voice = self.deal.voice
        rows: list[Block] = []
        two = self.chance(0.4)
        for i, line in enumerate(self.deal.invoice.lines):
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
                rows += [words(self.pen, name, width=WIDE), self.pair([("  ", None), *count], amount)]
            else:
                rows.append(self.pair(name, amount))
        return rows

    def sums(self) -> list[Block]:
        """The total, at times larger than the rest, and what was paid by cash or card."""
        invoice, voice = self.deal.invoice, self.deal.voice
        assert invoice.total_with_tax is not None
        rows = [self.pair(voice.word("line_total"), voice.amount(invoice.total_with_tax))] if self.chance(0.5) else []
        total = amount_runs(self.deal, invoice.total_with_tax, "total_with_tax", currency=True)
        size = voice._random.choice((None, None, 10.0, 12.0))
        rows.append(self.pair(voice.word("gross").format(currency=invoice.currency), total, bold=self.chance(0.7), size=size))
        if self.chance(0.5):
            given = (invoice.total_with_tax // 10 + 1) * 10
            change = voice.amount(given - invoice.total_with_tax)
            rows += [self.pair(voice.word("cash"), voice.amount(given)), self.pair(voice.word("change"), change)]
        elif self.chance(0.85):
            rows.append(self.pair(voice.word("card"), voice.amount(invoice.total_with_tax)))
        return rows

    def taxes(self) -> list[Block]:
        """For each rate the base, the tax, and at times their sum."""
        voice, parts = self.deal.voice, self.deal.invoice.tax_breakdown
        summed = self.chance(0.3)
        rows: list[Block] = []
        for part in parts:
            base, tax = part.taxable_amount or Decimal(), part.tax_amount or Decimal()
            label = f"{voice.word('tax_rate')} {voice.percent(part.rate or Decimal())}  {voice.amount(base)}"
            amounts: list[Run] = [(voice.amount(tax), "total_tax" if len(parts) == 1 else None)]
            rows.append(self.pair(label, [*amounts, (f"  {voice.amount(base + tax)}", None)] if summed else amounts))
        return rows


def print_receipt(deal: Deal, style: Style) -> Pen:
    pen = Pen("cour" if style.size < 9.5 else "helv", 8.0, style.stretch if style.stretch < 1 else 1.0, (0.1, 0.1, 0.12), (WIDTH, 700.0))
    till = _Till(deal, pen)
    references = till.references()
    at_foot = till.chance(0.2)
    rows = till.head()
    if not at_foot:
        rows += references
    rows += [till.rule(), *till.articles(), till.rule(), *till.sums(), nothing(0, 5), *till.taxes()]
    if at_foot:
        rows += [nothing(0, 4), *references]
    if till.chance(0.8):
        rows += [nothing(0, 6), till.middle(deal.voice.sentence("thanks"))]
    whole = stack(*rows, gap=1.5)
    pen.paper = (WIDTH, round(whole.height + 50.0))
    pen.turn()
    whole.draw(pen, 12, 24)
    return pen
