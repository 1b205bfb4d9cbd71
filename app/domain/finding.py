"""A rule's verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOT_AN_INVOICE = "not_an_invoice"
"""The one finding that refuses: the document is something else, and its message says what. The same word as the reason."""
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is a stable code (`BR-CO-10`, `iban_checksum`); `message` is for people; `fields` are paths such as `lines.0.net_amount`."""

    rule: str
    severity: Severity
    message: str
    fields: tuple[str, ...] = ()
