"""An `Invoice` as UN/CEFACT CII D16B, elements in schema order (CEN/TS 16931-3-3)."""

from __future__ import annotations

from datetime import date

from lxml import etree

from app.domain.invoice import AllowanceCharge, Identifier, Invoice, LineItem, Note, Party, Period
from app.samples.cii_profiles import PROFILES, reduced
from app.samples.xml_writer import XmlWriter

PREFIXES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
TAX_POINT_CODES = {"3": "5", "35": "29", "432": "72"}
"""BT-8: the model uses UNTDID 2005, this syntax UNTDID 2475."""


def write_cii(invoice: Invoice, profile: str = "EN 16931") -> bytes:
    """UTF-8 XML. `profile`: a key of `PROFILES`; values that the profile has no place for are left out.

    BT-24 is the invoice's own `specification` where it has one, else the profile's.
    """
    return _Cii(reduced(invoice, profile), PROFILES[profile]).xml.bytes()


class _Cii:
    def __init__(self, invoice: Invoice, specification: str) -> None:
        self.xml = XmlWriter(PREFIXES, "ram", "rsm:CrossIndustryInvoice")
        self.put, self.group = self.xml.put, self.xml.group
        root = self.xml.root
        context = self.group(root, "rsm:ExchangedDocumentContext")
        self.put(context, "BusinessProcessSpecifiedDocumentContextParameter/ID", invoice.business_process)
        self.put(context, "GuidelineSpecifiedDocumentContextParameter/ID", invoice.specification or specification)
        document = self.group(root, "rsm:ExchangedDocument")
        self.put(document, "ID", invoice.number)
        self.put(document, "TypeCode", invoice.type_code)
        self.day(document, "IssueDateTime", invoice.issue_date)
        for note in invoice.notes or (Note(invoice.note),):
            group = self.group(document, "IncludedNote")
            self.put(group, "Content", note.text)
            self.put(group, "SubjectCode", note.subject_code)
        transaction = self.group(root, "rsm:SupplyChainTradeTransaction")
        for line in invoice.lines:
            self.line(self.group(transaction, "IncludedSupplyChainTradeLineItem"), line)
        self.agreement(self.group(transaction, "ApplicableHeaderTradeAgreement"), invoice)
        self.delivery(self.xml.required(transaction, "ApplicableHeaderTradeDelivery"), invoice)
        self.settlement(self.group(transaction, "ApplicableHeaderTradeSettlement"), invoice)

    def day(self, parent: etree._Element, name: str, day: date | None, inner: str = "udt:DateTimeString") -> None:
        self.put(parent, f"{name}/{inner}", day and day.strftime("%Y%m%d").zfill(8), {"format": "102"})

    def period(self, parent: etree._Element, period: Period | None) -> None:
        if period:
            group = self.group(parent, "BillingSpecifiedPeriod")
            self.day(group, "StartDateTime", period.start)
            self.day(group, "EndDateTime", period.end)

    def allowance(self, parent: etree._Element, item: AllowanceCharge, charge: bool) -> None:
        group = self.group(parent, "SpecifiedTradeAllowanceCharge")
        self.put(group, "ChargeIndicator/udt:Indicator", "true" if charge else "false")
        self.put(group, "CalculationPercent", item.percentage)
        self.put(group, "BasisAmount", item.base_amount)
        self.put(group, "ActualAmount", item.amount)
        self.put(group, "ReasonCode", item.reason_code)
        self.put(group, "Reason", item.reason)
        if item.tax_category or item.tax_rate is not None:
            tax = self.group(group, "CategoryTradeTax")
            self.put(tax, "TypeCode", "VAT")
            self.put(tax, "CategoryCode", item.tax_category)
            self.put(tax, "RateApplicablePercent", item.tax_rate)

    def party(self, parent: etree._Element, name: str, party: Party) -> None:
        group = self.group(parent, name)
        identifiers = (Identifier(party.id, party.id_scheme), *party.further_ids)
        for identifier in sorted(identifiers, key=lambda i: i.scheme is not None):
            self.put(group, "GlobalID" if identifier.scheme else "ID", identifier.id, {"schemeID": identifier.scheme})
        self.put(group, "Name", party.name)
        self.put(group, "Description", party.legal_information)
        legal = self.group(group, "SpecifiedLegalOrganization")
        self.put(legal, "ID", party.legal_id, {"schemeID": party.legal_id_scheme})
        self.put(legal, "TradingBusinessName", party.trading_name)
        contact = self.group(group, "DefinedTradeContact")
        self.put(contact, "PersonName", party.contact_name)
        self.put(contact, "TelephoneUniversalCommunication/CompleteNumber", party.phone)
        self.put(contact, "EmailURIUniversalCommunication/URIID", party.email)
        address = self.group(group, "PostalTradeAddress")
        self.put(address, "PostcodeCode", party.address.post_code)
        self.put(address, "LineOne", party.address.line_1)
        self.put(address, "LineTwo", party.address.line_2)
        self.put(address, "LineThree", party.address.line_3)
        self.put(address, "CityName", party.address.city)
        self.put(address, "CountryID", party.address.country)
        self.put(address, "CountrySubDivisionName", party.address.subdivision)
        self.put(group, "URIUniversalCommunication/URIID", party.electronic_address, {"schemeID": party.electronic_address_scheme})
        self.put(group, "SpecifiedTaxRegistration/ID", party.vat_id, {"schemeID": "VA"})
        self.put(group, "SpecifiedTaxRegistration/ID", party.tax_id, {"schemeID": "FC"})

    def line(self, item: etree._Element, line: LineItem) -> None:
        document = self.group(item, "AssociatedDocumentLineDocument")
        self.put(document, "LineID", line.id)
        self.put(document, "IncludedNote/Content", line.note)
        product = self.group(item, "SpecifiedTradeProduct")
        self.put(product, "GlobalID", line.standard_item_id, {"schemeID": line.standard_item_id_scheme})
        self.put(product, "SellerAssignedID", line.item_id)
        self.put(product, "BuyerAssignedID", line.buyer_item_id)
        self.put(product, "Name", line.item_name)
        self.put(product, "Description", line.item_description)
        for attribute in line.attributes:
            characteristic = self.group(product, "ApplicableProductCharacteristic")
            self.put(characteristic, "Description", attribute.name)
            self.put(characteristic, "Value", attribute.value)
        for item_class in line.classifications:
            attributes = {"listID": item_class.scheme, "listVersionID": item_class.version}
            self.put(product, "DesignatedProductClassification/ClassCode", item_class.code, attributes)
        self.put(product, "OriginTradeCountry/ID", line.origin_country)
        agreement = self.group(item, "SpecifiedLineTradeAgreement")
        self.put(agreement, "BuyerOrderReferencedDocument/LineID", line.purchase_order_line)
        unit = {"unitCode": line.price_base_unit}
        gross = self.group(agreement, "GrossPriceProductTradePrice")
        self.put(gross, "ChargeAmount", line.gross_price)
        if line.price_discount is not None:
            discount = self.group(gross, "AppliedTradeAllowanceCharge")
            self.put(discount, "ChargeIndicator/udt:Indicator", "false")
            self.put(discount, "ActualAmount", line.price_discount)
        net = self.group(agreement, "NetPriceProductTradePrice")
        self.put(net, "ChargeAmount", line.net_price)
        self.put(net, "BasisQuantity", line.price_base_quantity, unit)
        self.put(item, "SpecifiedLineTradeDelivery/BilledQuantity", line.quantity, {"unitCode": line.unit})
        settlement = self.group(item, "SpecifiedLineTradeSettlement")
        if line.tax_category or line.tax_rate is not None:
            tax = self.group(settlement, "ApplicableTradeTax")
            self.put(tax, "TypeCode", "VAT")
            self.put(tax, "CategoryCode", line.tax_category)
            self.put(tax, "RateApplicablePercent", line.tax_rate)
        self.period(settlement, line.period)
        for allowance in line.allowances:
            self.allowance(settlement, allowance, charge=False)
        for charge in line.charges:
            self.allowance(settlement, charge, charge=True)
        self.put(settlement, "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount", line.net_amount)
        if line.object_id:
            reference = self.group(settlement, "AdditionalReferencedDocument")
            self.put(reference, "IssuerAssignedID", line.object_id)
            self.put(reference, "TypeCode", "130")
            self.put(reference, "ReferenceTypeCode", line.object_id_scheme)
        self.put(settlement, "ReceivableSpecifiedTradeAccountingAccount/ID", line.accounting_reference)

    def agreement(self, agreement: etree._Element, invoice: Invoice) -> None:
        self.put(agreement, "BuyerReference", invoice.buyer_reference)
        self.party(agreement, "SellerTradeParty", invoice.seller)
        self.party(agreement, "BuyerTradeParty", invoice.buyer)
        self.party(agreement, "SellerTaxRepresentativeTradeParty", invoice.tax_representative)
        self.put(agreement, "SellerOrderReferencedDocument/IssuerAssignedID", invoice.sales_order_reference)
        self.put(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID", invoice.purchase_order_reference)
        self.put(agreement, "ContractReferencedDocument/IssuerAssignedID", invoice.contract_reference)
        for document in invoice.supporting_documents:
            group = self.group(agreement, "AdditionalReferencedDocument")
            self.put(group, "IssuerAssignedID", document.reference)
            self.put(group, "URIID", document.location)
            self.put(group, "TypeCode", "916")
            self.put(group, "Name", document.description)
            if document.file_name or document.media_type:
                attributes = {"mimeCode": document.media_type, "filename": document.file_name}
                self.put(group, "AttachmentBinaryObject", "", attributes)
        if invoice.tender_reference:
            group = self.group(agreement, "AdditionalReferencedDocument")
            self.put(group, "IssuerAssignedID", invoice.tender_reference)
            self.put(group, "TypeCode", "50")
        if invoice.invoiced_object:
            group = self.group(agreement, "AdditionalReferencedDocument")
            self.put(group, "IssuerAssignedID", invoice.invoiced_object)
            self.put(group, "TypeCode", "130")
            self.put(group, "ReferenceTypeCode", invoice.invoiced_object_scheme)
        if invoice.project_reference:
            project = self.group(agreement, "SpecifiedProcuringProject")
            self.put(project, "ID", invoice.project_reference)
            self.put(project, "Name", "Project reference")  # fixed text in this syntax

    def delivery(self, delivery: etree._Element, invoice: Invoice) -> None:
        self.party(delivery, "ShipToTradeParty", invoice.ship_to)
        self.day(delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime", invoice.delivery_date)
        self.put(delivery, "DespatchAdviceReferencedDocument/IssuerAssignedID", invoice.despatch_advice_reference)
        self.put(delivery, "ReceivingAdviceReferencedDocument/IssuerAssignedID", invoice.receiving_advice_reference)

    def settlement(self, settlement: etree._Element, invoice: Invoice) -> None:
        self.put(settlement, "CreditorReferenceID", invoice.creditor_id)
        self.put(settlement, "PaymentReference", invoice.payment_reference)
        self.put(settlement, "TaxCurrencyCode", invoice.tax_currency)
        self.put(settlement, "InvoiceCurrencyCode", invoice.currency)
        self.party(settlement, "PayeeTradeParty", invoice.payee)
        self.payment_means(settlement, invoice)
        tax_point, tax_point_code = invoice.tax_point_date, invoice.tax_point_date_code
        for entry in invoice.tax_breakdown:
            tax = self.group(settlement, "ApplicableTradeTax")
            self.put(tax, "CalculatedAmount", entry.tax_amount)
            self.put(tax, "TypeCode", "VAT")
            self.put(tax, "ExemptionReason", entry.exemption_reason)
            self.put(tax, "BasisAmount", entry.taxable_amount)
            self.put(tax, "CategoryCode", entry.category)
            self.put(tax, "ExemptionReasonCode", entry.exemption_reason_code)
            self.day(tax, "TaxPointDate", tax_point, "udt:DateString")
            self.put(tax, "DueDateTypeCode", tax_point_code and TAX_POINT_CODES.get(tax_point_code, tax_point_code))
            self.put(tax, "RateApplicablePercent", entry.rate)
        self.period(settlement, invoice.period)
        for allowance in invoice.allowances:
            self.allowance(settlement, allowance, charge=False)
        for charge in invoice.charges:
            self.allowance(settlement, charge, charge=True)
        terms = self.group(settlement, "SpecifiedTradePaymentTerms")
        self.put(terms, "Description", invoice.payment_terms)
        self.day(terms, "DueDateDateTime", invoice.due_date)
        self.put(terms, "DirectDebitMandateID", invoice.mandate_reference)
        totals = self.group(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
        self.put(totals, "LineTotalAmount", invoice.line_total)
        self.put(totals, "ChargeTotalAmount", invoice.charge_total)
        self.put(totals, "AllowanceTotalAmount", invoice.allowance_total)
        self.put(totals, "TaxBasisTotalAmount", invoice.total_without_tax)
        self.put(totals, "TaxTotalAmount", invoice.total_tax, {"currencyID": invoice.currency})
        self.put(totals, "TaxTotalAmount", invoice.total_tax_in_tax_currency, {"currencyID": invoice.tax_currency})
        self.put(totals, "RoundingAmount", invoice.rounding_amount)
        self.put(totals, "GrandTotalAmount", invoice.total_with_tax)
        self.put(totals, "TotalPrepaidAmount", invoice.paid_amount)
        self.put(totals, "DuePayableAmount", invoice.amount_due)
        for preceding in invoice.preceding_invoices:
            reference = self.group(settlement, "InvoiceReferencedDocument")
            self.put(reference, "IssuerAssignedID", preceding.reference)
            self.day(reference, "FormattedIssueDateTime", preceding.issue_date, "qdt:DateTimeString")
        self.put(settlement, "ReceivableSpecifiedTradeAccountingAccount/ID", invoice.accounting_reference)

    def payment_means(self, settlement: etree._Element, invoice: Invoice) -> None:
        """One group for each account; code and text in all of them, name and BIC with the chosen account, the rest in the first."""
        accounts = invoice.payment_accounts or (invoice.payment_account,)
        for index, account in enumerate(accounts):
            means = self.group(settlement, "SpecifiedTradeSettlementPaymentMeans")
            self.put(means, "TypeCode", invoice.payment_means_code)
            self.put(means, "Information", invoice.payment_means_text)
            if index == 0:
                card = self.group(means, "ApplicableTradeSettlementFinancialCard")
                self.put(card, "ID", invoice.payment_card_number)
                self.put(card, "CardholderName", invoice.payment_card_holder)
                self.put(means, "PayerPartyDebtorFinancialAccount/IBANID", invoice.debited_account)
            chosen = account == invoice.payment_account
            payee = self.group(means, "PayeePartyCreditorFinancialAccount")
            is_iban = account and _is_iban(account)
            self.put(payee, "IBANID", account if is_iban else None)
            self.put(payee, "AccountName", invoice.payment_account_name if chosen else None)
            self.put(payee, "ProprietaryID", None if is_iban else account)
            if chosen:
                self.put(means, "PayeeSpecifiedCreditorFinancialInstitution/BICID", invoice.payment_bic)


def _is_iban(account: str) -> bool:
    return account[:2].isalpha() and account[2:4].isdigit()
