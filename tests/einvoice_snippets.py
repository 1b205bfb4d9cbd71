"""The smallest e-invoices around a piece of XML, for tests of that piece."""

from __future__ import annotations

import pytest

from app.errors import Unprocessable
from app.readers.einvoice import read_einvoice

CII = "urn:un:unece:uncefact:data:standard:"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def cii(settlement: str = "", lines: str = "", document: str = "", delivery: str = "", agreement: str = "") -> bytes:
    return f"""<x:CrossIndustryInvoice xmlns:x="{CII}CrossIndustryInvoice:100" xmlns:u="{CII}UnqualifiedDataType:100"
      xmlns="{CII}ReusableAggregateBusinessInformationEntity:100">
      <x:ExchangedDocument><ID>1</ID>{document}</x:ExchangedDocument><x:SupplyChainTradeTransaction>{lines}
      <ApplicableHeaderTradeAgreement>{agreement}</ApplicableHeaderTradeAgreement>
      <ApplicableHeaderTradeDelivery>{delivery}</ApplicableHeaderTradeDelivery>
      <ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>{settlement}</ApplicableHeaderTradeSettlement>
      </x:SupplyChainTradeTransaction></x:CrossIndustryInvoice>""".encode()


def ubl(content: str = "", root: str = "Invoice") -> bytes:
    return f"""<{root} xmlns="{UBL}{root}-2" xmlns:a="{UBL}CommonAggregateComponents-2" xmlns:b="{UBL}CommonBasicComponents-2">
      <b:ID>1</b:ID><b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>{content}</{root}>""".encode()


def totals(content: str) -> str:
    tag = "SpecifiedTradeSettlementHeaderMonetarySummation"
    return f"<{tag}>{content}</{tag}>"


def refused(content: bytes) -> Unprocessable:
    with pytest.raises(Unprocessable) as caught:
        read_einvoice(content)
    return caught.value
