"""What an afternoon's regular expressions read: the floor. Labels in eight languages, the first match wins, sums take the last.

`read(text)` answers in the truth's words (docs/accuracy.md). Nothing of the product is used.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

_NUMBER = re.compile(
    r"(?:invoice|rechnungs?|facture|factuur|fattura|factura|fatura|bill|receipt|credit note|gutschrift)[\s-]*"
    r"(?:no|nr|num|number|nummer|numéro|numero|número|n°|nº|#|id)?[.:#°\s]{0,4}([A-Z0-9][\w/.-]*\d[\w/-]*)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:purchase order|p\.?o\.?|order|bestell(?:ung)?|commande|bestelling|ordine|pedido|encomenda)[\s-]*"
    r"(?:no|nr|number|nummer|n°|nº|#)[.:#°\s]{0,4}([A-Z0-9][\w/.-]*\d[\w/-]*)",
    re.IGNORECASE,
)
_DUE = r"due|fällig|zahlbar bis|échéance|vervaldatum|vervaldag|scadenza|vencimiento|vencimento"
_MONTHS = (
    "jan|feb|fév|mar|mär|mrt|apr|avr|abr|may|mai|mei|mag|jun|juin|giu|jul|juil|lug|aug|aoû|ago|sep|set|oct|okt|ott|out|nov|dec|dez|déc|dic"
)
_NAMES = (
    "jan gen ene|feb fév fev|mar mär mrt|apr avr abr|may mai mei mag|jun giu|jul lug|aug aoû ago|sep set|oct okt ott out|nov|"
    "dec dez déc dic"
)
_MONTH = {name: number for number, names in enumerate(_NAMES.split("|"), 1) for name in names.split()} | {"juin": 6, "juil": 7}
_DATES = re.compile(
    rf"\b(?P<y>20\d\d)[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)\b|\b(?P<d2>\d\d?)[-/.](?P<m2>\d\d?)[-/.](?P<y2>(?:20)?\d\d)\b"
    rf"|\b(?P<d3>\d\d?)\.?\s*(?:de\s+)?(?P<m3>{_MONTHS})\w*\.?,?\s*(?:de\s+)?(?P<y3>20\d\d)\b"
    rf"|\b(?P<m4>{_MONTHS})\w*\.?\s+(?P<d4>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<y4>20\d\d)\b",
    re.IGNORECASE,
)
_AMOUNT = r"(-?\d{1,3}(?:[.,' ]\d{3})*[.,]\d{2}|-?\d+[.,]\d{2})(?!\d)"
_SUMS = {
    "gross_total": r"total (?:due|amount|ttc|incl)|grand total|gesamtbetrag|rechnungsbetrag|bruttobetrag|endbetrag|zahlbetrag|net à payer|"
    r"à payer|amount due|balance due|te betalen|totaal|totale|importe total|total a pagar|total",
    "net_total": r"sub-?\s?total|net(?:to)?(?:betrag|summe)?|total h\.?t|zwischensumme|subtotaal|imponibile|base imponible|excl",
    "tax_total": r"vat|mwst|ust|umsatzsteuer|tva|btw|iva|gst|sales tax|tax",
}
_CURRENCY = {
    "€": "EUR",
    "EUR": "EUR",
    "£": "GBP",
    "GBP": "GBP",
    "$": "USD",
    "USD": "USD",
    "CHF": "CHF",
    "RM": "MYR",
    "MYR": "MYR",
    "INR": "INR",
    "₹": "INR",
}


def read(text: str) -> dict[str, Any]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    due = _date(_after(text, _DUE))
    number, order = _NUMBER.search(text), _ORDER.search(text)
    vat = re.search(r"\b(?:AT|BE|DE|ES|FR|GB|IE|IT|LU|NL|PT|PL|SE|DK)\s?[A-Z0-9]{2}[\s.]?\d{3}[\s.]?\d{3}[\s.]?\w{1,4}\b", text)
    iban = re.search(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b", text)
    money = Counter(_CURRENCY[sign] for sign in re.findall(r"€|EUR|£|GBP|\$|USD|CHF|\bRM|MYR|INR|₹", text)).most_common(1)
    return {
        "invoice_number": number and number[1],
        "issue_date": _date(text),
        "due_date": due,
        "currency": money[0][0] if money else None,
        **{name: _sum(lines, labels) for name, labels in _SUMS.items()},
        "vendor_name": lines[0] if lines else None,
        "vendor_vat_id": vat and vat[0],
        "buyer_name": None,
        "iban": iban and iban[0],
        "purchase_order": order and order[1],
        "line_items": [],
    }


def _after(text: str, label: str) -> str:
    found = re.search(rf"(?:{label})[^\n]{{0,60}}", text, re.IGNORECASE)
    return found[0] if found else ""


def _date(text: str) -> str | None:
    for found in _DATES.finditer(text):
        parts = {name[0]: value for name, value in found.groupdict().items() if value}
        month = int(parts["m"]) if parts["m"].isdigit() else next(n for name, n in _MONTH.items() if parts["m"].lower().startswith(name))
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        try:
            return date(year, month, int(parts["d"])).isoformat()
        except ValueError:
            continue
    return None


def _sum(lines: list[str], labels: str) -> str | None:
    """The last amount of the last line that is labelled so."""
    for line in reversed(lines):
        if re.search(rf"\b(?:{labels})", line, re.IGNORECASE) and (amounts := re.findall(_AMOUNT, line)):
            return re.sub(r"[' ]", "", amounts[-1])
    return None
