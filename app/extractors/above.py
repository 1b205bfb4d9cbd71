"""The labels in the rows above a value, over the same stretch: heads of columns, captions, labels in the corner of a box."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.parsing import parse_currency
from app.extractors.candidate import Candidate, Label
from app.extractors.grid import Grid, Row
from app.extractors.labels import CueHit
from app.extractors.lexicon import Cue

NO_CUES: frozenset[Cue] = frozenset()
SAYS_LITTLE = frozenset({Cue.NUMBER, Cue.DATE, Cue.OF, Cue.REFERENCE, Cue.YOUR, Cue.OUR, Cue.SHARE_OF})
"""What does not tell by itself whose number or date it is."""
_HEADS = frozenset({Cue.TOTAL, Cue.TAX, Cue.WITHOUT, Cue.WITH, Cue.BASE, Cue.UNIT_MONEY, Cue.SUBTOTAL})


class _RowAbove(NamedTuple):
    """Left and right ends of a row's words, whether each is a value, and each cell's cues that have no value of their own."""

    x0: list[float]
    x1: list[float]
    valued: list[bool]
    hits: list[list[CueHit]]


@dataclass(frozen=True, slots=True)
class LabelsAbove:
    """Finds the labels over a value. `cues` and `values` are by row; of a value, the first word and the last + 1."""

    grid: Grid
    cues: list[list[CueHit]]
    values: list[list[tuple[int, int]]]
    _rows: dict[int, _RowAbove] = field(default_factory=dict)

    def of(self, candidate: Candidate, head_only: bool = False) -> Iterator[Label]:
        """Nearest first. `head_only`: past everything up to the head of the column, for a row of sums under a table."""
        row = self.grid.rows[candidate.row]
        slack = 0.4 * row.height
        x0 = row.words[candidate.first].x0 - slack
        x1 = row.words[candidate.end - 1].x1 + slack
        first, _ = self.grid.pages[row.page - 1]
        reach = 4.2 * row.height
        merged: frozenset[Cue] = frozenset()
        distance = passed = seen = 0
        for number in range(candidate.row - 1, max(first, candidate.row - 28) - 1, -1):
            above = self.grid.rows[number]
            if above.y1 < row.y0 - reach and not head_only:
                return
            if number == candidate.row - 1 and not head_only and (cues := self._corner_label(candidate)):
                yield Label(cues, "above", 0)
                return
            any_over, all_values, cues = self._cues_over(number, candidate, x0, x1)
            if not any_over:
                continue
            if head_only:
                if cues & _HEADS and sum(map(bool, self._above(number).hits)) >= 3:
                    yield Label(cues, "above", 0)
                    return
            elif cues:
                merged = merged | cues
                if candidate.kind in ("id", "date") and merged <= SAYS_LITTLE and number > first:
                    merged |= self._title_above(number, candidate, x0, x1)
                yield Label(merged, "above", distance + (passed > 0 and candidate.kind != "amount"))
                seen += 1
                if seen == 2:
                    return
                distance += 1
            elif all_values:  # values in a column: the head stands further up
                reach += above.height * 1.6
                passed += 1
                if passed > 14:
                    return
            else:
                distance += 1
                if distance > 3:
                    return

    def _corner_label(self, candidate: Candidate) -> frozenset[Cue]:
        """Of a row of boxes with a label in the upper left corner of each and its value at the right: what the candidate's box says."""
        row, over = self.grid.rows[candidate.row], self.grid.rows[candidate.row - 1]
        if len(row.cells) != len(over.cells) or len(row.cells) < 3 or self.values[candidate.row - 1]:
            return NO_CUES
        if not all(end - first <= 5 and any(_valued(spot.text) for spot in row.words[first:end]) for first, end in row.cells):
            return NO_CUES  # the first line of a table under its head
        lefts = [over.words[first].x0 for first, _ in over.cells]
        edge = 0.2 * row.height
        if not all(
            left <= row.words[first].x0 and row.words[end - 1].x1 <= right + edge
            for (first, end), left, right in zip(row.cells, lefts, [*lefts[1:], float("inf")], strict=True)
        ):
            return NO_CUES
        apart = sum(row.words[first].x0 > over.words[last - 1].x1 for (first, _), (_, last) in zip(row.cells, over.cells, strict=True))
        if 2 * apart < len(row.cells):
            return NO_CUES  # titles right over their values
        return cues_between(self.cues[candidate.row - 1], *over.cells[row.cell_of[candidate.first]])

    def _title_above(self, number: int, candidate: Candidate, x0: float, x1: float) -> frozenset[Cue]:
        """The cues right above a row, where both are lines of one title: "P.O." over "Number"."""
        row, begin = self.grid.rows[number], self.grid.pages[self.grid.rows[number].page - 1][0]
        for other in range(number - 1, max(begin, number - 4) - 1, -1):
            if row.y0 - self.grid.rows[other].y1 > 0.5 * row.height:
                break
            any_over, _, cues = self._cues_over(other, candidate, x0, x1)
            if any_over:
                return cues
        return NO_CUES

    def _cues_over(self, number: int, candidate: Candidate, x0: float, x1: float) -> tuple[bool, bool, frozenset[Cue]]:
        """Of a row above: whether something stands over x0..x1, whether it is all values, and the cues."""
        above = self._above(number)
        first, last = bisect_right(above.x1, x0), bisect_left(above.x0, x1) - 1
        if first > last:
            return False, True, NO_CUES
        all_values = all(above.valued[first : last + 1])
        row = self.grid.rows[number]
        hits: list[frozenset[Cue]] = []
        for cell in range(row.cell_of[first], row.cell_of[last] + 1):
            in_cell = above.hits[cell]
            if not in_cell:
                continue
            hits += [hit.cues for hit in in_cell if hit.first <= last and first < hit.end]
            begin, end = row.cells[cell]
            left, right = above.x0[begin], above.x1[end - 1]
            wide = right - left >= 2.2 * (x1 - x0) + 4 * row.height and end - begin > 3
            # Under titles that stand close, only the words right above a value count.
            if not wide and self._values_under(candidate.row, left, right) <= 1:
                hits += [hit.cues for hit in in_cell]
        return True, all_values, frozenset().union(*hits) if hits else NO_CUES

    def _above(self, number: int) -> _RowAbove:
        """A row as those below see it; kept, because every value below asks."""
        known = self._rows.get(number)
        if known is None:
            row = self.grid.rows[number]
            free = [hit for hit in self.cues[number] if not self._has_value(number, hit)]
            known = _RowAbove(
                [spot.x0 for spot in row.words],
                [spot.x1 for spot in row.words],
                [_valued(spot.text) for spot in row.words],
                [[hit for hit in free if first <= hit.first and hit.end <= end] for first, end in row.cells],
            )
            self._rows[number] = known
        return known

    def _values_under(self, number: int, x0: float, x1: float) -> int:
        placed = self.grid.rows[number].words
        return sum(placed[a].x0 < x1 and placed[b - 1].x1 > x0 for a, b in self.values[number])

    def _has_value(self, number: int, hit: CueHit) -> bool:
        """Whether a label has its value beside it, so that it says nothing of what stands below."""
        row = self.grid.rows[number]
        _, end = row.cells[row.cell_of[hit.first]]
        values = [v for v in self.values[number] if not is_percent(row, v)]
        if any(hit.end <= v[0] and v[1] <= end and not self._shares(number, v[0]) for v in values):
            return True
        return row.words[end - 1].text.endswith(":") and any(v[0] == end for v in values)

    def _shares(self, number: int, first: int) -> bool:
        """Whether a value is part of a label, as what the tax is on: "19 % VAT on 631.06"."""
        row = self.grid.rows[number]
        return row.words[first - 1].text == "s/" or any(Cue.SHARE_OF in hit.cues and hit.end == first for hit in self.cues[number])


def is_percent(row: Row, value: tuple[int, int]) -> bool:
    return row.words[value[1] - 1].text.endswith("%") or (value[1] < len(row.words) and row.words[value[1]].text == "%")


def cues_between(hits: list[CueHit], start: int, end: int) -> frozenset[Cue]:
    found = [hit for hit in hits if hit.first >= start and hit.end <= end]
    if end - start > 9:  # a sentence: what stands near the value counts
        found = [hit for hit in found if end - hit.end < 6]
    return frozenset().union(*(hit.cues for hit in found)) if found else frozenset()


def _valued(text: str) -> bool:
    return any(map(str.isdigit, text)) or text in "-–€$£%" or parse_currency(text) is not None
