"""Dates of a recognized page whose month, in letters, was read with digits for letters or with letters that look like its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from app.domain.parsing import DateOrder, parse_month
from app.extractors.candidate import Candidate
from app.extractors.grammar import dates
from app.extractors.grid import Row

COST = 0.3
_WORD = re.compile(r"[^\W_]{3,10}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LOOKS_LIKE = (("0", "o"), ("1", "l"), ("5", "s"), ("8", "b"), ("I", "l"), ("l", "J"), ("i", "J"), ("v", "y"), ("D", "O"), ("rn", "m"))
"""What is recognized instead of a letter of a month: 0ct, Ju1, 5ep, Fe8, JuI, lan, Mav, Dct."""


def mended_dates(number: int, row: Row, order: DateOrder) -> Iterator[Candidate]:
    """Dates with such a month, in a row that has a year and where nothing else was recognized to be one."""
    if not row.read or not _YEAR.search(row.text):
        return
    changed: set[int] = set()
    parts = list(row.text)
    for match in _WORD.finditer(row.text):
        month = None if parse_month(match[0]) else _month_like(match[0])
        if month and len(month) == len(match[0]):
            parts[match.start() : match.end()] = month
            changed.add(row.word_at(match.start()))
    if changed:
        for candidate in dates(number, replace(row, text="".join(parts)), order):
            if not changed.isdisjoint(range(candidate.first, candidate.end)):
                yield candidate._replace(cost=COST)


@lru_cache(maxsize=4096)
def _month_like(word: str) -> str | None:
    """The month that a word is once one kind of its characters is taken for what it looks like."""
    tries = (word.replace(seen, meant) for seen, meant in _LOOKS_LIKE if seen in word)
    return next((other for other in tries if other.isalpha() and parse_month(other)), None)
