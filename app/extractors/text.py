"""From the words of a document to its invoice: candidates, then the choice, then `Extracted` with a `Field` for every value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from app.domain.document import Document, Page
from app.domain.extraction import Extracted, Field
from app.domain.finding import NOT_AN_INVOICE, Finding
from app.domain.invoice import Address, AllowanceCharge, Invoice, Party, TaxBreakdown
from app.domain.parsing import money
from app.extractors.addressee import PartyChoice
from app.extractors.candidates import Candidates, find_candidates
from app.extractors.changes import read_changes
from app.extractors.choice import Choice
from app.extractors.common_words import language_of
from app.extractors.currency import choose_currency
from app.extractors.date_order import is_open
from app.extractors.evidence import Evidence
from app.extractors.grid import Grid, PlacedWord, read_grid
from app.extractors.header import choose_header
from app.extractors.judge import UNKNOWN_BELOW, Judge, judged
from app.extractors.kinds import Kind, kind_of
from app.extractors.lines import lines_of, sum_of
from app.extractors.misread_ids import settled
from app.extractors.parties import Parties, choose_parties
from app.extractors.rates import read_taxes
from app.extractors.receipt_items import read_items
from app.extractors.receipt_seller import parties_of
from app.extractors.receipt_totals import settle_receipt
from app.extractors.receipts import read_receipt
from app.extractors.tables import read_tables
from app.extractors.totals import Totals, choose_totals

ENGINE = "candidates"
_IDS = {"number", "purchase_order_reference", "customer_number", "payment_reference", "buyer_reference"}


@dataclass(slots=True)
class _Fields:
    """Collects where each chosen value stands."""

    found: Candidates
    pages: Sequence[Page]
    fields: dict[str, Field] = field(default_factory=dict)

    def note(self, path: str, choice: Choice) -> None:
        c = choice.candidate
        if c is None:
            self.fields[path] = Field(choice.confidence, "computed", ENGINE)
        else:
            self.place(path, choice.confidence, c.row, c.first, c.end)

    def place(self, path: str, confidence: float, row: int, first: int, end: int) -> None:
        line = self.found.grid.rows[row]
        page = self.pages[line.page - 1]
        placed = line.words[first:end]
        words = tuple(spot.place for spot in placed)
        box = self.found.grid.box(line, first, end)
        if line.read:
            sure = round(confidence * readability(placed), 4)
            self.fields[path] = Field(sure, "ocr", page.engine or ENGINE, page.number, box, words)
        else:
            self.fields[path] = Field(round(confidence, 4), "text", ENGINE, page.number, box, words)


def extract_text(document: Document, judge: Judge = judged) -> Extracted:
    """The invoice that the words say. A value that the page does not show, or not clearly, is None; never raises on odd text.

    `judge`: says how likely each choice is right.
    """
    grid = read_grid(document)
    found = find_candidates(grid)
    table = read_tables(found)
    sum_of_lines = sum_of(table)
    last = max((item.row for item in table.items), default=-1)  # what the table takes in under it may be the sums
    items = frozenset(row for row in table.rows if row <= last)
    totals = choose_totals(found, items, sum_of_lines)
    header = choose_header(found, table, items)
    receipt = read_receipt(found)
    if receipt:
        totals = settle_receipt(receipt, totals, header)
    issued = header["issue_date"].value if "issue_date" in header else None
    for path in _IDS & header.keys():
        header[path] = settled(found, header[path], issued if isinstance(issued, date) else None)
    parties = choose_parties(found, table.rows)
    if receipt:
        parties = parties_of(receipt, parties)
    notes = _Fields(found, document.pages)
    has_total = "total_with_tax" in totals.chosen or "amount_due" in totals.chosen
    kind = kind_of(found, has_total=has_total, has_number="number" in header, has_tax="total_tax" in totals.chosen)
    if receipt:
        kind = Kind("receipt", "380")
    elif kind.document_type == "other" and badly_read(grid):
        kind = Kind("invoice", "380")  # a title that could not be read says nothing: a person will look at it
    shown = [totals.chosen[path] for path in ("total_with_tax", "amount_due") if path in totals.chosen]
    sums = {sum_ for path in ("line_total", "total_without_tax", "total_with_tax") if (sum_ := _money(totals.chosen, path)) is not None}
    if receipt:
        bought = read_items(receipt, sums)
        if bought.closed or not (table.closed or len(table.items) > len(bought.items)):
            table = bought
    language = language_of(grid)
    every = _all(header, totals, choose_currency(found, shown, _country(parties, header)), parties)
    told = judge(Evidence(found, every, table, receipt is not None, language))
    chosen = {path: choice for path, choice in told.items() if choice.confidence >= UNKNOWN_BELOW}
    for path in _open_dates(found, chosen):  # how often each order is meant differs from country to country, and these tell none
        chosen[path] = replace(chosen[path], confidence=round(0.6 * chosen[path].confidence, 4))
    for path, choice in chosen.items():
        notes.note(path, choice)
    lines = lines_of(table, grid, sums, notes.place)
    if not (lines.allowances or lines.charges):
        allowances, charges = read_changes(found, table, totals.chosen, notes.place)
        lines = replace(lines, allowances=allowances, charges=charges)
    invoice = Invoice(
        number=_text(chosen, "number"),
        issue_date=_date(chosen, "issue_date"),
        due_date=_date(chosen, "due_date"),
        delivery_date=_date(chosen, "delivery_date"),
        type_code=kind.type_code if kind.document_type != "other" else None,
        currency=_text(chosen, "currency"),
        buyer_reference=_text(chosen, "buyer_reference"),
        purchase_order_reference=_text(chosen, "purchase_order_reference"),
        payment_terms=_text(chosen, "payment_terms"),
        payment_reference=_text(chosen, "payment_reference"),
        payment_account=_text(chosen, "payment_account"),
        payment_bic=_text(chosen, "payment_bic"),
        seller=_party(chosen, "seller", parties.seller),
        buyer=_party(chosen, "buyer", parties.buyer),
        allowances=lines.allowances,
        charges=lines.charges,
        allowance_total=_sum_of(lines.allowances),
        charge_total=_sum_of(lines.charges),
        line_total=_money(chosen, "line_total"),
        total_without_tax=_money(chosen, "total_without_tax"),
        total_tax=_money(chosen, "total_tax"),
        total_with_tax=_money(chosen, "total_with_tax"),
        paid_amount=_money(chosen, "paid_amount"),
        amount_due=_money(chosen, "amount_due"),
        tax_breakdown=tuple(
            TaxBreakdown(category="S" if rate.rate else None, rate=rate.rate, taxable_amount=money(rate.base), tax_amount=money(rate.tax))
            for rate in totals.rates or read_taxes(found, table, totals.chosen)
        ),
        lines=lines.items,
    )
    pages = (document.pages[0].number, document.pages[-1].number) if document.pages else None
    source: Literal["text", "ocr"] = "ocr" if any(page.text == "read" for page in document.pages) else "text"
    left_out = tuple(replace(row, page=document.pages[row.page - 1].number) for row in lines.left_out)
    findings = (*_about_the_kind(kind), *_about_the_dates(found, chosen))
    return Extracted(invoice, kind.document_type, source, notes.fields, language, pages, left_out, findings)


def _about_the_kind(kind: Kind) -> Iterator[Finding]:
    """Refused only when sure: refusing an invoice costs its sender more than a person's look at a letter."""
    if kind.document_type == "other":
        yield Finding(NOT_AN_INVOICE if kind.sure else "document_kind", "error", kind.why)


