"""What each page of a document says about where it belongs: what `parts` and `set_aside` decide by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.document import Document
from app.domain.parsing import plain
from app.extractors.candidate import Candidate, Kind
from app.extractors.candidates import Candidates, find_candidates
from app.extractors.grid import Row, read_grid
from app.extractors.header import choose_header
from app.extractors.kinds import INVOICE, Title, best_titles, own_numbers, sayings_of
from app.extractors.labels import amount_meaning
from app.extractors.lexicon import Cue
from app.extractors.tables import Table

_PAGE_WORDS = frozenset("page seite pagina pag blatt strona sida side blad hoja folha foglio p".split())
_COUNTER = re.compile(r"(\d{1,3})\s*(?:/|of|von|de|sur|van|di|z|av|af|\|)\s*(\d{1,3})(?!\d)", re.IGNORECASE)
_ALONE = re.compile(r"\s*-?\s*(\d{1,3})\s*/\s*(\d{1,3})\s*-?\s*")
_IDENTITIES: tuple[Kind, ...] = ("vat_id", "iban")
_EXAMPLES = frozenset((word,) for word in "example exemple beispiel voorbeeld esempio ejemplo exemplo przyklad eksempel".split())
SURE = 0.65
"""Of the number and the date that a page has when it is read alone: pages that go on had no number so sure but the invoice's own, in 95
made-up ones."""
SENTENCE = 7
"""Words; what stands in a longer text is hardly the number of the page's own invoice: "a whole invoice with 12 columns"."""
_TITLE = {Cue.INVOICE, Cue.CREDIT, Cue.NUMBER, Cue.TAX}
_SUMS = ("gross", "due", "total")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`numbers`: what is an invoice's own number there, the surest first; `likely`: what may be one. `identities`: by kind, the VAT ids
    and bank accounts. `issued`: its date, if it is sure. `counter`: (2, 3) of "page 2 of 3". `totals`: whether a sum with a label of a
    total stands there. `carried`: a sum of the page before stands over all its others. `amounts`: with cents. `height`: of its letters, in
    points, in the middle. `example`: it is marked as one, as those are that explain how to read an invoice."""

    titles: dict[str, Title]
    numbers: tuple[str, ...]
    likely: str | None
    identities: dict[Kind, frozenset[str]]
    issued: date | None
    counter: tuple[int, int] | None
    totals: bool
    carried: bool
    amounts: int
    words: tuple[str, ...]
    height: float
    example: bool
    sayings: dict[str, tuple[str, ...]]

    def calls_itself(self, kind: str, floor: float) -> bool:
        return kind in self.titles and self.titles[kind].weight >= floor

    @property
    def other_title(self) -> Title | None:
        """Its strongest title that is none of an invoice."""
        return max((title for kind, title in self.titles.items() if kind != INVOICE), key=lambda title: title.weight, default=None)


def facts_of(document: Document) -> list[PageFacts]:
    """One for each page, in order. Each is read alone: what another page says must not decide what this one does."""
    return [_facts(find_candidates(read_grid(document.only(page.number, page.number)))) for page in document.pages]


def _facts(found: Candidates) -> PageFacts:
    rows = found.grid.rows
    everywhere = range(len(rows))
    money = [c for c in found.of("amount") if c.decimals == 2]
    topmost = min((c.row for c in money), default=0)
    heights = sorted(row.height for row in rows)
    header = choose_header(found, Table((), frozenset()), frozenset())
    number, issued = header.get("number"), header.get("issue_date")
    own = dict.fromkeys(str(c.value) for _, c in sorted(_numbers(found, everywhere), key=lambda pair: -pair[0]))
    titles = best_titles(found, 0)
    dated = issued is not None and issued.confidence >= SURE
    if number and number.confidence >= SURE and (dated or INVOICE in titles):  # a page that goes on may bear the number of a meter
        own[str(number.value)] = None
    return PageFacts(
        titles=titles,
        numbers=tuple(own),
        likely=str(number.value) if number and (dated or number.confidence >= SURE) else None,
        identities={kind: frozenset(str(c.value) for c in found.of(kind) if c.sound) for kind in _IDENTITIES},
        issued=issued.value if dated and issued and isinstance(issued.value, date) else None,
        counter=_counter(rows),
        totals=any(_is_total(found, c) for c in money),
        carried=[c.row for c in money].count(topmost) == 1 and any(Cue.CARRIED in hit.cues for hit in found.cues[topmost]),
        amounts=len(money),
        words=tuple(spot.text for row in rows for spot in row.words),
        height=heights[len(heights) // 2] if heights else 0.0,
        example=any(plain(row.span(*cell)) in _EXAMPLES for row in rows for cell in row.cells),
        sayings=sayings_of(rows),
    )


def _numbers(found: Candidates, rows: range) -> Iterator[tuple[float, Candidate]]:
    """With those that follow the title itself: "Invoice 2024-17", also where a page repeats it."""
    yield from own_numbers(found, rows)
    money = {(c.row, c.first) for c in found.of("amount") if c.decimals}
    for c in found.of("id"):
        row = found.grid.rows[c.row]
        first, end = row.cells[row.cell_of[c.first]]
        if c.row in rows and c.end - c.first == 1 and end - first <= SENTENCE and (c.row, c.first) not in money:
            label = next(iter(found.labels(c)), None)
            if label and label.relation == "inline" and label.cues <= _TITLE and label.cues & {Cue.INVOICE, Cue.CREDIT}:
                yield 0.5, c


def _is_total(found: Candidates, candidate: Candidate) -> bool:
    roles = found.strength(candidate, amount_meaning)
    strongest = max(roles, key=lambda role: roles[role], default="")
    return strongest in _SUMS and roles[strongest] >= 0.6


def _counter(rows: list[Row]) -> tuple[int, int] | None:
    """Of the page, as it counts itself: with the word for a page, or alone at the very top or bottom."""
    for row in [*rows[:6], *rows[-6:]]:
        for place, of in _counts(row, alone=row in rows[:2] or row in rows[-2:]):
            if 1 <= place <= of:
                return place, of
    return None


def _counts(row: Row, *, alone: bool) -> Iterator[tuple[int, int]]:
    for cell in range(len(row.cells)):
        text = row.cell_text(cell)
        found = _COUNTER.search(text)
        if found and not _PAGE_WORDS.isdisjoint(plain(text[: found.start()])[-2:]):
            yield int(found[1]), int(found[2])
        elif alone and (only := _ALONE.fullmatch(text)):
            yield int(only[1]), int(only[2])
