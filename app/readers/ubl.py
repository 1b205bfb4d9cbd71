"""UBL 2.1 Invoice and CreditNote to `Invoice`, in the binding of CEN/TS 16931-3-2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from app.domain.invoice import Invoice, Note, PrecedingInvoice, SupportingDocument
from app.readers.payment_means import PaymentMeans, looks_like_iban
from app.readers.tax_totals import tax_totals
from app.readers.ubl_line import line
from app.readers.ubl_parts import allowances_and_charges, delivery_party, is_sepa, party, payee, period, tax
from app.readers.xml_node import Node, joined

OBJECT, PROJECT = "130", "50"
"""UNTDID 1001 codes of an AdditionalDocumentReference that is BT-18 or, in a credit note, BT-11; with any other it is BG-24."""

_SUBJECT = re.compile(r"#([A-Z]{3})#")
"""BT-21 stands in front of the note's text in this syntax."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the two documents. `type_code`: what the root says where the document gives no BT-3."""

    type_element: str
    type_code: str | None
    line: str
    quantity: str


INVOICE = Kind(type_element="InvoiceTypeCode", type_code=None, line="InvoiceLine", quantity="InvoicedQuantity")
CREDIT_NOTE = Kind(type_element="CreditNoteTypeCode", type_code="381", line="CreditNoteLine", quantity="CreditedQuantity")


def read_ubl(root: Node, kind: Kind) -> Invoice:
    """The whole invoice. What cannot be read is None and stands in the problems of the node's source."""
    currency, tax_currency = root.text("DocumentCurrencyCode"), root.text("TaxCurrencyCode")
    tax_amounts = [n for total in root.all("TaxTotal") for n in total.all("TaxAmount")]
    total_tax, total_tax_in_tax_currency = tax_totals(tax_amounts, currency, tax_currency)
    notes = tuple(note for written in root.texts("Note") if (note := _note(written)).text)
    order = root.one("OrderReference")
    preceding = tuple(
        PrecedingInvoice(reference=n.text("ID"), issue_date=n.iso_day("IssueDate"))
        for billing in root.all("BillingReference")
        if (n := billing.one("InvoiceDocumentReference"))
    )
    invoiced_object = root.where("AdditionalDocumentReference", "DocumentTypeCode", OBJECT).one("ID")
    typed: tuple[str, ...] = (OBJECT,)
    project = root.first("ProjectReference").text("ID")
    if kind is CREDIT_NOTE:  # has no ProjectReference
        typed = (OBJECT, PROJECT)
        project = root.where("AdditionalDocumentReference", "DocumentTypeCode", PROJECT).text("ID")
    supplier = root.one("AccountingSupplierParty").one("Party")
    payee_party = root.one("PayeeParty")
    delivery = root.first("Delivery")
    invoice_period = root.first("InvoicePeriod")
    allowances, charges = allowances_and_charges(root)
    payment = _payment_means(root)
    totals = root.one("LegalMonetaryTotal")
    return Invoice(
        number=root.text("ID"),
        issue_date=root.iso_day("IssueDate"),
        type_code=root.text(kind.type_element) or kind.type_code,
        currency=currency,
        tax_currency=tax_currency,
        tax_point_date=root.iso_day("TaxPointDate"),
        tax_point_date_code=invoice_period.first("DescriptionCode").value,
        due_date=root.iso_day("DueDate") or _payment_due_date(root),
        buyer_reference=root.text("BuyerReference"),
        project_reference=project,
        contract_reference=root.first("ContractDocumentReference").text("ID"),
        purchase_order_reference=order.text("ID"),
        sales_order_reference=order.text("SalesOrderID"),
        receiving_advice_reference=root.first("ReceiptDocumentReference").text("ID"),
        despatch_advice_reference=root.first("DespatchDocumentReference").text("ID"),
        tender_reference=root.first("OriginatorDocumentReference").text("ID"),
        invoiced_object=invoiced_object.value,
        invoiced_object_scheme=invoiced_object.attribute("schemeID"),
        accounting_reference=root.text("AccountingCost"),
        payment_terms=joined(text for n in root.all("PaymentTerms") for text in n.texts("Note")),
        note=joined(note.text for note in notes if note.text),
        notes=notes,
        business_process=root.text("ProfileID"),
        specification=root.text("CustomizationID"),
        preceding_invoice_reference=preceding[0].reference if preceding else None,
        preceding_invoices=preceding,
        seller=party(supplier),
        buyer=party(root.one("AccountingCustomerParty").one("Party")),
        payee=payee(payee_party),
        tax_representative=party(root.one("TaxRepresentativeParty")),
        ship_to=delivery_party(delivery),
        delivery_date=delivery.iso_day("ActualDeliveryDate"),
        period=period(invoice_period),
        payment_means_code=payment.code,
        payment_means_text=payment.text,
        payment_reference=payment.reference,
        payment_account=payment.account,
        payment_account_name=payment.account_name,
        payment_bic=payment.bic,
        payment_accounts=payment.accounts,
        payment_card_number=payment.card_number,
        payment_card_holder=payment.card_holder,
        mandate_reference=payment.mandate,
        creditor_id=_creditor_id(supplier) or _creditor_id(payee_party),
        debited_account=payment.debited_account,
        allowances=allowances,
        charges=charges,
        line_total=totals.money("LineExtensionAmount"),
        allowance_total=totals.money("AllowanceTotalAmount"),
        charge_total=totals.money("ChargeTotalAmount"),
        total_without_tax=totals.money("TaxExclusiveAmount"),
        total_tax=total_tax,
        total_tax_in_tax_currency=total_tax_in_tax_currency,
        total_with_tax=totals.money("TaxInclusiveAmount"),
        paid_amount=totals.money("PrepaidAmount"),
        rounding_amount=totals.money("PayableRoundingAmount"),
        amount_due=totals.money("PayableAmount"),
        tax_breakdown=tuple(tax(n) for total in root.all("TaxTotal") for n in total.all("TaxSubtotal")),
        supporting_documents=tuple(
            _supporting_document(n) for n in root.all("AdditionalDocumentReference") if n.text("DocumentTypeCode") not in typed
        ),
        lines=tuple(line(n, kind.quantity) for n in root.all(kind.line)),
    )


