"""What the reader of the e-invoice could not take as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.context import Context

AMBIGUOUS = ("repeated", "not a decimal", "a tax total in no currency of the invoice")


def xml_problems(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A number that cannot be read, or a value that stands twice, may be read otherwise by somebody else: an error. Others are warnings."""
    einvoice = context.document.einvoice
    for problem in einvoice.problems if einvoice is not None and context.is_xml else ():
        yield Finding("xml_problem", "error" if problem.endswith(AMBIGUOUS) else "warning", f"In the XML: {problem}.")
