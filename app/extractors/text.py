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
from app.extractors.choice import Choice, choose_currency, choose_header
from app.extractors.common_words import language_of
from app.extractors.date_order import is_open
from app.extractors.grid import Grid, PlacedWord, read_grid
from app.extractors.kinds import Kind, kind_of
from app.extractors.lines import lines_of, sum_of
from app.extractors.listings import read_listing
from app.extractors.misread_ids import settled
from app.extractors.parties import Parties, choose_parties
from app.extractors.receipt_items import read_items
from app.extractors.receipt_totals import settle_receipt
from app.extractors.receipts import parties_of, read_receipt
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
            sure = round(confidence * readability(placed), 3)
            self.fields[path] = Field(sure, "ocr", page.engine or ENGINE, page.number, box, words)
        else:
            self.fields[path] = Field(round(confidence, 3), "text", ENGINE, page.number, box, words)


def extract_text(document: Document) -> Extracted:
    """The invoice that the words say. A value that the page does not show, or not clearly, is None; never raises on odd text."""
    grid = read_grid(document)
    found = find_candidates(grid)
    table = read_tables(found)
    if not table.items:
        table = read_listing(found)
    sum_of_lines = sum_of(table)
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
    notes = _Fields(found, document.pages)
    has_total = "total_with_tax" in totals.chosen or "amount_due" in totals.chosen
    kind = kind_of(found, has_total=has_total, has_number="number" in header, has_tax="total_tax" in totals.chosen)
    if receipt:
        kind = Kind("receipt", "380")
    elif kind.document_type == "other" and badly_read(grid):
        kind = Kind("invoice", "380")  # a title that could not be read says nothing: a person will look at it
    shown = [totals.chosen[path] for path in ("total_with_tax", "amount_due") if path in totals.chosen]
    for path in _open_dates(found, header):
        header[path] = replace(header[path], confidence=round(0.6 * header[path].confidence, 3))
    currency = choose_currency(found, shown, _country(parties, header))

    for path, choice in {**header, **totals.chosen}.items():
        if path not in ("customer_number",):
            notes.note(path, choice)
    if currency:
        notes.note("currency", currency)
    for name, party in (("seller", parties.seller), ("buyer", parties.buyer)):
        for part in ("name", "vat_id", "tax_id"):
            choice = getattr(party, part)
            if choice:
                notes.note(f"{name}.{part}", choice)
    if "customer_number" in header:
        notes.note("buyer.id", header["customer_number"])
    sums = {sum_ for path in ("line_total", "total_without_tax", "total_with_tax") if (sum_ := _money(totals, path)) is not None}
    if receipt:
        bought = read_items(receipt, sums)
        if bought.closed or not (table.closed or len(table.items) > len(bought.items)):
            table = bought
    lines = lines_of(table, grid, sums, notes.place)
    invoice = Invoice(
        number=_text(header, "number"),
        issue_date=_date(header, "issue_date"),
        due_date=_date(header, "due_date"),
        delivery_date=_date(header, "delivery_date"),
        type_code=kind.type_code if kind.document_type != "other" else None,
        currency=str(currency.value) if currency else None,
        buyer_reference=_text(header, "buyer_reference"),
        purchase_order_reference=_text(header, "purchase_order_reference"),
        payment_terms=_text(header, "payment_terms"),
        payment_reference=_text(header, "payment_reference"),
        payment_account=_text(header, "payment_account"),
        payment_bic=_text(header, "payment_bic"),
        seller=_party(parties.seller, None),
        buyer=_party(parties.buyer, _text(header, "customer_number")),
        allowances=lines.allowances,
        charges=lines.charges,
        allowance_total=_sum_of(lines.allowances),
        charge_total=_sum_of(lines.charges),
        line_total=_money(totals, "line_total"),
        total_without_tax=_money(totals, "total_without_tax"),
        total_tax=_money(totals, "total_tax"),
        total_with_tax=_money(totals, "total_with_tax"),
        paid_amount=_money(totals, "paid_amount"),
        amount_due=_money(totals, "amount_due"),
        tax_breakdown=tuple(
            TaxBreakdown(category="S" if rate.rate else None, rate=rate.rate, taxable_amount=money(rate.base), tax_amount=money(rate.tax))
            for rate in totals.rates
        ),
        lines=lines.items,
    )
    pages = (document.pages[0].number, document.pages[-1].number) if document.pages else None
    source: Literal["text", "ocr"] = "ocr" if any(page.text == "read" for page in document.pages) else "text"
    language = language_of(grid)
    left_out = tuple(replace(row, page=document.pages[row.page - 1].number) for row in lines.left_out)
    findings = (*_about_the_kind(kind), *_about_the_dates(found, header))
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


def _sum_of(changes: tuple[AllowanceCharge, ...]) -> Decimal | None:
    return sum((change.amount for change in changes if change.amount is not None), Decimal(0)) if changes else None


def _text(header: dict[str, Choice], path: str) -> str | None:
    return str(header[path].value) if path in header else None


def _date(header: dict[str, Choice], path: str) -> date | None:
    value = header[path].value if path in header else None
    return value if isinstance(value, date) else None


def _money(totals: Totals, path: str) -> Decimal | None:
    value = totals.chosen[path].value if path in totals.chosen else None
    return money(value) if isinstance(value, Decimal) else None


def _party(choice: PartyChoice, identifier: str | None) -> Party:
    return Party(
        name=str(choice.name.value) if choice.name else None,
        id=identifier,
        vat_id=str(choice.vat_id.value) if choice.vat_id else None,
        tax_id=str(choice.tax_id.value) if choice.tax_id else None,
        address=choice.address or Address(),
    )