def _note(written: str) -> Note:
    subject = _SUBJECT.match(written)
    return Note(text=written[subject.end() :].strip() or None, subject_code=subject[1]) if subject else Note(text=written)


def _payment_due_date(root: Node) -> date | None:
    """BT-9 of a credit note, which has no DueDate."""
    return next((day for n in root.all("PaymentMeans") if (day := n.iso_day("PaymentDueDate"))), None)


def _creditor_id(node: Node) -> str | None:
    """BT-90 is the party's identifier with the scheme SEPA."""
    identifiers = (n.one("ID") for n in node.all("PartyIdentification"))
    return next((n.value for n in identifiers if is_sepa(n) and n.value), None)


def _supporting_document(node: Node) -> SupportingDocument:
    attachment = node.one("Attachment")
    embedded = attachment.one("EmbeddedDocumentBinaryObject")
    return SupportingDocument(
        reference=node.text("ID"),
        description=joined(node.texts("DocumentDescription")),
        location=attachment.one("ExternalReference").text("URI"),
        file_name=embedded.attribute("filename"),
        media_type=embedded.attribute("mimeCode"),
    )


def _payment_means(root: Node) -> PaymentMeans:
    payment = PaymentMeans()
    for means in root.all("PaymentMeans"):
        code = means.one("PaymentMeansCode")
        payment.code = payment.code or code.value
        payment.text = payment.text or code.attribute("name") or joined(means.texts("InstructionNote"))
        payment.reference = payment.reference or means.first("PaymentID").value
        card = means.one("CardAccount")
        payment.card_number = payment.card_number or card.text("PrimaryAccountNumberID")
        payment.card_holder = payment.card_holder or card.text("HolderName")
        mandate = means.one("PaymentMandate")
        payment.mandate = payment.mandate or mandate.text("ID")
        payer = mandate.one("PayerFinancialAccount").text("ID") or means.one("PayerFinancialAccount").text("ID")
        payment.debited_account = payment.debited_account or payer
        account = means.one("PayeeFinancialAccount")
        number = account.text("ID")
        branch = account.one("FinancialInstitutionBranch")
        bic = branch.text("ID") or branch.one("FinancialInstitution").text("ID")
        payment.add_account(number, number is not None and looks_like_iban(number), account.text("Name"), bic)
    return payment
