"""The truth about a made-up document in the words that `score.py` of labelled data understands (docs/accuracy.md)."""

from __future__ import annotations

from typing import Any

from app.domain.invoice import Invoice
from training.invoices import Made
from training.invoices.style import side_of

PATHS = {
    "invoice_number": "number",
    "issue_date": "issue_date",
    "due_date": "due_date",
    "currency": "currency",
    "net_total": "total_without_tax",
    "tax_total": "total_tax",
    "gross_total": "total_with_tax",
    "vendor_name": "seller.name",
    "vendor_vat_id": "seller.vat_id",
    "buyer_name": "buyer.name",
    "iban": "payment_account",
    "purchase_order": "purchase_order_reference",
}
"""The truth's header fields, and where the product's invoice has them."""


def truth_of(made: Made) -> dict[str, Any]:
    return values_of(made.invoice, made.sold) | {
        "language": made.language,
        "locale": made.locale,
        "layout": made.family,
        "held_out": side_of(made.family.removeprefix("till-")) == "held-out",
        "kind": made.kind,
    }


def values_of(shown: Invoice, sold: Invoice) -> dict[str, Any]:
    """`shown`: what the pages say of `sold`. `absent`: what stands on no page, so that saying it is an error; `unsure`: what a page implies
    without printing it."""
    truth: dict[str, Any] = {}
    absent, unsure = [], []
    for name, path in PATHS.items():
        value: Any = shown
        for part in path.split("."):
            value = getattr(value, part)
        truth[name] = str(value) if value is not None else None
        if value is not None:
            continue
        if name in ("due_date", "currency", "net_total", "tax_total") or (name == "vendor_vat_id" and sold.seller.tax_id):
            unsure.append(name)
        else:
            absent.append(name)
    truth["line_items"] = [
        {
            "description": line.item_name,
            "quantity": _text(line.quantity),
            "unit_price": _text(line.net_price),
            "amount": _text(line.net_amount),
            "product_code": line.item_id,
        }
        for line in shown.lines
    ]
    vat = sold.seller.vat_id
    if truth["vendor_vat_id"] and vat and vat[:2] in ("IT", "ES", "PT", "PL"):
        truth["vendor_vat_id_alt"] = [vat[2:]]
    elif truth["vendor_vat_id"] and vat and vat.startswith("CHE"):
        truth["vendor_vat_id_alt"] = [vat.removesuffix("MWST")]
    return truth | {"absent": absent, "unsure": unsure}


def boxes_of(made: Made) -> list[dict[str, Any]]:
    return [{"path": spot.path, "page": spot.page, "box": list(spot.box), "text": spot.text} for spot in made.spots]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
