"""An `Invoice` as UBL 2.1 Invoice or CreditNote, elements in schema order (CEN/TS 16931-3-2)."""

from __future__ import annotations

from lxml import etree

from app.domain.invoice import CREDIT_NOTE_CODES, Address, AllowanceCharge, Invoice, LineItem, Note, Party, Period
from app.samples.xml_writer import XmlWriter

COMMON = "urn:oasis:names:specification:ubl:schema:xsd:"
SPECIFICATION = "urn:cen.eu:en16931:2017"


def write_ubl(invoice: Invoice) -> bytes:
    """UTF-8 XML; the type code decides between Invoice and CreditNote."""
    return _Ubl(invoice).xml.bytes()


class _Ubl:
    def __init__(self, invoice: Invoice) -> None:
        self.credit = invoice.type_code in CREDIT_NOTE_CODES
        root_name = "CreditNote" if self.credit else "Invoice"
        prefixes = {
            "ubl": f"{COMMON}{root_name}-2",
            "cac": f"{COMMON}CommonAggregateComponents-2",
            "cbc": f"{COMMON}CommonBasicComponents-2",
        }
        self.xml = XmlWriter(prefixes, "ubl", root_name)
        self.put, self.group = self.xml.put, self.xml.group
        self.currency = {"currencyID": invoice.currency}
        root = self.xml.root
        self.head(root, invoice)
        self.references(root, invoice)
        self.party(self.group(root, "cac:AccountingSupplierParty/cac:Party"), invoice.seller, invoice.creditor_id)
        self.party(self.group(root, "cac:AccountingCustomerParty/cac:Party"), invoice.buyer)
        self.payee(root, invoice.payee)
        self.tax_representative(root, invoice.tax_representative)
        self.delivery(root, invoice)
        self.payment_means(root, invoice)
        self.put(root, "cac:PaymentTerms/cbc:Note", invoice.payment_terms)
        for allowance in invoice.allowances:
            self.allowance(root, allowance, charge=False)
        for charge in invoice.charges:
            self.allowance(root, charge, charge=True)
        self.taxes(root, invoice)
        totals = self.group(root, "cac:LegalMonetaryTotal")
        self.put(totals, "cbc:LineExtensionAmount", invoice.line_total, self.currency)
        self.put(totals, "cbc:TaxExclusiveAmount", invoice.total_without_tax, self.currency)
        self.put(totals, "cbc:TaxInclusiveAmount", invoice.total_with_tax, self.currency)
        self.put(totals, "cbc:AllowanceTotalAmount", invoice.allowance_total, self.currency)
        self.put(totals, "cbc:ChargeTotalAmount", invoice.charge_total, self.currency)
        self.put(totals, "cbc:PrepaidAmount", invoice.paid_amount, self.currency)
        self.put(totals, "cbc:PayableRoundingAmount", invoice.rounding_amount, self.currency)
        self.put(totals, "cbc:PayableAmount", invoice.amount_due, self.currency)
        for line in invoice.lines:
            self.line(self.group(root, f"cac:{root_name}Line"), line)

    def head(self, root: etree._Element, invoice: Invoice) -> None:
        self.put(root, "cbc:CustomizationID", invoice.specification or SPECIFICATION)
        self.put(root, "cbc:ProfileID", invoice.business_process)
        self.put(root, "cbc:ID", invoice.number)
        self.put(root, "cbc:IssueDate", invoice.issue_date)
        if self.credit:
            self.put(root, "cbc:TaxPointDate", invoice.tax_point_date)
            self.put(root, "cbc:CreditNoteTypeCode", invoice.type_code)
            self.notes(root, invoice)
        else:
            self.put(root, "cbc:DueDate", invoice.due_date)
            self.put(root, "cbc:InvoiceTypeCode", invoice.type_code)
            self.notes(root, invoice)
            self.put(root, "cbc:TaxPointDate", invoice.tax_point_date)
        self.put(root, "cbc:DocumentCurrencyCode", invoice.currency)
        self.put(root, "cbc:TaxCurrencyCode", invoice.tax_currency)
        self.put(root, "cbc:AccountingCost", invoice.accounting_reference)
        self.put(root, "cbc:BuyerReference", invoice.buyer_reference)
        self.period(root, invoice.period, invoice.tax_point_date_code)

    def notes(self, root: etree._Element, invoice: Invoice) -> None:
        for note in invoice.notes or (Note(invoice.note),):
            self.put(root, "cbc:Note", f"#{note.subject_code}#{note.text}" if note.subject_code else note.text)

    def references(self, root: etree._Element, invoice: Invoice) -> None:
        order = self.group(root, "cac:OrderReference")
        self.put(order, "cbc:ID", invoice.purchase_order_reference)
        self.put(order, "cbc:SalesOrderID", invoice.sales_order_reference)
        for preceding in invoice.preceding_invoices:
            reference = self.group(root, "cac:BillingReference/cac:InvoiceDocumentReference")
            self.put(reference, "cbc:ID", preceding.reference)
            self.put(reference, "cbc:IssueDate", preceding.issue_date)
        self.put(root, "cac:DespatchDocumentReference/cbc:ID", invoice.despatch_advice_reference)
        self.put(root, "cac:ReceiptDocumentReference/cbc:ID", invoice.receiving_advice_reference)
        if not self.credit:
            self.put(root, "cac:OriginatorDocumentReference/cbc:ID", invoice.tender_reference)
        self.put(root, "cac:ContractDocumentReference/cbc:ID", invoice.contract_reference)
        for document in invoice.supporting_documents:
            group = self.group(root, "cac:AdditionalDocumentReference")
            self.put(group, "cbc:ID", document.reference)
            self.put(group, "cbc:DocumentDescription", document.description)
            attachment = self.group(group, "cac:Attachment")
            if document.file_name or document.media_type:
                attributes = {"mimeCode": document.media_type, "filename": document.file_name}
                self.put(attachment, "cbc:EmbeddedDocumentBinaryObject", "", attributes)
            self.put(attachment, "cac:ExternalReference/cbc:URI", document.location)
        self.typed_reference(root, invoice.invoiced_object, "130", invoice.invoiced_object_scheme)
        if self.credit:
            self.typed_reference(root, invoice.project_reference, "50", None)
            self.put(root, "cac:OriginatorDocumentReference/cbc:ID", invoice.tender_reference)
        else:
            self.put(root, "cac:ProjectReference/cbc:ID", invoice.project_reference)

    def typed_reference(self, root: etree._Element, reference: str | None, code: str, scheme: str | None) -> None:
        if reference:
            group = self.group(root, "cac:AdditionalDocumentReference")
            self.put(group, "cbc:ID", reference, {"schemeID": scheme})
            self.put(group, "cbc:DocumentTypeCode", code)

    def period(self, parent: etree._Element, period: Period | None, tax_point_code: str | None = None) -> None:
        group = self.group(parent, "cac:InvoicePeriod")
        self.put(group, "cbc:StartDate", period.start if period else None)
        self.put(group, "cbc:EndDate", period.end if period else None)
        self.put(group, "cbc:DescriptionCode", tax_point_code)

    def address(self, parent: etree._Element, name: str, address: Address) -> None:
        group = self.group(parent, name)
        self.put(group, "cbc:StreetName", address.line_1)
        self.put(group, "cbc:AdditionalStreetName", address.line_2)
        self.put(group, "cbc:CityName", address.city)
        self.put(group, "cbc:PostalZone", address.post_code)
        self.put(group, "cbc:CountrySubentity", address.subdivision)
        self.put(group, "cac:AddressLine/cbc:Line", address.line_3)
        self.put(group, "cac:Country/cbc:IdentificationCode", address.country)

    def party(self, group: etree._Element, party: Party, creditor_id: str | None = None) -> None:
        self.put(group, "cbc:EndpointID", party.electronic_address, {"schemeID": party.electronic_address_scheme})
        self.put(group, "cac:PartyIdentification/cbc:ID", party.id, {"schemeID": party.id_scheme})
        for identifier in party.further_ids:
            self.put(group, "cac:PartyIdentification/cbc:ID", identifier.id, {"schemeID": identifier.scheme})
        self.put(group, "cac:PartyIdentification/cbc:ID", creditor_id, {"schemeID": "SEPA"})
        self.put(group, "cac:PartyName/cbc:Name", party.trading_name)
        self.address(group, "cac:PostalAddress", party.address)
        self.tax_scheme(group, party.vat_id, "VAT")
        self.tax_scheme(group, party.tax_id, "TAX")
        legal = self.group(group, "cac:PartyLegalEntity")
        self.put(legal, "cbc:RegistrationName", party.name)
        self.put(legal, "cbc:CompanyID", party.legal_id, {"schemeID": party.legal_id_scheme})
        self.put(legal, "cbc:CompanyLegalForm", party.legal_information)
        contact = self.group(group, "cac:Contact")
        self.put(contact, "cbc:Name", party.contact_name)
        self.put(contact, "cbc:Telephone", party.phone)
        self.put(contact, "cbc:ElectronicMail", party.email)

    def tax_scheme(self, parent: etree._Element, number: str | None, scheme: str) -> None:
        if number:
            group = self.group(parent, "cac:PartyTaxScheme")
            self.put(group, "cbc:CompanyID", number)
            self.put(group, "cac:TaxScheme/cbc:ID", scheme)

    def payee(self, root: etree._Element, party: Party) -> None:
        group = self.group(root, "cac:PayeeParty")
        self.put(group, "cac:PartyIdentification/cbc:ID", party.id, {"schemeID": party.id_scheme})
        self.put(group, "cac:PartyName/cbc:Name", party.name)
        self.put(group, "cac:PartyLegalEntity/cbc:CompanyID", party.legal_id, {"schemeID": party.legal_id_scheme})

    def tax_representative(self, root: etree._Element, party: Party) -> None:
        group = self.group(root, "cac:TaxRepresentativeParty")
        self.put(group, "cac:PartyName/cbc:Name", party.name)
        self.address(group, "cac:PostalAddress", party.address)
        self.tax_scheme(group, party.vat_id, "VAT")

    def delivery(self, root: etree._Element, invoice: Invoice) -> None:
        delivery = self.group(root, "cac:Delivery")
        self.put(delivery, "cbc:ActualDeliveryDate", invoice.delivery_date)
        location = self.group(delivery, "cac:DeliveryLocation")
        self.put(location, "cbc:ID", invoice.ship_to.id, {"schemeID": invoice.ship_to.id_scheme})
        self.address(location, "cac:Address", invoice.ship_to.address)
        self.put(delivery, "cac:DeliveryParty/cac:PartyName/cbc:Name", invoice.ship_to.name)

    def payment_means(self, root: etree._Element, invoice: Invoice) -> None:
        """One group for each account; code, text and reference in all, name and BIC with the chosen account, the rest in the first."""
        for index, account in enumerate(invoice.payment_accounts or (invoice.payment_account,)):
            means = self.group(root, "cac:PaymentMeans")
            self.put(means, "cbc:PaymentMeansCode", invoice.payment_means_code, {"name": invoice.payment_means_text})
            if self.credit and index == 0:
                self.put(means, "cbc:PaymentDueDate", invoice.due_date)
            self.put(means, "cbc:PaymentID", invoice.payment_reference)
            if index == 0 and invoice.payment_card_number:
                card = self.group(means, "cac:CardAccount")
                self.put(card, "cbc:PrimaryAccountNumberID", invoice.payment_card_number)
                self.put(card, "cbc:NetworkID", "NA")  # required by the schema, not in the model
                self.put(card, "cbc:HolderName", invoice.payment_card_holder)
            payee = self.group(means, "cac:PayeeFinancialAccount")
            self.put(payee, "cbc:ID", account)
            if account == invoice.payment_account:
                self.put(payee, "cbc:Name", invoice.payment_account_name)
                self.put(payee, "cac:FinancialInstitutionBranch/cbc:ID", invoice.payment_bic)
            if index == 0:
                mandate = self.group(means, "cac:PaymentMandate")
                self.put(mandate, "cbc:ID", invoice.mandate_reference)
                self.put(mandate, "cac:PayerFinancialAccount/cbc:ID", invoice.debited_account)

    def allowance(self, parent: etree._Element, item: AllowanceCharge, charge: bool) -> None:
        group = self.group(parent, "cac:AllowanceCharge")
        self.put(group, "cbc:ChargeIndicator", "true" if charge else "false")
        self.put(group, "cbc:AllowanceChargeReasonCode", item.reason_code)
        self.put(group, "cbc:AllowanceChargeReason", item.reason)
        self.put(group, "cbc:MultiplierFactorNumeric", item.percentage)
        self.put(group, "cbc:Amount", item.amount, self.currency)
        self.put(group, "cbc:BaseAmount", item.base_amount, self.currency)
        if item.tax_category or item.tax_rate is not None:
            tax = self.group(group, "cac:TaxCategory")
            self.put(tax, "cbc:ID", item.tax_category)
            self.put(tax, "cbc:Percent", item.tax_rate)
            self.put(tax, "cac:TaxScheme/cbc:ID", "VAT")

    def taxes(self, root: etree._Element, invoice: Invoice) -> None:
        total = self.group(root, "cac:TaxTotal")
        self.put(total, "cbc:TaxAmount", invoice.total_tax, self.currency)
        for entry in invoice.tax_breakdown:
            subtotal = self.group(total, "cac:TaxSubtotal")
            self.put(subtotal, "cbc:TaxableAmount", entry.taxable_amount, self.currency)
            self.put(subtotal, "cbc:TaxAmount", entry.tax_amount, self.currency)
            tax = self.group(subtotal, "cac:TaxCategory")
            self.put(tax, "cbc:ID", entry.category)
            self.put(tax, "cbc:Percent", entry.rate)
            self.put(tax, "cbc:TaxExemptionReasonCode", entry.exemption_reason_code)
            self.put(tax, "cbc:TaxExemptionReason", entry.exemption_reason)
            self.put(tax, "cac:TaxScheme/cbc:ID", "VAT")
        self.put(root, "cac:TaxTotal/cbc:TaxAmount", invoice.total_tax_in_tax_currency, {"currencyID": invoice.tax_currency})

    def line(self, group: etree._Element, line: LineItem) -> None:
        self.put(group, "cbc:ID", line.id)
        self.put(group, "cbc:Note", line.note)
        quantity = "cbc:CreditedQuantity" if self.credit else "cbc:InvoicedQuantity"
        self.put(group, quantity, line.quantity, {"unitCode": line.unit})
        self.put(group, "cbc:LineExtensionAmount", line.net_amount, self.currency)
        self.put(group, "cbc:AccountingCost", line.accounting_reference)
        self.period(group, line.period)
        self.put(group, "cac:OrderLineReference/cbc:LineID", line.purchase_order_line)
        if line.object_id:
            reference = self.group(group, "cac:DocumentReference")
            self.put(reference, "cbc:ID", line.object_id, {"schemeID": line.object_id_scheme})
            self.put(reference, "cbc:DocumentTypeCode", "130")
        for allowance in line.allowances:
            self.allowance(group, allowance, charge=False)
        for charge in line.charges:
            self.allowance(group, charge, charge=True)
        self.item(self.group(group, "cac:Item"), line)
        price = self.group(group, "cac:Price")
        self.put(price, "cbc:PriceAmount", line.net_price, self.currency)
        self.put(price, "cbc:BaseQuantity", line.price_base_quantity, {"unitCode": line.price_base_unit})
        if line.price_discount is not None or line.gross_price is not None:
            discount = self.group(price, "cac:AllowanceCharge")
            self.put(discount, "cbc:ChargeIndicator", "false")
            self.put(discount, "cbc:Amount", line.price_discount, self.currency)
            self.put(discount, "cbc:BaseAmount", line.gross_price, self.currency)

    def item(self, item: etree._Element, line: LineItem) -> None:
        self.put(item, "cbc:Description", line.item_description)
        self.put(item, "cbc:Name", line.item_name)
        self.put(item, "cac:BuyersItemIdentification/cbc:ID", line.buyer_item_id)
        self.put(item, "cac:SellersItemIdentification/cbc:ID", line.item_id)
        self.put(item, "cac:StandardItemIdentification/cbc:ID", line.standard_item_id, {"schemeID": line.standard_item_id_scheme})
        self.put(item, "cac:OriginCountry/cbc:IdentificationCode", line.origin_country)
        for item_class in line.classifications:
            attributes = {"listID": item_class.scheme, "listVersionID": item_class.version}
            self.put(item, "cac:CommodityClassification/cbc:ItemClassificationCode", item_class.code, attributes)
        if line.tax_category or line.tax_rate is not None:
            tax = self.group(item, "cac:ClassifiedTaxCategory")
            self.put(tax, "cbc:ID", line.tax_category)
            self.put(tax, "cbc:Percent", line.tax_rate)
            self.put(tax, "cac:TaxScheme/cbc:ID", "VAT")
        for attribute in line.attributes:
            group = self.group(item, "cac:AdditionalItemProperty")
            self.put(group, "cbc:Name", attribute.name)
            self.put(group, "cbc:Value", attribute.value)
