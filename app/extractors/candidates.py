"""Everything on the pages that may be a value, found by grammar alone, each with where it stands and what labels stand by it.

Nothing is decided here: `choice` and `totals` weigh the candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from app.domain.document import BoundingBox
from app.domain.parsing import decimal_mark
from app.extractors.above import LabelsAbove
from app.extractors.candidate import Candidate, Kind, Label, Relation
from app.extractors.checksums import proved_ids
from app.extractors.confusions import CUT, Variant, variant
from app.extractors.date_order import Order, date_order
from app.extractors.grammar import amounts, codes, dates, ibans, ids, vat_ids
from app.extractors.grid import Grid, Row
from app.extractors.labels import CueHit, Meaning, cues_of
from app.extractors.lexicon import Cue
from app.extractors.misread_bics import mended_bics
from app.extractors.misread_months import mended_dates
from app.extractors.nearby import Labels
from app.extractors.wrapped import wrapped_dates, wrapped_ibans, wrapped_ids


@dataclass(frozen=True, slots=True)
class Candidates:
    """All that is found in a document: the grid, cues of each row, candidates by kind in reading order, and where values stand."""

    grid: Grid
    cues: list[list[CueHit]]
    by_kind: dict[Kind, list[Candidate]]
    alternatives: dict[Kind, list[Candidate]]  # other readings of what `by_kind` has too: they need proof
    order: Order
    finder: Labels
    _labels: dict[tuple[Kind, int, int, int], tuple[Label, ...]] = field(default_factory=dict)

    def labels(self, candidate: Candidate) -> tuple[Label, ...]:
        """The labels that stand by a candidate, nearest first; found when asked for, because most candidates are item lines."""
        key = (candidate.kind, candidate.row, candidate.first, candidate.end)
        if key not in self._labels:
            self._labels[key] = tuple(self.finder.of(candidate))
        return self._labels[key]

    def of(self, kind: Kind) -> list[Candidate]:
        return self.by_kind.get(kind, [])

    def box(self, candidate: Candidate) -> BoundingBox:
        return self.grid.box(self.grid.rows[candidate.row], candidate.first, candidate.end)

    def strength(self, candidate: Candidate, meaning: Callable[[frozenset[Cue]], Meaning | None]) -> dict[str, float]:
        """How strongly the labels say each role: the best relation wins, and what an adjoining label says outweighs one further off."""
        roles: dict[str, float] = {}
        trust = 1.0
        for label in self.labels(candidate):
            found = meaning(label.cues)
            if found is None:
                continue
            own = found.weight
            if label.distance == 0 and found.role == "number" and own == 0.6 and (label.colon or self._is_title(candidate)):
                own = 0.9  # "Invoice: 123"
            if label.bare and found.role == "number":
                own = max(own, 0.5)  # "No. 123" is the document's own, "Subscriber no. 123" is not
            weight = own * trust * _RELATION[label.relation] * (0.82**label.distance) * (1.0 if label.colon else 0.95)
            roles[found.role] = max(roles.get(found.role, 0.0), weight)
            trust *= 0.45  # a second label counts where the first says nothing better
        return roles

    def _is_title(self, candidate: Candidate) -> bool:
        """Whether a row is nothing but a word for an invoice and the candidate: "INVOICE 2024-17"."""
        row = self.grid.rows[candidate.row]
        alone = len(row.cells) == 1 and candidate.end == len(row.words) and sum(map(str.isdigit, str(candidate.value))) > 4
        return alone and any(hit.first == 0 and hit.end == candidate.first for hit in self.cues[candidate.row])


_RELATION: dict[Relation, float] = {"inline": 1.0, "left": 1.0, "above": 0.85}


def find_candidates(grid: Grid) -> Candidates:
    """All candidates of the document. The decimal mark and the order of day and month are taken from its unambiguous values first."""
    mark = decimal_mark([spot.text for row in grid.rows for spot in row.words if spot.text[-1].isdigit()])
    order = date_order(grid)
    cues = [cues_of(row) for row in grid.rows]
    found: list[Candidate] = []
    alternatives: dict[Kind, list[Candidate]] = {}
    values: list[list[tuple[int, int]]] = []

    def dated(number: int, row: Row) -> Iterator[Candidate]:
        return dates(number, row, order.order)

    for number, row in enumerate(grid.rows):
        taken: list[tuple[int, int]] = []
        here: list[Candidate] = []
        digits = any(map(str.isdigit, row.text))
        other = variant(row) if row.read else None
        finders = (ibans, vat_ids, dated, lambda n, r: amounts(n, r, mark)) if digits or other else ()
        for finder in finders:
            usual = list(finder(number, row))
            if row.read:
                usual = list(mended_dates(number, row, order.order)) if finder is dated and not usual else usual
                usual = [*proved_ids(number, row), *usual] if finder is ibans else usual
                usual, doubtful = _with_variants(usual, finder(number, other.row) if other else (), other)
                for candidate in doubtful:
                    alternatives.setdefault(candidate.kind, []).append(candidate)
            for candidate in usual:
                if all(candidate.end <= first or candidate.first >= end for first, end in taken):
                    here.append(candidate)
                    taken.append((candidate.first, candidate.end))
        identifiers = list(ids(number, row, cues[number]))
        for candidate in identifiers:
            if candidate.end == candidate.first + 1 and all(not first <= candidate.first < end for first, end in taken):
                taken.append((candidate.first, candidate.end))
        values.append(sorted(taken))
        found += here
        found += identifiers
        found += mended_bics(number, row) if row.read else ()
        found += codes(number, row)
    found += wrapped_ibans(grid.rows)
    found += wrapped_dates(grid.rows, order.order)
    begun = {(c.row, c.first, c.end): c for c in wrapped_ids(grid.rows)}
    found = [c for c in found if c.kind != "id" or (c.row, c.first, c.end) not in begun]
    found += begun.values()
    by_kind: dict[Kind, list[Candidate]] = {}
    for candidate in found:
        by_kind.setdefault(candidate.kind, []).append(candidate)
    return Candidates(grid, cues, by_kind, alternatives, order, Labels(grid, cues, values, LabelsAbove(grid, cues, values)))


def _with_variants(usual: list[Candidate], varied: Iterable[Candidate], other: Variant | None) -> tuple[list[Candidate], list[Candidate]]:
    """The candidates of a recognized row and, of those in its variant, what they leave room for; and the readings that rival them.

    A changed word has a reading only by its change. A joint alone takes the place of its parts where cents were cut off.
    """
    if other is None:
        return usual, []
    doubtful: list[Candidate] = []
    for candidate in varied:
        cost = other.cost(candidate.first, candidate.end)
        if not cost:
            continue
        candidate = candidate._replace(cost=round(cost, 3))
        rivals = [c for c in usual if c.first < candidate.end and candidate.first < c.end]
        changed = any(i in other.costs for i in range(candidate.first, candidate.end))
        cut = any(other.joints.get(i, 1.0) < CUT for i in range(candidate.first + 1, candidate.end))
        if rivals and not changed and not cut:
            doubtful.append(candidate)
            continue
        usual = [c for c in usual if c not in rivals]
        usual.append(candidate)
    return sorted(usual, key=lambda c: c.first), doubtful
