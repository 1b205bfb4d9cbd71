"""BT-110 and BT-111, which only their currency tells apart: shared by the e-invoice syntaxes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.readers.xml_node import Node


def tax_totals(amounts: Sequence[Node], currency: str | None, tax_currency: str | None) -> tuple[Decimal | None, Decimal | None]:
    """BT-110 and BT-111 from elements that only their currencyID tells apart; without one an amount is in the invoice's currency."""
    total: Node | None = None
    in_tax_currency: Node | None = None
    for node in amounts:
        written_in = node.attribute("currencyID") or currency
        if total is None and (written_in == currency or currency is None):
            total = node
        elif in_tax_currency is None and written_in == tax_currency:
            in_tax_currency = node
        elif node.value is not None:
            node.source.problem(node.element, "a tax total in no currency of the invoice")
    return total.amount if total else None, in_tax_currency.amount if in_tax_currency else None
