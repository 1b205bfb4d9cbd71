"""One invoice written by hand in each syntax, with every group of EN 16931 in it, and the `Invoice` that it means.

The documents are not made by our writers on purpose: what reader and writer got wrong in the same way would not be seen.
Prefixes are unusual on purpose too: only namespaces count.
"""

# The documents below read better with one group of elements a line.
# ruff: noqa: E501

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.domain.invoice import (
    Address,
    AllowanceCharge,
    Attribute,
    Classification,
    Identifier,
    Invoice,
    LineItem,
    Note,
    Party,
    Period,
    PrecedingInvoice,
    SupportingDocument,
    TaxBreakdown,
)

FULL_CII = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:CrossIndustryInvoice xmlns:x="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:q="urn:un:unece:uncefact:data:standard:QualifiedDataType:100" xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<x:ExchangedDocumentContext>
  <BusinessProcessSpecifiedDocumentContextParameter><ID>urn:process</ID></BusinessProcessSpecifiedDocumentContextParameter>
  <GuidelineSpecifiedDocumentContextParameter><ID>urn:cen.eu:en16931:2017</ID></GuidelineSpecifiedDocumentContextParameter>
</x:ExchangedDocumentContext>
<x:ExchangedDocument>
  <ID> INV-7 </ID><TypeCode>384</TypeCode>
  <IssueDateTime><u:DateTimeString format="102">20240131</u:DateTimeString></IssueDateTime>
  <IncludedNote><Content>First note</Content><SubjectCode>AAI</SubjectCode></IncludedNote>
  <IncludedNote><Content>Second &amp; last</Content></IncludedNote>
