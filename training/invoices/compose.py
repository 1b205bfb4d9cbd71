"""One deal in one style: the pages, and where each value stands on them."""

from __future__ import annotations

from decimal import Decimal

from app.samples.canvas import GREY
from training.invoices.blocks import Block, Pen, Run, beside, framed, nothing, rule, spread, stack, words
from training.invoices.business import NO_TAX, Deal
from training.invoices.header import Head, address_lines, amount_runs
from training.invoices.style import Style
from training.invoices.table import Flow, ItemTable

PAYABLE = ("pay", "zahl", "betal", "pag")
FOOT = 74.0  # what the foot of a page takes


def compose(deal: Deal, style: Style) -> Pen:
    paper = deal.voice.locale.paper
    pen = Pen(style.font, style.size, style.stretch, style.ink, paper)
    return _Composer(pen, deal, style).compose()


class _Composer:
    def __init__(self, pen: Pen, deal: Deal, style: Style) -> None:
        self.pen, self.deal, self.style = pen, deal, style
        self.voice, self.random = deal.voice, deal.voice._random
        self.left = style.margin
        self.width = pen.paper[0] - 2 * style.margin
        self.head = Head(pen, deal, style, self.width)

    def compose(self) -> Pen:
        pen, style, deal = self.pen, self.style, self.deal
        pen.turn()
        flow = Flow(pen, self.left, 34.0, pen.paper[1] - FOOT, self.next_page)
        head = self.head.letterhead()
        head.draw(pen, self.left - (9 if style.structure.letterhead == "band" else 0), flow.y)
        flow.y += head.height + self.random.choice((14, 24, 34))
        self._middle(flow)
        ItemTable(pen, deal, style, self.width).draw(flow)
        flow.y += self.random.choice((6, 12, 20))
        flow.put(self._totals(), 10)
        for block in self._closing():
            flow.put(block, 5)
        if style.structure.payment == "slip" and deal.invoice.payment_account:
            flow.put(self._slip())
        if style.small_print == "page":
            self._terms_page()
        self._feet()
        if style.stamp:
            self._stamp()
        return pen

    def next_page(self) -> float:
        self.pen.turn()
        seller = words(self.pen, self.deal.invoice.seller.name or "", size=8, color=GREY)
        title = words(self.pen, f"{self.head.title()} {self.deal.invoice.number}", size=8, color=GREY)
        spread(seller, title, self.width).draw(self.pen, self.left, 34)
        return 62.0

    def _middle(self, flow: Flow) -> None:
        """Addresses and references, then the title where it stands above the table."""
        place = self.style.structure.meta_place
        room = self.width
        beside_room = room * 0.56
        addresses = self.head.addresses(beside_room - 14 if place == "beside_addresses" else room)
        if place == "beside_addresses":
            meta = self.head.meta(room - beside_room)
            if addresses.width + meta.width + 8 <= room:
                if self.style.structure.addresses == "right":
                    both = beside(Block(room - beside_room, meta.height, meta.draw), addresses)
                else:
                    both = spread(addresses, meta, room)
                flow.put(both, 16)
            else:
                flow.put(addresses, 12)
                flow.put(meta, 14)
        elif place == "below":
            flow.put(addresses, 14)
            flow.put(self.head.meta(room), 14)
        else:
            flow.put(self.head.meta(room), 14)
            flow.put(addresses, 16)
        kind = self.style.structure.title
        if kind in ("above_table", "centered"):
            text: list[Run] = [(self.head.title(), None)]
            if self.random.random() < 0.4:
                text += [
                    (self.random.choice((" ", " Nr. " if self.voice.language == "de" else " ")), None),
                    (self.deal.invoice.number or "", "number"),
                ]
            title = words(self.pen, text, bold=True, size=self.pen.size + self.random.choice((2, 4, 7)), color=self.style.ink)
            flow.put(spread(nothing(), title, self.width / 2 + title.width / 2) if kind == "centered" else title, 8)
        if self.style.greeting:
            flow.put(words(self.pen, self.voice.sentence("intro"), width=self.width), 8)

    def _rows(self) -> list[tuple[str, list[Run], bool]]:
        """The sums from first to last: label, value, whether it is the one to pay."""
        deal, invoice, voice, random = self.deal, self.deal.invoice, self.voice, self.random
        money = random.random() < 0.7
        rows: list[tuple[str, list[Run], bool]] = []

        def add(label: str, value: Decimal, path: str | None, strong: bool = False) -> None:
            runs = amount_runs(deal, value, path or "", currency=money or strong)
            rows.append((label.format(currency=invoice.currency), [(t, p or None) for t, p in runs], strong))

        assert invoice.total_without_tax is not None and invoice.total_tax is not None and invoice.total_with_tax is not None
        changes = [(c, -1, "allowances") for c in invoice.allowances] + [(c, 1, "charges") for c in invoice.charges]
        if changes and invoice.line_total is not None:
            add(voice.word("line_total"), invoice.line_total, "line_total")
            for change, sign, group in changes:
                share = f" {voice.percent(change.percentage)}" if change.percentage else ""
                add((change.reason or "") + share, sign * (change.amount or Decimal()), f"{group}.0.amount")
        untaxed = all(not part.tax_amount for part in invoice.tax_breakdown)
        if not (untaxed and random.random() < 0.3):
            add(voice.word("net"), invoice.total_without_tax, "total_without_tax")
            if voice.locale.tax == "sales":
                label = random.choice(("Sales tax", "Tax", "Sales Tax {rate}", "Tax ({rate})"))
                add(label.format(rate=voice.percent(invoice.tax_breakdown[0].rate or Decimal())), invoice.total_tax, "total_tax")
            elif voice.locale.tax == "gst":
                add(
                    random.choice(("GST 10%", "GST", "Total GST", "GST (10%)")) if invoice.total_tax else "GST",
                    invoice.total_tax,
                    "total_tax",
                )
            else:
                self._taxes(add)
        gross = voice.word("gross")
        if invoice.paid_amount is not None and any(part in gross.casefold() for part in PAYABLE):
            gross = voice.all_of("labels", "gross")[0]  # of two sums only the last is to be paid
        add(gross, invoice.total_with_tax, "total_with_tax", strong=invoice.paid_amount is None)
        if invoice.paid_amount is not None and invoice.amount_due is not None:
            add(voice.word("paid"), random.choice((1, -1)) * invoice.paid_amount, "paid_amount")
            add(voice.word("due_amount"), invoice.amount_due, "amount_due", strong=True)
        return rows

    def _taxes(self, add) -> None:  # type: ignore[no-untyped-def]
        invoice, voice = self.deal.invoice, self.voice
        parts = invoice.tax_breakdown
        if self.style.structure.tax_table or (len(parts) > 1 and self.random.random() < 0.2):
            add(voice.word("tax_total"), invoice.total_tax, "total_tax")
            return
        label = voice.word("tax")
        for i, part in enumerate(parts):
            text = label.format(rate=voice.percent(part.rate or Decimal()), base=voice.amount(part.taxable_amount or Decimal()))
            add(text, part.tax_amount or Decimal(), "total_tax" if len(parts) == 1 else f"tax_breakdown.{i}.tax_amount")
        if len(parts) > 1 and self.random.random() < 0.4:
            add(voice.word("tax_total"), invoice.total_tax, "total_tax")

    def _totals(self) -> Block:
        kind, pen = self.style.structure.totals, self.pen
        blocks = []
        rows = self._rows()
        larger = self.random.random() < 0.4
        made = [
            (words(pen, label, bold=strong, size=pen.size + (1.5 if strong and larger else 0)),
             words(pen, value, bold=strong, size=pen.size + (1.5 if strong and larger else 0)), strong)
            for label, value, strong in rows
        ]  # fmt: skip
        need = max(label.width + value.width for label, value, _ in made) + 16
        wide = self.width if kind in ("full", "in_table") else max(need, self.random.choice((170.0, 200, 230)))
        for label, value, strong in made:
            line = spread(label, value, wide - 12)
            padded = Block(wide, line.height + 4, lambda pen, x, y, line=line: line.draw(pen, x + 6, y + 2))  # type: ignore[misc]
            if kind == "boxed":
                padded = framed(line, 4, width=wide, fill=(0.92, 0.92, 0.93) if strong else None)
            elif strong:
                blocks.append(rule(wide, 0.9, self.style.ink, space=1.5))
            blocks.append(padded)
        sums = stack(*blocks)
        table = self._tax_table() if self.style.structure.tax_table and self.voice.locale.tax == "vat" else None
        if kind == "left":
            return stack(sums, table, gap=8)
        if table and table.width + sums.width + 10 < self.width:
            return spread(table, sums, self.width)
        return stack(spread(nothing(), sums, self.width), table, gap=8)

    def _tax_table(self) -> Block:
        pen, voice, parts = self.pen, self.voice, self.deal.invoice.tax_breakdown
        columns: list[list[Block]] = []
        names = ["tax_table_rate", "tax_table_base", "tax_table_tax"] + (["tax_table_gross"] if self.style.carried else [])
        if self.style.greeting:
            names[0], names[1] = names[1], names[0]
        for name in names:
            cells = [words(pen, voice.word(name), bold=True, size=pen.size - 1)]
            for i, part in enumerate(parts):
                base, tax = part.taxable_amount or Decimal(), part.tax_amount or Decimal()
                runs: list[Run] = {
                    "tax_table_rate": [(voice.percent(part.rate or Decimal()), f"tax_breakdown.{i}.rate")],
                    "tax_table_base": [(voice.amount(base), f"tax_breakdown.{i}.taxable_amount")],
                    "tax_table_tax": [(voice.amount(tax), f"tax_breakdown.{i}.tax_amount")],
                    "tax_table_gross": [(voice.amount(base + tax), None)],
                }[name]
                cells.append(words(pen, runs, size=pen.size - 1))
            columns.append(cells)
        return beside(*(stack(*cells, gap=3, align="right") for cells in columns), gap=18)

    def _closing(self) -> list[Block]:
        deal, pen, voice, kind = self.deal, self.pen, self.voice, self.style.structure.payment
        made: list[Block] = []

        def say(text: str, size: float = 0) -> None:
            made.append(words(pen, text, width=self.width, size=pen.size + size))

        category = deal.invoice.tax_breakdown[0].category or ""
        if category in NO_TAX:
            say(voice.sentence(NO_TAX[category]))
        if deal.terms:
            say(
                f"{voice.word('terms')}{voice.colon.rstrip() or ':'} {deal.terms}"
                if self.random.random() < 0.4 and deal.kind == "invoice"
                else deal.terms
            )
        rows = self.head.bank_rows()
        if rows and kind in ("rows", "box"):
            lines = [words(pen, self.head.labelled(label, value[0][0], value[0][1] or "")) for label, value in rows]
            block = stack(words(pen, voice.word("payment"), bold=True), *lines, gap=1)
            made.append(framed(block, 6) if kind == "box" else block)
        elif rows and kind == "paragraph":
            runs: list[Run] = [(f"{voice.word('payment')}: ", None)]
            for label, value in rows:
                runs += [(f"{voice.word(label)} ".replace(":", ""), None), *value, (", ", None)]
            made.append(words(pen, runs[:-1], width=self.width))
        if self.style.greeting:
            say(voice.sentence("closing"))
        if self.style.small_print == "foot":
            for text in voice.all_of("sentences", "small_print")[:4]:
                say(text, -2)
        return made

    def _slip(self) -> Block:
        """The part to be cut off and sent with the payment: it repeats what matters."""
        deal, pen, voice = self.deal, self.pen, self.voice
        invoice = deal.invoice
        due = invoice.amount_due or Decimal()
        lines = [words(pen, voice.word("remittance"), bold=True)]
        lines += [words(pen, self.head.labelled(label, value[0][0], value[0][1] or "")) for label, value in self.head.bank_rows()]
        left = stack(*lines, gap=1)
        right = stack(
            words(pen, self.head.labelled("number", invoice.number or "", "number")),
            words(pen, [(f"{voice.word('due_amount')}: ", None), *amount_runs(deal, due, "amount_due", currency=True)]),
            gap=2,
        )
        return stack(rule(self.width, 0.4), spread(left, right, self.width), gap=4)

    def _feet(self) -> None:
        """At the foot of every page: columns with the sender's details, the bank, the number of the page."""
        pen, voice, deal = self.pen, self.voice, self.deal
        seller = deal.invoice.seller
        pages = len(pen.sheets)
        columns: list[list[list[Run]]] = [[[(seller.name or "", "seller.name")], *([(line, None)] for line in address_lines(seller, deal))]]
        contact: list[list[Run]] = [[(f"{voice.word('phone')} {seller.phone}", None)], [(seller.email or "", None)], [(deal.web, None)]]
        columns.append(contact)
        ids: list[list[Run]] = []
        if self.head.own_vat:
            ids.append(self.head.labelled("seller_vat", self.head.own_vat, "seller.vat_id"))
        if seller.legal_id:
            ids.append([(f"{voice.word('register')} {seller.legal_id}", None)])
        if seller.tax_id:
            ids.append(self.head.labelled("tax_no", seller.tax_id, "seller.tax_id"))
        columns.append(ids)
        if self.style.structure.payment == "footer":
            columns.append([self.head.labelled(label, value[0][0], value[0][1] or "") for label, value in self.head.bank_rows()])
        shown = self.random.random() < (
            1.0 if self.style.structure.payment == "footer" or self.style.structure.sender == "footer_only" else 0.6
        )
        pattern = voice.word("page")
        size = self.random.choice((6.5, 7, 7.5))
        sheets = pen.sheets
        for page in range(1, pages + 1):
            pen.sheets = sheets[:page]
            if shown and (page == 1 or self.style.structure.payment != "none"):
                blocks = [stack(*(words(pen, runs, size=size, color=GREY) for runs in column)) for column in columns if column]
                room = self.width - sum(block.width for block in blocks)
                if room > 8 * len(blocks):
                    rule(self.width, 0.4).draw(pen, self.left, pen.paper[1] - FOOT + 4)
                    beside(*blocks, gap=room / max(1, len(blocks) - 1)).draw(pen, self.left, pen.paper[1] - FOOT + 12)
                else:
                    flat: list[Run] = []
                    for column in columns:
                        for runs in column:
                            flat += [*runs, (" · ", None)]
                    words(pen, flat[:-1], size=size - 0.5, color=GREY, width=self.width, align="center").draw(
                        pen, self.left, pen.paper[1] - FOOT + 12
                    )
            elif page == 1 and self.head.own_vat and not any(spot.path == "seller.vat_id" for spot in pen.spots):
                words(pen, self.head.labelled("seller_vat", self.head.own_vat, "seller.vat_id"), size=size).draw(
                    pen, self.left, pen.paper[1] - FOOT + 12
                )
            if pages > 1 or self.style.greeting:
                number = words(pen, pattern.format(page=page, pages=pages), size=7, color=GREY)
                number.draw(pen, self.left + self.width - number.width, pen.paper[1] - 24)
        pen.sheets = sheets

    def _terms_page(self) -> None:
        """A page of nothing but terms, in two dense columns: numbers, dates and money that are none of the invoice's."""
        self.pen.turn()
        texts = self.voice.all_of("sentences", "small_print")
        half = self.width / 2 - 10
        for column in range(2):
            blocks = [words(self.pen, text, width=half, size=6.5) for text in (texts * 3)[column * len(texts) : (column + 1) * len(texts)]]
            stack(*blocks, gap=5).draw(self.pen, self.left + column * (half + 20), 50)

    def _stamp(self) -> None:
        """Red, in the upper right half of the first page."""
        pen, red = self.pen, (0.75, 0.1, 0.12)
        sheets = pen.sheets
        pen.sheets = sheets[:1]
        block = words(pen, self.voice.word("stamp"), bold=True, size=self.random.choice((14, 18, 24)), color=red)
        frame = framed(block, 5, line=red)
        frame.draw(pen, pen.paper[0] * self.random.uniform(0.35, 0.6), pen.paper[1] * self.random.uniform(0.72, 0.85))
        pen.sheets = sheets
