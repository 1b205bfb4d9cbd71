"""The label of a value that stands a little lower or higher than it: a label of two lines with its value beside their middle, and one
that a page which does not lie flat puts into another row."""

from __future__ import annotations

from collections.abc import Iterator

from app.extractors.candidate import Candidate
from app.extractors.grid import Grid, Row
from app.extractors.labels import cues_in, words_at
from app.extractors.lexicon import Cue

OVERLAP, ONE_LINE = 0.25, 0.5
"""Of the lower of two rows: so much they must share to stand beside each other; and where the label has but one line."""
APART = 14.0  # heights of a row, between a label and its value
LONGEST = 4  # words of a label's line


def cues_beside(grid: Grid, candidate: Candidate) -> frozenset[Cue]:
    """What the label says that ends left of a value in the rows right above and below; nothing where its own row has a label."""
    row = grid.rows[candidate.row]
    first = row.cells[row.cell_of[candidate.first]][0]
    if any(spot.text != ":" for spot in row.words[first : candidate.first]):
        return frozenset()
    before = [spot.x1 for spot in row.words[:first]]
    lines = [
        line for number in (candidate.row - 1, candidate.row + 1) for line in _line(grid, row, number, candidate, max(before, default=0.0))
    ]
    if len(lines) == 2 and abs(lines[0][0] - lines[1][0]) > row.height:
        return frozenset()
    if len(lines) == 1 and lines[0][2] < ONE_LINE and candidate.kind != "amount":
        return frozenset()
    return cues_in(word for _, words, _ in lines for word in words)


def _line(grid: Grid, row: Row, number: int, candidate: Candidate, left: float) -> Iterator[tuple[float, tuple[str, ...], float]]:
    """Where the cell of a neighbouring row that stands next to the value begins, its words, and the share."""
    if not 0 <= number < len(grid.rows) or (other := grid.rows[number]).page != row.page:
        return
    shared = (min(row.y1, other.y1) - max(row.y0, other.y0)) / min(row.height, other.height)
    if shared < OVERLAP:
        return
    start, end = row.words[candidate.first].x0, row.words[candidate.end - 1].x1
    if any(spot.x0 < end and spot.x1 > start for spot in other.words):
        return  # another line of the value's own block
    nearest = [(first, last) for first, last in other.cells if left <= other.words[first].x0 and other.words[last - 1].x1 <= start]
    for first, last in nearest[-1:]:
        if _has_value(grid, number, other.words[first].x0, candidate.row):
            continue
        if last - first <= LONGEST and start - other.words[last - 1].x1 < APART * row.height:
            yield other.words[first].x0, tuple(word for i in range(first, last) for word in words_at(other, i)), shared


def _has_value(grid: Grid, number: int, left: float, beside: int) -> bool:
    """Whether a value stands right under a label, flush with it; `beside`: a row that need not be looked at."""
    row = grid.rows[number]
    for other in (other for at, other in enumerate(grid.rows[number + 1 : number + 3], number + 1) if at != beside):
        if other.page == row.page and other.y0 - row.y1 < row.height / 2:
            at_left = [spot for spot in other.words if abs(spot.x0 - left) < row.height / 3]
            if any(map(str.isdigit, "".join(spot.text for spot in at_left))):
                return True
    return False
