"""Addresses without a label: in the window of an envelope, or in a block high on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.parsing import plain
from app.extractors.candidates import Candidates
from app.extractors.grid import Grid
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue
from app.extractors.names import DOMAIN, SALUTATION, address_like, is_country, legal_form, name_like, post_code
from app.extractors.passages import Line, Passage, is_label_cell, passage_below, text_of

_SEPARATOR = re.compile(r"\s[-–—·•|*∙]\s|[·•|∙,]\s")


def address_passages(found: Candidates, items: frozenset[int], known: list[Passage]) -> list[Passage]:
    """Unlabelled passages of two to eight lines that end in a post code and a city, on the first page."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    passages: list[Passage] = []
    if not grid.pages:
        return passages
    for number in range(*grid.pages[0]):
        row = grid.rows[number]
        if number in items:
            break
        for first, end in row.cells:
            if (number, first) in taken or end - first > 8 or not post_code(row.span(first, end)):
                continue
            lines = [(number, first, end)]
            x0, top, spacing = row.words[first].x0, row.y0, 0.0
            middle = x0 + row.words[end - 1].x1
            for upper in range(number - 1, max(-1, number - 14), -1):
                above = grid.rows[upper]
                gap = top - above.y1
                if above.page != row.page or gap > max(1.3 * row.height, 1.2 * spacing):
                    break
                cell = next(((a, b) for a, b in above.cells if abs(above.words[a].x0 - x0) < 0.7 * row.height), None) or next(
                    ((a, b) for a, b in above.cells if abs(above.words[a].x0 + above.words[b - 1].x1 - middle) < 0.4 * row.height), None
                )
                if cell is None:
                    continue
                if is_label_cell(found, upper, *cell) or (upper, cell[0]) in taken or post_code(above.span(*cell)):
                    break
                spacing = max(spacing, gap)
                lines.insert(0, (upper, *cell))
                top = above.y0
                if len(lines) >= 7 or above.span(*cell).strip(".").lower() in SALUTATION:
                    break  # a salutation in a line of its own opens an address
            lines = lines[_is_heading(grid, lines) :]
            if len(lines) >= 2:
                passages.append(Passage(lines))
    return passages


def _is_heading(grid: Grid, lines: list[Line]) -> bool:
    """Whether the first line of an address is a label that we do not know: it ends in a colon, and a name follows."""
    if len(lines) < 3:
        return False
    text, under = text_of(grid, lines[0]), text_of(grid, lines[1])
    return text.endswith(":") and name_like(under) and not address_like(under) and plain(text)[:1] not in [(word,) for word in SALUTATION]


def blocks_high_up(found: Candidates, items: frozenset[int], known: list[Passage]) -> Iterator[Passage]:
    """Lines high on the first page that look like an address without a post code that we know: a name, then figures or a country."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    for line in cells_high_up(found, items):
        if (line[0], line[1]) in taken:
            continue
        lines = passage_below(found, line, with_first=True).lines
        free = not any((below[0], below[1]) in taken for below in lines)
        taken |= {(below[0], below[1]) for below in lines}
        rows = {below[0] for below in lines}
        texts = [text_of(grid, below) for below in lines]
        place = any(is_country(plain(text)) or (any(map(str.isdigit, text)) and any(map(str.isalpha, text))) for text in texts[1:])
        if (
            free
            and 3 <= len(lines) <= 7
            and place
            and ":" not in texts[0]
            and (legal_form(texts[0]) or not any(map(str.isdigit, texts[0])))
            and not any(c.decimals == 2 and c.row in rows for c in found.of("amount"))
        ):
            yield Passage(lines)


def cells_high_up(found: Candidates, items: frozenset[int]) -> Iterator[Line]:
    """Of the first page's upper half, down to the items."""
    grid = found.grid
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if number in items or row.y0 > 0.5 * grid.sizes[0][1]:
            return
        yield from ((number, *cell) for cell in row.cells)


_NOT_IN_ADDRESS = {Cue.REFERENCE, Cue.CUSTOMER, Cue.INVOICE, Cue.CREDIT, Cue.DATE, Cue.CONTRACT, Cue.PURCHASE, Cue.TOTAL}


def below_return_line(found: Candidates, items: frozenset[int], known: list[Passage]) -> Passage | None:
    """The addressee of a window envelope: the passage right under the sender's address on one line (DIN 5008 and its likes)."""
    grid = found.grid
    taken = {(line[0], line[1]) for passage in known for line in passage.lines}
    for number in range(*grid.pages[0]) if grid.pages else ():
        row = grid.rows[number]
        if row.y0 > 0.4 * grid.sizes[0][1] or number in items:
            break
        for first, end in row.cells:
            text = row.span(first, end)
            parts = [part for part in _SEPARATOR.split(text) if part.strip()]
            if len(parts) < 2 or end - first < 5 or len(text) > 110 or (number, first) in taken or cues_in(plain(text)) & _NOT_IN_ADDRESS:
                continue
            if not post_code(text) and not (len(parts) > 2 and _in_small_print(grid, number)):
                continue
            passage = passage_below(found, (number, first, end), with_first=False, reach=10.0)
            if any(
                abs(grid.rows[line[0]].words[line[1]].x0 - row.words[first].x0) > 1.5 * row.height or line[0] in items
                for line in passage.lines
            ):
                continue
            if 2 <= len(passage.lines) <= 8 and not any(DOMAIN.search(text_of(grid, line)) for line in passage.lines[:4]):
                return passage
    return None


def _in_small_print(grid: Grid, number: int) -> bool:
    """Whether a row is smaller than the next: as the sender's line over the window of an envelope is."""
    return number + 1 < len(grid.rows) and grid.rows[number].height < 0.85 * grid.rows[number + 1].height
