"""Pages that belong to an invoice but say nothing of it: terms in small print, a delivery note or a timesheet behind it, a cover letter,
the same page once more. Their dates, sums and accounts are not the invoice's, so they are not read."""

from __future__ import annotations

from dataclasses import replace

from app.domain.document import Document, Words
from app.extractors.kind_words import OTHER_KINDS
from app.extractors.kinds import INVOICE
from app.extractors.pages import PageFacts, facts_of

ENOUGH_WORDS = 12
"""On a page, to say that it is the same as another."""
DENSE, SMALL = 250, 0.87
"""Words of small print on a page, and how much smaller its letters are than those of the first page."""


def pages_set_aside(document: Document) -> dict[int, str]:
    """What is set aside, by page number, and why. Never a page that begins an invoice, nor the only one with a total."""
    pages = facts_of(document) if len(document.pages) > 1 else []
    aside = {at: why for at, page in enumerate(pages) if (why := _why(pages, at, page, document))}
    kept = [page for at, page in enumerate(pages) if at not in aside]
    if not any(page.totals or page.amounts for page in kept):
        return {}
    return {document.pages[at].number: why for at, why in aside.items()}


def without(document: Document, numbers: dict[int, str]) -> Document:
    """The same pages, those set aside without words."""
    return replace(document, pages=tuple(replace(p, words=Words()) if p.number in numbers else p for p in document.pages))


def _why(pages: list[PageFacts], at: int, page: PageFacts, document: Document) -> str | None:
    same = next((before for before in range(at) if len(page.words) >= ENOUGH_WORDS and pages[before].words == page.words), None)
    if same is not None:
        return f"the same as page {document.pages[same].number}"
    if page.numbers or (page.calls_itself(INVOICE, 0.6) and not page.example):
        return None
    if at and page.example and not pages[0].example and pages[0].totals:
        return "an example"
    letter = len(page.sayings.get("letter", ()))
    if at == 0:
        return "a letter" if letter >= 2 and not page.totals and any(p.numbers and p.totals for p in pages[1:]) else None
    title = page.other_title
    if not page.totals or pages[0].totals:
        if title and title.weight >= 0.9 and not page.carried:
            return OTHER_KINDS[title.kind].name
        if page.amounts <= 2 and (len(page.sayings.get("terms", ())) >= 3 or _is_small_print(page, pages[0])):
            return "general terms"
    return None


def _is_small_print(page: PageFacts, first: PageFacts) -> bool:
    return len(page.words) >= DENSE and page.height < SMALL * first.height and not page.totals
