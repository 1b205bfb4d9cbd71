"""Between the domain's values and rows: the result as JSON, the columns cut from it for searching, events."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from app.domain.invoice import Invoice
from app.domain.record import Event, InvoiceRecord, Result
from app.ports import Accepted, Settlement

Row = dict[str, Any]

_json = msgspec.json.Encoder()
_result = msgspec.json.Decoder(Result)
_accepted = msgspec.json.Decoder(tuple[Accepted, ...])
SUMMARY: Row = dict.fromkeys(
    (
        "number issue_date due_date currency seller_name seller_folded seller_vat_id buyer_name "
        "total_without_tax total_tax total_with_tax amount_due"
    ).split()
)
"""The columns of `invoices` that a result fills, empty. Its pages are none of them: they are what is worked on, also again."""


NAME_LENGTH = 255
"""Of an invoice's number and of names, as they are searched for."""


def clip(text: str | None, length: int) -> str | None:
    """At most `length` characters that every database can hold: no NUL, no half of a surrogate pair."""
    return text if text is None else clipped(text, length)


def clipped(text: str, length: int) -> str:
    text = text[:length]
    if not text.isascii():
        text = _whole(text)
    return text.replace("\0", "") if "\0" in text else text


def storable(text: str) -> bool:
    """Whether a stored text could equal this one."""
    return "\0" not in text and (text.isascii() or text == _whole(text))


def folded(name: str) -> str:
    """As names are compared when one is searched for."""
    return clipped(name.casefold(), NAME_LENGTH)


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def json_bytes(value: Any) -> bytes:
    """JSON of anything of the domain, the same bytes for equal values. Half surrogates become `?`."""
    try:
        return _json.encode(value)
    except UnicodeEncodeError:
        return _json.encode(_without_surrogates(msgspec.to_builtins(value)))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_whole(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(v) for v in value]
    return value


def result_of(body: bytes | None) -> Result | None:
    return None if body is None else _result.decode(body)


def accepted_of(body: bytes) -> Sequence[Accepted]:
    return _accepted.decode(body)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A settlement made ready for the tables, so that the transaction is short. The rows lack `tenant` and `invoice_id`."""

    result: bytes | None
    versions: bytes | None
    digest: str  # SHA-256 (hex) of status, reason and result
    summary: Row
    pages: tuple[int, int] | None
    lines: list[Row]
    taxes: list[Row]
    findings: list[Row]


def outcome(settlement: Settlement) -> Outcome:
    result = settlement.result
    body = None if result is None else json_bytes(result)
    digest = hashlib.sha256(f"{settlement.status} {settlement.reason or '-'} ".encode() + (body or b"")).hexdigest()
    if result is None:
        return Outcome(None, None, digest, SUMMARY, None, [], [], [])
    invoice = result.extracted.invoice
    findings = [
        {
            "position": i,
            "rule": clipped(f.rule, 64),
            "severity": f.severity,
            "message": clipped(f.message, 500),
            "fields": clipped(" ".join(f.fields), 1000),
        }
        for i, f in enumerate(result.findings)
    ]
    pages = result.extracted.page_range
    return Outcome(body, json_bytes(result.versions), digest, _summary(invoice), pages, _lines(invoice), _taxes(invoice), findings)


def _summary(invoice: Invoice) -> Row:
    return {
        "number": clip(invoice.number, NAME_LENGTH),
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": clip(invoice.currency, 16),
        "seller_name": clip(invoice.seller.name, NAME_LENGTH),
        "seller_folded": folded(invoice.seller.name) if invoice.seller.name else None,
        "seller_vat_id": clip(invoice.seller.vat_id, 64),
        "buyer_name": clip(invoice.buyer.name, 255),
        "total_without_tax": invoice.total_without_tax,
        "total_tax": invoice.total_tax,
        "total_with_tax": invoice.total_with_tax,
        "amount_due": invoice.amount_due,
    }


def _lines(invoice: Invoice) -> list[Row]:
    return [
        {
            "position": i,
            "line_id": clip(line.id, 64),
            "item_name": clip(line.item_name, 255),
            "item_id": clip(line.item_id, 128),
            "standard_item_id": clip(line.standard_item_id, 128),
            "quantity": line.quantity,
            "unit": clip(line.unit, 64),
            "net_price": line.net_price,
            "net_amount": line.net_amount,
            "tax_category": clip(line.tax_category, 16),
            "tax_rate": line.tax_rate,
            "purchase_order_line": clip(line.purchase_order_line, 64),
        }
        for i, line in enumerate(invoice.lines)
    ]


def _taxes(invoice: Invoice) -> list[Row]:
    return [
        {
            "position": i,
            "category": clip(tax.category, 16),
            "rate": tax.rate,
            "taxable_amount": tax.taxable_amount,
            "tax_amount": tax.tax_amount,
            "exemption_reason": clip(tax.exemption_reason, 255),
        }
        for i, tax in enumerate(invoice.tax_breakdown)
    ]


class _EventBody(msgspec.Struct):
    type: Any
    attempt: int = 0
    data: dict[str, Any] = {}


_event_body = msgspec.json.Decoder(_EventBody)


def event_body(type: str, attempt: int = 0, **data: str) -> bytes:
    return _json.encode(_EventBody(type, attempt, data))


def event_of(row: Any) -> Event:
    """From a row of the outbox: id, tenant, invoice_id, body, created_at."""
    body = _event_body.decode(row.body)
    return Event(row.tenant, row.invoice_id, body.type, row.created_at, row.id, body.attempt, body.data)


def pages_of(row: Any) -> tuple[int, int] | None:
    return None if row.first_page is None else (row.first_page, row.last_page)


def record_of(row: Any) -> InvoiceRecord:
    """From a row of `rows.RECORD`."""
    return InvoiceRecord(
        tenant=row.tenant,
        id=row.id,
        document_id=row.document_id,
        file_name=row.file_name,
        sha256=row.sha256,
        media_type=row.media_type,
        status=row.status,
        version=row.version,
        attempts=row.attempts,
        received_at=row.received_at,
        updated_at=row.updated_at,
        reason=row.reason,
        result=result_of(row.result),
        pages=pages_of(row),
    )


def amount_text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
