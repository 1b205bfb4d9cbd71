"""The examples of the OpenAPI document. Answers are made by the code that makes the real ones; tests hold them against the schemas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.api.schemas import accepted_json, event_json, instant, invoice_json, summary_json
from app.domain.document import BoundingBox
from app.domain.extraction import Extracted, Field
from app.domain.finding import Finding
from app.domain.invoice import Address, Invoice, LineItem, Party, TaxBreakdown
from app.domain.record import Event, InvoiceRecord, InvoiceSummary, Result
from app.ports import Accepted
from app.readers.sniff import MEDIA_TYPES

ID = "0199f3a2-7c1e-7b52-9d4e-3f6a1c2b5d70"
DOCUMENT_ID = "0199f3a2-7c1e-7b52-9d4e-3f6a1c2b5d71"
MOMENT = datetime(2026, 3, 2, 9, 30, 0, tzinfo=UTC)

_INVOICE = Invoice(
    number="2026-0117",
    issue_date=date(2026, 2, 27),
    due_date=date(2026, 3, 29),
    type_code="380",
    currency="EUR",
    seller=Party(name="Nordlicht Werkzeuge GmbH", vat_id="DE136695976", address=Address(city="Kiel", post_code="24103", country="DE")),
    buyer=Party(name="Atelier Morin SARL"),
    payment_account="DE89370400440532013000",
    line_total=Decimal("1000.00"),
    total_without_tax=Decimal("1000.00"),
    total_tax=Decimal("190.00"),
    total_with_tax=Decimal("1190.00"),
    amount_due=Decimal("1190.00"),
    tax_breakdown=(TaxBreakdown("S", Decimal("19"), Decimal("1000.00"), Decimal("190.00")),),
    lines=(
        LineItem(
            id="1",
            item_name="Torque wrench",
            quantity=Decimal("4"),
            unit="C62",
            net_price=Decimal("250.00"),
            net_amount=Decimal("1000.00"),
            tax_category="S",
            tax_rate=Decimal("19"),
        ),
    ),
)
_RESULT = Result(
    Extracted(
        _INVOICE,
        "invoice",
        "text",
        {"number": Field(0.97, "text", "candidates", 1, BoundingBox(0.71, 0.1523, 0.84, 0.1646))},
        "en",
        (1, 1),
    ),
    (Finding("due_date_missing_terms", "info", "The invoice has a due date but no payment terms.", ("payment_terms",)),),
    {"code": "0.1.0", "rules": "1"},
)
_RECORD = InvoiceRecord(
    tenant="example",
    id=ID,
    document_id=DOCUMENT_ID,
    file_name="2026-0117.pdf",
    sha256="0" * 64,
    media_type="application/pdf",
    status="approved",
    version=3,
    attempts=1,
    received_at=MOMENT,
    updated_at=MOMENT + timedelta(seconds=1),
    result=_RESULT,
)
_AGAIN = InvoiceRecord(ID, ID, DOCUMENT_ID, "2026-0117.pdf", "0" * 64, "application/pdf", "received", 4, 0, MOMENT, MOMENT)
_SUMMARY = InvoiceSummary(
    id=ID,
    document_id=DOCUMENT_ID,
    file_name="2026-0117.pdf",
    status="approved",
    reason=None,
    received_at=MOMENT,
    updated_at=MOMENT + timedelta(seconds=1),
    number="2026-0117",
    issue_date="2026-02-27",
    seller_name="Nordlicht Werkzeuge GmbH",
    currency="EUR",
    total_with_tax="1190.00",
)

ACCEPTED: dict[str, Any] = {"invoices": [accepted_json(Accepted(ID, DOCUMENT_ID, "received"))]}
INVOICE = invoice_json(_RECORD)
RETRIED = invoice_json(_AGAIN)
LISTING: dict[str, Any] = {"invoices": [summary_json(_SUMMARY)], "next_cursor": None}
EVENTS: dict[str, Any] = {
    "events": [event_json(Event("example", ID, "received", MOMENT, 41)), event_json(Event("example", ID, "approved", MOMENT, 43, 1))],
    "last_event_id": 43,
}
TICKET = {"ticket": "WyJuIiwxNzcyNDQzODYwLCJ0IiwiayIsWyJyZWFkIl1d.c2lnbmF0dXJl", "expires_at": instant(MOMENT + timedelta(minutes=1))}
READY: dict[str, Any] = {
    "status": "degraded",
    "checks": {"sql": "ok", "blobs": "ok", "broker": "down: no answer", "documents": "ok", "sandbox": "ok"},
    "degraded": ["broker"],
}
NOT_READY: dict[str, Any] = {"status": "down", "checks": {**READY["checks"], "sql": "down: no answer"}, "degraded": ["broker"]}


def _header(name: str, says: str, example: str, *, required: bool = False) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 255}
    return {"name": name, "in": "header", "required": required, "description": says, "schema": schema, "example": example}


UPLOAD: dict[str, Any] = {
    "parameters": [_header("Idempotency-Key", "1 to 255 visible ASCII characters, new for each set of files", "0b7c5a0e-6d0f-4d0c-9a43-1")],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}},
                    "required": ["file"],
                },
                "encoding": {"file": {"contentType": ", ".join(MEDIA_TYPES.values())}},
            }
        },
    },
}
IF_MATCH: dict[str, Any] = {
    "parameters": [_header("If-Match", "The ETag of the invoice as the caller saw it, or `*`", '"3"', required=True)],
}
IF_NONE_MATCH: dict[str, Any] = {"parameters": [_header("If-None-Match", "An ETag that the caller has", '"3"')]}
