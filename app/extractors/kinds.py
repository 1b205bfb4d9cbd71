"""The kind of a document: an invoice, a credit note, a receipt, or something else, by evidence for and against.

For something else speak its title and what only such documents say; for an invoice its title and a number that is labelled as its own.
An order and an offer have prices, tax and totals too, and a payment advice lists invoices, so those count for little. Where neither
side is clear the answer is `other`, but not sure: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.domain.extraction import DocumentType
from app.domain.parsing import plain
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.common_words import language_of
from app.extractors.grid import Row, spaced_words
from app.extractors.kind_words import INVOICE_TITLES, OTHER_KINDS, PREPAID
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue

REFUSED, DOUBTED = 1.9, 1.2
"""Evidence for another kind: from the first on it is sure if hardly anything speaks for an invoice, from the second on it is a doubt."""
NOT_CALLED_ONE = 0.85
"""By so much less is enough where the document neither calls itself an invoice nor has a number as one."""
IN_A_FORM = 0.6
"""Evidence for an invoice where a box of a form names it, or its total is called that of an invoice."""
ENOUGH_WORDS = 1500
"""Of the document, for what it says: the rest is as a rule more of the same."""
INVOICE, _END = "invoice", ""


@dataclass(frozen=True, slots=True)
class Kind:
    """`sure`: that an `other` is none of the others; False sends it to a person. `why`: for people, where it is `other`."""

    document_type: DocumentType
    type_code: str
    sure: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """`weight`: how much it looks like the title of the document, about 0..3."""

    weight: float
    kind: str  # of OTHER_KINDS, or "invoice"
    text: str


def kind_of(found: Candidates, *, has_total: bool, has_number: bool, has_tax: bool) -> Kind:
    """The kind of what is on these pages. `has_total`, `has_number`, `has_tax`: whether such values were found."""
    titles = best_titles(found, 0)
    other = _strongest_other(found, titles, has_total=has_total, has_tax=has_tax)
    own_number = max((sure for sure, _ in own_numbers(found, range(len(found.grid.rows)))), default=0.0)
    if other is not None:
        lists = OTHER_KINDS[other.kind].lists
        invoice = (titles[INVOICE].weight if INVOICE in titles else 0.0) + (0.4 if lists else 1.0) * own_number
        if not lists and invoice < IN_A_FORM and _named_in_a_form(found):
            invoice = IN_A_FORM
        less = 0.0 if invoice > 0.3 else NOT_CALLED_ONE
        if other.weight >= REFUSED - less and invoice < 0.8:
            return Kind("other", "380", True, other.told(own_number > 0, has_total))
        if other.weight >= DOUBTED - less and other.weight > invoice + 0.3:
            return Kind("other", "380", False, other.told(own_number > 0, has_total))
    kind = _of_invoices(found, has_total=has_total, has_number=has_number)
    if kind.document_type == "invoice" and INVOICE in titles and not PREPAID.isdisjoint(plain(titles[INVOICE].text)):
        return Kind("invoice", "386")
    return kind


# ------------------------------------------------------------------------------------------------------ what speaks for another kind


@dataclass(frozen=True, slots=True)
class _Other:
    kind: str
    weight: float
    title: str
    sayings: tuple[str, ...]

    def told(self, own_number: bool, has_total: bool) -> str:
        reasons = [f"its title is “{self.title}”"] if self.title else []
        reasons += [f"it says “{'”, “'.join(self.sayings[:3])}”"] if self.sayings else []
        reasons += [] if own_number else ["it has no invoice number of its own"]
        reasons += [] if has_total else ["it names no sum to be paid"]
        return f"This looks like {OTHER_KINDS[self.kind].name}, not like an invoice: {', '.join(reasons)}."


def _strongest_other(found: Candidates, titles: dict[str, Title], *, has_total: bool, has_tax: bool) -> _Other | None:
    said = sayings_of(found.grid.rows)
    priced = any(c.decimals == 2 for c in found.of("amount"))
    best: _Other | None = None
    for kind, other in OTHER_KINDS.items():
        title, sayings = titles.get(kind), said.get(kind, ())
        alone = 0.3 if has_total and has_tax else 0.6  # an invoice that goes with the goods speaks of their transport too
        weight = title.weight + min(1.6, 0.55 * len(sayings)) if title else alone * len(sayings) if len(sayings) >= 2 else 0.0
        if not weight:
            continue
        if not has_total:
            weight += 0.6 if priced else 1.2
        elif has_tax and not other.priced:
            weight -= 1.0
        if kind == "letter" and has_total:
            weight -= 1.0  # an invoice may be written as a letter
        if best is None or weight > best.weight:
            best = _Other(kind, weight, title.text if title else "", sayings)
    return best


def sayings_of(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """What is said that only documents of a kind say, each once, in the order in which it was met."""
    words: list[str] = []
    for row in rows:
        words += [word for spot in row.words for word in plain(spot.text)]
        if len(words) > ENOUGH_WORDS:
            break
    said: dict[str, dict[str, None]] = {}
    for kinds, first, end in _matches(_sayings(), words):
        for kind in kinds:
            said.setdefault(kind, {})[" ".join(words[first:end])] = None
    return {kind: tuple(phrases) for kind, phrases in said.items()}


# -------------------------------------------------------------------------------------------------------------------------- titles


def best_titles(found: Candidates, page: int) -> dict[str, Title]:
    """The strongest title of each kind on a page (0-based)."""
    best: dict[str, Title] = {}
    for title in _titles(found, page):
        if title.kind not in best or best[title.kind].weight < title.weight:
            best[title.kind] = title
    return best


def _titles(found: Candidates, page: int) -> Iterator[Title]:
    grid = found.grid
    rows = grid.rows[slice(*grid.pages[page])] if page < len(grid.pages) else []
    usual = sorted(row.height for row in rows)[len(rows) // 2] if rows else 1.0
    for row in rows:
        for cell, (first, end) in enumerate(row.cells):
            if end - first > 12:
                continue
            words = spaced_words(row, cell)
            text = row.cell_text(cell)
            if not words or len(words) > 7 or text[-1] in ".,;" or cues_in(words) & _NO_TITLE:
                continue
            for kinds, begin, stop in _matches(_title_trie(), words):
                if INVOICE not in kinds and not _ACCORDING.isdisjoint(words[:begin]):
                    continue  # "as per quotation": another document is named
                rest = [word for word in words[:begin] + words[stop:] if word not in _BESIDE_TITLES]
                named = [word for word in rest if len(word) > 2 and not any(map(str.isdigit, word))]  # not the letters of a number
                if len(named) > 2:
                    continue
                numbered = any(any(map(str.isdigit, word)) for word in rest)
                placed = row.words[first:end]
                size = max(spot.y1 - spot.y0 for spot in placed) / max(usual, 0.1)
                if len(row.cells) > 3 and size < 1.3:
                    continue  # the head of a table
                weight = 0.5 + 1.2 * max(0.0, min(size, 2.5) - 1.0) - 1.2 * row.y0 / grid.sizes[page][1]
                weight += 0.6 - 0.3 * len(named) if ":" not in text else -0.8
                weight -= 0.3 if numbered else 0.0
                weight += 0.3 if all(spot.text.isupper() for spot in placed if spot.wordy) else 0.0
                weight += 0.3 if len(row.cells) == 1 else 0.0
                weight += 0.2 if placed[0].bold else 0.0
                labels = not numbered and not _NUMBERS.isdisjoint(words)  # "invoice no.", and nothing behind it
                weight -= 0.8 if labels else 0.0
                for kind in kinds:
                    yield Title(weight, kind, text)


_NO_TITLE = {Cue.BUYER, Cue.SELLER, Cue.SHIP_TO, Cue.TOTAL, Cue.PHONE, Cue.RELATED, Cue.YOUR, Cue.DATE}
"""A cell with one of these is a label, or part of a sentence: "invoice to", "invoice date", "your order"."""
_NUMBERS = frozenset("no nr nro num numero number nummer n ndeg # numer".split())
_BESIDE_TITLES = _NUMBERS | frozenset("copy original kopie duplicate duplikat copie page seite of".split())


_ACCORDING = frozenset(
    "as per according acc with without gemass laut lt wie mit ohne selon suivant conformement comme avec sans volgens conform zoals met "
    "zonder come secondo da come con senza segun como con sin conforme segundo como com sem wedlug zgodnie z bez".split()
)


@cache
def _title_trie() -> dict[str, Any]:
    return _trie({INVOICE: INVOICE_TITLES, **{kind: other.titles for kind, other in OTHER_KINDS.items()}})


@cache
def _sayings() -> dict[str, Any]:
    return _trie({kind: other.sayings for kind, other in OTHER_KINDS.items()})


def _trie(phrases: dict[str, str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for kind, spellings in phrases.items():
        for spelling in filter(None, spellings.split(";")):
            node = root
            for word in spelling.split():
                node = node.setdefault(word, {})
            node[_END] = node.get(_END, frozenset()) | {kind}
    return root


def _matches(root: dict[str, Any], words: list[str] | tuple[str, ...]) -> Iterator[tuple[frozenset[str], int, int]]:
    """The longest phrase from each place on, none inside another: (kinds, first word, last + 1)."""
    i = 0
    while i < len(words):
        node, end = root.get(words[i]), i + 1
        kinds: frozenset[str] = frozenset()
        j = i
        while node is not None:
            j += 1
            if _END in node:
                kinds, end = node[_END], j
            node = node.get(words[j]) if j < len(words) else None
        if kinds:
            yield kinds, i, end
        i = end


# ---------------------------------------------------------------------------------------------------------- what speaks for an invoice


def own_numbers(found: Candidates, rows: range) -> Iterator[tuple[float, Candidate]]:
    """What is labelled as the number of an invoice in these rows, and how surely. Two under one label are a list of other invoices."""
    if not any(word in _INVOICE_WORDS for row in found.grid.rows[rows.start : rows.stop] for word in plain(row.text)):
        return
    listed: dict[int, Candidate] = {}
    for candidate in found.of("id"):
        if candidate.end - candidate.first > 1 or candidate.row not in rows:
            continue
        for label in found.labels(candidate)[:2]:
            if not (label.cues & {Cue.INVOICE, Cue.CREDIT} and label.cues & {Cue.NUMBER, Cue.REFERENCE}) or Cue.RELATED in label.cues:
                continue
            if label.relation == "above":
                listed.setdefault(candidate.row, candidate)
            else:
                yield 1.5 * 0.8**label.distance, candidate
    if len(listed) == 1:
        yield 0.9, next(iter(listed.values()))


def _named_in_a_form(found: Candidates) -> bool:
    """Whether a box among others in the upper half of the first page, of three words at most, names an invoice, or a total anywhere."""
    grid = found.grid
    for number, row in enumerate(grid.rows):
        for cell in range(len(row.cells)):
            words = spaced_words(row, cell)
            cues = cues_in(words)
            if _INVOICE_WORDS.isdisjoint(words) and Cue.CREDIT not in cues:
                continue
            if {Cue.INVOICE, Cue.TOTAL} <= cues and Cue.RELATED not in cues:
                return True
            upper = number < grid.pages[0][1] and row.y0 < grid.sizes[0][1] / 2
            if upper and len(words) <= 3 and len(row.cells) > 3 and not cues & (_NO_TITLE | {Cue.PAID}):
                return True
    return False


_INVOICE_WORDS = frozenset(
    "invoice rechnung rechnungsnummer rechnungsnr rechnungs gutschrift facture avoir factuur factuurnummer factuurnr fattura factura "
    "fatura faktura faktury fakturanummer fakturanr credit kreditnota inv fact fra".split()
)
"""The lexicon's INVOICE has words too that any document may use of itself: "document no.", "statement"."""


