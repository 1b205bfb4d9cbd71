"""From an e-invoice to `Extracted`: every value of the XML is a field; where the page of a hybrid shows it, with page and box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.document import Document
from app.domain.extraction import Extracted, Field
from app.domain.invoice import CREDIT_NOTE_CODES, LineItem
from app.domain.paths import Leaf, leaves
from app.extractors.common_words import language_of
from app.extractors.grid import read_grid
from app.extractors.placement import Place, Places, amount_forms, compact, forms_of, worded_dates

CONFIDENCE = 0.99
"""The value is what the XML says; what remains is that its sender wrote something else than was meant."""

NEVER_SHOWN = frozenset(
    {"type_code", "payment_means_code", "specification", "business_process", "tax_point_date_code", "media_type", "reason_code"}
    | {"exemption_reason_code", "category", "tax_category", "unit", "price_base_quantity", "price_base_unit", "scheme", "version"}
)
"""Codes: where their text stands on a page it nearly always means something else."""

PERCENTS = frozenset({"rate", "tax_rate", "percentage"})

SHORTEST = 3
"""Characters of a text that is looked for anywhere on the pages; "1" and "DE" would be found in the wrong place."""

ROW = 400
"""How far after the start of a line's row its other values may stand, in characters, when no other line follows before."""


def extract_einvoice(document: Document) -> Extracted:
    """`document.einvoice` must be set. The invoice is the reader's, unchanged; `fields` has an entry for every value in it.

    The language is that of the pages: the XML itself does not say.
    """
    if document.einvoice is None:
        raise ValueError("the document holds no e-invoice")
    invoice = document.einvoice.invoice
    values = dict(leaves(invoice))
    places = _Placed(Places(document.pages), invoice.lines, values) if any(len(p.words) for p in document.pages) else None
    fields: dict[str, Field] = {}
    for path, value in values.items():
        place = places.of(path, value) if places else None
        fields[path] = Field(
            confidence=CONFIDENCE,
            source="xml",
            engine=document.einvoice.syntax,
            page=place.page if place else None,
            box=place.box if place else None,
            words=place.words if place else (),
        )
    return Extracted(
        invoice=invoice,
        document_type="credit_note" if invoice.type_code in CREDIT_NOTE_CODES else "invoice",
        source="xml",
        fields=fields,
        language=language_of(read_grid(replace(document, pages=document.pages[:2]))),
        page_range=(document.pages[0].number, document.pages[-1].number) if document.pages else None,
    )


@dataclass(frozen=True, slots=True)
class _Region:
    start: int
    end: int


class _Placed:
    """Header texts and dates at their first place, header amounts at their last (totals follow the lines), a line's near its name."""

    def __init__(self, places: Places, lines: tuple[LineItem, ...], values: Mapping[str, Leaf]) -> None:
        self._places = places
        self._regions = self._regions_of(lines)

    def _regions_of(self, lines: tuple[LineItem, ...]) -> dict[int, _Region]:
        starts: list[tuple[int, int]] = []
        cursor = misses = 0
        for index, line in enumerate(lines):
            name = compact(line.item_name or "")
            # A long name wraps, and the other columns then stand between its parts.
            forms = [form for form in dict.fromkeys((name, name[:20], compact(line.item_id or ""))) if len(form) >= SHORTEST]
            place = self._places.find(forms, cursor) if misses < 20 else None
            if place is None:
                misses += 1
                continue
            misses = 0
            starts.append((index, max(self._places.row_start(place), cursor)))
            cursor = place.end
        ends = [start for _, start in starts[1:]] + [starts[-1][1] + ROW] if starts else []
        return {index: _Region(start, min(end, start + ROW)) for (index, start), end in zip(starts, ends, strict=True)}

    def of(self, path: str, value: Leaf) -> Place | None:
        head, _, rest = path.partition(".")
        leaf = path.rpartition(".")[2]
        if leaf in NEVER_SHOWN or leaf.endswith("_scheme"):
            return None
        if head == "lines":
            region = self._regions.get(int(rest.partition(".")[0]))
            return self._places.find(forms_of(value), region.start, region.end) if region else None
        if isinstance(value, Decimal):
            return self._places.find(forms_of(value) if leaf in PERCENTS else amount_forms(value), last=True)
        if isinstance(value, str) and len(value) < SHORTEST:
            return None
        place = self._places.find(forms_of(value))
        return self._places.find(worded_dates(value)) if place is None and isinstance(value, date) else place
