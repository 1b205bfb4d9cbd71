"""From the words of a document to its invoice: candidates, then the choice, then `Extracted` with a `Field` for every value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from app.domain.document import Document
from app.domain.extraction import Extracted, Field
from app.domain.invoice import Address, Invoice, LineItem, Party, TaxBreakdown
from app.domain.parsing import money
from app.extractors.addressee import PartyChoice
from app.extractors.candidates import Candidates, find_candidates
from app.extractors.choice import Choice, choose_currency, choose_header
from app.extractors.columns_lexicon import Column
from app.extractors.common_words import language_of
from app.extractors.evidence import Evidence
from app.extractors.grid import Grid, PlacedWord, read_grid
from app.extractors.item_rows import ItemRow, Text
from app.extractors.judge import UNKNOWN_BELOW, Judge, judged
from app.extractors.language import kind_of
from app.extractors.listings import read_listing
from app.extractors.misread_ids import settled
from app.extractors.parties import Parties, choose_parties
from app.extractors.receipt_totals import settle_receipt
from app.extractors.receipts import parties_of, read_receipt
from app.extractors.tables import Table, read_tables
from app.extractors.totals import Totals, choose_totals

ENGINE = "candidates"
_IDS = {"number", "purchase_order_reference", "customer_number", "payment_reference", "buyer_reference"}


@dataclass(slots=True)
class _Fields:
    """Collects where each chosen value stands."""

    found: Candidates
    engines: dict[int, str]  # what read the words of a page
    fields: dict[str, Field] = field(default_factory=dict)

    def note(self, path: str, choice: Choice) -> None:
        c = choice.candidate
        if c is None:
            self.fields[path] = Field(choice.confidence, "computed", ENGINE)
        else:
            self.place(path, choice.confidence, c.row, c.first, c.end)

    def place(self, path: str, confidence: float, row: int, first: int, end: int) -> None:
        line = self.found.grid.rows[row]
        words = tuple(spot.place for spot in line.words[first:end])
        box = self.found.grid.box(line, first, end)
        if line.read:
            sure = round(confidence * readability(line.words[first:end]), 4)
            self.fields[path] = Field(sure, "ocr", self.engines.get(line.page) or ENGINE, line.page, box, words)
        else:
            self.fields[path] = Field(round(confidence, 4), "text", ENGINE, line.page, box, words)


def extract_text(document: Document, judge: Judge = judged) -> Extracted:
    """The invoice that the words say. A value that the page does not show, or not clearly, is None; never raises on odd text.

    `judge`: says how likely each choice is right.
    """
    grid = read_grid(document)
    found = find_candidates(grid)
    table = read_tables(found)
    if not table.items:
        table = read_listing(found)
    sum_of_lines = _sum_of(table)
    totals = choose_totals(found, table.rows, sum_of_lines)
    header = choose_header(found, table.rows)
    receipt = read_receipt(found)
    if receipt:
        totals = settle_receipt(receipt, totals, header)
    issued = header["issue_date"].value if "issue_date" in header else None
    for path in _IDS & header.keys():
        header[path] = settled(found, header[path], issued if isinstance(issued, date) else None)
    parties = choose_parties(found, table.rows)
    if receipt:
        parties = parties_of(receipt, parties)
    notes = _Fields(found, {number: page.engine for number, page in enumerate(document.pages, 1)})
    kind, type_code = kind_of(found, "total_with_tax" in totals.chosen or "amount_due" in totals.chosen, "number" in header)
    if receipt:
        kind, type_code = "receipt", "380"
    elif kind == "other" and badly_read(grid):
        kind, type_code = "invoice", "380"  # a title that could not be read says nothing: a person will look at it
    shown = [totals.chosen[path] for path in ("total_with_tax", "amount_due") if path in totals.chosen]
    language = language_of(grid)
    chosen = _all(header, totals, choose_currency(found, shown, _country(parties, header)), parties)
    evidence = Evidence(found, chosen, table.rows, sum_of_lines, receipt is not None, language)
    chosen = {path: choice for path, choice in judge(evidence).items() if choice.confidence >= UNKNOWN_BELOW}
    for path, choice in chosen.items():
        notes.note(path, choice)
    lines = _lines(table, notes, sum_of_lines, totals)
    invoice = Invoice(
        number=_text(chosen, "number"),
        issue_date=_date(chosen, "issue_date"),
        due_date=_date(chosen, "due_date"),
        delivery_date=_date(chosen, "delivery_date"),
        type_code=type_code if kind != "other" else None,
        currency=_text(chosen, "currency"),
        buyer_reference=_text(chosen, "buyer_reference"),
        purchase_order_reference=_text(chosen, "purchase_order_reference"),
        payment_terms=_text(chosen, "payment_terms"),
        payment_reference=_text(chosen, "payment_reference"),
        payment_account=_text(chosen, "payment_account"),
        payment_bic=_text(chosen, "payment_bic"),
        seller=_party(chosen, "seller", parties.seller),
        buyer=_party(chosen, "buyer", parties.buyer),
        line_total=_money(chosen, "line_total"),
        total_without_tax=_money(chosen, "total_without_tax"),
        total_tax=_money(chosen, "total_tax"),
        total_with_tax=_money(chosen, "total_with_tax"),
        paid_amount=_money(chosen, "paid_amount"),
        amount_due=_money(chosen, "amount_due"),
        tax_breakdown=tuple(
            TaxBreakdown(category="S" if rate.rate else None, rate=rate.rate, taxable_amount=money(rate.base), tax_amount=money(rate.tax))
            for rate in totals.rates
        ),
        lines=lines,
    )
    pages = len(document.pages)
    source: Literal["text", "ocr"] = "ocr" if any(page.text == "read" for page in document.pages) else "text"
    return Extracted(invoice, kind, source, notes.fields, language, (1, pages) if pages else None)


def badly_read(grid: Grid) -> bool:
    """Whether the recognizer itself doubted most of its words."""
    sure = [spot.sure for row in grid.rows if row.read for spot in row.words]
    return bool(sure) and sum(sure) / len(sure) < 0.6


def readability(placed: list[PlacedWord]) -> float:
    """0..1: what the recognizer's own doubt about its words leaves of the confidence in a value; the worst word counts most."""
    worst = min((spot.sure for spot in placed), default=1.0)
    mean = sum(spot.sure for spot in placed) / max(1, len(placed))
    return 0.55 + 0.45 * min(1.0, (0.7 * worst + 0.3 * mean) / 0.93)  # Tesseract says 0.93 and more of what it reads well


