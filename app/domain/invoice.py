"""The EN 16931 semantic model, whole, under the names of the standard (BT/BG numbers in the comments).

`None` means that the document does not say. Money is `Decimal` with at least two decimals (`parsing.money`),
quantities, prices and rates keep the digits they were written with. Codes are as in the standard's lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

CREDIT_NOTE_CODES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
"""The values of BT-3 (UNTDID 1001) that make a document a credit note."""


@dataclass(frozen=True, slots=True)
class Address:
    line_1: str | None = None  # BT-35, 50, 64, 75
    line_2: str | None = None  # BT-36, 51, 65, 76
    line_3: str | None = None  # BT-162, 163, 164, 165
    city: str | None = None  # BT-37, 52, 66, 77
    post_code: str | None = None  # BT-38, 53, 67, 78
    subdivision: str | None = None  # BT-39, 54, 68, 79
    country: str | None = None  # BT-40, 55, 69, 80: ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True)
class Identifier:
    id: str | None = None
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4), buyer (BG-7), payee (BG-10), tax representative (BG-11) or delivery address (BG-13)."""

    name: str | None = None  # BT-27, 44, 59, 62, 70
    trading_name: str | None = None  # BT-28, 45
    id: str | None = None  # BT-29, 46, 60, 71
    id_scheme: str | None = None  # ISO 6523 scheme of `id`
    further_ids: tuple[Identifier, ...] = ()  # BT-29 may be repeated: all after the first
    vat_id: str | None = None  # BT-31, 48, 63
    tax_id: str | None = None  # BT-32
    legal_id: str | None = None  # BT-30, 47, 61
    legal_id_scheme: str | None = None
    legal_information: str | None = None  # BT-33
    electronic_address: str | None = None  # BT-34, 49
    electronic_address_scheme: str | None = None
    contact_name: str | None = None  # BT-41, 56
    phone: str | None = None  # BT-42, 57
    email: str | None = None  # BT-43, 58
    address: Address = field(default_factory=Address)  # BG-5, 8, 12, 15


@dataclass(frozen=True, slots=True)
class Period:
    start: date | None = None  # BT-73, 134
    end: date | None = None  # BT-74, 135


@dataclass(frozen=True, slots=True)
class AllowanceCharge:
    """A document's allowance (BG-20) or charge (BG-21), or a line's (BG-27, BG-28; those have no tax of their own)."""

    amount: Decimal | None = None  # BT-92, 99, 136, 141
    base_amount: Decimal | None = None  # BT-93, 100, 137, 142
    percentage: Decimal | None = None  # BT-94, 101, 138, 143
    tax_category: str | None = None  # BT-95, 102: UNCL 5305
    tax_rate: Decimal | None = None  # BT-96, 103
    reason: str | None = None  # BT-97, 104, 139, 144
    reason_code: str | None = None  # BT-98, 105, 140, 145


@dataclass(frozen=True, slots=True)
class TaxBreakdown:
    """BG-23: one for each pair of category and rate."""

    category: str | None = None  # BT-118: S Z E AE K G O L M
    rate: Decimal | None = None  # BT-119, percent
    taxable_amount: Decimal | None = None  # BT-116
    tax_amount: Decimal | None = None  # BT-117
    exemption_reason: str | None = None  # BT-120
    exemption_reason_code: str | None = None  # BT-121


@dataclass(frozen=True, slots=True)
class Classification:
    code: str | None = None  # BT-158
    scheme: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str | None = None  # BT-160
    value: str | None = None  # BT-161


@dataclass(frozen=True, slots=True)
class LineItem:
    """BG-25. `net_amount` = quantity x net_price / price_base_quantity - allowances + charges."""

    id: str | None = None  # BT-126
    note: str | None = None  # BT-127
    object_id: str | None = None  # BT-128
    object_id_scheme: str | None = None
    item_name: str | None = None  # BT-153
    item_description: str | None = None  # BT-154
    item_id: str | None = None  # BT-155, the seller's
    buyer_item_id: str | None = None  # BT-156
    standard_item_id: str | None = None  # BT-157 (GTIN ...)
    standard_item_id_scheme: str | None = None
    classifications: tuple[Classification, ...] = ()  # BT-158
    origin_country: str | None = None  # BT-159
    attributes: tuple[Attribute, ...] = ()  # BG-32
    quantity: Decimal | None = None  # BT-129
    unit: str | None = None  # BT-130: UN/ECE Rec 20/21, or the word on the page
    gross_price: Decimal | None = None  # BT-148
    price_discount: Decimal | None = None  # BT-147
    net_price: Decimal | None = None  # BT-146
    price_base_quantity: Decimal | None = None  # BT-149
    price_base_unit: str | None = None  # BT-150
    net_amount: Decimal | None = None  # BT-131
    tax_category: str | None = None  # BT-151
    tax_rate: Decimal | None = None  # BT-152
    allowances: tuple[AllowanceCharge, ...] = ()  # BG-27
    charges: tuple[AllowanceCharge, ...] = ()  # BG-28
    period: Period | None = None  # BG-26
    purchase_order_line: str | None = None  # BT-132
    accounting_reference: str | None = None  # BT-133


