"""The names of the groups in which CII D16B and ZUGFeRD 1.0 differ; all other names are the same in both."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names that differ. `reference`: the child of a ...ReferencedDocument that holds its number."""

    context: str
    document: str
    transaction: str
    header_agreement: str
    header_delivery: str
    header_settlement: str
    header_totals: str
    line_agreement: str
    line_delivery: str
    line_settlement: str
    line_totals: str
    line_account: str
    percent: str
    reference: str


CII = Dialect(
    context="ExchangedDocumentContext",
    document="ExchangedDocument",
    transaction="SupplyChainTradeTransaction",
    header_agreement="ApplicableHeaderTradeAgreement",
    header_delivery="ApplicableHeaderTradeDelivery",
    header_settlement="ApplicableHeaderTradeSettlement",
    header_totals="SpecifiedTradeSettlementHeaderMonetarySummation",
    line_agreement="SpecifiedLineTradeAgreement",
    line_delivery="SpecifiedLineTradeDelivery",
    line_settlement="SpecifiedLineTradeSettlement",
    line_totals="SpecifiedTradeSettlementLineMonetarySummation",
    line_account="ReceivableSpecifiedTradeAccountingAccount",
    percent="RateApplicablePercent",
    reference="IssuerAssignedID",
)
ZUGFERD_1 = Dialect(
    context="SpecifiedExchangedDocumentContext",
    document="HeaderExchangedDocument",
    transaction="SpecifiedSupplyChainTradeTransaction",
    header_agreement="ApplicableSupplyChainTradeAgreement",
    header_delivery="ApplicableSupplyChainTradeDelivery",
    header_settlement="ApplicableSupplyChainTradeSettlement",
    header_totals="SpecifiedTradeSettlementMonetarySummation",
    line_agreement="SpecifiedSupplyChainTradeAgreement",
    line_delivery="SpecifiedSupplyChainTradeDelivery",
    line_settlement="SpecifiedSupplyChainTradeSettlement",
    line_totals="SpecifiedTradeSettlementMonetarySummation",
    line_account="SpecifiedTradeAccountingAccount",
    percent="ApplicablePercent",
    reference="ID",
)
