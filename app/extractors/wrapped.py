"""Values that a narrow column cut in two: begun at the end of a cell, gone on with under it. Accounts are told by their checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.domain.parsing import DateOrder, iban_is_valid, parse_iban, parse_month
from app.extractors.candidate import Candidate
from app.extractors.grammar import dates
from app.extractors.grid import Row

_HEAD = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{0,28}")
_GROUP = re.compile(r"[A-Z0-9]{1,30}")
_DAY = re.compile(r"\d{1,2}(?:[.,]|st|nd|rd|th|er|º|°|ª)?,?")
_CUT = re.compile(r"\d{1,2}([./-])\d{1,2}\1")
_ID_HEAD = re.compile(r"(?=.{2,20}$)[A-Z\d]+(?:[/-][A-Z\d]+)*[/-]")
_ID_REST = re.compile(r"\d[A-Z\d]*(?:[/-][A-Z\d]+)*")
_BETWEEN = frozenset(("de", "del", "of", "di"))
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
            if iban := next(filter(None, (_joined(head, below) for below in _below(rows, number, first, end, begin))), None):
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


def wrapped_ids(rows: Sequence[Row]) -> Iterator[Candidate]:
    """ "RE-2022-" over "645", as a column breaks a number behind its dash: each placed on the word that begins it."""
    for number, row in enumerate(rows):
        for first, end in row.cells:
            head = row.words[end - 1].text
            if not _ID_HEAD.fullmatch(head):
                continue
            below = next(
                (words for words in _below(rows, number, first, end, end - 1) if len(words) == 1 and _ID_REST.fullmatch(words[0])), None
            )
            if below:
                yield Candidate("id", head + below[0], number, end - 1, end)


def wrapped_dates(rows: Sequence[Row], order: DateOrder) -> Iterator[Candidate]:
    """ "13 November" over "2024", "13-11-" over "2024": each placed on the words that begin it."""
    for number, row in enumerate(rows):
        for first, end in row.cells:
            begin = _date_begun(row, first, end)
            if begin is None:
                continue
            head = [spot.text for spot in row.words[begin:end]]
            for below in _below(rows, number, first, end):
                found = _date_in(head, below[:3], order)
                if found:
                    yield found._replace(row=number, first=begin + found.first, end=end)
                    break


def _date_begun(row: Row, first: int, end: int) -> int | None:
    """The word at which a date may begin that the cell does not end."""
    i = end - 1
    if _CUT.fullmatch(row.words[i].text):
        return i
    while i > first and row.words[i].text in _BETWEEN:
        i -= 1
    if parse_month(row.words[i].text.strip(".,")) and not row.words[i].text[0].isdigit():
        return i - 1 if i > first and _DAY.fullmatch(row.words[i - 1].text) else max(first, i - 2)
    return i if i > first and _DAY.fullmatch(row.words[i].text) else None


def _date_in(head: list[str], below: list[str], order: DateOrder) -> Candidate | None:
    """A date of which some words are in `head` and some in `below`, which is none by itself."""
    if next(dates(0, _row_of(below), order), None):
        return None
    words = [head[-1] + below[0], *below[1:]] if _CUT.fullmatch(head[-1]) else [*head, *below]
    return next(
        (c for c in dates(0, _row_of(words), order) if c.first < len(head) and (c.end > len(head) or _CUT.fullmatch(head[-1]))), None
    )


def _row_of(words: list[str]) -> Row:
    starts = [sum(len(word) + 1 for word in words[:i]) for i in range(len(words))]
    return Row(1, [], [(0, len(words))], " ".join(words), starts, 0.0, 0.0)


def _below(rows: Sequence[Row], number: int, first: int, end: int, begin: int | None = None) -> Iterator[list[str]]:
    """The words of the cells right under a cell that are flush with it on the left or right, or with its word `begin`."""
    row = rows[number]
    lefts = [row.words[i].x0 for i in (first, begin) if i is not None]
    for other in rows[number + 1 : number + 1 + _ROWS_BELOW]:
        if other.page != row.page or other.y0 - row.y1 > row.height:
            return
        for left, right in other.cells:
            flush = abs(other.words[right - 1].x1 - row.words[end - 1].x1) < row.height
            if flush or any(abs(other.words[left].x0 - x0) < row.height for x0 in lefts):
                yield [spot.text for spot in other.words[left : min(right, left + _MOST_WORDS)]]


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
