"""UN/CEFACT Cross Industry Invoice D16B (Factur-X, ZUGFeRD 2, XRechnung) and ZUGFeRD 1.0 to `Invoice`.

The binding is that of CEN/TS 16931-3-3. What only the EXTENDED profile knows is mapped where the semantic model has a place
for it: logistics charges are charges, several payment terms are joined. ZUGFeRD 1.0 has the same elements in groups of
other names (`cii_names.Dialect`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.domain.invoice import Invoice, Period, PrecedingInvoice, SupportingDocument
from app.readers.cii_line import lines, notes_among_lines
from app.readers.cii_names import Dialect
from app.readers.cii_parts import OBJECT, allowances_and_charges, note_texts, notes, party, period, reference, tax
from app.readers.payment_means import PaymentMeans
from app.readers.tax_totals import tax_totals
from app.readers.xml_node import Node, joined

TAX_POINT_CODES = {"5": "3", "29": "35", "72": "432"}
"""BT-8: this syntax uses UNTDID 2475, the model UNTDID 2005."""

TENDER = "50"
"""UNTDID 1001 code of an AdditionalReferencedDocument that is BT-17; with any code but this and OBJECT it is BG-24."""


def read_cii(root: Node, names: Dialect) -> Invoice:
    """The whole invoice. What cannot be read is None and stands in the problems of the node's source."""
    context = root.one(names.context)
    document = root.one(names.document)
    transaction = root.one(names.transaction)
    agreement = transaction.one(names.header_agreement)
    delivery = transaction.one(names.header_delivery)
    settlement = transaction.one(names.header_settlement)
    totals = settlement.one(names.header_totals)
    currency, tax_currency = settlement.text("InvoiceCurrencyCode"), settlement.text("TaxCurrencyCode")
    total_tax, total_tax_in_tax_currency = tax_totals(totals.all("TaxTotalAmount"), currency, tax_currency)
    delivery_date, supply_period = _delivered(delivery)
    line_nodes = transaction.all("IncludedSupplyChainTradeLineItem")
    all_notes = notes(document) + notes_among_lines(line_nodes, names)
    preceding = tuple(
        PrecedingInvoice(reference=reference(n, names), issue_date=n.day("FormattedIssueDateTime") or n.day("IssueDateTime"))
        for n in settlement.all("InvoiceReferencedDocument")
    )
    invoiced_object = agreement.where("AdditionalReferencedDocument", "TypeCode", OBJECT)
    terms = settlement.all("SpecifiedTradePaymentTerms")
    taxes = settlement.all("ApplicableTradeTax")
    tax_point_code = next((code for n in taxes if (code := n.text("DueDateTypeCode"))), None)
    allowances, charges = allowances_and_charges(settlement, names)
    payment = _payment_means(settlement)
    return Invoice(
        number=document.text("ID"),
        issue_date=document.day("IssueDateTime"),
        type_code=document.text("TypeCode"),
        currency=currency,
        tax_currency=tax_currency,
        tax_point_date=next((day for n in taxes if (day := n.day("TaxPointDate"))), None),
        tax_point_date_code=tax_point_code and TAX_POINT_CODES.get(tax_point_code, tax_point_code),
        due_date=_due_date(terms),
        buyer_reference=agreement.text("BuyerReference"),
        project_reference=agreement.first("SpecifiedProcuringProject").text("ID"),
        contract_reference=reference(agreement.first("ContractReferencedDocument"), names),
        purchase_order_reference=reference(agreement.first("BuyerOrderReferencedDocument"), names),
        sales_order_reference=reference(agreement.first("SellerOrderReferencedDocument"), names),
        receiving_advice_reference=reference(delivery.first("ReceivingAdviceReferencedDocument"), names),
        despatch_advice_reference=reference(delivery.first("DespatchAdviceReferencedDocument"), names),
        tender_reference=reference(agreement.where("AdditionalReferencedDocument", "TypeCode", TENDER), names),
        invoiced_object=reference(invoiced_object, names),
        invoiced_object_scheme=invoiced_object.text("ReferenceTypeCode"),
        accounting_reference=settlement.first("ReceivableSpecifiedTradeAccountingAccount").text("ID"),
        payment_terms=joined(text for n in terms for text in n.texts("Description")),
        note=note_texts(all_notes),
        notes=all_notes,
        business_process=context.first("BusinessProcessSpecifiedDocumentContextParameter").text("ID"),
        specification=context.first("GuidelineSpecifiedDocumentContextParameter").text("ID"),
        preceding_invoice_reference=preceding[0].reference if preceding else None,
        preceding_invoices=preceding,
        seller=party(agreement.one("SellerTradeParty")),
        buyer=party(agreement.one("BuyerTradeParty")),
        payee=party(settlement.one("PayeeTradeParty")),
        tax_representative=party(agreement.one("SellerTaxRepresentativeTradeParty")),
        ship_to=party(delivery.one("ShipToTradeParty")),
        delivery_date=delivery_date,
        period=period(settlement) or supply_period,
        payment_means_code=payment.code,
        payment_means_text=payment.text,
        payment_reference=settlement.first("PaymentReference").value,
        payment_account=payment.account,
        payment_account_name=payment.account_name,
        payment_bic=payment.bic,
        payment_accounts=payment.accounts,
        payment_card_number=payment.card_number,
        payment_card_holder=payment.card_holder,
        mandate_reference=next((text for n in terms for text in n.texts("DirectDebitMandateID")), payment.mandate),
        creditor_id=settlement.text("CreditorReferenceID") or payment.creditor_id,
        debited_account=payment.debited_account,
        allowances=allowances,
        charges=charges,
        line_total=totals.money("LineTotalAmount"),
        allowance_total=totals.money("AllowanceTotalAmount"),
        charge_total=totals.money("ChargeTotalAmount"),
        total_without_tax=totals.money("TaxBasisTotalAmount"),
        total_tax=total_tax,
        total_tax_in_tax_currency=total_tax_in_tax_currency,
        total_with_tax=totals.money("GrandTotalAmount"),
        paid_amount=totals.money("TotalPrepaidAmount"),
        rounding_amount=totals.money("RoundingAmount"),
        amount_due=totals.money("DuePayableAmount"),
        tax_breakdown=tuple(tax(n, names) for n in taxes),
        supporting_documents=tuple(
            _supporting_document(n, names)
            for n in agreement.all("AdditionalReferencedDocument")
            if n.text("TypeCode") not in (TENDER, OBJECT)
        ),
        lines=lines(line_nodes, names),
    )