def _country(parties: Parties, header: dict[str, Choice]) -> str | None:
    """The seller's country by its address, VAT id or bank account."""
    if parties.seller.address.country:
        return parties.seller.address.country
    for choice in (parties.seller.vat_id, header.get("payment_account")):
        code = str(choice.value)[:2] if choice else ""
        if code.isalpha():
            return code
        if len(code) == 2 and choice is parties.seller.vat_id and choice and len(str(choice.value)) == 15:
            return "IN"
    return None


def _sum_of(table: Table) -> Decimal | None:
    amounts = [item.numbers[Column.AMOUNT].value for item in table.items if Column.AMOUNT in item.numbers]
    return sum((value for value in amounts if isinstance(value, Decimal)), Decimal(0)) if amounts else None


def _all(header: dict[str, Choice], totals: Totals, currency: Choice | None, parties: Parties) -> dict[str, Choice]:
    """Every choice under the path that it has in the invoice."""
    chosen = {path: choice for path, choice in header.items() if path != "customer_number"} | totals.chosen
    if currency:
        chosen["currency"] = currency
    for name, party in (("seller", parties.seller), ("buyer", parties.buyer)):
        named = {f"{name}.{part}": getattr(party, part) for part in ("name", "vat_id", "tax_id")}
        chosen |= {path: choice for path, choice in named.items() if choice}
    if "customer_number" in header:
        chosen["buyer.id"] = header["customer_number"]
    return chosen


def _text(chosen: dict[str, Choice], path: str) -> str | None:
    return str(chosen[path].value) if path in chosen else None


def _date(chosen: dict[str, Choice], path: str) -> date | None:
    value = chosen[path].value if path in chosen else None
    return value if isinstance(value, date) else None


def _money(chosen: dict[str, Choice], path: str) -> Decimal | None:
    value = chosen[path].value if path in chosen else None
    return money(value) if isinstance(value, Decimal) else None


def _party(chosen: dict[str, Choice], role: str, party: PartyChoice) -> Party:
    return Party(
        name=_text(chosen, f"{role}.name"),
        id=_text(chosen, f"{role}.id"),
        vat_id=_text(chosen, f"{role}.vat_id"),
        tax_id=_text(chosen, f"{role}.tax_id"),
        address=party.address or Address(),
    )


def _lines(table: Table, notes: _Fields, sum_of_lines: Decimal | None, totals: Totals) -> tuple[LineItem, ...]:
    sums = {choice.value for path, choice in totals.chosen.items() if path in ("line_total", "total_without_tax", "total_with_tax")}
    closed = sum_of_lines is not None and sum_of_lines in sums
    return tuple(_line(item, f"lines.{n}", notes, closed) for n, item in enumerate(table.items))


def _line(item: ItemRow, path: str, notes: _Fields, closed: bool) -> LineItem:
    sure = (0.92 if item.proved else 0.72) + (0.05 if closed else 0.0)

    def number(name: str, column: Column) -> Decimal | None:
        candidate = item.numbers.get(column)
        if candidate is None or not isinstance(candidate.value, Decimal):
            return None
        notes.place(f"{path}.{name}", sure, candidate.row, candidate.first, candidate.end)
        return candidate.value

    def words(name: str, part: Text | None) -> str | None:
        if part is None:
            return None
        notes.place(f"{path}.{name}", sure - 0.05, part.row, part.first, part.end)
        return part.text

    name, rest = (item.names[0], item.names[1:]) if item.names else (None, [])
    amount = number("net_amount", Column.AMOUNT)
    return LineItem(
        id=_position(item),
        item_name=words("item_name", name),
        item_description="\n".join(part.text for part in rest) or None,
        item_id=words("item_id", item.texts.get(Column.ITEM_ID)),
        quantity=number("quantity", Column.QUANTITY),
        unit=words("unit", item.texts.get(Column.UNIT)),
        net_price=number("net_price", Column.PRICE),
        net_amount=money(amount) if amount is not None else None,
        tax_rate=number("tax_rate", Column.TAX_RATE),
    )


def _position(item: ItemRow) -> str | None:
    candidate = item.numbers.get(Column.POSITION)
    return str(candidate.value) if candidate else None
