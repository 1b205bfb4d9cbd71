"""The profiles of Factur-X and ZUGFeRD 2, and what an invoice must do without in the smaller ones."""

from __future__ import annotations

from dataclasses import replace

from app.domain.invoice import Address, Invoice, LineItem, Party

PROFILES = {
    "MINIMUM": "urn:factur-x.eu:1p0:minimum",
    "BASIC WL": "urn:factur-x.eu:1p0:basicwl",
    "BASIC": "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
    "EN 16931": "urn:cen.eu:en16931:2017",
    "EXTENDED": "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
    "XRECHNUNG": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}


def reduced(invoice: Invoice, profile: str) -> Invoice:
    """What of the invoice the profile has a place for."""
    match profile:
        case "MINIMUM":
            return _minimum(invoice)
        case "BASIC WL":
            return replace(_basic(invoice), lines=())
        case "BASIC":
            return _basic(invoice)
        case _:
            return invoice


def _basic(full: Invoice) -> Invoice:
    return replace(
        full,
        tax_point_date=None,
        sales_order_reference=None,
        receiving_advice_reference=None,
        payment_means_text=None,
        payment_account_name=None,
        payment_bic=None,
        payment_card_number=None,
        payment_card_holder=None,
        project_reference=None,
        tender_reference=None,
        invoiced_object=None,
        invoiced_object_scheme=None,
        supporting_documents=(),
        rounding_amount=None,
        seller=_basic_party(full.seller),
        buyer=_basic_party(full.buyer),
        payee=_basic_party(full.payee),
        tax_representative=_basic_party(full.tax_representative),
        ship_to=_basic_party(full.ship_to),
        lines=tuple(_basic_line(line) for line in full.lines),
    )


def _basic_party(full: Party) -> Party:
    return replace(full, legal_information=None, contact_name=None, phone=None, email=None)


def _basic_line(full: LineItem) -> LineItem:
    return LineItem(
        id=full.id,
        note=full.note,
        item_name=full.item_name,
        standard_item_id=full.standard_item_id,
        standard_item_id_scheme=full.standard_item_id_scheme,
        quantity=full.quantity,
        unit=full.unit,
        net_price=full.net_price,
        price_base_quantity=full.price_base_quantity,
        price_base_unit=full.price_base_unit,
        net_amount=full.net_amount,
        tax_category=full.tax_category,
        tax_rate=full.tax_rate,
        allowances=full.allowances,
        charges=full.charges,
    )


def _minimum(full: Invoice) -> Invoice:
    return Invoice(
        number=full.number,
        issue_date=full.issue_date,
        type_code=full.type_code,
        currency=full.currency,
        buyer_reference=full.buyer_reference,
        purchase_order_reference=full.purchase_order_reference,
        business_process=full.business_process,
        specification=full.specification,
        seller=Party(
            name=full.seller.name,
            legal_id=full.seller.legal_id,
            legal_id_scheme=full.seller.legal_id_scheme,
            vat_id=full.seller.vat_id,
            tax_id=full.seller.tax_id,
            address=Address(country=full.seller.address.country),
        ),
        buyer=Party(name=full.buyer.name, legal_id=full.buyer.legal_id, legal_id_scheme=full.buyer.legal_id_scheme),
        total_without_tax=full.total_without_tax,
        total_tax=full.total_tax,
        total_with_tax=full.total_with_tax,
        amount_due=full.amount_due,
    )