def _of_invoices(found: Candidates, *, has_total: bool, has_number: bool) -> Kind:
    """Which of the invoices it is, by its title; `other` where nothing at all speaks for one."""
    titles = sorted(_weighed_cues(found), key=lambda title: -title[0])
    everywhere = frozenset[Cue]().union(*(hit.cues for hits in found.cues for hit in hits))
    top = titles[0][1] if titles else frozenset[Cue]()
    if Cue.CREDIT in top:
        return Kind("credit_note", "381")
    if Cue.INVOICE in top:
        return Kind("invoice", "380")
    if Cue.RECEIPT in top and not any(cues & {Cue.INVOICE, Cue.CREDIT} for _, cues in titles):
        return Kind("receipt", "380")
    if everywhere & {Cue.INVOICE, Cue.CREDIT} or (has_total and has_number):
        return Kind("invoice", "380")
    if has_total:
        return Kind("receipt", "380")
    priced = any(c.decimals == 2 for c in found.of("amount"))
    sure = not priced and language_of(found.grid) is not None  # in no language that we know it may be an invoice read badly
    return Kind("other", "380", sure, "This does not look like an invoice: it never calls itself one, and names no sum to be paid.")


def _weighed_cues(found: Candidates) -> Iterator[tuple[float, frozenset[Cue]]]:
    """Cells of the first page that may be a title of an invoice, a credit note or a receipt."""
    grid = found.grid
    usual = sorted(row.height for row in grid.rows)[len(grid.rows) // 2] if grid.rows else 1.0
    for row in grid.rows[slice(*grid.pages[0])] if grid.pages else ():
        for cell, (first, end) in enumerate(row.cells):
            if end - first > 6 and len(row.cell_text(cell)) > 30:
                continue
            words = spaced_words(row, cell)
            cues = cues_in(words)
            if not cues & {Cue.INVOICE, Cue.CREDIT, Cue.RECEIPT} or ("documento" in words and Cue.CREDIT not in cues):
                continue  # "tipo documento" stands over the title of any
            if cues & {Cue.FALL_DUE, Cue.PAYABLE} and not cues & {Cue.INVOICE, Cue.CREDIT}:
                continue  # "due on receipt"
            if len(words) < 3 and any(map(str.isdigit, words[-1])) and Cue.CREDIT not in cues:
                continue  # "invoice 4711" may be one that is credited; a credit note is seldom named but by itself
            named = [word for word in words if not any(map(str.isdigit, word))]
            placed = row.words[first:end]
            size = max(spot.y1 - spot.y0 for spot in placed) / max(usual, 0.1)
            alone = len(named) <= 3 and not cues & {Cue.DATE, Cue.TOTAL, Cue.BUYER, Cue.SELLER, Cue.PAYMENT, Cue.RELATED}
            shouted = any(spot.text.isupper() for spot in placed)
            yield min(size, 3.0) + 0.8 * alone + 0.6 * shouted - 1.5 * row.y0 / grid.sizes[0][1], cues
