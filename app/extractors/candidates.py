"""Everything on the pages that may be a value, found by grammar alone, each with where it stands and what labels stand by it.

Nothing is decided here: `choice` weighs the candidates. Expressions are bounded and run over one row at a time, so that hostile text
costs time in proportion to its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from app.domain.document import BoundingBox
from app.domain.parsing import (
    BIC,
    VAT_PREFIXES,
    DateOrder,
    decimal_mark,
    iban_is_valid,
    make_date,
    numeric_date,
    parse_currency,
    parse_iban,
    parse_month,
    parse_number,
    parse_vat_id,
    plain,
)
from app.extractors.grid import THIN, Grid, Row
from app.extractors.labels import CueHit, Meaning, cues_in, cues_of
from app.extractors.lexicon import Cue

Kind = Literal["amount", "percent", "date", "iban", "bic", "vat_id", "id", "currency"]
Relation = Literal["inline", "left", "above"]
Value = Decimal | date | str


class Label(NamedTuple):
    """Cues that stand by a value. `distance`: cells or rows between, 0 = next to it. `colon`: the label ends with one."""

    cues: frozenset[Cue]
    relation: Relation
    distance: int
    colon: bool = False


class Candidate(NamedTuple):
    """One possible value. `row` counts through the document; `first` to before `end` are tokens of that row."""

    kind: Kind
    value: Value
    row: int
    first: int
    end: int
    currency: str | None = None
    decimals: int = 0
    sound: bool = True  # its checksum, where it has one


@dataclass(frozen=True, slots=True)
class Candidates:
    """All that is found in a document: the grid, cues of each row, candidates by kind in reading order, and where values stand."""

    grid: Grid
    cues: list[list[CueHit]]
    by_kind: dict[Kind, list[Candidate]]
    order: DateOrder
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
            if label.colon and label.distance == 0 and found.role == "number" and own == 0.6:
                own = 0.9  # "Invoice: 123"
            weight = own * trust * _RELATION[label.relation] * (0.82**label.distance) * (1.0 if label.colon else 0.95)
            roles[found.role] = max(roles.get(found.role, 0.0), weight)
            trust *= 0.45  # a second label counts where the first says nothing better
        return roles


_RELATION: dict[Relation, float] = {"inline": 1.0, "left": 1.0, "above": 0.85}

_C = r"(?:[^\W\d_]{0,3}[$€£¥₹₽₺]|EUR|USD|GBP|CHF|CAD|AUD|INR|MYR|SEK|NOK|DKK|PLN|SGD|NZD|BRL|JPY|CNY|HKD|ZAR|Euros?|Rs\.?|RM|Fr\.|SFr\.|Kč|zł|kr\.?)"
_AMOUNT = re.compile(
    rf"(?<![\w.,/:-])(?P<open>\()?(?P<m1>[-+−–] ?)?(?:(?P<c1>{_C})\s?)?(?P<m2>[-−–])?"
    rf"(?P<n>\d{{1,3}}(?:[.,'’{THIN}\u00a0\u202f]\d{{2,3}}){{1,5}}(?:[.,]\d{{1,5}})?|\d{{1,9}}(?:[.,]\d{{1,5}})?)"
    rf"(?:[.,](?P<dash>--?|[—–]))?(?: ?(?P<c2>{_C})(?!\w| ?\d))?(?P<m3>-)?(?P<close>\))?(?P<pct>\s?%)?(?:(?<=[.,]\d\d)[A-Z*])?(?![\w/]|[.,:'’]\d|-\d)"
)
_NUMERIC_DATE = re.compile(r"(?<![\w.,/-])(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d%]|[./-]\d)")
_PACKED_DATE = re.compile(r"(?<!\w)((?:19|20)\d\d)([01]\d)([0-3]\d)(?!\w)")
_DAY_FIRST = re.compile(
    r"(?<!\w)(\d{1,2})(?:\.|st|nd|rd|th|er|º|°|ª)?[\s/-]?\s?(?:de\s|of\s|di\s)?([^\W\d_]{3,10})\.?,?[\s/'-]{0,2}(?:de\s|del\s)?(\d{4}|\d{2})(?![\d:])"
)
_MONTH_FIRST = re.compile(r"(?<!\w)([^\W\d_]{3,10})\.?[\s/-]?(\d{1,2})(?:st|nd|rd|th)?\s?[,/-]?\s?(\d{4})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\w)(\d{4})[\s/-]([^\W\d_]{3,10})\.?[\s/-](\d{1,2})(?!\d)")
_IBAN = re.compile(rf"(?<![A-Za-z0-9])([A-Z]{{2}}\s?\d{{2}}(?:[ {THIN}.-]?[A-Z0-9]{{1,7}}){{3,9}})")
_PREFIX = "|".join((*VAT_PREFIXES, "ATU"))
_VAT = re.compile(
    rf"(?<![A-Za-z0-9])((?:{_PREFIX})[\s.{THIN}-]{{0,2}}[A-Z0-9](?:[\s.{THIN}-]?[A-Z0-9]){{6,14}}"
    r"|\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9])(?![A-Za-z0-9])"
)
_GLUED = re.compile(r"^n(?:[°º]|[or]\.)\s?(?=[\dA-Z])", re.IGNORECASE)
_ID = re.compile(r"[#(\[]*([^\s]*\d[^\s]*)")
_SIGNS = frozenset("$€£¥₹₽₺")
_CODE = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")


def find_candidates(grid: Grid) -> Candidates:
    """All candidates of the document. The decimal mark and the order of day and month are taken from its unambiguous values first."""
    mark = decimal_mark([token.text for row in grid.rows for token in row.tokens if token.text[-1].isdigit()])
    order = _date_order(grid)
    cues = [cues_of(row) for row in grid.rows]
    found: list[Candidate] = []
    values: list[list[tuple[int, int]]] = []
    for number, row in enumerate(grid.rows):
        taken: list[tuple[int, int]] = []
        here: list[Candidate] = []
        digits = any(character.isdigit() for character in row.text)
        for finder in () if not digits else (_ibans, _vat_ids, lambda n, r: _dates(n, r, order), lambda n, r: _amounts(n, r, mark)):
            for candidate in finder(number, row):
                if all(candidate.end <= first or candidate.first >= end for first, end in taken):
                    here.append(candidate)
                    taken.append((candidate.first, candidate.end))
        ids = list(_ids(number, row, cues[number]))
        for candidate in ids:
            if candidate.end == candidate.first + 1 and all(not first <= candidate.first < end for first, end in taken):
                taken.append((candidate.first, candidate.end))
        values.append(sorted(taken))
        found += here
        found += ids
        found += _codes(number, row)
    by_kind: dict[Kind, list[Candidate]] = {}
    for candidate in found:
        by_kind.setdefault(candidate.kind, []).append(candidate)
    return Candidates(grid, cues, by_kind, order, Labels(grid, cues, values))


def _tokens(row: Row, start: int, end: int) -> tuple[int, int]:
    return row.token_at(start), row.token_at(max(start, end - 1)) + 1


def _date_order(grid: Grid) -> DateOrder:
    """Decided by dates that can be read one way only; without them by what kind of money and addresses the document has."""
    dmy = mdy = ydm = ymd = 0
    us = 0
    for row in grid.rows:
        for match in _NUMERIC_DATE.finditer(row.text):
            first, second, third = match[1], int(match[3]), int(match[4])
            if len(first) == 4:
                ydm += second > 12
                ymd += third > 12
            elif int(first) > 12 or match[2] == ".":
                dmy += 1
            elif second > 12:
                mdy += 1
        us += len(_US_PLACE.findall(row.text))
        if us < 3 and "$" in row.text:
            us += 1
    if ydm > ymd:
        return "ydm"
    if dmy or mdy:
        return "mdy" if mdy > dmy else "dmy"
    return "mdy" if us >= 3 else "dmy"


_US_PLACE = re.compile(r"\b(?:USD|USA|U\.S\.A?|United States|[A-Z]{2}\.?,? \d{5}(?:-\d{4})?)(?!\w)")


def _dates(number: int, row: Row, order: DateOrder) -> Iterator[Candidate]:
    text = row.text
    for match in _NUMERIC_DATE.finditer(text):
        value = numeric_date(match[1], match[3], match[4], order)
        if value:
            yield Candidate("date", value, number, *_tokens(row, match.start(), match.end()))
    for match in _PACKED_DATE.finditer(text):
        value = make_date(int(match[1]), int(match[2]), int(match[3]))
        if value:
            first, end = _tokens(row, match.start(), match.end())
            if end == first + 1 and len(row.tokens[first].text.strip(".,;:")) == 8:
                yield Candidate("date", value, number, first, end, sound=False)
    for pattern, day, month, year in ((_DAY_FIRST, 1, 2, 3), (_MONTH_FIRST, 2, 1, 3), (_YEAR_FIRST, 3, 2, 1)):
        position = 0
        while named := pattern.search(text, position):
            number_of_month = parse_month(named[month])
            value = make_date(int(named[year]), number_of_month, int(named[day])) if number_of_month else None
            position = named.end() if value else named.start() + 1  # "15 del 30 giugno" begins again after 15
            if value:
                yield Candidate("date", value, number, *_tokens(row, named.start(), named.end()))


def _amounts(number: int, row: Row, mark: str | None) -> Iterator[Candidate]:
    for match in _AMOUNT.finditer(row.text):
        value = parse_number(match["n"], mark)
        if value is None or match["n"].startswith("00"):
            continue
        negative = (match["m1"] and match["m1"].strip() != "+") or match["m2"] or match["m3"] or (match["open"] and match["close"])
        first, end = _tokens(row, match.start(), match.end())
        start_of_number = row.token_at(match.start("n"))
        exponent = value.as_tuple().exponent
        decimals = 2 if match["dash"] else -exponent if isinstance(exponent, int) else 0
        currency = parse_currency((match["c1"] or match["c2"] or "").strip())
        if match["pct"]:
            yield Candidate("percent", value, number, first, end)
        else:
            if match["m1"] and first < start_of_number and not match["c1"] and row.tokens[first].text in "-–+":
                negative = negative if row.tokens[first].x1 + row.height > row.tokens[start_of_number].x0 else None
            yield Candidate("amount", -value if negative else value, number, first, end, currency=currency, decimals=decimals)


def _ibans(number: int, row: Row) -> Iterator[Candidate]:
    for match in _IBAN.finditer(row.text):
        iban = parse_iban(match[1])
        if iban is None:
            continue
        # Where the text goes on after the country's length, the end is where the last character stands.
        rest, end = len(iban), match.start()
        while rest:
            rest -= row.text[end].isalnum()
            end += 1
        if end < len(row.text) and row.text[end].isalnum():
            continue
        sound = iban_is_valid(iban)
        if not sound and ("IBAN" in iban or "BIC" in iban):
            continue  # ran into the next label
        first, last = _tokens(row, match.start(), end)
        yield Candidate("iban", iban, number, first, last, sound=sound)


def _vat_ids(number: int, row: Row) -> Iterator[Candidate]:
    for match in _VAT.finditer(row.text):
        text = match[1]
        while text:  # the pattern may run into the next words: give them back one by one
            vat_id = parse_vat_id(text)
            if vat_id:
                first, end = _tokens(row, match.start(), match.start() + len(text))
                yield Candidate("vat_id", vat_id, number, first, end)
                break
            cut = max(text.rfind(" "), text.rfind("\t"), text.rfind("-"))
            text = text[:cut] if cut > 0 else ""


def _ids(number: int, row: Row, cues: list[CueHit]) -> Iterator[Candidate]:
    """Words with a digit; and, within a cell, such a word with the words around it that read as one identifier ("SALES REF 2547")."""
    for first, end in row.cells:
        i = first
        while i < end:
            match = _ID.match(row.tokens[i].text)
            if not match:
                i += 1
                continue
            text = _GLUED.sub("", match[1].split(":")[-1]).strip(".,;()[]")
            if 1 <= len(text) <= 40 and any(c.isdigit() for c in text):
                yield Candidate("id", text, number, i, i + 1)
                begin = i
                while begin > first and _short_code(row.tokens[begin - 1].text) and not any(h.first <= begin - 1 < h.end for h in cues):
                    begin -= 1
                stop = i + 1
                while stop < end and _goes_on(row.tokens[stop].text):
                    stop += 1
                while row.tokens[stop - 1].text in "/-":
                    stop -= 1
                if stop - begin > 1 and stop - begin <= 5:
                    yield Candidate("id", row.span(begin, stop).strip(".,;#"), number, begin, stop)
            i += 1


def _short_code(text: str) -> bool:
    return (text.isupper() and text.isalpha() and len(text) <= 5) or text in "/-"


def _goes_on(text: str) -> bool:
    return text in "/-" or (any(c.isdigit() for c in text) and text.replace("-", "").replace("/", "").isalnum() and text[0] not in "-/(")


def _codes(number: int, row: Row) -> Iterator[Candidate]:
    for i, token in enumerate(row.tokens):
        text = token.text.strip(".,;:()")
        if BIC.fullmatch(text):
            yield Candidate("bic", text, number, i, i + 1)
        for match in _CODE.finditer(token.text):
            if parse_currency(match[1]):
                yield Candidate("currency", match[1], number, i, i + 1)
        if not _SIGNS.isdisjoint(token.text) or text in ("Rs", "RM", "Euro", "Euros"):
            sign = parse_currency("".join(c for c in text if not c.isdigit() and c not in ".,-'’")) or parse_currency(
                next((c for c in text if c in _SIGNS), "")
            )
            if sign:
                yield Candidate("currency", sign, number, i, i + 1)


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
        if candidate.kind == "date":
            beside += self._said_after(candidate)
        money = candidate.kind in ("amount", "percent")
        if money and beside and beside[0].relation == "left" and beside[0].cues <= _SUMS and len(self.values[candidate.row]) > 1:
            # "Total | 1 | 278.61 | 40.39 | 319.00": what is summed, the head of the column says.
            above = next(self._labels_above(candidate, head_only=True), None)
            if above:
                yield Label(beside[0].cues | above.cues, "above", 0)
        yield from beside
        whole = money and not candidate.decimals and not candidate.currency
        if not whole and not any(label.colon for label in beside):
            yield from self._labels_above(candidate)

    def _row_labels(self, candidate: Candidate) -> Iterator[Label]:
        row = self.grid.rows[candidate.row]
        hits, values = self.cues[candidate.row], self.values[candidate.row]
        home = row.cell_of[candidate.first]
        # An amount in the midst of a sentence is seldom one of the invoice's sums.
        distance = 2 if candidate.kind == "amount" and row.cells[home][1] - row.cells[home][0] > 11 else 0
        for cell in range(home, -1, -1):
            begin, end = row.cells[cell]
            end = min(end, candidate.first)
            if cell == home and candidate.kind == "id":
                glued = _glued_label(row, candidate)
                if glued:
                    yield Label(glued | self._between(hits, max(begin, end - 4), end), "inline", 0, True)
            # In running text a label reaches back to the value before; percentages are part of a label ("VAT 19 %").
            before = [v for v in values if v[1] <= end and v[0] >= begin and not self._percent(row, v)]
            start = before[-1][1] if before and cell == home else begin
            cues = self._between(hits, start, end)
            if Cue.SHARE_OF in cues and not any(Cue.SHARE_OF in h.cues and h.end == candidate.first for h in hits):
                cues -= {Cue.SHARE_OF}  # "VAT 20 % on 853.70" is no base of what comes after
            if cues:
                colon = end > start and row.tokens[end - 1].text.endswith(":")
                if cell != home and not colon and not self._is_label(row, hits, begin, end, candidate.kind):
                    return
                yield Label(cues, "inline" if cell == home else "left", distance, colon)
                if cell != home or colon:
                    return
            if cell == home and before:
                cues = self._between(hits, begin, before[0][0])
                if cues:
                    yield Label(cues, "inline", min(len(before), 3))
            if cell != home and end > begin:
                only_values = all(not any(c.isalpha() for c in t.text) or parse_currency(t.text.strip(".:")) for t in row.tokens[begin:end])
                distance += 1 if not only_values or before else 0
                if distance > (4 if candidate.kind in ("amount", "percent") else 2):
                    return

    def _said_after(self, candidate: Candidate) -> Iterator[Label]:
        """In a sentence the verb may follow: "will be debited on 3 May", "wird am 3. Mai von Ihrem Konto eingezogen"."""
        for number, first, end in ((candidate.row, candidate.end, candidate.end + 14), (candidate.row + 1, 0, 14)):
            if number < len(self.cues) and any(Cue.COLLECTED in h.cues and first <= h.first < end for h in self.cues[number]):
                row = self.grid.rows[candidate.row]
                if row.cells[row.cell_of[candidate.first]][1] - row.cells[row.cell_of[candidate.first]][0] > 5:
                    yield Label(frozenset({Cue.COLLECTED}), "inline", 0)
                return

    @staticmethod
    def _is_label(row: Row, hits: list[CueHit], begin: int, end: int, kind: Kind) -> bool:
        """Whether a cell to the left is a label and not a text that holds such a word; amounts often have long ones."""
        words = sum(any(c.isalpha() for c in token.text) for token in row.tokens[begin:end])
        covered = sum(hit.end - hit.first for hit in hits if begin <= hit.first and hit.end <= end)
        if kind in ("amount", "percent"):
            return covered * 6 >= words
        return covered * 2 >= words and not (row.tokens[begin].text[0].isdigit() and end - begin > 1)

    @staticmethod
    def _percent(row: Row, value: tuple[int, int]) -> bool:
        return row.tokens[value[1] - 1].text.endswith("%") or (value[1] < len(row.tokens) and row.tokens[value[1]].text == "%")

    @staticmethod
    def _between(hits: list[CueHit], start: int, end: int) -> frozenset[Cue]:
        found = [hit for hit in hits if hit.first >= start and hit.end <= end]
        if end - start > 9:  # a sentence: what stands near the value counts
            found = [hit for hit in found if end - hit.end < 6]
        return frozenset().union(*(hit.cues for hit in found)) if found else frozenset()

    def _values_under(self, number: int, x0: float, x1: float) -> int:
        tokens = self.grid.rows[number].tokens
        return sum(tokens[a].x0 < x1 and tokens[b - 1].x1 > x0 for a, b in self.values[number])

    def _has_value(self, number: int, hit: CueHit) -> bool:
        """Whether a label has its value beside it, so that it says nothing of what stands below."""
        row = self.grid.rows[number]
        _, end = row.cells[row.cell_of[hit.first]]
        values = [v for v in self.values[number] if not self._percent(row, v)]
        if any(hit.end <= v[0] and v[1] <= end for v in values):
            return True
        return row.tokens[end - 1].text.endswith(":") and any(v[0] == end for v in values)

    def _above(self, number: int) -> _RowAbove:
        """A row as those below see it; kept, because every value below asks."""
        known = self._rows.get(number)
        if known is None:
            row = self.grid.rows[number]
            free = [hit for hit in self.cues[number] if not self._has_value(number, hit)]
            known = _RowAbove(
                [token.x0 for token in row.tokens],
                [token.x1 for token in row.tokens],
                [_valued(token.text) for token in row.tokens],
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
        x0 = row.tokens[candidate.first].x0 - slack
        x1 = row.tokens[candidate.end - 1].x1 + slack
        first, _ = self.grid.pages[row.page - 1]
        reach = 4.2 * row.height
        merged: frozenset[Cue] = frozenset()
        distance = passed = seen = 0
        for number in range(candidate.row - 1, max(first, candidate.row - 28) - 1, -1):
            above = self.grid.rows[number]
            if above.y1 < row.y0 - reach and not head_only:
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


_HEADS = frozenset({Cue.TOTAL, Cue.TAX, Cue.WITHOUT, Cue.WITH, Cue.BASE, Cue.UNIT_MONEY, Cue.SUBTOTAL})
_NO_CUES: frozenset[Cue] = frozenset()
_SUMS = frozenset({Cue.TOTAL, Cue.GRAND, Cue.SUBTOTAL})


def _valued(text: str) -> bool:
    return any(c.isdigit() for c in text) or text in "-–€$£%" or parse_currency(text) is not None


def _glued_label(row: Row, candidate: Candidate) -> frozenset[Cue] | None:
    """A label that is one word with its value: "Nr:471102", "#1234"."""
    text = row.tokens[candidate.first].text
    head = text[: text.find(":")] if ":" in text else "#" if text.startswith("#") or _GLUED.match(text) else ""
    cues = cues_in(plain(head)) if head else frozenset()
    return cues or None
