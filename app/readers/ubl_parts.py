"""Groups of a UBL invoice that stand on the document and on its lines alike: parties, periods, taxes, allowances."""

from __future__ import annotations

from app.domain.invoice import Address, AllowanceCharge, Identifier, Party, Period, TaxBreakdown
from app.readers.xml_node import Node, joined


def is_sepa(identifier: Node) -> bool:
    """The SEPA creditor identifier (BT-90) stands among the identifiers of the seller or the payee."""
    return identifier.attribute("schemeID") == "SEPA"


def _identifiers(node: Node) -> tuple[Identifier, ...]:
    """BT-29, 46, 60: those of the party that are not the creditor's."""
    nodes = [n.one("ID") for n in node.all("PartyIdentification")]
    return tuple(Identifier(n.value, n.attribute("schemeID")) for n in nodes if n.value and not is_sepa(n))


def _tax_number(node: Node, vat: bool) -> str | None:
    """BT-31, 48, 63 with the scheme VAT, BT-32 with any other."""
    schemes = ((n.text("CompanyID"), n.one("TaxScheme").text("ID")) for n in node.all("PartyTaxScheme"))
    return next((number for number, scheme in schemes if number and (scheme == "VAT") is vat), None)


def party(node: Node) -> Party:
    """Seller, buyer and tax representative. The registered name, else the trading name, is the name."""
    if not node:
        return Party()
    ids = _identifiers(node)
    endpoint = node.one("EndpointID")
    legal = node.first("PartyLegalEntity")
    legal_id = legal.one("CompanyID")
    contact = node.one("Contact")
    registered, trading = legal.text("RegistrationName"), node.first("PartyName").text("Name")
    return Party(
        name=registered or trading,
        trading_name=trading if registered else None,
        id=ids[0].id if ids else None,
        id_scheme=ids[0].scheme if ids else None,
        further_ids=ids[1:],
        vat_id=_tax_number(node, vat=True),
        tax_id=_tax_number(node, vat=False),
        legal_id=legal_id.value,
        legal_id_scheme=legal_id.attribute("schemeID"),
        legal_information=legal.text("CompanyLegalForm"),
        electronic_address=endpoint.value,
        electronic_address_scheme=endpoint.attribute("schemeID"),
        contact_name=contact.text("Name"),
        phone=contact.text("Telephone"),
        email=contact.text("ElectronicMail"),
        address=_address(node.one("PostalAddress")),
    )


def payee(node: Node) -> Party:
    """BG-10."""
    ids = _identifiers(node)
    legal = node.first("PartyLegalEntity")
    legal_id = legal.one("CompanyID")
    return Party(
        name=node.first("PartyName").text("Name") or legal.text("RegistrationName"),
        id=ids[0].id if ids else None,
        id_scheme=ids[0].scheme if ids else None,
        further_ids=ids[1:],
        legal_id=legal_id.value,
        legal_id_scheme=legal_id.attribute("schemeID"),
    )


def delivery_party(delivery: Node) -> Party:
    """BG-13."""
    location = delivery.one("DeliveryLocation")
    identifier = location.one("ID")
    return Party(
        name=delivery.one("DeliveryParty").first("PartyName").text("Name"),
        id=identifier.value,
        id_scheme=identifier.attribute("schemeID"),
        address=_address(location.one("Address")),
    )


def _address(node: Node) -> Address:
    return Address(
        line_1=node.text("StreetName"),
        line_2=node.text("AdditionalStreetName"),
        line_3=joined(text for n in node.all("AddressLine") for text in n.texts("Line")),
        city=node.text("CityName"),
        post_code=node.text("PostalZone"),
        subdivision=node.text("CountrySubentity"),
        country=node.one("Country").text("IdentificationCode"),
    )


def period(node: Node) -> Period | None:
    start, end = node.iso_day("StartDate"), node.iso_day("EndDate")
    return Period(start=start, end=end) if start or end else None


def tax(subtotal: Node) -> TaxBreakdown:
    """BG-23."""
    category = subtotal.one("TaxCategory")
    return TaxBreakdown(
        category=category.text("ID"),
        rate=category.decimal("Percent"),
        taxable_amount=subtotal.money("TaxableAmount"),
        tax_amount=subtotal.money("TaxAmount"),
        exemption_reason=joined(category.texts("TaxExemptionReason")),
        exemption_reason_code=category.text("TaxExemptionReasonCode"),
    )


Pair = tuple[tuple[AllowanceCharge, ...], tuple[AllowanceCharge, ...]]


def allowances_and_charges(node: Node) -> Pair:
    """BG-20 and BG-21, BG-27 and BG-28."""
    allowances: list[AllowanceCharge] = []
    charges: list[AllowanceCharge] = []
    for item in node.all("AllowanceCharge"):
        is_charge = item.flag("ChargeIndicator")
        if is_charge is None:
            continue  # noted as a problem; counted either way it could be wrong by twice the amount
        category = item.first("TaxCategory")
        (charges if is_charge else allowances).append(
            AllowanceCharge(
                amount=item.money("Amount"),
                base_amount=item.money("BaseAmount"),
                percentage=item.decimal("MultiplierFactorNumeric"),
                tax_category=category.text("ID"),
                tax_rate=category.decimal("Percent"),
                reason=joined(item.texts("AllowanceChargeReason")),
                reason_code=item.text("AllowanceChargeReasonCode"),
            )
        )
    return tuple(allowances), tuple(charges)
