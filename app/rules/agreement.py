"""A hybrid file is read from its XML and approved from its page: what would be paid must stand on the page too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from app.domain.document import Mark, Page
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.parsing import iban_is_valid, parse_amount, parse_iban
from app.rules.context import Context
from app.rules.exact import is_sane, rounded, stated

ENOUGH_WORDS = 20
ENOUGH_AMOUNTS = 3
MOST_GROUPS = 5  # 1 234 567 890,00
_HIDDEN = int(Mark.HIDDEN)
_HIDDEN_MARKS = bytes(mark for mark in range(256) if mark & _HIDDEN)
_WITH_CENTS = re.compile(r"\d[.,]\d\d(?!\d)")
_GROUP = re.compile(r"\d{3}(?!\d)")
_ENDS_OPEN = re.compile(r"(?<!\d)\d{1,3}$")
_IBAN_START = re.compile(r"(?=([A-Z]{2}\d{2}[A-Z0-9]{11,30}))")


def total_stands_on_the_page(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A page that shows amounts, but not this one, says something else: an error. Without amounts it is only not shown."""
    stands = stated(invoice.total_with_tax)
    if not stands or not _is_hybrid(context) or _is_placed("total_with_tax", context):
        return
    page = _Visible(context.document.pages)
    if abs(rounded(stands)) not in page.amounts:
        yield from _not_on_the_page("total_with_tax", "total with tax", page.count_with_cents >= ENOUGH_AMOUNTS)


def account_stands_on_the_page(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A page that shows another IBAN, but not this one: an error."""
    if invoice.payment_account is None or not _is_hybrid(context) or _is_placed("payment_account", context):
        return
    page = _Visible(context.document.pages)
    account = _compact(invoice.payment_account)
    if account and account not in page.compact:
        own = {account, _compact(invoice.debited_account or ""), *(_compact(other) for other in invoice.payment_accounts)}
        yield from _not_on_the_page("payment_account", "account", iban_is_valid(account) and bool(page.ibans - own))


def number_and_date_stand_on_the_page(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A warning: they are written in too many ways to be sure."""
    if not _is_hybrid(context):
        return
    if invoice.number is not None and not _is_placed("number", context):
        number = _compact(invoice.number)
        if number and number not in _Visible(context.document.pages).compact:
            yield from _not_on_the_page("number", "number", False)
    if invoice.issue_date is not None and not _is_placed("issue_date", context):
        yield from _not_on_the_page("issue_date", "issue date", False)


def _not_on_the_page(path: str, words: str, shows_another: bool) -> Iterator[Finding]:
    if shows_another:
        yield Finding("xml_page_mismatch", "error", f"The page shows another {words} than the e-invoice in the file.", (path,))
    else:
        yield Finding("xml_page_absent", "warning", f"The {words} of the e-invoice was not found on the page.", (path,))


def _is_hybrid(context: Context) -> bool:
    """Both an e-invoice and pages with text that can be seen."""
    if context.document.einvoice is None or not context.is_xml:
        return False
    return sum(len(page.words.marks.translate(None, _HIDDEN_MARKS)) for page in context.document.pages) >= ENOUGH_WORDS


def _is_placed(path: str, context: Context) -> bool:
    """The extractor found the value among the visible words."""
    field = context.extracted.fields.get(path)
    return field is not None and field.page is not None


class _Visible:
    """What can be seen of some pages, each view computed when asked."""

    def __init__(self, pages: tuple[Page, ...]) -> None:
        self._lines = [line for page in pages for line in _lines(page)]

    @cached_property
    def compact(self) -> str:
        return "".join(_compact(text) for line in self._lines for text in line)

    @cached_property
    def ibans(self) -> set[str]:
        starts = (match[1] for line in self._lines for match in _IBAN_START.finditer("".join(map(_compact, line))))
        return {iban for start in starts if (iban := parse_iban(start)) and iban_is_valid(iban)}

    @cached_property
    def count_with_cents(self) -> int:
        return sum(1 for line in self._lines for text in line if _WITH_CENTS.search(text))

    @cached_property
    def amounts(self) -> set[Decimal]:
        """Every number in every reading of its marks, without sign; thousands apart by spaces stand in several words."""
        found: set[Decimal] = set()
        for line in self._lines:
            for i, text in enumerate(line):
                if not any(map(str.isdigit, text)):
                    continue
                written = text
                self._add(written, found)
                for following in line[i + 1 : i + MOST_GROUPS]:
                    if not _ENDS_OPEN.search(written) or not _GROUP.match(following):
                        break
                    written += following
                    self._add(written, found)
        return found

    @staticmethod
    def _add(written: str, found: set[Decimal]) -> None:
        for mark in (".", ","):
            value = parse_amount(written, mark)
            if value is not None and is_sane(value):
                found.add(abs(rounded(value)))


def _lines(page: Page) -> Iterator[list[str]]:
    words = page.words
    seen = (i for i in range(len(words)) if not words.marks[i] & _HIDDEN)
    for _, line in groupby(seen, key=words.line):
        yield [words.texts[i] for i in line]


def _compact(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())
