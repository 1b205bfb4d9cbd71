"""The head of an invoice: letterhead, addresses, references."""

from __future__ import annotations

from decimal import Decimal

from app.domain.invoice import Party
from app.samples.canvas import GREY, WHITE
from training.invoices.blocks import Block, Pen, Run, beside, framed, nothing, rule, spread, stack, words
from training.invoices.business import Deal
from training.invoices.identifiers import spaced_account, spaced_vat
from training.invoices.style import Style

Row = tuple[str, list[Run]]
COUNTRIES = {
    "GB": "United Kingdom", "IE": "Ireland", "US": "USA", "AU": "Australia", "DE": "Germany", "AT": "Austria", "CH": "Switzerland",
    "FR": "France", "BE": "Belgium", "NL": "Netherlands", "IT": "Italy", "ES": "Spain", "PT": "Portugal",
    "CA": "Canada", "IN": "India", "SG": "Singapore", "MY": "Malaysia", "ZA": "South Africa", "NZ": "New Zealand", "MX": "México",
    "BR": "Brasil", "PL": "Polska", "CN": "P.R. China", "TR": "Türkiye",
}  # fmt: skip


class Head:
    """The blocks of a head; `random` decides on what the structure leaves open."""

    def __init__(self, pen: Pen, deal: Deal, style: Style, width: float) -> None:
        self.pen, self.deal, self.style, self.width = pen, deal, style, width
        self.voice = deal.voice
        self.random = deal.voice._random
        self.own_vat: str = spaced_vat(deal.invoice.seller.vat_id, self.random) if deal.invoice.seller.vat_id else ""
        self.their_vat: str = spaced_vat(deal.invoice.buyer.vat_id, self.random) if deal.invoice.buyer.vat_id else ""
        self.account: str = spaced_account(deal.invoice.payment_account, self.random) if deal.invoice.payment_account else ""
        self.vat_in_meta = bool(self.own_vat) and self.random.random() < 0.2

    def title(self) -> str:
        return self.voice.title(self.deal.kind if self.deal.kind != "receipt" else "invoice")

    def letterhead(self) -> Block:
        pen, style, seller = self.pen, self.style, self.deal.invoice.seller
        large = self.random.choice((12.0, 14, 16, 19))
        band = style.structure.letterhead == "band"
        large = min(large, max(9.0, large * self.width * 0.58 / pen.width(seller.name or "", pen.bold, large)))
        name = words(pen, [(seller.name or "", "seller.name")], bold=True, size=large, color=WHITE if band else style.ink)
        logo = self._logo()
        mark = beside(logo, name, gap=8) if logo.width else name
        details = nothing() if style.structure.sender == "footer_only" else self.sender_block(color_white=band)
        title = words(pen, self.title(), bold=True, size=large + 2, color=WHITE if band else style.ink)
        right = title if style.structure.title == "top_right" else nothing()
        place = style.structure.letterhead
        if place == "band":
            body = spread(mark, right, self.width)
            return stack(framed(body, 9, fill=style.ink, line=None, width=self.width + 18), nothing(0, 4), self._line_of_details())
        if place == "none":
            return spread(stack(words(pen, [(seller.name or "", "seller.name")], bold=True), details), right, self.width)
        if place == "right":
            return spread(right, stack(mark, details, gap=3, align="right"), self.width)
        if place == "center":
            centered = stack(mark, self._line_of_details(), rule(self.width), gap=2, align="center", width=self.width)
            return stack(centered, spread(nothing(), right, self.width) if right.width else None)
        if place == "two_sides":
            return stack(spread(mark, stack(details, right, gap=4, align="right"), self.width), rule(self.width, 1.0, style.ink))
        return spread(stack(mark, details, gap=3), right, self.width)

    def _logo(self) -> Block:
        ink, kind = self.style.ink, self.style.logo

        def draw(pen: Pen, x: float, y: float) -> None:
            if kind == "bars":
                for step in range(3):
                    pen.sheet.fill(x + 9 * step, y + 6 * (2 - step), x + 9 * step + 6, y + 24, ink)
            elif kind == "square":
                pen.sheet.fill(x, y, x + 24, y + 24, ink)
                pen.sheet.fill(x + 7, y + 7, x + 17, y + 17, WHITE)
            else:
                for step in range(12):
                    half = (1 - ((step - 5.5) / 6) ** 2) ** 0.5 * 12
                    pen.sheet.fill(x + 12 - half, y + 2 * step, x + 12 + half, y + 2 * step + 2, ink)

        return nothing() if kind == "none" else Block(26, 24, draw)

    def sender_block(self, color_white: bool = False) -> Block:
        seller, voice = self.deal.invoice.seller, self.voice
        lines: list[list[Run]] = [[(line, None)] for line in address_lines(seller, self.deal)]
        lines.append([(f"{voice.word('phone')}{voice.colon.rstrip() or ''} {seller.phone}", None)])
        if self.random.random() < 0.7:
            lines.append([(seller.email or "", None)])
        if self.own_vat and not self.vat_in_meta and self.random.random() < 0.5:
            lines.append(self.labelled("seller_vat", self.own_vat, "seller.vat_id"))
        if seller.tax_id:
            lines.append(self.labelled("tax_no", seller.tax_id, "seller.tax_id"))
        return stack(*(words(self.pen, line, size=self.pen.size - 0.5) for line in lines))

    def _line_of_details(self) -> Block:
        seller = self.deal.invoice.seller
        dot = self.random.choice((" · ", " - ", " | ", ", "))
        text = dot.join([*address_lines(seller, self.deal), seller.phone or "", seller.email or ""])
        return words(self.pen, text, size=7, color=GREY)

    def labelled(self, label: str, shown: str, path: str) -> list[Run]:
        colon = self.voice.colon.strip() or ":"
        return [(f"{self.voice.word(label)}{'' if self.voice.word(label).endswith(':') else colon} ", None), (shown, path)]

    def address(self, party: Party, path: str, label: str | None, *, frame: bool = False, width: float = 200) -> Block:
        pen = self.pen
        heading = (
            words(pen, self.voice.word(label), bold=self.random.random() < 0.5, size=pen.size - 0.5, color=self.style.ink)
            if label
            else None
        )
        lines: list[list[Run]] = [[(party.name or "", f"{path}.name")]]
        if path == "buyer" and self.random.random() < 0.25:
            attention = f"{self.voice.word('attention')} {party.contact_name}"
            lines.insert(1, [(attention, None)])
        lines += [[(line, None)] for line in address_lines(party, self.deal)]
        if path == "buyer" and self.their_vat and self.random.random() < 0.6:
            lines.append(self.labelled("buyer_vat", self.their_vat, "buyer.vat_id"))
        bold = self.random.random() < 0.3
        size = pen.size + self.random.choice((0, 0.5, 1))
        inner = width - 12 if frame else width
        body = stack(heading, *(words(pen, line, bold=bold and i == 0, size=size, width=inner) for i, line in enumerate(lines)), gap=0.5)
        return framed(body, 6, width=width) if frame else body

    def addresses(self, room: float) -> Block:
        invoice, kind = self.deal.invoice, self.style.structure.addresses
        ship = (
            self.address(invoice.ship_to, "ship_to", "ship_to", frame=kind == "boxes", width=min(200, room / 2 - 6))
            if invoice.ship_to.name
            else None
        )
        if kind == "window":
            seller = invoice.seller
            line = " · ".join([seller.name or "", *address_lines(seller, self.deal)])
            small = words(self.pen, line, size=6.5, color=GREY) if self.style.structure.sender == "line" else None
            return stack(small, self.address(invoice.buyer, "buyer", None, width=min(220, room)), ship, gap=5)
        label = "bill_to" if self.random.random() < 0.85 else None
        wide = min(220, room) if not ship else min(200, room / 2 - 6)
        bill = self.address(invoice.buyer, "buyer", label, frame=kind == "boxes", width=wide)
        if kind == "right":
            return spread(stack(ship) if ship else nothing(), bill, room)
        if kind == "three":
            source = stack(
                words(self.pen, self.voice.word("from"), size=self.pen.size - 0.5, color=self.style.ink),
                words(self.pen, invoice.seller.name or "", width=min(160, room / 3)),
                *(words(self.pen, line) for line in address_lines(invoice.seller, self.deal)),
            )
            narrow = [Block(max(block.width, room / 3 - 8), block.height, block.draw) for block in (source, bill)]
            return stack(beside(*narrow, gap=6), ship, gap=6)
        return beside(*[block for block in (bill, ship) if block], gap=12)

    def references(self) -> list[Row]:
        """Label and value of everything that the head says besides the parties."""
        deal, invoice, voice, random = self.deal, self.deal.invoice, self.voice, self.random
        assert invoice.issue_date
        rows: list[Row] = [("credit_number" if deal.kind == "credit_note" else "number", [(invoice.number or "", "number")])]
        rows.append(("date", [(voice.date(invoice.issue_date), "issue_date")]))
        rest: list[Row] = []
        if invoice.due_date:
            rest.append(("due", [(voice.date(invoice.due_date), "due_date")]))
        if invoice.delivery_date:
            rest.append(("delivery_date", [(voice.date(invoice.delivery_date), "delivery_date")]))
        if invoice.purchase_order_reference:
            rest.append(("order", [(invoice.purchase_order_reference, "purchase_order_reference")]))
        if invoice.buyer_reference:
            rest.append(("your_ref", [(invoice.buyer_reference, "buyer_reference")]))
        if invoice.preceding_invoice_reference:
            rest.append(("preceding", [(invoice.preceding_invoice_reference, "preceding_invoice_reference")]))
        if random.random() < 0.6:
            rest.append(("customer_no", [(invoice.buyer.id or "", "buyer.id")]))
        for label, shown, chance in (("our_order", deal.our_order, 0.2), ("delivery_note", deal.delivery_note, 0.2),
                                     ("contact", invoice.seller.contact_name or "", 0.25)):  # fmt: skip
            if random.random() < chance:
                rest.append((label, [(shown, None)]))
        if self.vat_in_meta:
            rest.append(("seller_vat", [(self.own_vat, "seller.vat_id")]))
        if random.random() < 0.12:
            rest.append(("currency", [(invoice.currency or "", "currency")]))
        random.shuffle(rest)
        if random.random() < 0.25:
            rows.reverse()
        return rows + rest

    def meta(self, room: float) -> Block:
        pen, kind, voice, rows = self.pen, self.style.structure.meta, self.voice, self.references()
        bold_label, bold_value = self.random.random() < 0.3, self.random.random() < 0.25
        title = (
            words(pen, self.title(), bold=True, size=pen.size + 5, color=self.style.ink)
            if self.style.structure.title == "in_meta"
            else None
        )
        if kind == "sentences":
            colon = voice.colon or " "
            lines = [[(f"{voice.word(label)}{colon.rstrip()} ", None), *value] for label, value in rows]
            return stack(title, *(words(pen, line) for line in lines), gap=1.5)
        labels = [
            words(pen, voice.word(label) + (voice.colon.rstrip() if kind in ("rows", "right_rows") else ""), bold=bold_label)
            for label, _ in rows
        ]
        values = [words(pen, value, bold=bold_value) for _, value in rows]
        if kind in ("strip", "grid", "above"):
            across = len(rows) if kind == "strip" and room > 340 else 2 if kind == "grid" else 3
            across = max(1, min(across, len(rows), int(room // max(block.width + 12 for block in labels + values))))
            step = room / across
            cells = [
                self._cell(stack(label, value, gap=1), step, lined=kind != "above") for label, value in zip(labels, values, strict=True)
            ]
            high = max(cell.height for cell in cells)
            cells = [
                self._cell(stack(label, value, gap=1), step, lined=kind != "above", high=high)
                for label, value in zip(labels, values, strict=True)
            ]
            return stack(title, *(beside(*cells[i : i + across]) for i in range(0, len(cells), across)), gap=0 if kind != "above" else 5)
        left = max(block.width for block in labels) + self.random.choice((6, 12, 22))
        right = max(block.width for block in values)
        lines2 = []
        for label, value in zip(labels, values, strict=True):
            if kind == "right_rows":
                lines2.append(spread(label, value, left + right))
            else:
                lines2.append(beside(Block(left, label.height, label.draw), value))
        body = stack(title, *lines2, gap=self.random.choice((1, 2, 4)))
        return framed(body, 6) if kind == "box" else body

    def _cell(self, block: Block, width: float, *, lined: bool, high: float = 0) -> Block:
        padded = Block(width - 8, max(block.height, high - 8 if high else 0), block.draw)
        return framed(padded, 4, width=width, line=GREY if lined else None)

    def bank_rows(self) -> list[Row]:
        invoice = self.deal.invoice
        rows: list[Row] = []
        if invoice.payment_account:
            if self.random.random() < 0.6:
                rows.append(("bank", [(self.deal.bank, None)]))
            rows.append(("iban", [(self.account, "payment_account")]))
            if invoice.payment_bic:
                rows.append(("bic", [(invoice.payment_bic, "payment_bic")]))
            if self.random.random() < 0.25:
                rows.append(("holder", [(invoice.seller.name or "", None)]))
        return rows


def address_lines(party: Party, deal: Deal) -> list[str]:
    address = party.address
    city = f"{address.post_code} {address.city}"
    if address.country in ("GB", "IE", "US", "AU"):
        city = f"{address.city} {address.post_code}"
    lines = [address.line_1 or "", city]
    if address.country != deal.invoice.seller.address.country:
        lines.append(COUNTRIES[address.country or ""])
    return lines


def amount_runs(deal: Deal, value: Decimal, path: str, *, currency: bool) -> list[Run]:
    """An amount as this sender writes it; its currency is a value of its own."""
    shown = deal.voice.amount(value)
    if not currency or not deal.voice.symbol:
        return [(shown, path)]
    whole = deal.voice.money(value)
    symbol = deal.voice.symbol
    before, _, after = whole.partition(symbol)
    if any(c.isdigit() for c in before):
        kept = before.rstrip(" ")
        return [(kept, path), (before[len(kept) :], None), (symbol, "currency"), (after, None)]
    return [(before, None), (symbol, "currency"), (after[: len(after) - len(after.lstrip(" "))], None), (after.lstrip(" "), path)]
