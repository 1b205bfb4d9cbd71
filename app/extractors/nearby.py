"""The labels of a value: before it in its cell, in the cells to its left, beside it in the next rows (`beside`) and over it (`above`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.parsing import parse_currency, plain
from app.extractors.above import NO_CUES, SAYS_LITTLE, LabelsAbove, cues_between, is_percent
from app.extractors.beside import cues_beside
from app.extractors.candidate import Candidate, Kind, Label, Relation
from app.extractors.grammar import GLUED, NUMERIC_DATE
from app.extractors.grid import Grid, Row
from app.extractors.labels import CueHit, cues_in, label_words
from app.extractors.lexicon import Cue

TITLE = 1.4  # times as high as a value: no label is
SENTENCE = 8  # words, from which a cell with a full stop is no label


@dataclass(frozen=True, slots=True)
class Labels:
    """Finds the labels of a value: before it in its cell, in the cells to the left, and in the rows above over the same stretch."""

    grid: Grid
    cues: list[list[CueHit]]
    values: list[list[tuple[int, int]]]
    above: LabelsAbove

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
            above = next(self.above.of(candidate, head_only=True), None)
            if above:
                yield Label(beside[0].cues | above.cues, "above", 0)
        elif money and beside and self._in_rate_table(candidate) and any(True for _ in self.above.of(candidate)):
            beside = []  # "VAT 20 % | 100.00 | 20.00 | 120.00": the rate is no label of what follows
        yield from beside
        whole = money and not candidate.decimals and not candidate.currency
        if not whole and not any(label.colon for label in beside):
            yield from self.above.of(candidate)

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
                    yield Label(glued | cues_between(hits, max(begin, end - 4), end), "inline", 0, True)
            # In running text a label reaches back to the value before; percentages are part of a label ("VAT 19 %").
            before = [v for v in values if v[1] <= end and v[0] >= begin and not is_percent(row, v)]
            start = before[-1][1] if before and cell == home else begin
            cues = cues_between(hits, start, end)
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
                if cell != home and not colon and candidate.kind in ("id", "date") and cues <= SAYS_LITTLE:
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
                cues = cues_between(hits, begin, before[0][0])
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
        return NO_CUES

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
            return NO_CUES
        for hit in self.cues[candidate.row]:
            if candidate.end <= hit.first < min(end, candidate.end + 4):
                if Cue.UNTIL in before and hit.cues & {Cue.PAYMENT, Cue.PAYABLE}:
                    return frozenset({Cue.PAYMENT})
                if Cue.DISCOUNT in hit.cues:
                    return frozenset({Cue.DISCOUNT})
                if Cue.WITHOUT in hit.cues:
                    return frozenset({Cue.FALL_DUE})
        return NO_CUES

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
                cues = cues_between(hits, i, end)
                return cues if cues - SAYS_LITTLE else NO_CUES
        return NO_CUES

    @staticmethod
    def _sentence_ends(row: Row, i: int) -> bool:
        """Whether a full stop before word `i` ends a sentence of running text, and is not that of an abbreviation in a label."""
        first, end = row.cells[row.cell_of[i - 1]]
        return i < end and end - first > SENTENCE and len(row.words[i - 1].text) > 5 and row.words[i].text[0].isupper()

    def _label_of(self, hits: list[CueHit], values: list[tuple[int, int]], begin: int) -> frozenset[Cue]:
        """The cues before the last of these values of a cell."""
        return cues_between(hits, values[-2][1] if len(values) > 1 else begin, values[-1][0])


_NUMBER = frozenset({Cue.NUMBER})
_NUMBERED = frozenset({Cue.NUMBER, Cue.REFERENCE})
_OF = frozenset({Cue.OF})
_DASHES = frozenset("-–—|·•")
_TO = frozenset("- – — bis to au al tot até hasta".split())


_SUMS = frozenset({Cue.TOTAL, Cue.GRAND, Cue.SUBTOTAL})


def _near(x: float, other: float, row: Row) -> bool:
    """Whether two edges are flush, for a row of this height."""
    return abs(x - other) < 0.4 * row.height


def _is_title(row: Row, word: int, value: int) -> bool:
    """Whether a word is set so much larger than a value that it is the title of the page, and no label of that value."""
    return row.words[word].y1 - row.words[word].y0 > TITLE * (row.words[value].y1 - row.words[value].y0)


def _glued_label(row: Row, candidate: Candidate) -> frozenset[Cue] | None:
    """A label that is one word with its value: "Nr:471102", "#1234"."""
    text = row.words[candidate.first].text
    head = text[: text.find(":")] if ":" in text else "#" if text.startswith("#") or GLUED.match(text) else ""
    cues = cues_in(plain(head)) if head else frozenset()
    return cues or None
