"""The labels of a value: before it in its cell, in the cells to its left, and in the rows above over the same stretch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.parsing import (
    parse_currency,
    plain,
)
from app.extractors.beside import cues_beside
from app.extractors.candidate import Candidate, Kind, Label, Relation
from app.extractors.grammar import GLUED, NUMERIC_DATE
from app.extractors.grid import Grid, Row
from app.extractors.labels import CueHit, cues_in, label_words
from app.extractors.lexicon import Cue

TITLE = 1.4  # times as high as a value: no label is
SENTENCE = 8  # words, from which a cell with a full stop is no label


class _RowAbove(NamedTuple):
    """Left and right ends of a row's words, whether each is a value, and each cell's cues that have no value of their own."""

    x0: list[float]
    x1: list[float]
    valued: list[bool]
    hits: list[list[CueHit]]


@dataclass(frozen=True, slots=True)
class Labels:
    """Finds the labels of a value: before it in its cell, in the cells to the left, and in the rows above over the same stretch."""

    grid: Grid
    cues: list[list[CueHit]]
    values: list[list[tuple[int, int]]]
    _rows: dict[int, _RowAbove] = field(default_factory=dict)

    def of(self, candidate: Candidate) -> Iterator[Label]:
        beside = list(self._row_labels(candidate))
        if cues := cues_beside(self.grid, candidate):
            beside.insert(0, Label(cues, "left", 0))
        if candidate.kind == "date":
            if self._of_period(candidate):
                yield Label(frozenset({Cue.PERIOD}), "inline", 0)
            beside += self._said_after(candidate)
            if beside:
                beside[0] = beside[0]._replace(cues=beside[0].cues | self._until_when(candidate, beside[0].cues))
        money = candidate.kind in ("amount", "percent")
        if money and beside and beside[0].relation == "left" and beside[0].cues <= _SUMS and len(self.values[candidate.row]) > 1:
            # "Total | 1 | 278.61 | 40.39 | 319.00": what is summed, the head of the column says.
            above = next(self._labels_above(candidate, head_only=True), None)
            if above:
                yield Label(beside[0].cues | above.cues, "above", 0)
        elif money and beside and self._in_rate_table(candidate) and any(True for _ in self._labels_above(candidate)):
            beside = []  # "VAT 20 % | 100.00 | 20.00 | 120.00": the rate is no label of what follows
        yield from beside
        whole = money and not candidate.decimals and not candidate.currency
        if not whole and not any(label.colon for label in beside):
            yield from self._labels_above(candidate)

    def _in_rate_table(self, candidate: Candidate) -> bool:
        """Whether a recognized row of three amounts or more has a tax rate in a cell of its own before the candidate."""
        row = self.grid.rows[candidate.row]
        if not row.read or len(self.values[candidate.row]) < 4:
            return False
        home = row.cell_of[candidate.first]
        return any(row.words[end - 1].text.endswith("%") and end - first <= 3 for first, end in row.cells[:home])

    def _row_labels(self, candidate: Candidate) -> Iterator[Label]:
        row = self.grid.rows[candidate.row]
        hits, values = self.cues[candidate.row], self.values[candidate.row]
        home = row.cell_of[candidate.first]
        # An amount in the midst of a sentence is seldom one of the invoice's sums.
        distance = 2 if candidate.kind == "amount" and row.cells[home][1] - row.cells[home][0] > 11 else 0
        for cell in range(home, -1, -1):
            begin, end = row.cells[cell]
            end = min(end, candidate.first)
            if cell == home and (candidate.kind == "id" or ":" in row.words[candidate.first].text):
                glued = _glued_label(row, candidate)
                if glued:
                    yield Label(glued | self._between(hits, max(begin, end - 4), end), "inline", 0, True)
            # In running text a label reaches back to the value before; percentages are part of a label ("VAT 19 %").
            before = [v for v in values if v[1] <= end and v[0] >= begin and not self._percent(row, v)]
            start = before[-1][1] if before and cell == home else begin
            cues = self._between(hits, start, end)
            if Cue.SHARE_OF in cues and not any(Cue.SHARE_OF in h.cues and h.end == candidate.first for h in hits):
                cues -= {Cue.SHARE_OF}  # "VAT 20 % on 853.70" is no base of what comes after
            if candidate.kind == "id" and Cue.DATE in cues and self._dated_too(row, hits, start, end):
                cues -= {Cue.DATE}
            if cues:
                colon = end > start and row.words[end - 1].text.endswith(":")
                if cell != home and not colon and not self._is_label(row, hits, begin, end, candidate.kind):
                    return
                if cell != home and candidate.kind == "date" and _is_title(row, begin, candidate.first):
                    return
                relation: Relation = "inline" if cell == home else "left"
                if cell != home and not colon and candidate.kind in ("id", "date") and cues <= _SAYS_LITTLE:
                    cues |= self._rest_of_label(candidate, begin, end)
                if candidate.kind in ("id", "date", "vat_id", "iban") and (nearer := self._behind_dash(row, hits, start, end)):
                    yield Label(nearer, relation, distance, colon)
                if cell == home and cues == _OF and before and (theirs := self._label_of(hits, before, begin)):
                    yield Label(theirs, relation, distance, colon)  # "Your order 123 of 5 May"
                    distance += 1
                bare = cues == _NUMBER and any(hit.first == begin for hit in hits)
                if candidate.kind == "id" and cell == home and not cues & _NUMBERED and self._words_after_label(hits, start, end) > 2:
                    distance += 3  # "the invoice is payable within 15 days" has no number
                yield Label(cues, relation, distance, colon, bare)
                if cell != home or colon:
                    return
            if cell == home and before:
                cues = self._between(hits, begin, before[0][0])
                if cues:
                    yield Label(cues, "inline", min(len(before), 3))
            if cell != home and end > begin:
                only_values = all(not t.wordy or parse_currency(t.text.strip(".:")) for t in row.words[begin:end])
                distance += 1 if not only_values or before else 0
                if distance > (4 if candidate.kind in ("amount", "percent") else 2):
                    return

    def _rest_of_label(self, candidate: Candidate, first: int, end: int) -> frozenset[Cue]:
        """The cues of a label that goes on in the next line, or began in the one before: "Date" over "d'échéance"."""
        row = self.grid.rows[candidate.row]
        label = row.words[first:end]
        for step in (-1, 1):
            number = candidate.row + step
            if not 0 <= number < len(self.grid.rows) or self.grid.rows[number].page != row.page:
                continue
            other = self.grid.rows[number]
            cell = next((cell for cell in other.cells if _near(other.words[cell[0]].x0, label[0].x0, row)), None)
            if not cell or not 0.6 < abs(other.y0 - row.y0) / row.height < 1.4:
                continue
            words = other.words[slice(*cell)]
            later = words if step > 0 else label
            alone = not any(words[-1].x1 < spot.x0 < row.words[candidate.end - 1].x1 for spot in other.words)
            if alone and later[0].text[0].islower() and len(words) <= 3 and not words[0].text.endswith(":"):
                joined = [*words, *label] if step < 0 else [*label, *words]
                return cues_in(word for spot in joined for word in label_words(spot.text))
        return _NO_CUES

    def _of_period(self, candidate: Candidate) -> bool:
        """Whether a date begins or ends a period: "1 May 2024 – 31 May 2024"."""
        row = self.grid.rows[candidate.row]
        for first, end in self.values[candidate.row]:
            between = (end, candidate.first) if end < candidate.first else (candidate.end, first)
            if (
                between[1] - between[0] == 1
                and row.words[between[0]].text.casefold() in _TO
                and row.cell_of[first] == row.cell_of[candidate.first]
            ):
                alike = end - first == candidate.end - candidate.first
                return alike and (end - first > 1 or NUMERIC_DATE.fullmatch(row.words[first].text.strip(".,:;()")) is not None)
        return False

    def _said_after(self, candidate: Candidate) -> Iterator[Label]:
        """In a sentence the verb may follow: "will be debited on 3 May", "wird am 3. Mai von Ihrem Konto eingezogen"."""
        for number, first, end in ((candidate.row, candidate.end, candidate.end + 14), (candidate.row + 1, 0, 14)):
            if number < len(self.cues) and any(Cue.COLLECTED in h.cues and first <= h.first < end for h in self.cues[number]):
                row = self.grid.rows[candidate.row]
                if row.cells[row.cell_of[candidate.first]][1] - row.cells[row.cell_of[candidate.first]][0] > 5:
                    yield Label(frozenset({Cue.COLLECTED}), "inline", 0)
                return

    def _until_when(self, candidate: Candidate, before: frozenset[Cue]) -> frozenset[Cue]:
        """Of "by 2 May 2 % discount, by 22 May net", "vor dem 2. Mai zu zahlen": what is owed until a date may be said behind it."""
        row = self.grid.rows[candidate.row]
        end = row.cells[row.cell_of[candidate.first]][1]
        if row.words[candidate.end - 1].text.endswith((",", ";", ".")):
            return _NO_CUES
        for hit in self.cues[candidate.row]:
            if candidate.end <= hit.first < min(end, candidate.end + 4):
                if Cue.UNTIL in before and hit.cues & {Cue.PAYMENT, Cue.PAYABLE}:
                    return frozenset({Cue.PAYMENT})
                if Cue.DISCOUNT in hit.cues:
                    return frozenset({Cue.DISCOUNT})
                if Cue.WITHOUT in hit.cues:
                    return frozenset({Cue.FALL_DUE})
        return _NO_CUES

    @staticmethod
    def _is_label(row: Row, hits: list[CueHit], begin: int, end: int, kind: Kind) -> bool:
        """Whether a cell to the left is a label and not a text that holds such a word; amounts often have long ones."""
        words = sum(spot.wordy and not (spot.text.islower() and len(spot.text) <= 3) for spot in row.words[begin:end])
        covered = sum(hit.end - hit.first for hit in hits if begin <= hit.first and hit.end <= end)
        if row.read and end - begin >= SENTENCE and row.words[end - 1].text.endswith("."):
            return False  # small print that a skewed page puts beside the totals
        if kind in ("amount", "percent"):
            return covered * 6 >= words
        return covered * 2 >= words and not (row.words[begin].text[0].isdigit() and end - begin > 1)

    @staticmethod
    def _percent(row: Row, value: tuple[int, int]) -> bool:
        return row.words[value[1] - 1].text.endswith("%") or (value[1] < len(row.words) and row.words[value[1]].text == "%")

    @staticmethod
    def _between(hits: list[CueHit], start: int, end: int) -> frozenset[Cue]:
        found = [hit for hit in hits if hit.first >= start and hit.end <= end]
        if end - start > 9:  # a sentence: what stands near the value counts
            found = [hit for hit in found if end - hit.end < 6]
        return frozenset().union(*(hit.cues for hit in found)) if found else frozenset()

    @staticmethod
    def _words_after_label(hits: list[CueHit], start: int, end: int) -> int:
        """How many words stand between the last cue of a stretch and its end."""
        return min((end - hit.end for hit in hits if hit.first >= start and hit.end <= end), default=0)

    @staticmethod
    def _dated_too(row: Row, hits: list[CueHit], start: int, end: int) -> bool:
        """Whether a label names a number and its date, as in "Your order / date: 4711 / 3 May 2024"."""
        last = max((hit for hit in hits if hit.first >= start and hit.end <= end), key=lambda hit: hit.end)
        return Cue.DATE in last.cues and last.first > start and row.words[last.first - 1].text.endswith("/")

    def _behind_dash(self, row: Row, hits: list[CueHit], start: int, end: int) -> frozenset[Cue]:
        """Of "Your subscription – Invoice no." what stands behind the last dash, comma or full stop, if it says by itself what the value
        is."""
        for i in range(end - 1, start, -1):
            text = row.words[i - 1].text
            stops = text.endswith(".") and len(text) > 4 and (not any(h.end == i for h in hits) or self._sentence_ends(row, i))
            if text in _DASHES or text.endswith(",") or stops:
                cues = self._between(hits, i, end)
                return cues if cues - _SAYS_LITTLE else _NO_CUES
        return _NO_CUES

    @staticmethod
    def _sentence_ends(row: Row, i: int) -> bool:
        """Whether a full stop before word `i` ends a sentence of running text, and is not that of an abbreviation in a label."""
        first, end = row.cells[row.cell_of[i - 1]]
        return i < end and end - first > SENTENCE and len(row.words[i - 1].text) > 5 and row.words[i].text[0].isupper()

    def _label_of(self, hits: list[CueHit], values: list[tuple[int, int]], begin: int) -> frozenset[Cue]:
        """The cues before the last of these values of a cell."""
        return self._between(hits, values[-2][1] if len(values) > 1 else begin, values[-1][0])

    def _values_under(self, number: int, x0: float, x1: float) -> int:
        placed = self.grid.rows[number].words
        return sum(placed[a].x0 < x1 and placed[b - 1].x1 > x0 for a, b in self.values[number])

    def _has_value(self, number: int, hit: CueHit) -> bool:
        """Whether a label has its value beside it, so that it says nothing of what stands below."""
        row = self.grid.rows[number]
        _, end = row.cells[row.cell_of[hit.first]]
        values = [v for v in self.values[number] if not self._percent(row, v)]
        if any(hit.end <= v[0] and v[1] <= end and not self._shares(number, v[0]) for v in values):
            return True
        return row.words[end - 1].text.endswith(":") and any(v[0] == end for v in values)

    def _shares(self, number: int, first: int) -> bool:
        """Whether a value is part of a label, as what the tax is on: "19 % VAT on 631.06"."""
        row = self.grid.rows[number]
        return row.words[first - 1].text == "s/" or any(Cue.SHARE_OF in hit.cues and hit.end == first for hit in self.cues[number])

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

    def _cues_over(self, number: int, candidate: Candidate, x0: float, x1: float) -> tuple[bool, bool, frozenset[Cue]]:
        """Of a row above: whether something stands over x0..x1, whether it is all values, and the cues."""
        above = self._above(number)
        first, last = bisect_right(above.x1, x0), bisect_left(above.x0, x1) - 1
        if first > last:
            return False, True, _NO_CUES
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
        return True, all_values, frozenset().union(*hits) if hits else _NO_CUES

    def _labels_above(self, candidate: Candidate, head_only: bool = False) -> Iterator[Label]:
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
                if candidate.kind in ("id", "date") and merged <= _SAYS_LITTLE and number > first:
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
            return _NO_CUES
        if not all(end - first <= 5 and any(_valued(spot.text) for spot in row.words[first:end]) for first, end in row.cells):
            return _NO_CUES  # the first line of a table under its head
        lefts = [over.words[first].x0 for first, _ in over.cells]
        edge = 0.2 * row.height
        if not all(
            left <= row.words[first].x0 and row.words[end - 1].x1 <= right + edge
            for (first, end), left, right in zip(row.cells, lefts, [*lefts[1:], float("inf")], strict=True)
        ):
            return _NO_CUES
        apart = sum(row.words[first].x0 > over.words[last - 1].x1 for (first, _), (_, last) in zip(row.cells, over.cells, strict=True))
        if 2 * apart < len(row.cells):
            return _NO_CUES  # titles right over their values
        return self._between(self.cues[candidate.row - 1], *over.cells[row.cell_of[candidate.first]])

    def _title_above(self, number: int, candidate: Candidate, x0: float, x1: float) -> frozenset[Cue]:
        """The cues right above a row, where both are lines of one title: "P.O." over "Number"."""
        row, begin = self.grid.rows[number], self.grid.pages[self.grid.rows[number].page - 1][0]
        for other in range(number - 1, max(begin, number - 4) - 1, -1):
            if row.y0 - self.grid.rows[other].y1 > 0.5 * row.height:
                break
            any_over, _, cues = self._cues_over(other, candidate, x0, x1)
            if any_over:
                return cues
        return _NO_CUES


_HEADS = frozenset({Cue.TOTAL, Cue.TAX, Cue.WITHOUT, Cue.WITH, Cue.BASE, Cue.UNIT_MONEY, Cue.SUBTOTAL})


_NO_CUES: frozenset[Cue] = frozenset()


_NUMBER = frozenset({Cue.NUMBER})
_NUMBERED = frozenset({Cue.NUMBER, Cue.REFERENCE})
_OF = frozenset({Cue.OF})
_SAYS_LITTLE = frozenset({Cue.NUMBER, Cue.DATE, Cue.OF, Cue.REFERENCE, Cue.YOUR, Cue.OUR, Cue.SHARE_OF})
_DASHES = frozenset("-–—|·•")
_TO = frozenset("- – — bis to au al tot até hasta".split())


_SUMS = frozenset({Cue.TOTAL, Cue.GRAND, Cue.SUBTOTAL})


def _near(x: float, other: float, row: Row) -> bool:
    """Whether two edges are flush, for a row of this height."""
    return abs(x - other) < 0.4 * row.height


def _is_title(row: Row, word: int, value: int) -> bool:
    """Whether a word is set so much larger than a value that it is the title of the page, and no label of that value."""
    return row.words[word].y1 - row.words[word].y0 > TITLE * (row.words[value].y1 - row.words[value].y0)


def _valued(text: str) -> bool:
    return any(map(str.isdigit, text)) or text in "-–€$£%" or parse_currency(text) is not None


def _glued_label(row: Row, candidate: Candidate) -> frozenset[Cue] | None:
    """A label that is one word with its value: "Nr:471102", "#1234"."""
    text = row.words[candidate.first].text
    head = text[: text.find(":")] if ":" in text else "#" if text.startswith("#") or GLUED.match(text) else ""
    cues = cues_in(plain(head)) if head else frozenset()
    return cues or None