</x:ExchangedDocument>
<x:SupplyChainTradeTransaction>
  <IncludedSupplyChainTradeLineItem>
    <AssociatedDocumentLineDocument><LineID>1</LineID><IncludedNote><Content>Line note</Content></IncludedNote></AssociatedDocumentLineDocument>
    <SpecifiedTradeProduct>
      <GlobalID schemeID="0160">4012345000016</GlobalID><SellerAssignedID>S-1</SellerAssignedID><BuyerAssignedID>B-1</BuyerAssignedID>
      <Name>Oak board</Name><Description>Planed</Description>
      <ApplicableProductCharacteristic><Description>Colour</Description><Value>natural</Value></ApplicableProductCharacteristic>
      <DesignatedProductClassification><ClassCode listID="TSP" listVersionID="19">44112</ClassCode></DesignatedProductClassification>
      <OriginTradeCountry><ID>SI</ID></OriginTradeCountry>
    </SpecifiedTradeProduct>
    <SpecifiedLineTradeAgreement>
      <BuyerOrderReferencedDocument><LineID>10</LineID></BuyerOrderReferencedDocument>
      <GrossPriceProductTradePrice><ChargeAmount>110.0000</ChargeAmount><BasisQuantity unitCode="H87">9</BasisQuantity>
        <AppliedTradeAllowanceCharge><ChargeIndicator><u:Indicator>false</u:Indicator></ChargeIndicator><ActualAmount>10.0000</ActualAmount>
        </AppliedTradeAllowanceCharge></GrossPriceProductTradePrice>
      <NetPriceProductTradePrice><ChargeAmount>100.0000</ChargeAmount><BasisQuantity unitCode="MTK">10</BasisQuantity></NetPriceProductTradePrice>
    </SpecifiedLineTradeAgreement>
    <SpecifiedLineTradeDelivery><BilledQuantity unitCode="MTK">12.500</BilledQuantity></SpecifiedLineTradeDelivery>
    <SpecifiedLineTradeSettlement>
      <ApplicableTradeTax><TypeCode>VAT</TypeCode><CategoryCode>S</CategoryCode><RateApplicablePercent>19.00</RateApplicablePercent></ApplicableTradeTax>
      <BillingSpecifiedPeriod><StartDateTime><u:DateTimeString format="102">20240101</u:DateTimeString></StartDateTime>
        <EndDateTime><u:DateTimeString format="102">20240115</u:DateTimeString></EndDateTime></BillingSpecifiedPeriod>
      <SpecifiedTradeAllowanceCharge><ChargeIndicator><u:Indicator>false</u:Indicator></ChargeIndicator>
        <CalculationPercent>4</CalculationPercent><BasisAmount>125</BasisAmount><ActualAmount>5</ActualAmount><ReasonCode>95</ReasonCode><Reason>Discount</Reason>
      </SpecifiedTradeAllowanceCharge>
      <SpecifiedTradeAllowanceCharge><ChargeIndicator><u:Indicator>1</u:Indicator></ChargeIndicator>
        <ActualAmount>2.5</ActualAmount><Reason>Cutting</Reason></SpecifiedTradeAllowanceCharge>
      <SpecifiedTradeSettlementLineMonetarySummation><LineTotalAmount>122.50</LineTotalAmount></SpecifiedTradeSettlementLineMonetarySummation>
      <AdditionalReferencedDocument><IssuerAssignedID>METER-1</IssuerAssignedID><TypeCode>130</TypeCode><ReferenceTypeCode>AAB</ReferenceTypeCode></AdditionalReferencedDocument>
      <ReceivableSpecifiedTradeAccountingAccount><ID>4711</ID></ReceivableSpecifiedTradeAccountingAccount>
    </SpecifiedLineTradeSettlement>
  </IncludedSupplyChainTradeLineItem>
  <ApplicableHeaderTradeAgreement>
    <BuyerReference>04011000-1</BuyerReference>
    <SellerTradeParty>
      <GlobalID schemeID="0088">4000001000005</GlobalID><GlobalID schemeID="0060">SUP-1</GlobalID><Name>Seller AG</Name><Description>Capital 1 EUR</Description>
      <SpecifiedLegalOrganization><ID schemeID="0002">HRB 1</ID><TradingBusinessName>Seller</TradingBusinessName></SpecifiedLegalOrganization>
      <DefinedTradeContact><PersonName>Ann</PersonName><TelephoneUniversalCommunication><CompleteNumber>+49 1</CompleteNumber></TelephoneUniversalCommunication>
        <EmailURIUniversalCommunication><URIID>ann@seller.example</URIID></EmailURIUniversalCommunication></DefinedTradeContact>
      <PostalTradeAddress><PostcodeCode>10115</PostcodeCode><LineOne>Way 1</LineOne><LineTwo>Yard</LineTwo><LineThree>Door</LineThree>
        <CityName>Berlin</CityName><CountryID>DE</CountryID><CountrySubDivisionName>BE</CountrySubDivisionName></PostalTradeAddress>
      <URIUniversalCommunication><URIID schemeID="EM">in@seller.example</URIID></URIUniversalCommunication>
      <SpecifiedTaxRegistration><ID schemeID="FC">12/345</ID></SpecifiedTaxRegistration>
      <SpecifiedTaxRegistration><ID schemeID="VA">DE123456788</ID></SpecifiedTaxRegistration>
    </SellerTradeParty>
    <BuyerTradeParty><ID>CUST-9</ID><Name>Buyer SARL</Name><PostalTradeAddress><CityName>Lyon</CityName><CountryID>FR</CountryID></PostalTradeAddress>
      <SpecifiedTaxRegistration><ID schemeID="VA">FR40303265045</ID></SpecifiedTaxRegistration></BuyerTradeParty>
    <SellerTaxRepresentativeTradeParty><Name>Fiscal Ltd</Name><PostalTradeAddress><CountryID>IE</CountryID></PostalTradeAddress>
      <SpecifiedTaxRegistration><ID schemeID="VA">IE6388047V</ID></SpecifiedTaxRegistration></SellerTaxRepresentativeTradeParty>
    <SellerOrderReferencedDocument><IssuerAssignedID>SO-1</IssuerAssignedID></SellerOrderReferencedDocument>
    <BuyerOrderReferencedDocument><IssuerAssignedID>PO-1</IssuerAssignedID></BuyerOrderReferencedDocument>
    <ContractReferencedDocument><IssuerAssignedID>C-1</IssuerAssignedID></ContractReferencedDocument>
    <AdditionalReferencedDocument><IssuerAssignedID>TENDER-1</IssuerAssignedID><TypeCode>50</TypeCode></AdditionalReferencedDocument>
    <AdditionalReferencedDocument><IssuerAssignedID>OBJ-1</IssuerAssignedID><TypeCode>130</TypeCode><ReferenceTypeCode>ABZ</ReferenceTypeCode></AdditionalReferencedDocument>
    <AdditionalReferencedDocument><IssuerAssignedID>DOC-1</IssuerAssignedID><URIID>https://seller.example/doc</URIID><TypeCode>916</TypeCode><Name>Time sheet</Name>
      <AttachmentBinaryObject mimeCode="application/pdf" filename="sheet.pdf">JVBERi0=</AttachmentBinaryObject></AdditionalReferencedDocument>
    <SpecifiedProcuringProject><ID>PRJ-1</ID><Name>Project reference</Name></SpecifiedProcuringProject>
  </ApplicableHeaderTradeAgreement>
  <ApplicableHeaderTradeDelivery>
    <ShipToTradeParty><GlobalID schemeID="0088">4000001000012</GlobalID><Name>Depot</Name><PostalTradeAddress><CityName>Nice</CityName><CountryID>FR</CountryID></PostalTradeAddress></ShipToTradeParty>
    <ActualDeliverySupplyChainEvent><OccurrenceDateTime><u:DateTimeString format="102">20240130</u:DateTimeString></OccurrenceDateTime></ActualDeliverySupplyChainEvent>
    <DespatchAdviceReferencedDocument><IssuerAssignedID>DA-1</IssuerAssignedID></DespatchAdviceReferencedDocument>
    <ReceivingAdviceReferencedDocument><IssuerAssignedID>RA-1</IssuerAssignedID></ReceivingAdviceReferencedDocument>
  </ApplicableHeaderTradeDelivery>
  <ApplicableHeaderTradeSettlement>
    <CreditorReferenceID>DE98ZZZ09999999999</CreditorReferenceID><PaymentReference>RF18 5390</PaymentReference>
    <TaxCurrencyCode>SEK</TaxCurrencyCode><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>
    <PayeeTradeParty><ID>PAY-1</ID><Name>Factoring GmbH</Name><SpecifiedLegalOrganization><ID schemeID="0002">HRB 2</ID></SpecifiedLegalOrganization></PayeeTradeParty>
    <SpecifiedTradeSettlementPaymentMeans><TypeCode>58</TypeCode><Information>SEPA credit transfer</Information>
      <ApplicableTradeSettlementFinancialCard><ID>1234</ID><CardholderName>A. Holder</CardholderName></ApplicableTradeSettlementFinancialCard>
      <PayerPartyDebtorFinancialAccount><IBANID>DE75512108001245126199</IBANID></PayerPartyDebtorFinancialAccount>
      <PayeePartyCreditorFinancialAccount><AccountName>Old</AccountName><ProprietaryID>0815</ProprietaryID></PayeePartyCreditorFinancialAccount>
    </SpecifiedTradeSettlementPaymentMeans>
    <SpecifiedTradeSettlementPaymentMeans><TypeCode>58</TypeCode>
      <PayeePartyCreditorFinancialAccount><IBANID>DE02120300000000202051</IBANID><AccountName>Factoring</AccountName></PayeePartyCreditorFinancialAccount>
      <PayeeSpecifiedCreditorFinancialInstitution><BICID>BYLADEM1001</BICID></PayeeSpecifiedCreditorFinancialInstitution>
    </SpecifiedTradeSettlementPaymentMeans>
    <ApplicableTradeTax><CalculatedAmount>23.94</CalculatedAmount><TypeCode>VAT</TypeCode><BasisAmount>126</BasisAmount><CategoryCode>S</CategoryCode>
      <TaxPointDate><u:DateString format="102">20240201</u:DateString></TaxPointDate><DueDateTypeCode>72</DueDateTypeCode><RateApplicablePercent>19</RateApplicablePercent></ApplicableTradeTax>
    <ApplicableTradeTax><CalculatedAmount>0</CalculatedAmount><TypeCode>VAT</TypeCode><ExemptionReason>Export</ExemptionReason><BasisAmount>1.00</BasisAmount>
      <CategoryCode>G</CategoryCode><ExemptionReasonCode>VATEX-EU-G</ExemptionReasonCode><RateApplicablePercent>0</RateApplicablePercent></ApplicableTradeTax>
    <BillingSpecifiedPeriod><StartDateTime><u:DateTimeString format="102">20240101</u:DateTimeString></StartDateTime>
      <EndDateTime><u:DateTimeString format="102">20240131</u:DateTimeString></EndDateTime></BillingSpecifiedPeriod>
    <SpecifiedTradeAllowanceCharge><ChargeIndicator><u:Indicator>false</u:Indicator></ChargeIndicator><CalculationPercent>2</CalculationPercent>
      <BasisAmount>100</BasisAmount><ActualAmount>2</ActualAmount><ReasonCode>95</ReasonCode><Reason>Loyalty</Reason>
      <CategoryTradeTax><TypeCode>VAT</TypeCode><CategoryCode>S</CategoryCode><RateApplicablePercent>19</RateApplicablePercent></CategoryTradeTax></SpecifiedTradeAllowanceCharge>
    <SpecifiedTradeAllowanceCharge><ChargeIndicator><u:Indicator>true</u:Indicator></ChargeIndicator><ActualAmount>6.5</ActualAmount><Reason>Freight</Reason>
      <CategoryTradeTax><TypeCode>VAT</TypeCode><CategoryCode>S</CategoryCode><RateApplicablePercent>19</RateApplicablePercent></CategoryTradeTax></SpecifiedTradeAllowanceCharge>
    <SpecifiedTradePaymentTerms><Description>30 days</Description><DueDateDateTime><u:DateTimeString format="102">20240301</u:DateTimeString></DueDateDateTime>
      <DirectDebitMandateID>M-1</DirectDebitMandateID></SpecifiedTradePaymentTerms>
    <SpecifiedTradeSettlementHeaderMonetarySummation>
      <LineTotalAmount>122.5</LineTotalAmount><ChargeTotalAmount>6.5</ChargeTotalAmount><AllowanceTotalAmount>2</AllowanceTotalAmount>
      <TaxBasisTotalAmount>127</TaxBasisTotalAmount><TaxTotalAmount currencyID="SEK">271.30</TaxTotalAmount><TaxTotalAmount currencyID="EUR">23.94</TaxTotalAmount>
      <RoundingAmount>0.06</RoundingAmount><GrandTotalAmount>150.94</GrandTotalAmount><TotalPrepaidAmount>51</TotalPrepaidAmount><DuePayableAmount>100</DuePayableAmount>
    </SpecifiedTradeSettlementHeaderMonetarySummation>
    <InvoiceReferencedDocument><IssuerAssignedID>INV-5</IssuerAssignedID><FormattedIssueDateTime><q:DateTimeString format="102">20231201</q:DateTimeString></FormattedIssueDateTime></InvoiceReferencedDocument>
    <InvoiceReferencedDocument><IssuerAssignedID>INV-6</IssuerAssignedID></InvoiceReferencedDocument>
    <ReceivableSpecifiedTradeAccountingAccount><ID>COST-1</ID></ReceivableSpecifiedTradeAccountingAccount>
  </ApplicableHeaderTradeSettlement>
