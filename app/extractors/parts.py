"""Several invoices in one file: where each begins.

A page begins another invoice if it bears another invoice's number of its own, or if pages are counted and it is the first of its count.
What says so against other evidence is a doubt: then nothing is split there, and a person is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.document import Document
from app.extractors.grid import read_grid
from app.extractors.kinds import INVOICE
from app.extractors.pages import PageFacts, facts_of

TITLED = 0.6
"""Of a title's weight: the page calls itself an invoice."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`ranges`: first and last page of each invoice, as the file numbers its pages; together all pages. `doubtful`: pages that perhaps
    begin another one."""

    ranges: tuple[tuple[int, int], ...]
    doubtful: tuple[int, ...] = ()


def parts_of(document: Document) -> Parts:
    """Of a document with words on its pages. One that is an e-invoice is one invoice, whatever its pages show."""
    numbers = [page.number for page in document.pages]
    if len(numbers) < 2 or document.einvoice is not None:
        return Parts(((numbers[0], numbers[-1]),) if numbers else ())
    begins, doubtful = _beginnings(facts_of(read_grid(document)))
    ends = [*(begin - 1 for begin in begins[1:]), len(numbers) - 1]
    ranges = tuple((numbers[begin], numbers[end]) for begin, end in zip(begins, ends, strict=True))
    return Parts(ranges, tuple(numbers[page] for page in doubtful))


def _beginnings(pages: list[PageFacts]) -> tuple[list[int], list[int]]:
    begins, doubtful = [0], list[int]()
    known = pages[0].numbers[:1]  # of the part that goes on
    totals = pages[0].totals
    invoice, identities = _is_invoice(pages[0]), pages[0].identities
    for at, page in enumerate(pages[1:], 1):
        verdict = _begins(page, known, identities, totals=totals) if invoice else "no"  # what stands before the first invoice goes with it
        if verdict == "yes":
            begins.append(at)
            known, totals, invoice, identities = page.numbers[:1], page.totals, True, page.identities
            continue
        if verdict == "perhaps":
            doubtful.append(at)
        known, identities = known or page.numbers[:1], identities | page.identities
        totals, invoice = totals or page.totals, invoice or _is_invoice(page)
    return begins, doubtful


def _is_invoice(page: PageFacts) -> bool:
    return bool(page.numbers) or page.calls_itself(INVOICE, TITLED)


def _begins(page: PageFacts, known: tuple[str, ...], identities: frozenset[str], *, totals: bool) -> str:
    """`known`: the number of the invoice before, if it has one; `identities`: the VAT ids and accounts on it; `totals`: whether its total
    has been met."""
    goes_on = (page.counter is not None and page.counter[0] > 1) or page.carried
    if known and known[0] in page.numbers:
        return "no"
    titled, first = page.calls_itself(INVOICE, TITLED), page.counter is not None and page.counter[0] == 1
    if page.numbers and known:  # another number
        if goes_on:
            return "perhaps"
        return "yes" if titled or first or (totals and page.totals) else "perhaps"
    if goes_on:
        return "no"
    strangers = bool(identities and page.identities) and identities.isdisjoint(page.identities)
    if strangers and totals and page.totals:
        return "yes" if titled or page.numbers or first else "perhaps"
    if first and titled and totals:
        return "yes" if page.totals else "perhaps"
    return "perhaps" if totals and page.totals and (titled or page.numbers) else "no"