@dataclass(frozen=True, slots=True)
class SupportingDocument:
    """BG-24. The attachment's content stays in the original file."""

    reference: str | None = None  # BT-122
    description: str | None = None  # BT-123
    location: str | None = None  # BT-124: never fetched
    file_name: str | None = None  # BT-125
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    text: str | None = None  # BT-22
    subject_code: str | None = None  # BT-21: UNTDID 4451


@dataclass(frozen=True, slots=True)
class PrecedingInvoice:
    reference: str | None = None  # BT-25
    issue_date: date | None = None  # BT-26


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str | None = None  # BT-1
    issue_date: date | None = None  # BT-2
    type_code: str | None = None  # BT-3: UNTDID 1001 (380 invoice, 381 credit note, 386 prepayment ...)
    currency: str | None = None  # BT-5: ISO 4217
    tax_currency: str | None = None  # BT-6
    tax_point_date: date | None = None  # BT-7
    tax_point_date_code: str | None = None  # BT-8
    due_date: date | None = None  # BT-9
    buyer_reference: str | None = None  # BT-10
    project_reference: str | None = None  # BT-11
    contract_reference: str | None = None  # BT-12
    purchase_order_reference: str | None = None  # BT-13
    sales_order_reference: str | None = None  # BT-14
    receiving_advice_reference: str | None = None  # BT-15
    despatch_advice_reference: str | None = None  # BT-16
    tender_reference: str | None = None  # BT-17
    invoiced_object: str | None = None  # BT-18
    invoiced_object_scheme: str | None = None
    accounting_reference: str | None = None  # BT-19
    payment_terms: str | None = None  # BT-20
    note: str | None = None  # BT-22, several joined by line breaks
    notes: tuple[Note, ...] = ()  # BG-1, each by itself
    business_process: str | None = None  # BT-23
    specification: str | None = None  # BT-24
    preceding_invoice_reference: str | None = None  # BT-25 of the first of `preceding_invoices`
    preceding_invoices: tuple[PrecedingInvoice, ...] = ()  # BG-3
    seller: Party = field(default_factory=Party)  # BG-4
    buyer: Party = field(default_factory=Party)  # BG-7
    payee: Party = field(default_factory=Party)  # BG-10
    tax_representative: Party = field(default_factory=Party)  # BG-11
    ship_to: Party = field(default_factory=Party)  # BG-13
    delivery_date: date | None = None  # BT-72
    period: Period | None = None  # BG-14
    payment_means_code: str | None = None  # BT-81: UNTDID 4461
    payment_means_text: str | None = None  # BT-82
    payment_reference: str | None = None  # BT-83
    payment_account: str | None = None  # BT-84: IBAN or account number
    payment_account_name: str | None = None  # BT-85
    payment_bic: str | None = None  # BT-86
    payment_accounts: tuple[str, ...] = ()  # every BT-84, when there is more than one
    payment_card_number: str | None = None  # BT-87
    payment_card_holder: str | None = None  # BT-88
    mandate_reference: str | None = None  # BT-89
    creditor_id: str | None = None  # BT-90
    debited_account: str | None = None  # BT-91
    allowances: tuple[AllowanceCharge, ...] = ()  # BG-20
    charges: tuple[AllowanceCharge, ...] = ()  # BG-21
    line_total: Decimal | None = None  # BT-106
    allowance_total: Decimal | None = None  # BT-107
    charge_total: Decimal | None = None  # BT-108
    total_without_tax: Decimal | None = None  # BT-109
    total_tax: Decimal | None = None  # BT-110
    total_tax_in_tax_currency: Decimal | None = None  # BT-111
    total_with_tax: Decimal | None = None  # BT-112
    paid_amount: Decimal | None = None  # BT-113
    rounding_amount: Decimal | None = None  # BT-114
    amount_due: Decimal | None = None  # BT-115
    tax_breakdown: tuple[TaxBreakdown, ...] = ()  # BG-23
    supporting_documents: tuple[SupportingDocument, ...] = ()  # BG-24
    lines: tuple[LineItem, ...] = ()  # BG-25