</x:SupplyChainTradeTransaction>
</x:CrossIndustryInvoice>"""

FULL_UBL = b"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<b:UBLVersionID>2.1</b:UBLVersionID><b:CustomizationID>urn:cen.eu:en16931:2017</b:CustomizationID><b:ProfileID>urn:process</b:ProfileID>
<b:ID> INV-7 </b:ID><b:IssueDate>2024-01-31</b:IssueDate><b:DueDate>2024-03-01</b:DueDate><b:InvoiceTypeCode>384</b:InvoiceTypeCode>
<b:Note>#AAI#First note</b:Note><b:Note>Second &amp; last</b:Note><b:TaxPointDate>2024-02-01</b:TaxPointDate>
<b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode><b:TaxCurrencyCode>SEK</b:TaxCurrencyCode><b:AccountingCost>COST-1</b:AccountingCost><b:BuyerReference>04011000-1</b:BuyerReference>
<a:InvoicePeriod><b:StartDate>2024-01-01</b:StartDate><b:EndDate>2024-01-31</b:EndDate><b:DescriptionCode>432</b:DescriptionCode></a:InvoicePeriod>
<a:OrderReference><b:ID>PO-1</b:ID><b:SalesOrderID>SO-1</b:SalesOrderID></a:OrderReference>
<a:BillingReference><a:InvoiceDocumentReference><b:ID>INV-5</b:ID><b:IssueDate>2023-12-01</b:IssueDate></a:InvoiceDocumentReference></a:BillingReference>
<a:BillingReference><a:InvoiceDocumentReference><b:ID>INV-6</b:ID></a:InvoiceDocumentReference></a:BillingReference>
<a:DespatchDocumentReference><b:ID>DA-1</b:ID></a:DespatchDocumentReference><a:ReceiptDocumentReference><b:ID>RA-1</b:ID></a:ReceiptDocumentReference>
<a:OriginatorDocumentReference><b:ID>TENDER-1</b:ID></a:OriginatorDocumentReference><a:ContractDocumentReference><b:ID>C-1</b:ID></a:ContractDocumentReference>
<a:AdditionalDocumentReference><b:ID schemeID="ABZ">OBJ-1</b:ID><b:DocumentTypeCode>130</b:DocumentTypeCode></a:AdditionalDocumentReference>
<a:AdditionalDocumentReference><b:ID>DOC-1</b:ID><b:DocumentDescription>Time sheet</b:DocumentDescription><a:Attachment>
  <b:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="sheet.pdf">JVBERi0=</b:EmbeddedDocumentBinaryObject>
  <a:ExternalReference><b:URI>https://seller.example/doc</b:URI></a:ExternalReference></a:Attachment></a:AdditionalDocumentReference>
<a:ProjectReference><b:ID>PRJ-1</b:ID></a:ProjectReference>
<a:AccountingSupplierParty><a:Party><b:EndpointID schemeID="EM">in@seller.example</b:EndpointID>
  <a:PartyIdentification><b:ID schemeID="SEPA">DE98ZZZ09999999999</b:ID></a:PartyIdentification>
  <a:PartyIdentification><b:ID schemeID="0088">4000001000005</b:ID></a:PartyIdentification>
  <a:PartyIdentification><b:ID schemeID="0060">SUP-1</b:ID></a:PartyIdentification><a:PartyName><b:Name>Seller</b:Name></a:PartyName>
  <a:PostalAddress><b:StreetName>Way 1</b:StreetName><b:AdditionalStreetName>Yard</b:AdditionalStreetName><b:CityName>Berlin</b:CityName><b:PostalZone>10115</b:PostalZone>
    <b:CountrySubentity>BE</b:CountrySubentity><a:AddressLine><b:Line>Door</b:Line></a:AddressLine><a:Country><b:IdentificationCode>DE</b:IdentificationCode></a:Country></a:PostalAddress>
  <a:PartyTaxScheme><b:CompanyID>12/345</b:CompanyID><a:TaxScheme><b:ID>FC</b:ID></a:TaxScheme></a:PartyTaxScheme>
  <a:PartyTaxScheme><b:CompanyID>DE123456788</b:CompanyID><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:PartyTaxScheme>
  <a:PartyLegalEntity><b:RegistrationName>Seller AG</b:RegistrationName><b:CompanyID schemeID="0002">HRB 1</b:CompanyID><b:CompanyLegalForm>Capital 1 EUR</b:CompanyLegalForm></a:PartyLegalEntity>
  <a:Contact><b:Name>Ann</b:Name><b:Telephone>+49 1</b:Telephone><b:ElectronicMail>ann@seller.example</b:ElectronicMail></a:Contact></a:Party></a:AccountingSupplierParty>
<a:AccountingCustomerParty><a:Party><a:PartyIdentification><b:ID>CUST-9</b:ID></a:PartyIdentification>
  <a:PostalAddress><b:CityName>Lyon</b:CityName><a:Country><b:IdentificationCode>FR</b:IdentificationCode></a:Country></a:PostalAddress>
  <a:PartyTaxScheme><b:CompanyID>FR40303265045</b:CompanyID><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:PartyTaxScheme>
  <a:PartyLegalEntity><b:RegistrationName>Buyer SARL</b:RegistrationName></a:PartyLegalEntity></a:Party></a:AccountingCustomerParty>
<a:PayeeParty><a:PartyIdentification><b:ID>PAY-1</b:ID></a:PartyIdentification><a:PartyName><b:Name>Factoring GmbH</b:Name></a:PartyName>
  <a:PartyLegalEntity><b:CompanyID schemeID="0002">HRB 2</b:CompanyID></a:PartyLegalEntity></a:PayeeParty>
<a:TaxRepresentativeParty><a:PartyName><b:Name>Fiscal Ltd</b:Name></a:PartyName><a:PostalAddress><a:Country><b:IdentificationCode>IE</b:IdentificationCode></a:Country></a:PostalAddress>
  <a:PartyTaxScheme><b:CompanyID>IE6388047V</b:CompanyID><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:PartyTaxScheme></a:TaxRepresentativeParty>
<a:Delivery><b:ActualDeliveryDate>2024-01-30</b:ActualDeliveryDate><a:DeliveryLocation><b:ID schemeID="0088">4000001000012</b:ID>
  <a:Address><b:CityName>Nice</b:CityName><a:Country><b:IdentificationCode>FR</b:IdentificationCode></a:Country></a:Address></a:DeliveryLocation>
  <a:DeliveryParty><a:PartyName><b:Name>Depot</b:Name></a:PartyName></a:DeliveryParty></a:Delivery>
<a:PaymentMeans><b:PaymentMeansCode name="SEPA credit transfer">58</b:PaymentMeansCode><b:PaymentID>RF18 5390</b:PaymentID>
  <a:CardAccount><b:PrimaryAccountNumberID>1234</b:PrimaryAccountNumberID><b:NetworkID>VISA</b:NetworkID><b:HolderName>A. Holder</b:HolderName></a:CardAccount>
  <a:PayeeFinancialAccount><b:ID>0815</b:ID><b:Name>Old</b:Name></a:PayeeFinancialAccount>
  <a:PaymentMandate><b:ID>M-1</b:ID><a:PayerFinancialAccount><b:ID>DE75512108001245126199</b:ID></a:PayerFinancialAccount></a:PaymentMandate></a:PaymentMeans>
<a:PaymentMeans><b:PaymentMeansCode>58</b:PaymentMeansCode>
  <a:PayeeFinancialAccount><b:ID>DE02120300000000202051</b:ID><b:Name>Factoring</b:Name><a:FinancialInstitutionBranch><b:ID>BYLADEM1001</b:ID></a:FinancialInstitutionBranch></a:PayeeFinancialAccount></a:PaymentMeans>
<a:PaymentTerms><b:Note>30 days</b:Note></a:PaymentTerms>
<a:AllowanceCharge><b:ChargeIndicator>false</b:ChargeIndicator><b:AllowanceChargeReasonCode>95</b:AllowanceChargeReasonCode><b:AllowanceChargeReason>Loyalty</b:AllowanceChargeReason>
  <b:MultiplierFactorNumeric>2</b:MultiplierFactorNumeric><b:Amount currencyID="EUR">2</b:Amount><b:BaseAmount currencyID="EUR">100</b:BaseAmount>
  <a:TaxCategory><b:ID>S</b:ID><b:Percent>19</b:Percent><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:TaxCategory></a:AllowanceCharge>
<a:AllowanceCharge><b:ChargeIndicator>true</b:ChargeIndicator><b:AllowanceChargeReason>Freight</b:AllowanceChargeReason><b:Amount currencyID="EUR">6.5</b:Amount>
  <a:TaxCategory><b:ID>S</b:ID><b:Percent>19</b:Percent><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:TaxCategory></a:AllowanceCharge>
<a:TaxTotal><b:TaxAmount currencyID="SEK">271.30</b:TaxAmount></a:TaxTotal>
<a:TaxTotal><b:TaxAmount currencyID="EUR">23.94</b:TaxAmount>
  <a:TaxSubtotal><b:TaxableAmount currencyID="EUR">126</b:TaxableAmount><b:TaxAmount currencyID="EUR">23.94</b:TaxAmount>
    <a:TaxCategory><b:ID>S</b:ID><b:Percent>19</b:Percent><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:TaxCategory></a:TaxSubtotal>
  <a:TaxSubtotal><b:TaxableAmount currencyID="EUR">1.00</b:TaxableAmount><b:TaxAmount currencyID="EUR">0</b:TaxAmount><a:TaxCategory><b:ID>G</b:ID><b:Percent>0</b:Percent>
    <b:TaxExemptionReasonCode>VATEX-EU-G</b:TaxExemptionReasonCode><b:TaxExemptionReason>Export</b:TaxExemptionReason><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:TaxCategory></a:TaxSubtotal></a:TaxTotal>
<a:LegalMonetaryTotal><b:LineExtensionAmount currencyID="EUR">122.5</b:LineExtensionAmount><b:TaxExclusiveAmount currencyID="EUR">127</b:TaxExclusiveAmount>
  <b:TaxInclusiveAmount currencyID="EUR">150.94</b:TaxInclusiveAmount><b:AllowanceTotalAmount currencyID="EUR">2</b:AllowanceTotalAmount><b:ChargeTotalAmount currencyID="EUR">6.5</b:ChargeTotalAmount>
  <b:PrepaidAmount currencyID="EUR">51</b:PrepaidAmount><b:PayableRoundingAmount currencyID="EUR">0.06</b:PayableRoundingAmount><b:PayableAmount currencyID="EUR">100</b:PayableAmount></a:LegalMonetaryTotal>
<a:InvoiceLine><b:ID>1</b:ID><b:Note>Line note</b:Note><b:InvoicedQuantity unitCode="MTK">12.500</b:InvoicedQuantity><b:LineExtensionAmount currencyID="EUR">122.50</b:LineExtensionAmount>
  <b:AccountingCost>4711</b:AccountingCost><a:InvoicePeriod><b:StartDate>2024-01-01</b:StartDate><b:EndDate>2024-01-15</b:EndDate></a:InvoicePeriod>
  <a:OrderLineReference><b:LineID>10</b:LineID></a:OrderLineReference>
  <a:DocumentReference><b:ID schemeID="AAB">METER-1</b:ID><b:DocumentTypeCode>130</b:DocumentTypeCode></a:DocumentReference>
  <a:AllowanceCharge><b:ChargeIndicator>false</b:ChargeIndicator><b:AllowanceChargeReasonCode>95</b:AllowanceChargeReasonCode><b:AllowanceChargeReason>Discount</b:AllowanceChargeReason>
    <b:MultiplierFactorNumeric>4</b:MultiplierFactorNumeric><b:Amount currencyID="EUR">5</b:Amount><b:BaseAmount currencyID="EUR">125</b:BaseAmount></a:AllowanceCharge>
  <a:AllowanceCharge><b:ChargeIndicator>1</b:ChargeIndicator><b:AllowanceChargeReason>Cutting</b:AllowanceChargeReason><b:Amount currencyID="EUR">2.5</b:Amount></a:AllowanceCharge>
  <a:Item><b:Description>Planed</b:Description><b:Name>Oak board</b:Name><a:BuyersItemIdentification><b:ID>B-1</b:ID></a:BuyersItemIdentification>
    <a:SellersItemIdentification><b:ID>S-1</b:ID></a:SellersItemIdentification><a:StandardItemIdentification><b:ID schemeID="0160">4012345000016</b:ID></a:StandardItemIdentification>
    <a:OriginCountry><b:IdentificationCode>SI</b:IdentificationCode></a:OriginCountry>
    <a:CommodityClassification><b:ItemClassificationCode listID="TSP" listVersionID="19">44112</b:ItemClassificationCode></a:CommodityClassification>
    <a:ClassifiedTaxCategory><b:ID>S</b:ID><b:Percent>19.00</b:Percent><a:TaxScheme><b:ID>VAT</b:ID></a:TaxScheme></a:ClassifiedTaxCategory>
    <a:AdditionalItemProperty><b:Name>Colour</b:Name><b:Value>natural</b:Value></a:AdditionalItemProperty></a:Item>
  <a:Price><b:PriceAmount currencyID="EUR">100.0000</b:PriceAmount><b:BaseQuantity unitCode="MTK">10</b:BaseQuantity>
    <a:AllowanceCharge><b:ChargeIndicator>false</b:ChargeIndicator><b:Amount currencyID="EUR">10.0000</b:Amount><b:BaseAmount currencyID="EUR">110.0000</b:BaseAmount></a:AllowanceCharge></a:Price>
</a:InvoiceLine>
</Invoice>"""


