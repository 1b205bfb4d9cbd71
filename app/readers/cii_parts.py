"""Groups of a CII invoice that stand on the document and on its lines alike: parties, periods, taxes, allowances, texts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.domain.invoice import Address, AllowanceCharge, Identifier, Note, Party, Period, TaxBreakdown
from app.readers.cii_names import Dialect
from app.readers.xml_node import Node, joined

OBJECT = "130"
"""UNTDID 1001 code of an AdditionalReferencedDocument that names the invoiced object (BT-18, BT-128)."""


def notes(document: Node) -> tuple[Note, ...]:
    """BG-1. (A line has only the text, BT-127.)"""
    return tuple(
        Note(text=text, subject_code=node.text("SubjectCode"))
        for node in document.all("IncludedNote")
        if (text := joined(node.texts("Content")))
    )


def note_texts(notes: Iterable[Note]) -> str | None:
    return joined(note.text for note in notes if note.text)


def identifiers(node: Node) -> tuple[Identifier, ...]:
    """BT-29, 46, 60, 71: those with a scheme first."""
    nodes = [n for n in (*node.all("GlobalID"), *node.all("ID")) if n.value]
    return tuple(Identifier(n.value, n.attribute("schemeID")) for n in nodes)


def reference(document: Node, names: Dialect) -> str | None:
    """The number of a ...ReferencedDocument."""
    return document.text(names.reference)


def party(node: Node) -> Party:
    if not node:
        return Party()
    ids = identifiers(node)
    legal = node.one("SpecifiedLegalOrganization")
    legal_id = legal.one("ID")
    contact = node.first("DefinedTradeContact")
    email = contact.first("EmailURIUniversalCommunication")
    electronic_address = node.first("URIUniversalCommunication").one("URIID")
    address = node.one("PostalTradeAddress")
    registrations = [n.one("ID") for n in node.all("SpecifiedTaxRegistration")]
    return Party(
        name=node.text("Name"),
        trading_name=legal.text("TradingBusinessName"),
        id=ids[0].id if ids else None,
        id_scheme=ids[0].scheme if ids else None,
        further_ids=ids[1:],
        vat_id=_registration(registrations, "VA"),
        tax_id=_registration(registrations, "FC"),
        legal_id=legal_id.value,
        legal_id_scheme=legal_id.attribute("schemeID"),
        legal_information=joined(node.texts("Description")),
        electronic_address=electronic_address.value,
        electronic_address_scheme=electronic_address.attribute("schemeID"),
        contact_name=contact.text("PersonName") or contact.text("DepartmentName"),
        phone=contact.first("TelephoneUniversalCommunication").text("CompleteNumber"),
        email=email.text("URIID") or email.text("CompleteNumber"),
        address=Address(
            line_1=address.text("LineOne"),
            line_2=address.text("LineTwo"),
            line_3=address.text("LineThree"),
            city=address.text("CityName"),
            post_code=address.text("PostcodeCode"),
            subdivision=address.first("CountrySubDivisionName").value,
            country=address.text("CountryID"),
        ),
    )


def _registration(registrations: list[Node], scheme: str) -> str | None:
    return next((n.value for n in registrations if n.attribute("schemeID") == scheme and n.value), None)


def period(settlement: Node) -> Period | None:
    """BG-14, BG-26: from the first day of its start to the last day of its end, where those are given as months or weeks."""
    node = settlement.first("BillingSpecifiedPeriod")
    if not node:
        return None
    start, end = node.span("StartDateTime"), node.span("EndDateTime")
    if start is None and end is None:
        return None
    return Period(start=start[0] if start else None, end=end[1] if end else None)


def tax(node: Node, names: Dialect) -> TaxBreakdown:
    """BG-23."""
    return TaxBreakdown(
        category=node.text("CategoryCode"),
        rate=node.decimal(names.percent),
        taxable_amount=node.money("BasisAmount"),
        tax_amount=node.money("CalculatedAmount"),
        exemption_reason=joined(node.texts("ExemptionReason")),
        exemption_reason_code=node.text("ExemptionReasonCode"),
    )


Pair = tuple[tuple[AllowanceCharge, ...], tuple[AllowanceCharge, ...]]


def allowances_and_charges(settlement: Node, names: Dialect) -> Pair:
    """BG-20 and BG-21, BG-27 and BG-28. Logistics charges (EXTENDED) are charges."""
    allowances: list[AllowanceCharge] = []
    charges: list[AllowanceCharge] = []
    for node in settlement.all("SpecifiedTradeAllowanceCharge"):
        is_charge = node.one("ChargeIndicator").flag("Indicator")
        if is_charge is None:
            continue  # noted as a problem; counted either way it could be wrong by twice the amount
        category = node.first("CategoryTradeTax")
        item = AllowanceCharge(
            amount=node.money("ActualAmount"),
            base_amount=node.money("BasisAmount"),
            percentage=node.decimal("CalculationPercent"),
            tax_category=category.text("CategoryCode"),
            tax_rate=category.decimal(names.percent),
            reason=node.text("Reason"),
            reason_code=node.text("ReasonCode"),
        )
        (charges if is_charge else allowances).append(item)
    for node in settlement.all("SpecifiedLogisticsServiceCharge"):
        category = node.first("AppliedTradeTax")
        charges.append(
            AllowanceCharge(
                amount=node.money("AppliedAmount"),
                tax_category=category.text("CategoryCode"),
                tax_rate=category.decimal(names.percent),
                reason=joined(node.texts("Description")),
            )
        )
    return tuple(allowances), tuple(charges)


def discount(gross_price: Node) -> Decimal | None:
    """BT-147: what the price allowances take off the gross price, less what price charges (EXTENDED) put on it."""
    total: Decimal | None = None
    for node in gross_price.all("AppliedTradeAllowanceCharge"):
        amount = node.decimal("ActualAmount")
        if amount is None:
            continue
        is_charge = node.one("ChargeIndicator").flag("Indicator")
        if is_charge is not None:
            signed = -amount if is_charge else amount
            total = signed if total is None else total + signed
    return total
