"""How well the pages were read: what nobody has read, a person must look at."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.context import Context


def unread_pages(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A page that could not be read may hold another total. An e-invoice needs none of its pages."""
    if context.is_xml:
        return
    for page in context.document.pages:
        if page.must_be_read:
            yield Finding("unread_page", "error", f"Page {page.number} could not be read.")


def several_invoices(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A page that perhaps begins another invoice: what was read may be of two."""
    if "several_invoices" in context.document.notes:
        yield Finding("several_invoices", "error", "The pages may hold more than one invoice; where one ends is not clear.")


def missing_language(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """Read as if it were written in another language: letters are misread, and nobody knows which."""
    if "missing_language" in context.document.notes:
        yield Finding("missing_language", "error", "Read without the language that it is written in, which the text recognition lacks.")
