"""Names of items: rows without numbers given to their item, wrapped lines joined, codes and units taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.domain.parsing import month_names, plain
from app.extractors.columns import TableHead
from app.extractors.columns_lexicon import Column
from app.extractors.grid import Grid
from app.extractors.item_owners import give_rows
from app.extractors.items import ItemRow, Text


def give_names(head: TableHead, items: list[ItemRow], loose: list[Text], grid: Grid) -> None:
    """Gives rows without numbers to their item and makes a name of its words."""
    if not items:
        return
    limit = _right_limit(grid, head, items)
    loose = _without_headings(grid, items, loose)
    reach = _reach(grid, items, loose, limit)
    give_rows(items, loose, grid, reach or limit)
    widest = _widest(grid, items)
    _take_wordy_ids(items)
    for item in items:
        item.names.sort(key=lambda part: (part.row, part.first))
    column = _Column(grid, *_bounds(grid, items, limit, reach), widest)
    _take_codes(grid, items)
    for item in items:
        _take_unit(item)
        _tidy_names(column, item)
        if head.described:
            _cut_description(grid, item)


def _without_headings(grid: Grid, items: Sequence[ItemRow], loose: list[Text]) -> list[Text]:
    """Without rows that begin well to the left of all names and run across their edge, or are words: "Delivery note 4711 of 3 May"."""
    edges = [grid.rows[part.row].words[part.first].x0 for item in items for part in item.names if part.row == item.row]
    if not edges:
        return loose
    edge = min(edges)

    def is_heading(text: Text) -> bool:
        row = grid.rows[text.row]
        across = row.words[-1].x1 > edge or _WORD.fullmatch(text.text)
        return len(row.cells) == 1 and row.words[0].x0 < edge - 2 * row.height and bool(across)

    return [text for text in loose if not is_heading(text)]


_WORD = re.compile(r"\D*[^\W\d_A-Z]{3}\D*|.*[^\W\d_A-Z]{6}.*")
"""Words, as no code has: small letters one after another, six of them where there are digits too ("line 1" is no name)."""


def _take_wordy_ids(items: Sequence[ItemRow]) -> None:
    """ "Item | Description", or no codes under their title: what identifies an item in words is its name, if so with most."""
    ids = [part for item in items if (part := item.texts.get(Column.ITEM_ID))]
    if not ids or sum(bool(_WORD.fullmatch(part.text)) for part in ids) * 3 < 2 * len(ids):
        return
    for item in items:
        if part := item.texts.pop(Column.ITEM_ID, None):
            item.names.append(part)


def _right_limit(grid: Grid, head: TableHead, items: list[ItemRow]) -> float:
    """How far to the right a name may go: to the next column's title or values."""
    name = next((h for h in head.heads if h.column is Column.NAME), None)
    if name is None:
        return 0.0
    after = [h.x0 for h in head.heads if h.x0 > name.x1]
    values = [
        grid.rows[c.row].words[c.first].x0
        for item in items
        for column, c in item.numbers.items()
        if column is not Column.POSITION and grid.rows[c.row].words[c.first].x0 > name.x0
    ]
    return min([*after[:1], *values], default=0.0)


def _reach(grid: Grid, items: list[ItemRow], loose: list[Text], limit: float) -> float:
    """How far to the right words do go that stay in their column; 0 where there are none."""
    parts = [*loose, *(part for item in items for part in item.names)]
    return max((x1 for part in parts if (x1 := grid.rows[part.row].words[part.end - 1].x1) <= limit), default=0.0)


def _bounds(grid: Grid, items: list[ItemRow], limit: float, reach: float) -> tuple[float, float]:
    """(how far a line of a name may reach, how far lines are broken). The second is less where all lines that have one under them are so
    long that the next word would have reached further than any line does: they were broken there, then."""
    pairs = full = 0
    beyond = 0.0
    for item in items:
        for part in item.names:
            beyond = max(beyond, grid.rows[part.row].words[part.end - 1].x1)
        for upper, lower in pairwise(item.names):
            if upper.row < lower.row and grid.rows[lower.row].height > 0.95 * grid.rows[upper.row].height:
                pairs += 1
                full += _with_next(grid, upper, lower) > reach
    if not limit or beyond > limit:
        return (beyond, beyond) if limit else (0.0, 0.0)  # lines that run on under the numbers say where the paper of a description ends
    return limit, reach if reach and pairs > 2 and full * 10 >= pairs * 7 else limit


