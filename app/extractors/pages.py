"""What each page of a document says about where it belongs: what `parts` and `set_aside` decide by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.parsing import plain
from app.extractors.candidate import Candidate, Kind
from app.extractors.candidates import Candidates, find_candidates
from app.extractors.grid import Grid, Row
from app.extractors.kinds import INVOICE, Title, best_titles, own_numbers, sayings_of
from app.extractors.labels import amount_meaning, date_meaning
from app.extractors.lexicon import Cue

_PAGE_WORDS = frozenset("page seite pagina pag blatt strona sida side blad hoja folha foglio p".split())
_COUNTER = re.compile(r"(\d{1,3})\s*(?:/|of|von|de|sur|van|di|z|av|af|\|)\s*(\d{1,3})(?!\d)", re.IGNORECASE)
_ALONE = re.compile(r"\s*-?\s*(\d{1,3})\s*/\s*(\d{1,3})\s*-?\s*")
_IDENTITIES: tuple[Kind, ...] = ("vat_id", "iban")
_TITLE = {Cue.INVOICE, Cue.CREDIT, Cue.NUMBER, Cue.TAX}
_SUMS = ("gross", "due", "total")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """`numbers`: what is labelled as an invoice's own number there, the surest first. `identities`: by kind, the VAT ids and bank
    accounts. `dates`: of issue, as labelled. `counter`: (2, 3) of "page 2 of 3". `totals`: whether a sum with a label of a total stands
    there. `carried`: a sum of the page before stands over all its others. `amounts`: with cents. `height`: of its letters, in points, in
    the middle."""

    titles: dict[str, Title]
    numbers: tuple[str, ...]
    identities: dict[Kind, frozenset[str]]
    dates: frozenset[date]
    counter: tuple[int, int] | None
    totals: bool
    carried: bool
    amounts: int
    words: tuple[str, ...]
    height: float
    sayings: dict[str, tuple[str, ...]]

    def calls_itself(self, kind: str, floor: float) -> bool:
        return kind in self.titles and self.titles[kind].weight >= floor

    @property
    def other_title(self) -> Title | None:
        """Its strongest title that is none of an invoice."""
        return max((title for kind, title in self.titles.items() if kind != INVOICE), key=lambda title: title.weight, default=None)


def facts_of(grid: Grid) -> list[PageFacts]:
    """One for each page, in order."""
    found = find_candidates(grid)
    return [_facts(found, page) for page in range(len(grid.pages))]


def _facts(found: Candidates, page: int) -> PageFacts:
    first, end = found.grid.pages[page]
    rows = found.grid.rows[first:end]
    here = range(first, end)
    money = [c for c in found.of("amount") if c.row in here and c.decimals == 2]
    topmost = min((c.row for c in money), default=first)
    heights = sorted(row.height for row in rows)
    return PageFacts(
        titles=best_titles(found, page),
        numbers=tuple(dict.fromkeys(str(c.value) for _, c in sorted(_numbers(found, here), key=lambda pair: -pair[0]))),
        identities={kind: frozenset(str(c.value) for c in found.of(kind) if c.row in here and c.sound) for kind in _IDENTITIES},
        dates=frozenset(c.value for c in found.of("date") if isinstance(c.value, date) and c.row in here and _is_of_issue(found, c)),
        counter=_counter(rows),
        totals=any(_is_total(found, c) for c in money),
        carried=[c.row for c in money].count(topmost) == 1 and any(Cue.CARRIED in hit.cues for hit in found.cues[topmost]),
        amounts=len(money),
        words=tuple(spot.text for row in rows for spot in row.words),
        height=heights[len(heights) // 2] if heights else 0.0,
        sayings=sayings_of(rows),
    )


def _numbers(found: Candidates, rows: range) -> Iterator[tuple[float, Candidate]]:
    """With those that follow the title itself: "Invoice 2024-17", also where a page repeats it."""
    yield from own_numbers(found, rows)
    for c in found.of("id"):
        if c.row in rows and c.end - c.first == 1:
            label = next(iter(found.labels(c)), None)
            if label and label.relation == "inline" and label.cues <= _TITLE and label.cues & {Cue.INVOICE, Cue.CREDIT}:
                yield 0.5, c


def _is_of_issue(found: Candidates, candidate: Candidate) -> bool:
    return found.strength(candidate, date_meaning).get("issue_date", 0.0) >= 0.75


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
