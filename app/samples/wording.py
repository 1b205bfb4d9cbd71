"""What the three languages call things on a printed invoice, and how they write amounts and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_MONTHS = "January February March April May June July August September October November December".split()
_MOIS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()


@dataclass(frozen=True, slots=True)
class Wording:
    """`units`: UN/ECE codes as people write them. `currencies`: how an amount shows its currency, "{}" being the number."""

    language: str
    invoice: str
    credit_note: str
    number: str
    number_sign: str
    colon: str
    credit_note_number: str
    issue_date: str
    due_date: str
    delivery_date: str
    customer_number: str
    purchase_order: str
    preceding_invoice: str
    seller_vat: str
    buyer_vat: str
    bill_to: str
    contact: str
    position: str
    item_id: str
    item: str
    quantity: str
    unit: str
    price: str
    tax_rate: str
    amount: str
    total_without_tax: str
    tax: str  # "{rate}" and "{base}" are filled in
    total_with_tax: str
    amount_due: str
    carried: str
    brought: str
    page: str  # "{page}" of "{pages}"
    payment: str
    account: str
    bic: str
    payment_reference: str
    legal_id: str
    thousands: str
    decimal: str
    currencies: Mapping[str, str]
    units: Mapping[str, str]

    def number_of(self, value: Decimal, decimals: int | None = None) -> str:
        """`value` as this language writes it, with `decimals` decimals or, without, those that it has."""
        text = f"{value:,.{decimals}f}" if decimals is not None else f"{value:,f}"
        return text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def amount_of(self, value: Decimal, currency: str) -> str:
        return self.currencies[currency].format(self.number_of(value, 2))

    def percent_of(self, rate: Decimal) -> str:
        return self.number_of(rate) + ("%" if self.language == "en" else " %")

    def date_of(self, day: date) -> str:
        if self.language == "en":
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        if self.language == "fr":
            return f"{day.day} {_MOIS[day.month - 1]} {day.year}"
        return f"{day:%d.%m.%Y}"


ENGLISH = Wording(
    language="en",
    invoice="INVOICE",
    credit_note="CREDIT NOTE",
    number="Invoice number",
    number_sign="No.",
    colon=": ",
    credit_note_number="Credit note number",
    issue_date="Date of issue",
    due_date="Payment due",
    delivery_date="Date of supply",
    customer_number="Customer no.",
    purchase_order="Your order",
    preceding_invoice="Refers to invoice",
    seller_vat="VAT reg. no.",
    buyer_vat="Customer VAT no.",
    bill_to="Bill to",
    contact="Contact",
    position="#",
    item_id="Item",
    item="Description",
    quantity="Qty",
    unit="Unit",
    price="Unit price",
    tax_rate="VAT",
    amount="Amount",
    total_without_tax="Subtotal (excl. VAT)",
    tax="VAT {rate} on {base}",
    total_with_tax="Total (incl. VAT)",
    amount_due="Amount due",
    carried="Carried forward",
    brought="Brought forward",
    page="Page {page} of {pages}",
    payment="How to pay",
    account="IBAN",
    bic="BIC",
    payment_reference="Reference",
    legal_id="Company no.",
    thousands=",",
    decimal=".",
    currencies={"GBP": "£{}", "EUR": "€{}"},
    units={"H87": "pcs", "HUR": "h", "MTR": "m", "KGM": "kg", "LTR": "l", "SET": "set", "MTK": "m²"},
)

GERMAN = Wording(
    language="de",
    invoice="Rechnung",
    credit_note="Rechnungskorrektur",
    number="Rechnungs-Nr.",
    number_sign="Nr.",
    colon=": ",
    credit_note_number="Beleg-Nr.",
    issue_date="Rechnungsdatum",
    due_date="Zahlbar bis",
    delivery_date="Lieferdatum",
    customer_number="Kunden-Nr.",
    purchase_order="Ihre Bestellung",
    preceding_invoice="Zu Rechnung",
    seller_vat="USt-IdNr.",
    buyer_vat="Ihre USt-IdNr.",
    bill_to="Rechnung an",
    contact="Ansprechpartner",
    position="Pos.",
    item_id="Art.-Nr.",
    item="Bezeichnung",
    quantity="Menge",
    unit="Einheit",
    price="Einzelpreis",
    tax_rate="USt",
    amount="Gesamt",
    total_without_tax="Nettobetrag",
    tax="zzgl. {rate} USt auf {base}",
    total_with_tax="Rechnungsbetrag",
    amount_due="Zahlbetrag",
    carried="Übertrag",
    brought="Übertrag",
    page="Seite {page} von {pages}",
    payment="Bankverbindung",
    account="IBAN",
    bic="BIC",
    payment_reference="Verwendungszweck",
    legal_id="Handelsregister",
    thousands=".",
    decimal=",",
    currencies={"EUR": "{} €", "CHF": "CHF {}"},
    units={"H87": "Stk", "HUR": "Std", "MTR": "m", "KGM": "kg", "LTR": "l", "SET": "Satz", "MTK": "m²"},
)

FRENCH = Wording(
    language="fr",
    invoice="Facture",
    credit_note="Avoir",
    number="Facture n°",
    number_sign="n°",
    colon=" : ",
    credit_note_number="Avoir n°",
    issue_date="Date de facturation",
    due_date="Date d’échéance",
    delivery_date="Date de livraison",
    customer_number="Code client",
    purchase_order="Bon de commande",
    preceding_invoice="Facture d’origine",
    seller_vat="N° TVA intracommunautaire",
    buyer_vat="N° TVA client",
    bill_to="Adressée à",
    contact="Contact",
    position="N°",
    item_id="Réf.",
    item="Désignation",
    quantity="Qté",
    unit="Unité",
    price="P.U. HT",
    tax_rate="TVA",
    amount="Montant HT",
    total_without_tax="Total HT",
    tax="TVA {rate} sur {base}",
    total_with_tax="Total TTC",
    amount_due="Net à payer",
    carried="À reporter",
    brought="Report",
    page="Page {page} sur {pages}",
    payment="Règlement par virement",
    account="IBAN",
    bic="BIC",
    payment_reference="Référence à rappeler",
    legal_id="SIRET",
    thousands="\u00a0",
    decimal=",",
    currencies={"EUR": "{} €"},
    units={"H87": "pièce", "HUR": "h", "MTR": "m", "KGM": "kg", "LTR": "l", "SET": "lot", "MTK": "m²"},
)

WORDINGS: Mapping[str, Wording] = {wording.language: wording for wording in (ENGLISH, GERMAN, FRENCH)}
