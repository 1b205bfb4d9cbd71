"""What a party's name looks like, and the lines over and under it: whether it is a name, a half of one, or a word above an address."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.parsing import plain
from app.extractors.candidate import Candidate
from app.extractors.common_words import is_common
from app.extractors.grid import Grid, Row
from app.extractors.labels import cues_in
from app.extractors.names import address_like, is_country, legal_form, name_like, stops_short

HALF, NAME, ADDRESS = 2.0, 1.0, -1.0
"""What the line next to a name is: in the same type, so that it may be the other half of it; another name; an address. Else 0."""


def form_of_name(text: str) -> dict[str, float]:
    words = plain(text)
    return {
        "words": len(words),
        "legal_form": legal_form(text),
        "common": sum(map(is_common, words)) / max(1, len(words)),
        "capitals": text.isupper(),
        "cues_in_name": len(cues_in(words)),
        "figures": any(map(str.isdigit, text)) or address_like(text),
        "unfinished": stops_short(text),
    }


def lines_around_name(grid: Grid, c: Candidate, text: str) -> dict[str, float]:
    below = _flush(grid, c, range(c.row + 1, c.row + 13), 6.0)
    above = _flush(grid, c, range(c.row - 3, c.row), 1.0)
    return {
        "address_below": any(map(address_like, below)),
        "name_above": any(name_like(line) and not address_like(line) and not cues_in(plain(line)) for line in above),
        "line_above": _next_line(grid, c, range(c.row - 1, c.row - 4, -1), text),
        "line_below": _next_line(grid, c, range(c.row + 1, c.row + 4), text),
    }


def _flush(grid: Grid, c: Candidate, numbers: range, reach: float) -> Iterator[str]:
    """The cells of these rows that stand flush left with a candidate, no further from it than so many heights of its row. Between them
    may be rows of another column."""
    row = grid.rows[c.row]
    x0 = row.words[min(c.first, len(row.words) - 1)].x0
    for other in (grid.rows[number] for number in numbers if 0 <= number < len(grid.rows)):
        if other.page == row.page and max(row.y0 - other.y1, other.y0 - row.y1) < reach * row.height:
            yield from (other.span(*cell) for cell in other.cells if abs(other.words[cell[0]].x0 - x0) < 0.7 * row.height)


def _next_line(grid: Grid, c: Candidate, numbers: range, text: str) -> float:
    """What the nearest cell in these rows is that stands under, or over, a name, flush left or centred with it."""
    row = grid.rows[c.row]
    words = row.words[c.first : c.end] or row.words[-1:]
    left, both = words[0].x0, words[0].x0 + words[-1].x1
    for other in (grid.rows[number] for number in numbers if 0 <= number < len(grid.rows)):
        if other.page != row.page or max(row.y0 - other.y1, other.y0 - row.y1) > 0.9 * row.height:
            return 0.0
        for first, end in other.cells:
            x0, x1 = other.words[first].x0, other.words[end - 1].x1
            if abs(x0 - left) < 0.7 * row.height or abs(x0 + x1 - both) < row.height:
                line = other.span(first, end)
                return _kind(line, _alike(row, other, words[0].bold, first)) if not text.endswith(line) else 0.0
    return 0.0


def _alike(row: Row, other: Row, bold: bool, first: int) -> bool:
    return abs(other.height / row.height - 1) < 0.15 and other.words[first].bold == bold


def _kind(line: str, alike: bool) -> float:
    words = plain(line)
    if address_like(line):
        return ADDRESS
    labelled = bool(cues_in(words)) and not legal_form(line)  # "Inc." is a word of totals too
    if not words or not name_like(line) or labelled or is_country(words) or any(map(str.isdigit, line)):
        return 0.0
    return HALF if alike else NAME