def _open_dates(found: Candidates, header: dict[str, Choice]) -> list[str]:
    """The chosen dates that have another reading, where the document does not say which."""
    if found.order.known:
        return []
    placed = {path: header[path].candidate for path in ("issue_date", "due_date", "delivery_date") if path in header}
    return [path for path, c in placed.items() if c and is_open(found.grid.rows[c.row].span(c.first, c.end))]


def _about_the_dates(found: Candidates, header: dict[str, Choice]) -> Iterator[Finding]:
    if paths := _open_dates(found, header):
        yield Finding("date_order", "warning", "Day and month may be changed over: nothing here says which comes first.", tuple(paths))


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
    """The seller's country by its address, VAT id or bank account; else the buyer's, because most sales are at home."""
    if parties.seller.address.country:
        return parties.seller.address.country
    for choice in (parties.seller.vat_id, header.get("payment_account")):
        code = str(choice.value)[:2] if choice else ""
        if code.isalpha():
            return code
        if len(code) == 2 and choice is parties.seller.vat_id and choice and len(str(choice.value)) == 15:
            return "IN"
    return parties.buyer.address.country


def _sum_of(changes: tuple[AllowanceCharge, ...]) -> Decimal | None:
    return sum((change.amount for change in changes if change.amount is not None), Decimal(0)) if changes else None


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
