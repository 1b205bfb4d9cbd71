"""Whether 04/05/2024 is in April or in May, by the document's own evidence, the strongest first.

Dates that can be read one way only; a term ("30 days") that lies between two dates in one order alone; a number that holds the month and
the year; the United States by their money and places, other countries by theirs; the language: few write the month first, and only in
English.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from typing import NamedTuple

from app.domain.parsing import DateOrder, make_date
from app.extractors.common_words import language_of
from app.extractors.grammar import NUMERIC_DATE
from app.extractors.grid import Grid

MOST_DATES = 12
"""That are compared with one another."""


class Order(NamedTuple):
    """`known`: the document says so; False where it is only what is commoner."""

    order: DateOrder
    known: bool


def date_order(grid: Grid) -> Order:
    dmy = mdy = ydm = ymd = 0
    us = places = 0
    both_ways: dict[tuple[int, int, int], None] = {}
    text = "\n".join(row.text for row in grid.rows)
    for row in grid.rows:
        for match in NUMERIC_DATE.finditer(row.text):
            first, second, third = match[1], int(match[3]), int(match[4])
            if len(first) == 4:
                ydm += second > 12
                ymd += third > 12
            elif int(first) > 12 or match[2] == ".":
                dmy += 1
            elif second > 12:
                mdy += 1
            else:
                both_ways[int(first), second, third] = None
        here = len(_US_PLACE.findall(row.text))
        us += here
        places += here
        if us < 3 and "$" in row.text:
            us += 1
    if ydm > ymd:
        return Order("ydm", True)
    if dmy or mdy:
        return Order("mdy" if mdy > dmy else "dmy", dmy != mdy)
    if by_term := _by_term(list(both_ways)[:MOST_DATES], text):
        return Order(by_term, True)
    foreign = language_of(grid) not in ("en", None)
    if any(row.read for row in grid.rows[:1]) and (told := _by_number(grid) or ("dmy" if foreign else None)):
        return Order(told, True)
    elsewhere = _ELSEWHERE.search(text) is not None
    if us >= 3 and (places or not elsewhere):  # a "$" alone is also Singapore's, or whatever stands on the till's keys
        return Order("mdy", True)
    return Order("dmy", not both_ways or foreign or elsewhere)


def _by_term(dates: list[tuple[int, int, int]], text: str) -> DateOrder | None:
    """The one order in which two dates lie as many days apart as the document gives to pay."""
    terms = {int(match[1] or match[2]) for match in _TERM.finditer(text)}
    votes: Counter[DateOrder] = Counter()
    for (a, b, year), (c, d, other_year) in combinations(dates, 2) if terms else ():
        for order, one, other in (
            ("dmy", make_date(year, b, a), make_date(other_year, d, c)),
            ("mdy", make_date(year, a, b), make_date(other_year, c, d)),
        ):
            if one and other and abs((other - one).days) in terms:
                votes["dmy" if order == "dmy" else "mdy"] += 1
    return votes.most_common(1)[0][0] if len(votes) == 1 else None


def _by_number(grid: Grid) -> DateOrder | None:
    """The order that a number tells that holds the month and the year ("FA07/2018/12" beside 05/07/2018)."""
    months = {(int(m[2]), int(m[1])) for row in grid.rows for m in _NUMBERED_BY_MONTH.finditer(row.text)}
    votes: Counter[DateOrder] = Counter()
    for row in grid.rows if months else ():
        for match in NUMERIC_DATE.finditer(row.text):
            if len(match[1]) == 4 and int(match[3]) != int(match[4]):
                year, one, other = int(match[1]), int(match[3]), int(match[4])
                votes["ydm"] += (year, other) in months
                votes["dmy"] += (year, one) in months
            elif len(match[4]) == 4 and int(match[1]) != int(match[3]):
                year, one, other = int(match[4]), int(match[1]), int(match[3])
                votes["mdy"] += (year, one) in months
                votes["dmy"] += (year, other) in months
    ranked = votes.most_common(2)
    if ranked and ranked[0][1] and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0]
    return None


def is_open(text: str) -> bool:
    """Whether a date as written has another reading with day and month changed over."""
    match = NUMERIC_DATE.search(text)
    return bool(match and match[2] != "." and len(match[1]) < 3 and int(match[1]) <= 12 and int(match[3]) <= 12 and match[1] != match[3])


_TERM = re.compile(r"(?<!\d)(?:net(?:to)? (\d{1,3})(?!\d)|(\d{1,3}) (?:days|tagen?|jours|dagen|giorni|d[ií]as|dni)\b)", re.IGNORECASE)
_NUMBERED_BY_MONTH = re.compile(r"(?<![\d/.-])[0Oo]{0,2}([1-9]|1[0-2])/(20\d\d)(?!\d)")
_US_PLACE = re.compile(r"\b(?:USD|USA|U\.S\.A?|United States|[A-Z]{2}\.?,? \d{5}(?:-\d{4})?)(?!\w)")
_ELSEWHERE = re.compile(
    r"£|€|₹|\b(?:GBP|EUR|INR|AUD|NZD|MYR|SGD|ZAR|RM|VAT|GST|ABN|United Kingdom|Ireland|India|Australia|New Zealand|Malaysia)\b"
)
