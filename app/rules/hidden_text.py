"""Words that a person looking at the page does not see, but a machine reads: an old trick to have another sum paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from app.domain.document import Mark, Page
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.rules.context import Context

MOST_OF_THE_PAGE = 0.5
_HIDDEN = int(Mark.HIDDEN)
_LAYER_OF_A_SCAN = int(Mark.INVISIBLE | Mark.COVERED)
_VISIBLE_MARKS = bytes(mark for mark in range(256) if not mark & _HIDDEN)


def hidden_fields(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """A chosen field with a hidden word: an error. Under the picture of a scanned page it is `unverified_text_layer`, an error as well:
    nobody has compared that layer with the picture."""
    pages = {page.number: page for page in context.document.pages if has_hidden(page)}
    found: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for path, field in context.extracted.fields.items():
        page = pages.get(field.page or 0)
        if page is None:
            continue
        marks = [page.words.marks[i] & _HIDDEN for i in field.words if 0 <= i < len(page.words)]
        hidden = [mark for mark in marks if mark]
        if hidden:
            is_layer = is_scan(page) and not any(mark & ~_LAYER_OF_A_SCAN for mark in hidden)
            found["unverified_text_layer" if is_layer else "hidden_text_field", page.number].append(path)
    for (rule, number), paths in found.items():
        seen = "The text behind the picture of" if rule == "unverified_text_layer" else "Text that cannot be seen on"
        yield Finding(rule, "error", f"{seen} page {number} was read as {len(paths)} of the fields.", tuple(paths))


def hidden_numbers(invoice: Invoice, context: Context) -> Iterator[Finding]:
    """Hidden words with digits, chosen or not: a warning for each page."""
    for page in context.document.pages:
        if not has_hidden(page):
            continue
        scan = is_scan(page)
        count = 0
        for mark, text in zip(page.words.marks, page.words.texts, strict=True):
            hidden = mark & _HIDDEN
            if hidden and not (scan and not hidden & ~_LAYER_OF_A_SCAN) and any(map(str.isdigit, text)):
                count += 1
        if count:
            yield Finding("hidden_text", "warning", f"Page {page.number} has {count} words with digits that cannot be seen.")


def has_hidden(page: Page) -> bool:
    return bool(page.words.marks.translate(None, _VISIBLE_MARKS))


def is_scan(page: Page) -> bool:
    return page.image_share >= MOST_OF_THE_PAGE
