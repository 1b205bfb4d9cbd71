"""BG-25, the lines of a CII invoice."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.invoice import Attribute, Classification, LineItem, Note
from app.readers.cii_names import Dialect
from app.readers.cii_parts import OBJECT, allowances_and_charges, discount, note_texts, notes, period, reference
from app.readers.xml_node import Node, joined

NOT_SUMMED = frozenset({"GROUP", "INFORMATION"})
"""LineStatusReasonCode of lines whose amounts are subtotals of, or details to, other lines (EXTENDED)."""


def lines(nodes: Sequence[Node], names: Dialect) -> tuple[LineItem, ...]:
    """The lines that count: their net amounts add up to BT-106. Left out are groups, details and lines of nothing but text."""
    return tuple(line(n, names) for n in nodes if _is_summed(n) and not _is_text(n, names))


def notes_among_lines(nodes: Sequence[Node], names: Dialect) -> tuple[Note, ...]:
    """What stands between the lines without being one (ZUGFeRD 1.0): remarks and headings, for BG-1."""
    return tuple(note for n in nodes if _is_text(n, names) for note in notes(n.one("AssociatedDocumentLineDocument")))


def _is_summed(node: Node) -> bool:
    return node.one("AssociatedDocumentLineDocument").text("LineStatusReasonCode") not in NOT_SUMMED


def _is_text(node: Node, names: Dialect) -> bool:
    """No goods, no quantity and no amount."""
    return not (
        node.first("SpecifiedTradeProduct") or node.first(names.line_delivery) or node.one(names.line_settlement).first(names.line_totals)
    )


def line(node: Node, names: Dialect) -> LineItem:
    document = node.one("AssociatedDocumentLineDocument")
    product = node.one("SpecifiedTradeProduct")
    agreement = node.one(names.line_agreement)
    settlement = node.one(names.line_settlement)
    gross, net = agreement.one("GrossPriceProductTradePrice"), agreement.one("NetPriceProductTradePrice")
    base = net.one("BasisQuantity") or gross.one("BasisQuantity")
    quantity = node.one(names.line_delivery).one("BilledQuantity")
    tax = settlement.first("ApplicableTradeTax")
    allowances, charges = allowances_and_charges(settlement, names)
    invoiced_object = settlement.where("AdditionalReferencedDocument", "TypeCode", OBJECT)
    standard_id = product.first("GlobalID")
    return LineItem(
        id=document.text("LineID"),
        note=note_texts(notes(document)),
        object_id=reference(invoiced_object, names),
        object_id_scheme=invoiced_object.text("ReferenceTypeCode"),
        item_name=joined(product.texts("Name")),
        item_description=joined(product.texts("Description")),
        item_id=product.text("SellerAssignedID"),
        buyer_item_id=product.text("BuyerAssignedID"),
        standard_item_id=standard_id.value,
        standard_item_id_scheme=standard_id.attribute("schemeID"),
        classifications=tuple(
            Classification(code=code.value, scheme=code.attribute("listID"), version=code.attribute("listVersionID"))
            for n in product.all("DesignatedProductClassification")
            if (code := n.one("ClassCode"))
        ),
        origin_country=product.one("OriginTradeCountry").text("ID"),
        attributes=tuple(_attribute(n) for n in product.all("ApplicableProductCharacteristic")),
        quantity=quantity.number,
        unit=quantity.attribute("unitCode"),
        gross_price=gross.decimal("ChargeAmount"),
        price_discount=discount(gross),
        net_price=net.decimal("ChargeAmount"),
        price_base_quantity=base.number,
        price_base_unit=base.attribute("unitCode"),
        net_amount=settlement.one(names.line_totals).money("LineTotalAmount"),
        tax_category=tax.text("CategoryCode"),
        tax_rate=tax.decimal(names.percent),
        allowances=allowances,
        charges=charges,
        period=period(settlement),
        purchase_order_line=agreement.first("BuyerOrderReferencedDocument").text("LineID"),
        accounting_reference=settlement.first(names.line_account).text("ID"),
    )


def _attribute(node: Node) -> Attribute:
    """BG-32. EXTENDED may give a measure instead of a text: "12.5 KGM"."""
    measure = node.first("ValueMeasure")
    written = " ".join(part for part in (measure.value, measure.attribute("unitCode")) if part)
    return Attribute(name=joined(node.texts("Description")), value=joined(node.texts("Value")) or written or None)