def _d(text: str) -> Decimal:
    return Decimal(text)


FULL = Invoice(
    number="INV-7",
    issue_date=date(2024, 1, 31),
    type_code="384",
    currency="EUR",
    tax_currency="SEK",
    tax_point_date=date(2024, 2, 1),
    tax_point_date_code="432",
    due_date=date(2024, 3, 1),
    buyer_reference="04011000-1",
    project_reference="PRJ-1",
    contract_reference="C-1",
    purchase_order_reference="PO-1",
    sales_order_reference="SO-1",
    receiving_advice_reference="RA-1",
    despatch_advice_reference="DA-1",
    tender_reference="TENDER-1",
    invoiced_object="OBJ-1",
    invoiced_object_scheme="ABZ",
    accounting_reference="COST-1",
    payment_terms="30 days",
    note="First note\nSecond & last",
    notes=(Note("First note", "AAI"), Note("Second & last")),
    business_process="urn:process",
    specification="urn:cen.eu:en16931:2017",
    preceding_invoice_reference="INV-5",
    preceding_invoices=(PrecedingInvoice("INV-5", date(2023, 12, 1)), PrecedingInvoice("INV-6")),
    seller=Party(
        name="Seller AG",
        trading_name="Seller",
        id="4000001000005",
        id_scheme="0088",
        further_ids=(Identifier("SUP-1", "0060"),),
        vat_id="DE123456788",
        tax_id="12/345",
        legal_id="HRB 1",
        legal_id_scheme="0002",
        legal_information="Capital 1 EUR",
        electronic_address="in@seller.example",
        electronic_address_scheme="EM",
        contact_name="Ann",
        phone="+49 1",
        email="ann@seller.example",
        address=Address("Way 1", "Yard", "Door", "Berlin", "10115", "BE", "DE"),
    ),
    buyer=Party(name="Buyer SARL", id="CUST-9", vat_id="FR40303265045", address=Address(city="Lyon", country="FR")),
    payee=Party(name="Factoring GmbH", id="PAY-1", legal_id="HRB 2", legal_id_scheme="0002"),
    tax_representative=Party(name="Fiscal Ltd", vat_id="IE6388047V", address=Address(country="IE")),
    ship_to=Party(name="Depot", id="4000001000012", id_scheme="0088", address=Address(city="Nice", country="FR")),
    delivery_date=date(2024, 1, 30),
    period=Period(date(2024, 1, 1), date(2024, 1, 31)),
    payment_means_code="58",
    payment_means_text="SEPA credit transfer",
    payment_reference="RF18 5390",
    payment_account="DE02120300000000202051",
    payment_account_name="Factoring",
    payment_bic="BYLADEM1001",
    payment_accounts=("0815", "DE02120300000000202051"),
    payment_card_number="1234",
    payment_card_holder="A. Holder",
    mandate_reference="M-1",
    creditor_id="DE98ZZZ09999999999",
    debited_account="DE75512108001245126199",
    allowances=(AllowanceCharge(_d("2.00"), _d("100.00"), _d("2"), "S", _d("19"), "Loyalty", "95"),),
    charges=(AllowanceCharge(_d("6.50"), tax_category="S", tax_rate=_d("19"), reason="Freight"),),
    line_total=_d("122.50"),
    allowance_total=_d("2.00"),
    charge_total=_d("6.50"),
    total_without_tax=_d("127.00"),
    total_tax=_d("23.94"),
    total_tax_in_tax_currency=_d("271.30"),
    total_with_tax=_d("150.94"),
    paid_amount=_d("51.00"),
    rounding_amount=_d("0.06"),
    amount_due=_d("100.00"),
    tax_breakdown=(
        TaxBreakdown("S", _d("19"), _d("126.00"), _d("23.94")),
        TaxBreakdown("G", _d("0"), _d("1.00"), _d("0.00"), "Export", "VATEX-EU-G"),
    ),
    supporting_documents=(SupportingDocument("DOC-1", "Time sheet", "https://seller.example/doc", "sheet.pdf", "application/pdf"),),
    lines=(
        LineItem(
            id="1",
            note="Line note",
            object_id="METER-1",
            object_id_scheme="AAB",
            item_name="Oak board",
            item_description="Planed",
            item_id="S-1",
            buyer_item_id="B-1",
            standard_item_id="4012345000016",
            standard_item_id_scheme="0160",
            classifications=(Classification("44112", "TSP", "19"),),
            origin_country="SI",
            attributes=(Attribute("Colour", "natural"),),
            quantity=_d("12.500"),
            unit="MTK",
            gross_price=_d("110.0000"),
            price_discount=_d("10.0000"),
            net_price=_d("100.0000"),
            price_base_quantity=_d("10"),
            price_base_unit="MTK",
            net_amount=_d("122.50"),
            tax_category="S",
            tax_rate=_d("19.00"),
            allowances=(AllowanceCharge(_d("5.00"), _d("125.00"), _d("4"), reason="Discount", reason_code="95"),),
            charges=(AllowanceCharge(_d("2.50"), reason="Cutting"),),
            period=Period(date(2024, 1, 1), date(2024, 1, 15)),
            purchase_order_line="10",
            accounting_reference="4711",
        ),
    ),
)

