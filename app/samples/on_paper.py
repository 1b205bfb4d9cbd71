"""What the scanned samples say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.domain.invoice import Invoice
from app.samples.crowd import make_one
from app.samples.invoices import MULTI_PAGE_INVOICE
from app.samples.ledger import Sale, add_up
from app.samples.parties import CATERING

SCANNED_INVOICE = make_one(26, 14)[1]  # German
PHOTOGRAPHED_INVOICE = make_one(26, 1)[1]  # English
FAXED_INVOICE = make_one(26, 8)[1]  # French
OVERTURNED_INVOICE = make_one(26, 2)[1]  # French

RECEIPT = add_up(
    Invoice(number="004417", issue_date=date(2026, 3, 14), type_code="380", currency="GBP", seller=CATERING),
    [
        Sale("Lentil soup, large", "2", "H87", "6.40", "20"),
        Sale("Sandwich, egg and cress", "3", "H87", "4.75", "20"),
        Sale("Apple cake", "3", "H87", "3.20", "20"),
        Sale("Pot of tea", "4", "H87", "2.90", "20"),
    ],
)

DUPLEX_INVOICE = add_up(
    replace(MULTI_PAGE_INVOICE, number="1049117", payment_reference="1049117", issue_date=date(2026, 3, 31), due_date=date(2026, 4, 30)),
    [
        Sale(line.item_name or "", str(line.quantity), line.unit or "", str(line.net_price), str(line.tax_rate), line.item_id)
        for line in MULTI_PAGE_INVOICE.lines * 3
    ],
)
"""As long as makes six sheets."""
