"""What sets a sender's name apart where it stands: large or first at the top, over an address, before the numbers of a firm."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.parsing import plain
from app.extractors.candidates import Candidates
from app.extractors.common_words import is_common
from app.extractors.grid import Grid
from app.extractors.labels import cues_in, label_words
from app.extractors.lexicon import Cue
from app.extractors.names import (
    DOMAIN,
    OWNER,
    address_like,
    legal_form,
    post_code,
)
from app.extractors.passages import Line, passage_below, text_of

_HARMLESS = {Cue.NAME, Cue.OF, Cue.OTHER_DATE}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What sets a sender's name apart, whoever the addressee is. `usual`: the usual height of a row."""

    found: Candidates
    usual: float

    def weigh(self, line: Line, text: str, words: tuple[str, ...], end: int) -> tuple[float, bool, bool]:
        """The merit; whether a firm's numbers stand with the name; whether the line goes on with them, or with an address: an imprint.
        `end`: where the cell ends that it stands in."""
        grid = self.found.grid
        number, first, stop = line
        row = grid.rows[number]
        company = legal_form(text)
        squeezed = "".join(words)
        merit = 0.28 if company else 0.0
        position = row.y0 / grid.sizes[row.page - 1][1]
        if row.page == 1:
            size = max(spot.y1 - spot.y0 for spot in row.words[first:stop]) / max(self.usual, 0.1)
            merit += 0.2 if position < 0.12 else 0.12 if position < 0.25 else 0.0
            merit += 0.16 if number <= grid.pages[0][0] + 1 else 0.0
            merit += 0.2 if size > 1.35 and position < 0.3 else 0.0
        merit += 0.1 if position > 0.85 else 0.0
        beside = self._imprint(number, stop, end) if stop < end else 0.0  # a sender's address on one line begins with the sender
        below = contacts_below(self.found, line) if not beside and merit >= 0.1 else 0.0
        merit += beside + below
        merit -= 0.0 if company or not cues_in(label_words(text)) - _HARMLESS else 0.12
        merit -= 0.6 if self._is_bank(line, text) else 0.0
        merit -= 0.3 if text[-1].isdigit() else 0.0
        merit -= 0.8 if words[0] in OWNER else 0.0
        if not company:
            merit -= 0.4 if _heads_value(grid, line) else 0.0
            merit -= 0.3 if text.endswith(".") else 0.0
            merit -= 0.25 if len(words) > 5 else 0.0
            merit -= 0.3 if len(words) > 2 and sum(word[0].islower() for word in text.split()) * 2 > len(words) else 0.0  # a sentence
            merit -= 0.2 if sum(map(is_common, words)) * 5 >= 2 * len(words) else 0.0  # "Thank you for shopping with us"
        merit -= 0.2 if len(words) == 1 and len(squeezed) < 4 else 0.0
        return merit, beside == _NUMBERED_BESIDE or below == _NUMBERED_BELOW, beside > 0

    def _imprint(self, number: int, first: int, end: int) -> float:
        """What its numbers, its address or where it is reached say for the name before them, as at the foot of a page."""
        text = self.found.grid.rows[number].span(first, end)
        if any(map(str.isdigit, text)) and cues_in(plain(text)) & _OF_A_FIRM:
            return _NUMBERED_BESIDE
        if any(c.row == number and first <= c.first < end for c in self.found.of("vat_id")):
            return _NUMBERED_BESIDE  # "TVA FR83 862876554"
        return 0.35 if post_code(text) or DOMAIN.search(text) else 0.0

    def _is_bank(self, line: Line, text: str) -> bool:
        """Whether a name is that of the bank that keeps the account: labelled so, or a bank's by its words and its account comes next."""
        row = self.found.grid.rows[line[0]]
        begin = row.cells[row.cell_of[line[1]]][0]
        label, colon, _ = text.rpartition(":")
        if Cue.BANK in cues_in(plain(row.span(begin, line[1]) + " " + label)):
            return True
        if colon or Cue.BANK not in cues_in(label_words(text)):
            return False
        beside = row.span(line[2], min(line[2] + 2, len(row.words)))
        below = passage_below(self.found, line, with_first=True).lines[1:2]
        return any(cues_in(plain(near)[:2]) & _ACCOUNT for near in (beside, *(text_of(self.found.grid, under) for under in below)))


_NUMBERED_BESIDE, _NUMBERED_BELOW = 0.45, 0.28
"""What it says for a name that the numbers of a firm stand with it: VAT, tax, register, bank account."""


_ACCOUNT = {Cue.IBAN, Cue.BIC, Cue.ACCOUNT}
_OF_A_FIRM = {Cue.VAT_NUMBER, Cue.TAX_NUMBER, Cue.REGISTER, Cue.IBAN}


def _heads_value(grid: Grid, line: Line) -> bool:
    """Whether a cell is the head of a value: digits stand right under it."""
    row = grid.rows[line[0]]
    if line[0] + 1 >= grid.pages[row.page - 1][1]:
        return False
    below = grid.rows[line[0] + 1]
    x0, x1 = row.words[line[1]].x0, row.words[line[2] - 1].x1
    cells = [(a, b) for a, b in below.cells if below.words[a].x0 < x1 and below.words[b - 1].x1 > x0]
    return below.y0 - row.y1 < 1.5 * row.height and bool(cells) and not any(map(str.isalpha, below.span(*cells[0])))


def contacts_below(found: Candidates, line: Line) -> float:
    """What an address, a telephone number or the numbers of a firm say for the name above them, as on a letterhead.

    They stand flush with it or centred under it; at the foot of a page the numbers stand beside it too.
    """
    grid = found.grid
    row = grid.rows[line[0]]
    left, right = row.words[line[1]].x0, row.words[line[2] - 1].x1
    below = [text_of(grid, under) for under in passage_below(found, line, with_first=True).lines[1:9]]
    if not below and line[0] + 1 < grid.pages[row.page - 1][1]:
        under = grid.rows[line[0] + 1]
        if under.y0 - row.y1 < 1.5 * row.height:
            below = [
                under.span(a, b) for a, b in under.cells if abs(under.words[a].x0 + under.words[b - 1].x1 - left - right) < 2 * row.height
            ]
    if row.y0 > 0.8 * grid.sizes[row.page - 1][1]:
        last = min(line[0] + 4, grid.pages[row.page - 1][1])
        below += [other.span(*cell) for other in grid.rows[line[0] : last] for cell in other.cells if cell[0] != line[1]]
    merit = 0.0
    for text in below:
        cues = cues_in(plain(text)[:3])
        if cues & _OF_A_FIRM and any(map(str.isdigit, text)):
            return _NUMBERED_BELOW
        if address_like(text) or DOMAIN.search(text) or Cue.PHONE in cues:
            merit = 0.16
    return merit