ZUGFERD_1 = b"""<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15">
<rsm:SpecifiedExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:ferd:CrossIndustryDocument:invoice:1p0:extended</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:SpecifiedExchangedDocumentContext>
<rsm:HeaderExchangedDocument><ram:ID>Z-1</ram:ID><ram:Name>RECHNUNG</ram:Name><ram:TypeCode>380</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20130605</udt:DateTimeString></ram:IssueDateTime><ram:IncludedNote><ram:Content>Thanks</ram:Content></ram:IncludedNote></rsm:HeaderExchangedDocument>
<rsm:SpecifiedSupplyChainTradeTransaction>
  <ram:ApplicableSupplyChainTradeAgreement><ram:BuyerReference>REF</ram:BuyerReference>
    <ram:SellerTradeParty><ram:Name>Alt GmbH</ram:Name><ram:DefinedTradeContact><ram:EmailURIUniversalCommunication><ram:CompleteNumber>a@alt.example</ram:CompleteNumber></ram:EmailURIUniversalCommunication></ram:DefinedTradeContact>
      <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE123456788</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
    <ram:BuyerTradeParty><ram:Name>Kunde AG</ram:Name></ram:BuyerTradeParty>
    <ram:BuyerOrderReferencedDocument><ram:IssueDateTime>2013-03-01T00:00:00</ram:IssueDateTime><ram:ID>PO-9</ram:ID></ram:BuyerOrderReferencedDocument>
  </ram:ApplicableSupplyChainTradeAgreement>
  <ram:ApplicableSupplyChainTradeDelivery><ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime><udt:DateTimeString format="610">201302</udt:DateTimeString></ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent></ram:ApplicableSupplyChainTradeDelivery>
  <ram:ApplicableSupplyChainTradeSettlement><ram:PaymentReference>PR</ram:PaymentReference><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
    <ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>49</ram:TypeCode><ram:ID schemeAgencyID="DE98ZZZ09999999999">M-9</ram:ID>
      <ram:PayerPartyDebtorFinancialAccount><ram:IBANID>DE75512108001245126199</ram:IBANID></ram:PayerPartyDebtorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>
    <ram:ApplicableTradeTax><ram:CalculatedAmount currencyID="EUR">1.90</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount currencyID="EUR">10.00</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode><ram:ApplicablePercent>19.00</ram:ApplicablePercent></ram:ApplicableTradeTax>
    <ram:SpecifiedLogisticsServiceCharge><ram:Description>Freight</ram:Description><ram:AppliedAmount currencyID="EUR">4</ram:AppliedAmount><ram:AppliedTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:ApplicablePercent>19.00</ram:ApplicablePercent></ram:AppliedTradeTax></ram:SpecifiedLogisticsServiceCharge>
    <ram:SpecifiedTradeSettlementMonetarySummation><ram:LineTotalAmount currencyID="EUR">6.00</ram:LineTotalAmount><ram:ChargeTotalAmount currencyID="EUR">4.00</ram:ChargeTotalAmount>
      <ram:TaxBasisTotalAmount currencyID="EUR">10.00</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">1.90</ram:TaxTotalAmount><ram:GrandTotalAmount currencyID="EUR">11.90</ram:GrandTotalAmount></ram:SpecifiedTradeSettlementMonetarySummation>
  </ram:ApplicableSupplyChainTradeSettlement>
  <ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:IncludedNote><ram:Content>As ordered:</ram:Content></ram:IncludedNote></ram:AssociatedDocumentLineDocument><ram:SpecifiedSupplyChainTradeSettlement/></ram:IncludedSupplyChainTradeLineItem>
  <ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
    <ram:SpecifiedSupplyChainTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount currencyID="EUR">2.0000</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedSupplyChainTradeAgreement>
    <ram:SpecifiedSupplyChainTradeDelivery><ram:BilledQuantity unitCode="C62">3.0000</ram:BilledQuantity></ram:SpecifiedSupplyChainTradeDelivery>
    <ram:SpecifiedSupplyChainTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:ApplicablePercent>19.00</ram:ApplicablePercent></ram:ApplicableTradeTax>
      <ram:SpecifiedTradeAccountingAccount><ram:ID>5465</ram:ID></ram:SpecifiedTradeAccountingAccount>
      <ram:SpecifiedTradeSettlementMonetarySummation><ram:LineTotalAmount currencyID="EUR">6.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementMonetarySummation></ram:SpecifiedSupplyChainTradeSettlement>
    <ram:SpecifiedTradeProduct><ram:SellerAssignedID>A1</ram:SellerAssignedID><ram:Name>Pencil</ram:Name></ram:SpecifiedTradeProduct></ram:IncludedSupplyChainTradeLineItem>
</rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>"""

