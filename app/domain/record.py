"""What is stored of an invoice, and what is told about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from app.domain.extraction import Extracted
from app.domain.finding import Finding

Reason = Literal[
    "unsupported_type",
    "encrypted",
    "damaged",
    "empty",
    "too_large",
    "too_many_pages",
    "parser_limit",
    "not_an_invoice",
    "unreadable",
    "internal_error",
]
"""Why a file was quarantined: stable codes, the same in API, CLI and metrics."""
REASONS: frozenset[Reason] = frozenset(get_args(Reason))
Status = Literal["received", "processing", "approved", "needs_review", "rejected", "quarantined"]
SETTLED: frozenset[Status] = frozenset(("approved", "needs_review", "rejected", "quarantined"))


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt that reached the end found. `versions`: of code, rules, models and policy that made it."""

    extracted: Extracted
    findings: tuple[Finding, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """One invoice as it stands. `version` counts its changes of state and content; it is the ETag. `result` is None until settled.
    `pages`: of the file, first and last, 1-based, as far as known."""

    tenant: str
    id: str
    document_id: str
    file_name: str
    sha256: str
    media_type: str
    status: Status
    version: int
    attempts: int
    received_at: datetime
    updated_at: datetime
    reason: Reason | None = None
    result: Result | None = None
    pages: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """A row of a listing."""

    id: str
    document_id: str
    file_name: str
    status: Status
    reason: Reason | None
    received_at: datetime
    updated_at: datetime
    number: str | None = None
    issue_date: str | None = None
    seller_name: str | None = None
    currency: str | None = None
    total_with_tax: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an invoice.

    State events (`received processing approved needs_review rejected quarantined`) are durable and told once; their `id` is a
    number that grows within the store. Progress events (`stage`) are told live only; their `id` is None.
    """

    tenant: str
    invoice_id: str
    type: Literal["received", "processing", "stage", "approved", "needs_review", "rejected", "quarantined"]
    at: datetime
    id: int | None = None
    attempt: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)  # see docs/api.md, Events
