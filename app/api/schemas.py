"""The one public JSON form of an invoice and of what is told about it: the same from CLI, REST and websocket (DESIGN §5).

Values: `null` where the document does not say, money and other decimals as plain strings ("1190.00"), dates as ISO 8601, moments
as ISO 8601 in UTC, boxes as [x0, y0, x1, y1] in fractions of the page, origin top left. The EN 16931 part is made from the
dataclasses of the domain, so a field that is added there is here too, and in the OpenAPI document.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from app.domain.document import BoundingBox
from app.domain.extraction import DocumentType, Field, Source
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.record import SETTLED, Event, InvoiceRecord, InvoiceSummary, Reason, Result, Status
from app.ports import Accepted


def invoice_json(record: InvoiceRecord) -> dict[str, Any]:
    """As `InvoiceJson` below says. Every member is always there; those of the result are null or empty until there is one."""
    result = record.result
    shown = result if record.status != "quarantined" else None  # what is no invoice has a result, which says what it is, but no invoice
    return {
        "id": record.id,
        "document_id": record.document_id,
        "file": record.file_name,
        "page_range": list(record.pages) if record.pages and record.status in SETTLED else None,
        "status": record.status,
        "reason": record.reason,
        "document_type": result.extracted.document_type if result else None,
        "source": result.extracted.source if result else None,
        "language": result.extracted.language if result else None,
        "invoice": plain(shown.extracted.invoice) if shown else None,
        "fields": {path: _field_json(f) for path, f in result.extracted.fields.items()} if result else {},
        "findings": [_finding_json(f) for f in result.findings] if result else [],
        "versions": _versions_json(result) if result else {},
    }


def summary_json(summary: InvoiceSummary) -> dict[str, Any]:
    """As `SummaryJson`."""
    return {
        "id": summary.id,
        "document_id": summary.document_id,
        "file": summary.file_name,
        "status": summary.status,
        "reason": summary.reason,
        "received_at": instant(summary.received_at),
        "updated_at": instant(summary.updated_at),
        "number": summary.number,
        "issue_date": summary.issue_date,
        "seller_name": summary.seller_name,
        "currency": summary.currency,
        "total_with_tax": summary.total_with_tax,
    }


def accepted_json(accepted: Accepted) -> dict[str, Any]:
    """As `AcceptedJson`."""
    return {
        "id": accepted.id,
        "document_id": accepted.document_id,
        "status": accepted.status,
        "location": location(accepted.id),
        "duplicate_of": accepted.duplicate_of,
    }


def event_json(event: Event) -> dict[str, Any]:
    """As `EventJson`."""
    return {
        "id": event.id,
        "type": event.type,
        "invoice_id": event.invoice_id,
        "attempt": event.attempt,
        "at": instant(event.at),
        "data": dict(event.data),
    }


def location(invoice_id: str) -> str:
    return f"/invoices/{invoice_id}"


def instant(moment: datetime) -> str:
    """A moment without a zone is UTC: SQLite and MySQL keep none."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_members: dict[type[Any], tuple[str, ...]] = {}


def _members_of(kind: type[Any]) -> tuple[str, ...]:
    if kind not in _members:
        _members[kind] = tuple(f.name for f in dataclasses.fields(kind))
    return _members[kind]


def plain(value: Any) -> Any:
    """A value of the domain's invoice as JSON's types. Decimals are written out: never 1E+3."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return {name: plain(getattr(value, name)) for name in _members_of(type(value))}


def _box_json(box: BoundingBox) -> list[float]:
    return [round(box.x0, 4), round(box.y0, 4), round(box.x1, 4), round(box.y1, 4)]


def _field_json(field: Field) -> dict[str, Any]:
    return {
        "confidence": round(field.confidence, 4),
        "source": field.source,
        "engine": field.engine,
        "page": field.page,
        "box": _box_json(field.box) if field.box else None,
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "severity": finding.severity, "message": finding.message, "fields": list(finding.fields)}


def _versions_json(result: Result) -> dict[str, str]:
    return dict(result.versions)


# What follows describes the forms above for the OpenAPI document. Tests hold both together.


@dataclass
class FieldJson:
    confidence: float
    source: Source
    engine: str
    page: int | None
    box: tuple[float, float, float, float] | None


@dataclass
class InvoiceJson:
    id: str
    document_id: str
    file: str
    page_range: tuple[int, int] | None
    status: Status
    reason: Reason | None
    document_type: DocumentType | None
    source: Literal["xml", "text", "ocr"] | None
    language: str | None
    invoice: Invoice | None
    fields: Mapping[str, FieldJson]
    findings: Sequence[Finding]
    versions: Mapping[str, str]


@dataclass
class SummaryJson:
    id: str
    document_id: str
    file: str
    status: Status
    reason: Reason | None
    received_at: datetime
    updated_at: datetime
    number: str | None
    issue_date: str | None
    seller_name: str | None
    currency: str | None
    total_with_tax: str | None


@dataclass
class ListingJson:
    invoices: Sequence[SummaryJson]
    next_cursor: str | None


@dataclass
class AcceptedJson:
    id: str
    document_id: str
    status: Status
    location: str
    duplicate_of: str | None


@dataclass
class AcceptedListJson:
    invoices: Sequence[AcceptedJson]


@dataclass
class EventJson:
    """`id` is null for what is told live only: a stage of the pipeline that starts or ends."""

    id: int | None
    type: Literal["received", "processing", "stage", "approved", "needs_review", "rejected", "quarantined"]
    invoice_id: str
    attempt: int
    at: datetime
    data: Mapping[str, Any]


@dataclass
class EventListJson:
    events: Sequence[EventJson]
    last_event_id: int


@dataclass
class TicketJson:
    ticket: str
    expires_at: datetime


@dataclass
class ReadinessJson:
    status: Literal["ready", "degraded", "down", "draining"]
    checks: Mapping[str, str]
    degraded: Sequence[str]


@dataclass
class AliveJson:
    status: Literal["alive"]


@dataclass
class ProblemErrorJson:
    pointer: str
    code: str


@dataclass
class ProblemJson:
    """RFC 9457. `type` is `urn:invoicestream:problem:<code>`."""

    type: str
    title: str
    status: int
    instance: str
    trace_id: str
    detail: str | None = None
    errors: Sequence[ProblemErrorJson] | None = None
