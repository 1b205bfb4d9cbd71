"""Bank accounts that a narrow column cut in two: begun at the end of a cell, gone on with under it. Only their checksum tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.domain.parsing import iban_is_valid, parse_iban
from app.extractors.candidate import Candidate
from app.extractors.grid import Row

_HEAD = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{0,28}")
_GROUP = re.compile(r"[A-Z0-9]{1,30}")
_BANK = 8
"""Characters of an IBAN up to which letters may stand: behind them are digits in nearly all countries that print them for payers."""
_MOST_WORDS = 8
_ROWS_BELOW = 3


def wrapped_ibans(rows: Sequence[Row]) -> Iterator[Candidate]:
    """Each placed on the words that begin it."""
    for number, row in enumerate(rows):
        for first, end in row.cells:
            begin = _begun(row, first, end)
            if begin is None:
                continue
            head = "".join(spot.text for spot in row.words[begin:end])
            lefts = (row.words[first].x0, row.words[begin].x0)
            if iban := next(filter(None, (_joined(head, below) for below in _below(rows, number, lefts))), None):
                yield Candidate("iban", iban, number, begin, end)


def _begun(row: Row, first: int, end: int) -> int | None:
    """The word at which an account begins that the cell does not end."""
    for i in range(end - 1, max(first, end - _MOST_WORDS) - 1, -1):
        text = row.words[i].text
        if _HEAD.fullmatch(text):
            return None if iban_is_valid("".join(spot.text for spot in row.words[i:end])) else i
        if not _GROUP.fullmatch(text):
            return None
    return None


def _below(rows: Sequence[Row], number: int, lefts: tuple[float, float]) -> Iterator[list[str]]:
    """The words of the cells right under a row that begin where it, or the account in it, begins."""
    row = rows[number]
    for other in rows[number + 1 : number + 1 + _ROWS_BELOW]:
        if other.page != row.page or other.y0 - row.y1 > row.height:
            return
        for first, end in other.cells:
            if any(abs(other.words[first].x0 - left) < row.height for left in lefts):
                yield [spot.text for spot in other.words[first : min(end, first + _MOST_WORDS)]]


def _joined(head: str, words: list[str]) -> str | None:
    text = head
    for word in words:
        part = word.rstrip(".,;)")
        if not _GROUP.fullmatch(part):
            return None
        text += part
        if iban := parse_iban(text):
            return iban if len(iban) == len(text) and iban[_BANK:].isdigit() and iban_is_valid(iban) else None
        if part != word:
            return None
    return None
