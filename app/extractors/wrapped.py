"""Bank accounts that a narrow column cut in two: begun at the end of a cell, gone on with under it. Only their checksum tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.domain.parsing import iban_is_valid, parse_iban
from app.extractors.candidate import Candidate
from app.extractors.grid import Row

_BEGUN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,30})*$")
_BANK = 8
"""Characters of an IBAN up to which letters may stand: behind them are digits in nearly all countries that print them for payers."""
_ROWS_BELOW = 3
_MOST_WORDS = 8


def wrapped_ibans(rows: Sequence[Row]) -> Iterator[Candidate]:
    """Each placed on the words that begin it."""
    for number, row in enumerate(rows):
        for first, end in row.cells:
            match = _BEGUN.search(row.span(first, end))
            if not match or iban_is_valid(match[0].replace(" ", "")):
                continue
            begin = end - len(match[0].split())
            lefts = (row.words[first].x0, row.words[begin].x0)
            iban = next(filter(None, (_joined(match[0], below) for below in _below(rows, number, lefts))), None)
            if iban:
                yield Candidate("iban", iban, number, begin, end)


def _below(rows: Sequence[Row], number: int, lefts: tuple[float, ...]) -> Iterator[list[str]]:
    """The words of the cells right under a row that begin where it, or the account in it, begins; or at the margin, as a paragraph does."""
    row = rows[number]
    for other in rows[number + 1 : number + 1 + _ROWS_BELOW]:
        if other.page != row.page or other.y0 - row.y1 > row.height:
            return
        for first, end in other.cells:
            if any(abs(other.words[first].x0 - left) < row.height for left in lefts):
                yield [spot.text for spot in other.words[first : min(end, first + _MOST_WORDS)]]


def _joined(begun: str, words: list[str]) -> str | None:
    text = begun
    for word in words:
        part = word.rstrip(".,;)")
        text += part
        iban = parse_iban(text)
        if iban:
            whole = len(iban) == sum(map(str.isalnum, text)) and iban[_BANK:].isdigit()
            return iban if whole and iban_is_valid(iban) else None
        if part != word or not part.isalnum():
            return None
    return None