ZUGFERD_1_MEANS = Invoice(
    number="Z-1",
    issue_date=date(2013, 6, 5),
    type_code="380",
    currency="EUR",
    buyer_reference="REF",
    purchase_order_reference="PO-9",
    note="Thanks\nAs ordered:",
    notes=(Note("Thanks"), Note("As ordered:")),
    specification="urn:ferd:CrossIndustryDocument:invoice:1p0:extended",
    seller=Party(name="Alt GmbH", vat_id="DE123456788", email="a@alt.example"),
    buyer=Party(name="Kunde AG"),
    period=Period(date(2013, 2, 1), date(2013, 2, 28)),
    payment_means_code="49",
    payment_reference="PR",
    mandate_reference="M-9",
    creditor_id="DE98ZZZ09999999999",
    debited_account="DE75512108001245126199",
    charges=(AllowanceCharge(_d("4.00"), tax_category="S", tax_rate=_d("19.00"), reason="Freight"),),
    line_total=_d("6.00"),
    charge_total=_d("4.00"),
    total_without_tax=_d("10.00"),
    total_tax=_d("1.90"),
    total_with_tax=_d("11.90"),
    tax_breakdown=(TaxBreakdown("S", _d("19.00"), _d("10.00"), _d("1.90")),),
    lines=(
        LineItem(
            id="1",
            item_name="Pencil",
            item_id="A1",
            quantity=_d("3.0000"),
            unit="C62",
            net_price=_d("2.0000"),
            net_amount=_d("6.00"),
            tax_category="S",
            tax_rate=_d("19.00"),
            accounting_reference="5465",
        ),
    ),
)