def _with_next(grid: Grid, upper: Text, lower: Text) -> float:
    """Where the upper line would end if the first word of the lower stood on it."""
    row, word = grid.rows[upper.row], grid.rows[lower.row].words[lower.first]
    return row.words[upper.end - 1].x1 + (word.x1 - word.x0) + 0.25 * row.height


def _widest(grid: Grid, items: list[ItemRow]) -> float:
    """How far to the right names go that stand beside their numbers; 0 where they are too few to tell the width of their column."""
    ends = [grid.rows[part.row].words[part.end - 1].x1 for item in items for part in item.names if part.row == item.row]
    return max(ends) if len(items) >= 3 and ends else 0.0


UNITS = frozenset(
    "st stk stck stuck std stunden h hr hrs hour hours day days tag tage pcs pc pce piece pieces ea each unit units kg g l ltr "
    "liter m m2 m3 qm cbm lfm km mm cm "
    "psch psl pausch pauschal pa nos no box pack paar set ud uds un u pz pezzi ore giorni jours heures forfait uur uren stuks "
    "dagen mois monat monate month "
    "months nights cad kwh kmh t to".split()
)


def _take_unit(item: ItemRow) -> None:
    """ "1 psch Kleinmaterial": a unit that runs into the name right behind the quantity."""
    quantity = item.numbers.get(Column.QUANTITY)
    for i, part in enumerate(item.names if quantity and Column.UNIT not in item.texts else ()):
        assert quantity is not None
        word, _, rest = part.text.partition(" ")
        if part.row == quantity.row and part.first == quantity.end and rest and word.casefold().strip(".") in UNITS:
            item.texts[Column.UNIT] = Text(part.row, part.first, part.first + 1, word)
            item.names[i] = Text(part.row, part.first + 1, part.end, rest)
            return


_CODED = re.compile(r"\[(?P<boxed>[A-Z\d./-]{2,20})\] \S|(?P<code>(?=(?:\D*\d){3})[A-Z\d./-]{4,20}) [-–—:] \S")


def _take_codes(grid: Grid, items: list[ItemRow]) -> None:
    """ "[A-107] Desk lamp", "4711-03 - Desk lamp": the names of a table begin with the items' codes if most do so."""
    first = [next((part for part in item.names if part.row == item.row), None) for item in items]
    coded = [_CODED.match(part.text) if part else None for part in first]
    if sum(map(bool, coded)) * 3 < len(items) * 2:
        return
    for item, part, match in zip(items, first, coded, strict=True):
        if part and match and Column.ITEM_ID not in item.texts:
            end = part.first + (1 if match["boxed"] else 2)  # the dash is a word of its own
            item.texts[Column.ITEM_ID] = Text(part.row, part.first, part.first + 1, match["boxed"] or match["code"])
            item.names[item.names.index(part)] = Text(part.row, end, part.end, grid.rows[part.row].span(end, part.end))


def _is_remark(text: str) -> bool:
    """ "Packaging: box", "# PO line: 1": a remark on an item, not its name."""
    head, colon, _ = f"{text} ".partition(": ")
    return (bool(colon) and len(head.split()) <= 3 and not any(map(str.isdigit, head))) or is_period(text)


def is_period(text: str) -> bool:
    """Whether a text is a day or two, and nothing else: "12/09/2016 to 11/12/2016", "12 de novembro de 2020"."""
    words = plain(text)
    figures = sum(len(word) for word in words if word.isdigit())
    return figures >= 4 and len(words) > 2 and all(word.isdigit() or word in month_names() or word in _OF_DAYS for word in words)


_OF_DAYS = frozenset("to from until till of du au le de del al dal a von bis vom am zum van tot t m den do od".split())


