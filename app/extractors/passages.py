"""Passages of lines that stand in one column, and names that go over two of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from app.domain.parsing import plain
from app.extractors.candidates import Candidates
from app.extractors.grid import Grid
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue
from app.extractors.names import (
    SALUTATION,
    address_like,
    department,
    goes_on,
    hangs,
    legal_form,
    like_a_person,
    name_like,
    only_legal_form,
)

Line = tuple[int, int, int]
"""Words of a row that stand together: row, first word, last word + 1."""


@dataclass(slots=True)
class Passage:
    """Lines of one column from top to bottom, without their label."""

    lines: list[Line] = field(default_factory=list)


def text_of(grid: Grid, line: Line) -> str:
    return grid.rows[line[0]].span(line[1], line[2])


def name_from(grid: Grid, line: Line, lines: list[Line] | None = None) -> str:
    """The text of a line and, where the name was too long for it, the line below: its legal form, or what begins with "and".

    Of `lines`, those of its passage, the line above is a part too where the name was broken because its next word did not fit there.
    """
    text = text_of(grid, line)
    if lines and (upper := next((a for a, b in pairwise(lines) if b[0] == line[0] and _is_broken(grid, lines, a, b)), None)):
        return f"{text_of(grid, upper)} {text}"
    row = grid.rows[line[0]]
    left, right = row.words[line[1]].x0, row.words[line[2] - 1].x1
    for number in range(line[0] + 1, min(grid.pages[row.page - 1][1], line[0] + 4)):
        below = grid.rows[number]
        for first, end in below.cells:
            x0, x1 = below.words[first].x0, below.words[end - 1].x1
            aligned = abs(x0 - left) < 0.7 * row.height or abs(x0 + x1 - left - right) < 2 * row.height
            if aligned and below.y0 - row.y1 < row.height:
                rest = below.span(first, end)
                whole = only_legal_form(rest) or goes_on(rest) or (lines and hangs(text) and name_like(rest) and not address_like(rest))
                return f"{text} {rest}" if whole else text
    return text


def _is_broken(grid: Grid, lines: list[Line], upper: Line, lower: Line) -> bool:
    """Whether two lines of a passage are a firm's name that was broken: in the same type, the legal form only on the lower one, whose
    first word is too long for the upper one: no line of the passage is as wide as both."""
    head, tail = text_of(grid, upper), text_of(grid, lower)
    rows = grid.rows[upper[0]], grid.rows[lower[0]]
    first, second = rows[0].words[upper[1]], rows[1].words[lower[1]]
    alike = abs(rows[0].height / rows[1].height - 1) < 0.1 and first.bold == second.bold and head.isupper() == tail.isupper()
    if not alike or not legal_form(tail) or legal_form(head) or not name_like(head) or any(map(str.isdigit, head)):
        return False
    if hangs(head):
        return True
    if like_a_person(head) or department(head) or cues_in(plain(head)) or plain(head)[0] in SALUTATION or ":" in head:
        return False
    widest = max(_width(grid, line) for line in lines if line != upper)
    blank = 0.25 * rows[0].height
    full = _width(grid, upper) + blank + second.x1 - second.x0 > widest
    return full and _width(grid, lower) < 1.1 * _width(grid, upper)


def _width(grid: Grid, line: Line) -> float:
    words = grid.rows[line[0]].words
    return words[line[2] - 1].x1 - words[line[1]].x0


def passage_below(found: Candidates, start: Line, with_first: bool, reach: float = 2.4) -> Passage:
    """Cells under `start` that begin at about the same place, until a gap, a new label or a dozen lines."""
    grid = found.grid
    row = grid.rows[start[0]]
    passage = Passage([start] if with_first else [])
    x0 = row.words[start[1]].x0
    x1 = row.words[start[2] - 1].x1
    bottom = row.y1
    height = row.height
    settled = with_first
    spacing = 0.0  # between the lines so far: wide leading is no gap
    last_page_row = grid.pages[row.page - 1][1]
    for number in range(start[0] + 1, min(last_page_row, start[0] + 24)):
        below = grid.rows[number]
        gap = below.y0 - bottom
        allowed = max(1.35 * max(height, below.height), 1.2 * spacing) if passage.lines else reach * max(height, below.height)
        if gap > allowed and not (len(passage.lines) == 1 and with_first and gap <= 1.8 * height):
            break
        for first, end in below.cells:
            left = below.words[first].x0
            slack = 0.7 * height if settled else 2.6 * height
            if abs(left - x0) > slack and not (not settled and left < x1 and below.words[end - 1].x1 > x0):
                continue
            tight = gap <= 0.6 * height and not below.words[end - 1].text.endswith(":")
            if passage.lines and is_label_cell(found, number, first, end, parties=not tight):
                return passage
            if not settled:
                x0, settled = left, True
            spacing = max(spacing, gap) if passage.lines else spacing
            passage.lines.append((number, first, end))
            bottom = below.y1
            break
        if len(passage.lines) > 12:
            break
    return passage


def is_label_cell(found: Candidates, number: int, first: int, end: int, parties: bool = True) -> bool:
    """A cell that opens another passage or another field ("Ship to", "Invoice no"). Without `parties`, words for parties open none."""
    hits = [h for h in found.cues[number] if first <= h.first and h.end <= end]
    cues = frozenset().union(*(h.cues for h in hits)) if hits else frozenset()
    covered = sum(h.end - h.first for h in hits)
    words = sum(t.wordy for t in found.grid.rows[number].words[first:end])
    if parties and cues & {Cue.BUYER, Cue.SELLER, Cue.SHIP_TO} and covered >= words:
        return True
    return bool(cues & {Cue.INVOICE, Cue.DATE, Cue.PAYABLE, Cue.TERMS, Cue.CREDIT} and Cue.CONTACT not in cues and covered * 2 >= words)
