"""BG-25, the lines of a UBL invoice or credit note. Lines within a line (an extension) are details of it and not summed."""

from __future__ import annotations

from decimal import Decimal

from app.domain.invoice import Attribute, Classification, LineItem
from app.readers.ubl_parts import allowances_and_charges, period
from app.readers.xml_node import Node, joined

OBJECT = "130"


def line(node: Node, quantity_element: str) -> LineItem:
    item = node.one("Item")
    price = node.one("Price")
    quantity = node.one(quantity_element)
    base = price.one("BaseQuantity")
    tax = item.first("ClassifiedTaxCategory")
    standard_id = item.one("StandardItemIdentification").one("ID")
    invoiced_object = node.where("DocumentReference", "DocumentTypeCode", OBJECT).one("ID")
    allowances, charges = allowances_and_charges(node)
    gross_price, discount = _gross_price(price)
    return LineItem(
        id=node.text("ID"),
        note=joined(node.texts("Note")),
        object_id=invoiced_object.value,
        object_id_scheme=invoiced_object.attribute("schemeID"),
        item_name=item.text("Name"),
        item_description=joined(item.texts("Description")),
        item_id=item.one("SellersItemIdentification").text("ID"),
        buyer_item_id=item.one("BuyersItemIdentification").text("ID"),
        standard_item_id=standard_id.value,
        standard_item_id_scheme=standard_id.attribute("schemeID"),
        classifications=tuple(
            Classification(code=code.value, scheme=code.attribute("listID"), version=code.attribute("listVersionID"))
            for n in item.all("CommodityClassification")
            if (code := n.one("ItemClassificationCode"))
        ),
        origin_country=item.one("OriginCountry").text("IdentificationCode"),
        attributes=tuple(Attribute(name=n.text("Name"), value=n.text("Value")) for n in item.all("AdditionalItemProperty")),
        quantity=quantity.number,
        unit=quantity.attribute("unitCode"),
        gross_price=gross_price,
        price_discount=discount,
        net_price=price.decimal("PriceAmount"),
        price_base_quantity=base.number,
        price_base_unit=base.attribute("unitCode"),
        net_amount=node.money("LineExtensionAmount"),
        tax_category=tax.text("ID"),
        tax_rate=tax.decimal("Percent"),
        allowances=allowances,
        charges=charges,
        period=period(node.first("InvoicePeriod")),
        purchase_order_line=node.first("OrderLineReference").text("LineID"),
        accounting_reference=node.text("AccountingCost"),
    )


def _gross_price(price: Node) -> tuple[Decimal | None, Decimal | None]:
    """BT-148 and BT-147: both stand in the price's allowance."""
    for allowance in price.all("AllowanceCharge"):
        if allowance.flag("ChargeIndicator") is False:
            return allowance.decimal("BaseAmount"), allowance.decimal("Amount")
    return None, None
