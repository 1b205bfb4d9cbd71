"""The visible words of a page as rows and cells: what everything that reads labels, values and tables works on.

A row is a visual line. Its cells are runs of words without a wide gap; `text` joins words by a space, cells by a tab and the parts of
a number set with thin gaps (1 234,56) by a thin space, so that one expression over `text` respects the layout.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.document import UNIT, BoundingBox, Document, Mark, Page
from app.domain.parsing import plain

CELL_GAP = 0.85  # of the row's height: a wider gap starts a new cell; a blank is about 0.25
THIN_GAP = 0.62  # a narrower gap between groups of digits, no wider than a digit, may be a thousands blank
LONGEST_ROW = 160  # words; work on one row grows with the square of its length, and no row that people read is longer
THIN = "\u2009"
_HIDDEN, _BOLD = int(Mark.HIDDEN), int(Mark.BOLD)  # plain integers: this runs for every word


class PlacedWord(NamedTuple):
    """A visible word. `place` is its index in the page's words; coordinates are in points of the page."""

    place: int
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool
    wordy: bool  # has letters that come in two cases
    sure: float = 1.0  # that it was read rightly


@dataclass(slots=True)
class Row:
    """One visual line. `cells` are (first, last + 1) into `words`; `starts` the offset of each word in `text`."""

    page: int
    words: list[PlacedWord]
    cells: list[tuple[int, int]]
    text: str
    starts: list[int]
    y0: float
    y1: float
    cell_of: list[int] = field(default_factory=list)
    read: bool = False  # recognized from a picture, so that a letter may stand for another

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    def word_at(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def span(self, first: int, end: int) -> str:
        """The words from `first` to before `end` with single blanks."""
        return " ".join(spot.text for spot in self.words[first:end])

    def cell_text(self, cell: int) -> str:
        return self.span(*self.cells[cell])


@dataclass(frozen=True, slots=True)
class Grid:
    """All rows of a document from top to bottom, page after page. `pages` holds (first row, last row + 1) of each page."""

    rows: list[Row]
    pages: list[tuple[int, int]]
    sizes: list[tuple[float, float]]

    def box(self, row: Row, first: int, end: int) -> BoundingBox:
        width, height = self.sizes[row.page - 1]
        placed = row.words[first:end]
        return BoundingBox(
            max(0.0, min(t.x0 for t in placed) / width),
            max(0.0, min(t.y0 for t in placed) / height),
            min(1.0, max(t.x1 for t in placed) / width),
            min(1.0, max(t.y1 for t in placed) / height),
        )


def read_grid(document: Document) -> Grid:
    """The rows of all pages; hidden words are left out, because nobody who looks at the page sees them."""
    rows: list[Row] = []
    pages: list[tuple[int, int]] = []
    for number, page in enumerate(document.pages, 1):
        first = len(rows)
        rows.extend(_rows(page, number))
        pages.append((first, len(rows)))
    return Grid(rows, pages, [(page.width or 1.0, page.height or 1.0) for page in document.pages])


def _rows(page: Page, number: int) -> list[Row]:
    words = page.words
    boxes = memoryview(words.boxes).cast("H")
    lines = memoryview(words.lines).cast("H")
    x_scale, y_scale = (page.width or 1.0) / UNIT, (page.height or 1.0) / UNIT
    read = page.text == "read"
    by_line: dict[int, list[PlacedWord]] = {}
    for i, text in enumerate(words.texts):
        mark = words.marks[i]
        if read:
            text = _without_rules(text)
        if mark & _HIDDEN or not text:
            continue
        x0, y0, x1, y1 = boxes[4 * i : 4 * i + 4]
        bold, wordy = bool(mark & _BOLD), text.lower() != text.upper()
        sure = words.confidence(i) if read else 1.0
        spot = PlacedWord(i, text, x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale, bold, wordy, sure)
        by_line.setdefault(lines[i], []).append(spot)
    upright = [placed for placed in by_line.values() if not _sideways(placed)]
    # A stamp along the margin is no row; but a page that runs sideways as a whole is better read badly than not at all.
    lines_kept = upright if sum(map(len, upright)) * 2 > sum(map(len, by_line.values())) else list(by_line.values())
    rows: list[Row] = []
    for placed in lines_kept:
        placed.sort(key=lambda spot: spot.x0)
        rows += [_row(number, placed[i : i + LONGEST_ROW], read) for i in range(0, len(placed), LONGEST_ROW)]
    if not read:
        rows.sort(key=lambda row: (row.y0 + row.y1) / 2)
    return rows


def _sideways(placed: list[PlacedWord]) -> bool:
    long = [spot for spot in placed if len(spot.text) >= 3]
    return bool(long) and sum(spot.y1 - spot.y0 > 1.4 * (spot.x1 - spot.x0) for spot in long) * 2 > len(long)


_RULES = "|¦_[]{}~«»“”‘^\\"
"""What lines between cells, specks and edges of the paper are read as."""


def _without_rules(text: str) -> str:
    """A recognized word without the rules of a table that were read with it; empty if it is nothing else."""
    stripped = text.strip(_RULES)
    return stripped if any(map(str.isalnum, stripped)) or stripped.rstrip(")") in _ALONE else ""  # "(30 %)"


_ALONE = frozenset("-–+%&#:*€$£=/@")


def _set_in_type(placed: list[PlacedWord]) -> list[PlacedWord]:
    """Recognized words, which are boxed by their ink, as high as a text layer has them: from the ascent to the descent of their type."""
    ink = [_ink(spot.text) for spot in placed]
    size = _middle([(spot.y1 - spot.y0) / (above + below) for spot, (above, below) in zip(placed, ink, strict=True)])
    baselines = [spot.y1 - below * size for spot, (_, below) in zip(placed, ink, strict=True)]
    usual = _middle(baselines)
    # On paper that bends, a line is not at one height.
    baselines = [usual if abs(own - usual) < BENT * size else own for own in baselines]
    return [
        spot._replace(y0=min(spot.y0, line - ASCENT * size), y1=max(spot.y1, line + DESCENT * size))
        for spot, line in zip(placed, baselines, strict=True)
    ]


ASCENT, DESCENT = 0.9, 0.22
BENT = 0.35  # of the type size
_DESCENDING = frozenset("gjpqyQ,;()[]{}|/$§@ç")
_LOW = frozenset("acegmnopqrsuvwxyz.,:;-_~=+*")


def _ink(text: str) -> tuple[float, float]:
    """How far the ink of a word reaches above and below its baseline, in ems."""
    return (0.52 if _LOW.issuperset(text) else 0.72), (0.21 if not _DESCENDING.isdisjoint(text) else 0.0)


def _row(page: int, placed: list[PlacedWord], read: bool = False) -> Row:
    if read:
        placed = _set_in_type(placed)
    height = _middle([spot.y1 - spot.y0 for spot in placed]) or 1.0
    blank = 1.75 * _middle([(spot.x1 - spot.x0) / len(spot.text) for spot in placed]) if read else 0.0  # tills print letters of one width
    cells: list[tuple[int, int]] = []
    parts: list[str] = []
    starts: list[int] = []
    offset = first = 0
    for i, spot in enumerate(placed):
        if i:
            gap = spot.x0 - placed[i - 1].x1
            wide = gap > max(CELL_GAP * max(height, spot.y1 - spot.y0), blank) or gap < -0.6 * (spot.x1 - spot.x0) - height
            if wide:
                cells.append((first, i))
                first = i
            before = placed[i - 1]
            letter = (before.x1 - before.x0) / len(before.text)
            if read:  # the ink of a "1" is narrower than its letter
                letter = max(letter, (spot.x1 - spot.x0) / len(spot.text))
            digits = before.text[-1].isdigit() and len(spot.text) >= 3 and spot.text[:3].isdigit()
            thin = digits and gap < min(THIN_GAP * height, 1.35 * letter)
            separator = "\t" if wide else THIN if thin else " "
            parts.append(separator)
            offset += 1
        starts.append(offset)
        parts.append(spot.text)
        offset += len(spot.text)
    cells.append((first, len(placed)))
    cell_of = [number for number, (start, end) in enumerate(cells) for _ in range(start, end)]
    y0, y1 = _middle([spot.y0 for spot in placed]), _middle([spot.y1 for spot in placed])
    return Row(page, placed, cells, "".join(parts), starts, y0, max(y1, y0 + 0.1), cell_of, read)


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def spaced_words(row: Row, cell: int) -> tuple[str, ...]:
    """The `plain` words of a cell; "R E C H N U N G" is one word."""
    first, end = row.cells[cell]
    texts = [spot.text for spot in row.words[first:end]]
    if len(texts) >= 5 and all(len(text) == 1 for text in texts[1:]):
        texts = ["".join(texts)]
    return tuple(word for text in texts for word in plain(text))