def _cut_description(grid: Grid, item: ItemRow) -> None:
    """ "Pump - 230 V, blue" under the title "Name & description": the name ends at the dash."""
    for i, part in enumerate(item.names[:1]):
        placed = grid.rows[part.row].words
        dash = next((k for k in range(part.first + 1, part.end - 1) if placed[k].text in ("-", "–", "—")), None)
        if dash is not None and part.text == grid.rows[part.row].span(part.first, part.end):
            item.names[i] = Text(part.row, part.first, dash, grid.rows[part.row].span(part.first, dash))
            item.names.insert(i + 1, Text(part.row, dash + 1, part.end, grid.rows[part.row].span(dash + 1, part.end)))


_JOINING = frozenset(
    "and or of for with the in und oder fur mit von der die das et ou de du des la le en pour avec van voor met e di da per con y o el "
    "para".split()
)


def _is_open(text: str) -> bool:
    """Whether a line is no end of a phrase, so that it goes on."""
    return text.count("(") > text.count(")") or text[-1] in ",-–/&+" or text.split()[-1] in _JOINING


@dataclass(frozen=True, slots=True)
class _Column:
    """The column of the names: how far a line may reach, how far lines are broken, and how far those beside numbers go (0: unknown)."""

    grid: Grid
    limit: float
    broken: float
    widest: float


def _tidy_names(column: _Column, item: ItemRow) -> None:
    """A code above the name is the item's id; a line that fills its column goes on in the next."""
    names, grid, limit = item.names, column.grid, column.limit
    known = item.texts.get(Column.ITEM_ID)
    if (
        len(names) > 1
        and (known is None or known.text.strip(".").isdigit())
        and names[1].row > names[0].row
        and (code := names[0].text) == code.upper()
        and len(code) <= 20
        and all(any(map(str.isdigit, word)) for word in code.split())
    ):
        item.texts[Column.ITEM_ID] = names.pop(0)
    alone = [part.row for part in names].count(item.row) == 1  # the words beside the numbers are a name: "Workshop: first aid"
    beside = next((part for part in names if part.row == item.row), None) if alone else None
    named = next((i for i, part in enumerate(names) if (part is beside and not is_period(part.text)) or not _is_remark(part.text)), 0)
    if named:
        names.insert(0, names.pop(named))
    last = names[0] if names else None  # the line that the next would go on from
    while last and len(names) > 1 and limit:
        first, second = names[0], names[1]
        if second.row == first.row:
            if not _is_near(grid, first, second):
                break
            left, right = sorted((first, second), key=lambda part: part.first)
            names[0] = last = Text(first.row, left.first, right.end, f"{left.text} {right.text}")
            names.pop(1)
            continue
        row, below = grid.rows[last.row], grid.rows[second.row]
        word = below.words[second.first]
        x0, x1 = row.words[last.first].x0, row.words[last.end - 1].x1
        end = x1 + (word.x1 - word.x0) + 0.25 * row.height
        full = end > column.broken or _is_open(first.text) or (second.text[0].islower() and x1 - x0 > 0.75 * (limit - x0))
        if not _has_letters(second):  # no name of its own: it goes on where it would have been the widest line
            full = abs(word.x0 - x0) < row.height and (full or end > column.widest > 0)
        numbers = grid.rows[item.row]  # they may stand between two lines of the name
        far = row.height if not row.y0 < numbers.y0 < below.y0 else 2 * row.height
        if not full or below.y0 - row.y1 > far or _is_remark(second.text) or len(first.text) > 200:
            break
        if not row.read and (below.height < 0.95 * row.height or (row.words[last.first].bold and not word.bold)):
            break  # a description, set smaller or lighter
        last = second
        names[0] = Text(first.row, first.first, first.end, f"{first.text} {second.text}")
        names.pop(1)
    item.names = [part for part in names if _has_letters(part)]


def _is_near(grid: Grid, first: Text, second: Text) -> bool:
    """Whether no more than a tab stands between two texts of a row."""
    row = grid.rows[first.row]
    left, right = sorted((first, second), key=lambda part: part.first)
    return row.words[right.first].x0 - row.words[left.end - 1].x1 < 2.5 * row.height


def _has_letters(part: Text) -> bool:
    return any(map(str.isalpha, part.text))
