"""What is true of a document, and when a value that was read is right: by fields, as people compare them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from app.domain.document import Document
from app.domain.invoice import Invoice
from training.invoices.truth import PATHS

NAMES = frozenset(("seller.name", "buyer.name"))
CODES = frozenset(("seller.vat_id", "buyer.vat_id", "seller.tax_id", "payment_account", "payment_bic", "currency"))
NAMES_AGREE = 90.0  # percent of letters, of names as read and as they are

Truth = Mapping[str, tuple[object, ...]]
"""By path, every value that is right; empty where the document does not say one. A path that is missing is not known."""


@dataclass(frozen=True, slots=True)
class Example:
    """`family`: what has its layout or sender in common with it."""

    document: Document
    truth: Truth
    family: str


OF_AN_INVOICE = (
    *("number", "issue_date", "due_date", "delivery_date", "currency", "purchase_order_reference", "buyer_reference"),
    *("payment_account", "payment_bic", "payment_reference", "line_total", "total_without_tax", "total_tax", "total_with_tax"),
    *("paid_amount", "amount_due", "seller.name", "seller.vat_id", "seller.tax_id", "buyer.name", "buyer.vat_id", "buyer.id"),
)


def is_right(path: str, value: object, truth: tuple[object, ...]) -> bool:
    """`value`: as the extractor has it, or as it is written in JSON."""
    return any(_same(path, value, wanted) for wanted in truth)


def truth_of(invoice: Invoice) -> dict[str, tuple[object, ...]]:
    """All that an invoice as printed says, and that it does not say the rest."""
    return {path: () if (value := value_at(invoice, path)) is None else (value,) for path in OF_AN_INVOICE}


def labelled_truth(told: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
    """From the truth of a labelled folder; without what its annotator left open."""
    absent, unsure = set(told.get("absent") or ()), set(told.get("unsure") or ())
    truth: dict[str, tuple[object, ...]] = {}
    for name, ours in PATHS.items():
        values = [value for value in (told.get(name), *(told.get(f"{name}_alt") or ())) if value not in (None, "")]
        if name not in unsure and (values or name in absent):
            truth[ours] = tuple(_typed(name, str(value)) for value in values)
    return truth


def value_at(invoice: Invoice, path: str) -> object:
    value: object = invoice
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _typed(name: str, text: str) -> object:
    if name.endswith("_total"):
        return Decimal(text)
    return date.fromisoformat(text) if name.endswith("_date") else text


def _same(path: str, value: object, wanted: object) -> bool:
    if isinstance(wanted, Decimal):
        return round(Decimal(str(value)), 2) == round(wanted, 2)
    if isinstance(wanted, date):
        return str(value) == wanted.isoformat()
    one, other = _folded(value), _folded(wanted)
    if path in NAMES:
        one, other = re.sub(r"[^\w&]+", " ", one).strip(), re.sub(r"[^\w&]+", " ", other).strip()
        return max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) >= NAMES_AGREE
    kept = r"[^0-9a-z]" if path in CODES else r"[\s#]"
    return re.sub(kept, "", one) == re.sub(kept, "", other)


def _folded(value: object) -> str:
    return unicodedata.normalize("NFKC", str(value)).casefold()
