"""Invoices made up at random over the whole model: a field added to the model is filled here without a change.

`random_invoice(random, density)` fills each value with that probability (1.0: all of them) and keeps the model's own rules: a
scheme belongs to an identifier, a unit to a quantity. `as_cii` and `as_ubl` leave out what the syntax has no place for.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, get_args, get_type_hints

from app.domain.invoice import Identifier, Invoice, LineItem, Party

MONEY = {
    "amount",
    "base_amount",
    "taxable_amount",
    "tax_amount",
    "net_amount",
    "line_total",
    "paid_amount",
    "rounding_amount",
    "amount_due",
}
WORDS = ["Ä", "ß&<>'\"", "x]]>y", "Größe", "日本", "𝄞", "a", "12", "É-1", "#", "œuvre", "Ω", "--", "\u200d", "&amp;"]
ACCOUNTS = ["DE02120300000000202051", "FR1420041010050500013M02606", "0123456", "NL91 ABNA 0417 1643 00"]
CODES = {"type_code": ["380", "381", "386", "261"], "currency": ["EUR", "USD"], "tax_currency": ["SEK", "GBP"]}
CODES |= {"subject_code": ["REG", "AAI"], "tax_point_date_code": ["3", "35", "432"]}


def random_invoice(random: Random, density: float = 0.6) -> Invoice:
    invoice: Invoice = _Maker(random, density).make(Invoice)
    preceding = tuple(replace(p, reference=p.reference or "R1") for p in invoice.preceding_invoices)
    accounts = tuple(random.sample(ACCOUNTS, random.randint(2, 4))) if invoice.payment_accounts else ()
    account = next((a for a in accounts if a != "0123456"), None) or invoice.payment_account
    notes = tuple(replace(n, text=n.text or "T") for n in invoice.notes)
    return replace(
        invoice,
        note="\n".join(n.text or "" for n in notes) or None,
        notes=notes,
        number=invoice.number or "N1",
        specification=invoice.specification or "urn:cen.eu:en16931:2017",
        currency=invoice.currency or "EUR",
        preceding_invoices=preceding,
        preceding_invoice_reference=preceding[0].reference if preceding else None,
        payment_accounts=accounts,
        payment_account=account,
        invoiced_object_scheme=invoice.invoiced_object and invoice.invoiced_object_scheme,
        total_tax_in_tax_currency=invoice.total_tax_in_tax_currency if invoice.tax_currency else None,
        supporting_documents=tuple(replace(d, reference=d.reference or "D1") for d in invoice.supporting_documents),
        lines=tuple(_line(line) for line in invoice.lines),
        seller=_party(invoice.seller),
        buyer=_party(invoice.buyer),
        payee=_party(invoice.payee),
        tax_representative=_party(invoice.tax_representative),
        ship_to=_party(invoice.ship_to),
        period=invoice.period if invoice.period and (invoice.period.start or invoice.period.end) else None,
    )


def as_cii(invoice: Invoice) -> Invoice:
    """BT-7 and BT-8 stand in the tax breakdown."""
    return invoice if invoice.tax_breakdown else replace(invoice, tax_point_date=None, tax_point_date_code=None)


def as_ubl(invoice: Invoice) -> Invoice:
    """Payee, tax representative and delivery address have fewer details, two texts are attributes of a code or a number."""
    payee, representative, ship_to = invoice.payee, invoice.tax_representative, invoice.ship_to
    return replace(
        invoice,
        payee=Party(
            name=payee.name,
            id=payee.id,
            id_scheme=payee.id_scheme,
            legal_id=payee.legal_id,
            legal_id_scheme=payee.legal_id_scheme,
        ),
        tax_representative=Party(name=representative.name or "T", vat_id=representative.vat_id, address=representative.address),
        ship_to=Party(name=ship_to.name, id=ship_to.id, id_scheme=ship_to.id_scheme, address=ship_to.address),
        payment_means_text=invoice.payment_means_code and invoice.payment_means_text,
        payment_card_holder=invoice.payment_card_number and invoice.payment_card_holder,
    )


def _party(party: Party) -> Party:
    identifiers = (Identifier(party.id, party.id_scheme), *party.further_ids)
    # CII keeps those with a scheme apart from those without.
    identifiers = tuple(sorted((i for i in identifiers if i.id), key=lambda i: i.scheme is None))
    return replace(
        party,
        name=party.name or (party.trading_name and "N"),
        id=identifiers[0].id if identifiers else None,
        id_scheme=identifiers[0].scheme if identifiers else None,
        further_ids=identifiers[1:],
        legal_id_scheme=party.legal_id and party.legal_id_scheme,
        electronic_address_scheme=party.electronic_address and party.electronic_address_scheme,
    )


def _line(line: LineItem) -> LineItem:
    return replace(
        line,
        item_name=line.item_name or "I",
        object_id_scheme=line.object_id and line.object_id_scheme,
        standard_item_id_scheme=line.standard_item_id and line.standard_item_id_scheme,
        unit=line.unit if line.quantity is not None else None,
        price_base_unit=line.price_base_unit if line.price_base_quantity is not None else None,
        period=line.period if line.period and (line.period.start or line.period.end) else None,
    )


class _Maker:
    def __init__(self, random: Random, density: float) -> None:
        self.random = random
        self.density = density

    def make(self, kind: Any) -> Any:
        hints = get_type_hints(kind)
        values = {f.name: self.value(f.name, hints[f.name]) for f in fields(kind)}
        if kind.__name__ in ("AllowanceCharge", "TaxBreakdown", "Classification", "Attribute"):  # there is none without content
            first = fields(kind)[0].name if kind.__name__ != "TaxBreakdown" else "tax_amount"
            values[first] = self.filled(first, get_args(hints[first])[0])
            if kind.__name__ == "Attribute":
                values["value"] = self.filled("value", str)
        return kind(**values)

    def value(self, name: str, hint: Any) -> Any:
        arguments = get_args(hint)
        if type(None) in arguments:
            return self.filled(name, arguments[0]) if self.random.random() < self.density else None
        if Ellipsis in arguments:
            count = self.random.randint(1, 3) if self.random.random() < self.density else 0
            return tuple(self.filled(name, arguments[0]) for _ in range(count))
        return self.make(hint)

    def filled(self, name: str, kind: Any) -> Any:
        random = self.random
        if name in CODES:
            return random.choice(CODES[name])
        if name in ("note", "text") and kind is str:
            return "\n".join(self.text() for _ in range(random.randint(1, 3)))
        if kind is str:
            return self.text()
        if kind is date:
            return date(1990, 1, 1) + timedelta(days=random.randrange(40_000))
        if kind is Decimal:
            places = 2 if name in MONEY or "total" in name else random.randrange(7)
            return Decimal(random.randrange(-(10**9), 10**12)).scaleb(-places)
        return self.make(kind)

    def text(self) -> str:
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(1, 4)))
