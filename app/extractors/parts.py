"""Several invoices in one file: where each begins.

A page begins another invoice if it bears another invoice's number of its own, if it is of another firm or day and sums up once more, or if
pages are counted and it is the first of its count. What says so against other evidence is a doubt: then nothing is split there, and a
person is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.document import Document
from app.extractors.candidate import Kind
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
    begins, doubtful = _beginnings(facts_of(document))
    ends = [*(begin - 1 for begin in begins[1:]), len(numbers) - 1]
    ranges = tuple((numbers[begin], numbers[end]) for begin, end in zip(begins, ends, strict=True))
    return Parts(ranges, tuple(numbers[page] for page in doubtful))


@dataclass(slots=True)
class _Part:
    """What the pages of the part so far have said."""

    numbers: tuple[str, ...]
    identities: dict[Kind, frozenset[str]]
    issued: date | None
    totals: bool
    invoice: bool

    @classmethod
    def of(cls, page: PageFacts) -> _Part:
        invoice = bool(page.numbers) or page.totals or page.calls_itself(INVOICE, TITLED)
        return cls(page.numbers[:1], page.identities, page.issued, page.totals, invoice)

    def add(self, page: PageFacts) -> None:
        more = _Part.of(page)
        self.numbers = self.numbers or more.numbers
        self.identities = {kind: self.identities[kind] | more.identities[kind] for kind in self.identities}
        self.issued = self.issued or more.issued
        self.totals = self.totals or more.totals
        self.invoice = self.invoice or more.invoice


def _beginnings(pages: list[PageFacts]) -> tuple[list[int], list[int]]:
    begins, doubtful = [0], list[int]()
    part = _Part.of(pages[0])
    for at, page in enumerate(pages[1:], 1):
        verdict = _begins(page, part) if part.invoice else "no"  # what stands before the first invoice goes with it
        if verdict == "yes":
            begins.append(at)
            part = _Part.of(page)
            continue
        if verdict == "perhaps":
            doubtful.append(at)
        part.add(page)
    return begins, doubtful


def _begins(page: PageFacts, part: _Part) -> str:
    goes_on = (page.counter is not None and page.counter[0] > 1) or page.carried
    known = part.numbers[0] if part.numbers else None
    if known in page.numbers or (not page.numbers and known in page.words):
        return "no"
    titled, first = page.calls_itself(INVOICE, TITLED), page.counter is not None and page.counter[0] == 1
    both = part.totals and page.totals  # an invoice is summed up once
    if page.numbers and known:  # another number
        if goes_on:
            return "perhaps"
        return "yes" if titled or first or both else "perhaps"
    if goes_on:
        return "no"
    stranger = _of_another_firm(page, part)
    later = page.issued is not None and part.issued is not None and page.issued != part.issued
    if stranger and titled and part.totals:
        return "yes"
    if both and (stranger or later):
        return "yes" if titled or page.numbers or first else "perhaps"
    if first and titled and part.totals:
        return "yes" if both else "perhaps"
    return "perhaps" if both and (titled or page.numbers or (page.likely and page.issued)) else "no"


def _of_another_firm(page: PageFacts, part: _Part) -> bool:
    """Of VAT ids and accounts, at least one kind stands on both, and none on both is the same."""
    said = [(page.identities[kind], part.identities[kind]) for kind in page.identities]
    return any(here and before for here, before in said) and all(here.isdisjoint(before) for here, before in said)
