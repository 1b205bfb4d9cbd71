"""All fields of one invoice, each with where it came from: `Extraction` = `Invoice` + a `Field` for every value in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.domain.document import BoundingBox
from app.domain.finding import NOT_AN_INVOICE, Finding
from app.domain.invoice import Invoice

Source = Literal["xml", "text", "ocr", "master", "computed", "person"]
DocumentType = Literal["invoice", "credit_note", "receipt", "other"]


@dataclass(frozen=True, slots=True)
class Field:
    """Where one value of the invoice came from. `page` is 1-based; `box` and `page` are None where no place shows it.

    `words`: indices into that page's words. `confidence`: probability that the value is right.
    """

    confidence: float
    source: Source
    engine: str
    page: int | None = None
    box: BoundingBox | None = None
    words: tuple[int, ...] = ()


DOUBT = 0.5
"""A value whose confidence is below is more likely wrong than right."""
SURE = 0.91
"""Confidence from which what an invoice is booked, matched and paid by is taken without a person, unless the settings say another
(`INVOICESTREAM_SURE`). All of it must be so, and most is likelier by far: chosen so that of the values taken at most one in 200 is wrong,
on documents that the judge had not learned from (docs/accuracy.md)."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of a table of items, with an amount, that was not made a line: its page (1-based), where it stands and its words."""

    page: int
    box: BoundingBox
    text: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extractor returns. `fields` maps a path ("number", "seller.name", "lines.0.net_amount") to its `Field`. `findings`: what it
    noticed itself; rules find the rest."""

    invoice: Invoice
    document_type: DocumentType
    source: Literal["xml", "text", "ocr"]
    fields: Mapping[str, Field] = field(default_factory=dict)
    language: str | None = None  # ISO 639-1
    page_range: tuple[int, int] | None = None  # first and last page, 1-based; None without pages
    left_out: tuple[LeftOut, ...] = ()  # where the lines do not add up to the totals
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> bool:
        """It is no invoice, for sure: there are no values of it."""
        return any(finding.rule == NOT_AN_INVOICE for finding in self.findings)
