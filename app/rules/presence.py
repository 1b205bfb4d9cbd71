"""What an invoice must say: the mandatory terms of EN 16931."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.context import Context

ESSENTIAL = (
    ("BR-02", "number", "invoice number"),
    ("BR-03", "issue_date", "issue date"),
    ("BR-05", "currency", "currency"),
    ("BR-14", "total_with_tax", "total with tax"),
)
FEW_WORDS, BADLY_READ = 15, 0.6
OF_AN_EINVOICE = (
    ("BR-04", "type_code", "type code"),
    ("BR-13", "total_without_tax", "total without tax"),
    ("BR-15", "amount_due", "amount due"),
)


def essentials(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """BR-02, 03, 05, 06, 14: without these nothing can be booked or paid."""
    for rule, name, words in ESSENTIAL:
        if _is_absent(getattr(invoice, name)):
            yield Finding(rule, "error", f"No {words} was found.", (name,))
    if _is_absent(invoice.seller.name):
        yield Finding("BR-06", "error", "No seller was found.", ("seller.name",))


def nothing_found(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """Neither number nor date nor total: then the reason must be told, not only that they are not there."""
    if context.is_xml or not (invoice.number is None and invoice.issue_date is None and invoice.total_with_tax is None):
        return
    texts = [text for page in context.document.pages for text in page.words.texts]
    digits = sum(any(map(str.isdigit, text)) for text in texts)
    sure = [page.words.confidence(i) for page in context.document.pages if page.text == "read" for i in range(len(page.words))]
    if len(texts) < FEW_WORDS:
        why = f"only {len(texts)} words could be read"
    elif sure and sum(sure) / len(sure) < BADLY_READ:
        why = "the pages could be read only badly"
    elif not digits:
        why = "there are no figures on its pages"
    elif context.extracted.language is None:
        why = "it is in no language that is known, or most of its words were misread"
    else:
        why = "no figures on its pages have a label that is known"
    yield Finding("nothing_found", "error", f"No number, date or total was found: {why}.", ("number", "issue_date", "total_with_tax"))


def mandatory_in_an_einvoice(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """What only an e-invoice must state; a page often does without."""
    if not context.is_xml:
        return
    for rule, name, words in OF_AN_EINVOICE:
        if _is_absent(getattr(invoice, name)):
            yield Finding(rule, "warning", f"The e-invoice states no {words}.", (name,))
    if _is_absent(invoice.buyer.name):
        yield Finding("BR-07", "warning", "The e-invoice names no buyer.", ("buyer.name",))


def _is_absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
