"""The item table: columns in any order, over as many pages as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.invoice import LineItem
from app.samples.canvas import GREY, WHITE
from training.invoices.blocks import Align, Block, Pen, Run, beside, stack, words
from training.invoices.business import Deal, sum_of
from training.invoices.header import amount_runs
from training.invoices.style import Style

_RIGHT = frozenset(("quantity", "price", "amount", "tax_amount", "discount", "tax_rate"))
_WIDTHS = {
    "position": 26.0,
    "item_id": 62.0,
    "quantity": 46.0,
    "unit": 40.0,
    "price": 60.0,
    "discount": 42.0,
    "tax_rate": 42.0,
    "tax_amount": 54.0,
    "amount": 72.0,
}
PALE = (0.94, 0.94, 0.95)


@dataclass
class Flow:
    """The place on the last page. `next_page` draws the head of a further one and gives where its body begins."""

    pen: Pen
    left: float
    y: float
    bottom: float
    next_page: Callable[[], float]

    def fits(self, height: float) -> bool:
        return self.y + height <= self.bottom

    def put(self, block: Block, gap: float = 0) -> None:
        """On the next page if it does not fit on this one."""
        if not self.fits(block.height):
            self.y = self.next_page()
        block.draw(self.pen, self.left, self.y)
        self.y += block.height + gap


class ItemTable:
    def __init__(self, pen: Pen, deal: Deal, style: Style, width: float) -> None:
        self.pen, self.deal, self.style, self.width = pen, deal, style, width
        self.random = deal.voice._random
        lines = deal.invoice.lines
        columns = [c for c in style.structure.columns if c != "item_id" or (style.structure.item_id == "column" and lines[0].item_id)]
        if any(line.allowances for line in lines) and "discount" not in columns:
            columns.insert(columns.index("amount"), "discount")
        if not any(line.allowances for line in lines) and "discount" in columns:
            columns.remove("discount")
        if deal.invoice.tax_breakdown[0].category in ("AE", "K", "E", "G") or deal.voice.locale.tax == "sales":
            columns = [c for c in columns if c not in ("tax_rate", "tax_amount")]
        if deal.with_tax and "tax_amount" in columns:
            columns.remove("tax_amount")
        self.columns = columns
        scale = pen.size / 9 * pen.stretch
        fixed = {name: _WIDTHS[name] * scale for name in columns if name != "name"}
        for name in fixed:  # no title or cell wider than its column
            cells = [self._width(self._runs(name, i, line)) for i, line in enumerate(lines)]
            fixed[name] = max(fixed[name], max(cells, default=0) + 10)
        titles = {name: self._title(name) for name in columns}
        for name in fixed:
            longest = max((pen.width(word, pen.bold, pen.size) for word in titles[name].split()), default=0)
            fixed[name] = max(fixed[name], longest + 9)
        self.widths = {**fixed, "name": width - sum(fixed.values())}
        if self.widths["name"] < 90:
            dropped = next((c for c in ("tax_amount", "unit", "position", "tax_rate", "item_id", "discount") if c in columns), None)
            if dropped:
                self.columns.remove(dropped)
                self.widths.pop(dropped)
                self.widths["name"] = width - sum(w for n, w in self.widths.items() if n != "name")
        self.titles = titles
        self.carried_word, self.brought_word = deal.voice.word("carried"), deal.voice.word("brought").format(previous="{previous}")

    def _width(self, runs: list[Run]) -> float:
        return sum(self.pen.width(text, self.pen.font, self.pen.size) for text, _ in runs)

    def _title(self, name: str) -> str:
        text = self.deal.voice.word("gross_amount" if name == "amount" and self.deal.with_tax else name)
        if self.style.currency_in_head and name in ("price", "amount"):
            text = f"{text} {self.deal.voice.symbol or self.deal.invoice.currency}"
        return text

    def _runs(self, column: str, i: int, line: LineItem) -> list[Run]:
        voice, path = self.deal.voice, f"lines.{i}"
        money = self.style.currency_in_table
        if column == "position":
            return [(line.id or "", f"{path}.id")]
        if column == "item_id":
            return [(line.item_id or "", f"{path}.item_id")]
        if column == "quantity":
            assert line.quantity is not None
            places = 2 if voice._rate_places == 2 else None
            shown = voice.number(line.quantity, places)
            if "unit" not in self.style.structure.columns and self.style.greeting:
                return [(shown, f"{path}.quantity"), (" ", None), (voice.unit(line.unit or "H87"), f"{path}.unit")]
            return [(shown, f"{path}.quantity")]
        if column == "unit":
            return [(voice.unit(line.unit or "H87"), f"{path}.unit")]
        if column == "price":
            assert line.net_price is not None
            places = max(2, -int(line.net_price.as_tuple().exponent))
            if money:
                return (
                    amount_runs(self.deal, line.net_price, f"{path}.net_price", currency=True)
                    if places == 2
                    else [(voice.number(line.net_price, places), f"{path}.net_price")]
                )
            return [(voice.number(line.net_price, places), f"{path}.net_price")]
        if column == "discount":
            share = line.allowances[0].percentage if line.allowances else None
            return [(voice.percent(share) if share is not None else "", None)]
        if column == "tax_rate":
            return [(voice.percent(line.tax_rate or Decimal()), f"{path}.tax_rate")]
        if column == "tax_amount":
            return [(voice.amount((line.net_amount or Decimal()) * (line.tax_rate or Decimal()) / 100), None)]
        assert column == "amount" and line.net_amount is not None
        return amount_runs(self.deal, line.net_amount, f"{path}.net_amount", currency=money)

    def _cell(self, block: Block, column: str) -> Block:
        pad = 4.0
        return Block(self.widths[column], block.height, lambda pen, x, y: block.draw(pen, x + pad, y))

    def _name(self, i: int, line: LineItem) -> Block:
        pen, path, width = self.pen, f"lines.{i}", self.widths["name"] - 8
        runs: list[Run] = [(line.item_name or "", f"{path}.item_name")]
        if line.item_id and self.style.structure.item_id == "in_name":
            before, after = ("[", "] ") if self.style.greeting else ("", " - ")
            runs = [(before, None), (line.item_id, f"{path}.item_id"), (after, None), *runs]
        below: list[Block] = []
        if line.item_id and self.style.structure.item_id == "below":
            below.append(
                words(
                    pen, [(f"{self.deal.voice.word('item_id')}: ", None), (line.item_id, f"{path}.item_id")], size=pen.size - 1, color=GREY
                )
            )
        if line.item_description:
            below.append(
                words(
                    pen,
                    [(line.item_description, f"{path}.item_description")],
                    size=pen.size - (1 if self.style.size > 7.5 else 0),
                    color=GREY,
                    width=width,
                )
            )
        bold = self.style.ink[0] > 0.4 and bool(below)
        return stack(words(pen, runs, width=width, bold=bold, leading=self.style.leading), *below)

    def row(self, i: int, line: LineItem) -> Block:
        cells = []
        for column in self.columns:
            if column == "name":
                cells.append(self._cell(self._name(i, line), column))
                continue
            align: Align = "right" if column in _RIGHT else "left"
            cells.append(
                self._cell(
                    words(self.pen, self._runs(column, i, line), width=self.widths[column] - 8, align=align, leading=self.style.leading),
                    column,
                )
            )
        fill = PALE if self.style.structure.zebra and i % 2 else None
        return self._lined(beside(*cells), fill, pad=2.5 if self.style.structure.table_rules == "none" else 3.5)

    def _lined(self, row: Block, fill: tuple[float, float, float] | None, pad: float, head: bool = False) -> Block:
        rules = self.style.structure.table_rules
        high = row.height + 2 * pad

        def draw(pen: Pen, x: float, y: float) -> None:
            if fill:
                pen.sheet.fill(x, y, x + self.width, y + high, fill)
            if rules in ("rows", "grid") or (head and rules in ("head", "frame")):
                pen.sheet.rule(x, y + high, x + self.width, y + high, thickness=0.5)
                if rules == "grid" and head:
                    pen.sheet.rule(x, y, x + self.width, y, thickness=0.5)
            if rules in ("grid", "frame"):
                edge = x
                for column in self.columns:
                    pen.sheet.rule(edge, y, edge, y + high, thickness=0.4)
                    edge += self.widths[column]
                pen.sheet.rule(edge, y, edge, y + high, thickness=0.4)
            row.draw(pen, x, y + pad)

        return Block(self.width, high, draw)

    def head(self) -> Block:
        filled = self.style.logo in ("bars", "disc") and self.style.structure.table_rules != "none"
        ink = WHITE if filled and self.style.ink != (0.1, 0.1, 0.12) else None
        cells = []
        for column in self.columns:
            align: Align = "right" if column in _RIGHT else "left"
            block = words(
                self.pen, self.titles[column], width=self.widths[column] - 8, align=align, bold=True, **({"color": ink} if ink else {})
            )
            cells.append(self._cell(block, column))
        return self._lined(beside(*cells, align="bottom"), self.style.ink if ink else PALE if filled else None, 3.5, head=True)

    def whole_row(self, label: str, value: Decimal | None, *, bold: bool = True) -> Block:
        """A row that is no item: the heading of a group, its sum, the sum carried over."""
        left = words(self.pen, label, bold=bold)
        right = words(self.pen, self.deal.voice.amount(value), bold=bold) if value is not None else None

        def draw(pen: Pen, x: float, y: float) -> None:
            left.draw(pen, x + 4, y + 3)
            if right:
                right.draw(pen, x + self.width - 4 - right.width, y + 3)

        return Block(self.width, left.height + 6, draw)

    def draw(self, flow: Flow) -> None:
        deal, lines = self.deal, self.deal.invoice.lines
        flow.put(self.head())
        group_start = 0
        for i, line in enumerate(lines):
            if i in deal.groups:
                if i and self.style.carried:
                    before = [name for start, name in deal.groups.items() if start < i][-1]
                    flow.put(self.whole_row(deal.voice.word("group_total").format(group=before), sum_of(lines[group_start:i])))
                group_start = i
                flow.put(self.whole_row(deal.groups[i], None))
            row = self.row(i, line)
            if not flow.fits(row.height + (22 if self.style.carried else 0)):
                sofar = sum_of(lines[:i])
                if self.style.carried:
                    flow.put(self.whole_row(self.carried_word, sofar))
                flow.y = flow.next_page()
                flow.put(self.head())
                if self.style.carried:
                    flow.put(self.whole_row(self.brought_word.format(previous=len(self.pen.sheets) - 1), sofar))
            flow.put(row)
        if self.style.structure.table_rules in ("frame", "head"):
            flow.pen.sheet.rule(flow.left, flow.y, flow.left + self.width, flow.y, thickness=0.6)