def _delivered(delivery: Node) -> tuple[date | None, Period | None]:
    """BT-72; or, where the document says no day but "October", that as the period of supply."""
    span = delivery.one("ActualDeliverySupplyChainEvent").span("OccurrenceDateTime")
    if span is None:
        return None, None
    return (span[0], None) if span[0] == span[1] else (None, Period(*span))


def _due_date(terms: Sequence[Node]) -> date | None:
    """BT-9. Several terms (EXTENDED) are either instalments, of which the first falls due first; or they offer a discount for
    paying earlier, and the whole amount falls due on the last day, whether the discount is said in structure or in words."""
    days = [day for n in terms if not n.first("ApplicableTradePaymentDiscountTerms") and (day := n.day("DueDateDateTime"))]
    days = days or [day for n in terms if (day := n.day("DueDateDateTime"))]
    if any(n.first("PartialPaymentAmount") for n in terms):
        return min(days, default=None)
    return max(days, default=None)


def _supporting_document(node: Node, names: Dialect) -> SupportingDocument:
    attachment = node.first("AttachmentBinaryObject")
    return SupportingDocument(
        reference=reference(node, names),
        description=joined(node.texts("Name")),
        location=node.text("URIID"),
        file_name=attachment.attribute("filename"),
        media_type=attachment.attribute("mimeCode"),
    )


def _payment_means(settlement: Node) -> PaymentMeans:
    payment = PaymentMeans()
    for means in settlement.all("SpecifiedTradeSettlementPaymentMeans"):
        payment.code = payment.code or means.text("TypeCode")
        payment.text = payment.text or joined(means.texts("Information"))
        mandate = means.first("ID")  # ZUGFeRD 1.0 only; there the creditor is the agency that gave the mandate its number
        payment.mandate = payment.mandate or mandate.value
        payment.creditor_id = payment.creditor_id or mandate.attribute("schemeAgencyID")
        card = means.one("ApplicableTradeSettlementFinancialCard")
        payment.card_number = payment.card_number or card.text("ID")
        payment.card_holder = payment.card_holder or card.text("CardholderName")
        payer = means.one("PayerPartyDebtorFinancialAccount")
        payment.debited_account = payment.debited_account or payer.text("IBANID") or payer.text("ProprietaryID")
        payee = means.one("PayeePartyCreditorFinancialAccount")
        iban = payee.text("IBANID")
        bic = means.one("PayeeSpecifiedCreditorFinancialInstitution").text("BICID")
        payment.add_account(iban or payee.text("ProprietaryID"), iban is not None, payee.text("AccountName"), bic)
    return payment
