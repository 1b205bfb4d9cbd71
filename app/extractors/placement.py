"""Where a value that is already known stands on the pages: exact text search, no reading.

The visible words of all pages are one string without white space, in reading order, so that an IBAN in groups of four, a name over
two words and an amount with spaced thousands are each found as one piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from unicodedata import normalize

from app.domain.document import BoundingBox, Mark, Page
from app.domain.parsing import month_names

_HIDDEN = int(Mark.HIDDEN)
_TRIES = 200  # places looked at for one written form; a digit alone could stand anywhere


@dataclass(frozen=True, slots=True)
class Place:
    """`start` and `end`: offsets in the text searched, for a search that goes on from here."""

    page: int
    words: tuple[int, ...]
    box: BoundingBox
    start: int
    end: int


class Places:
    """The searchable text of some pages."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        parts: list[str] = []
        self._starts: list[int] = []  # of each word kept, ascending
        self._words: list[tuple[int, int]] = []  # (index into pages, index into its words), in the same order
        position = 0
        for page_index, page in enumerate(pages):
            for word_index, text in enumerate(page.words.texts):
                if page.words.marks[word_index] & _HIDDEN:
                    continue
                low = compact(text)
                parts.append(low)
                self._starts.append(position)
                self._words.append((page_index, word_index))
                position += len(low)
            parts.append("\n")
            position += 1
        self._text = "".join(parts)

    def find(self, forms: Sequence[str], start: int = 0, end: int | None = None, last: bool = False) -> Place | None:
        """The first (or last) place between the offsets where one of the forms stands as a whole; of two at the same place the longer."""
        best: tuple[int, int] | None = None
        stop = len(self._text) if end is None else end
        for form in forms:
            offset = self._whole(form, start, stop, last) if form else None
            if offset is None:
                continue
            found = (offset, offset + len(form))
            if best is None or (found[0] > best[0] if last else found[0] < best[0]) or (found[0] == best[0] and found[1] > best[1]):
                best = found
        return self._place(*best) if best else None

    def row_start(self, place: Place) -> int:
        """The offset of the first word on the visual line on which `place` begins."""
        index = bisect_right(self._starts, place.start) - 1
        page_index, word_index = self._words[index]
        words = self._pages[page_index].words
        row = words.line(word_index)
        while index > 0 and self._words[index - 1][0] == page_index and words.line(self._words[index - 1][1]) == row:
            index -= 1
        return self._starts[index]

    def _whole(self, form: str, start: int, stop: int, last: bool) -> int | None:
        text = self._text
        for _ in range(_TRIES):
            offset = text.rfind(form, start, stop) if last else text.find(form, start, stop)
            if offset < 0:
                return None
            if self._is_whole(offset, offset + len(form)):
                return offset
            if last:
                stop = offset + len(form) - 1
            else:
                start = offset + 1
        return None

    def _is_whole(self, start: int, end: int) -> bool:
        """Not a part of a longer word or number. Between words anything may stand next to it."""
        text = self._text
        at = bisect_right(self._starts, start) - 1
        if self._starts[at] != start:
            before = text[start - 1]
            if _runs_on(before, text[start]) or (before in ".,-/" and start - 1 > self._starts[at]):
                return False
        following = bisect_right(self._starts, end - 1)
        limit = self._starts[following] if following < len(self._starts) else len(text)
        rest = text[end:limit].rstrip("\n")
        return not rest or not (_runs_on(rest[0], text[end - 1]) or (len(rest) > 1 and rest[0] in ".,-/" and rest[1].isalnum()))

    def _place(self, start: int, end: int) -> Place | None:
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        page_index = self._words[first][0]
        if self._words[last][0] != page_index:
            return None
        indices = tuple(word for page, word in self._words[first : last + 1] if page == page_index)
        page = self._pages[page_index]
        return Place(page.number, indices, BoundingBox.around([page.words.box(i) for i in indices]), start, end)


def _runs_on(outside: str, inside: str) -> bool:
    """Whether a character next to a match continues it. Letters do not continue a number: "EUR1.50", "12kg"."""
    return outside.isalnum() and (outside.isdigit() or not inside.isdigit())


def compact(text: str) -> str:
    """As the text is searched: lower case, no white space, no accents."""
    low = "".join(text.lower().split())
    return low if low.isascii() else "".join(_base(character) for character in low)


@cache
def _base(character: str) -> str:
    return normalize("NFKD", character)[0]


def forms_of(value: str | Decimal | date) -> tuple[str, ...]:
    """How a value may be written, compact."""
    if isinstance(value, Decimal):
        return _number_forms(value)
    if isinstance(value, date):
        return _date_forms(value)
    return (compact(value),)


def amount_forms(value: Decimal) -> tuple[str, ...]:
    """As `forms_of`, but never without its cents: a plain 10 on a page is rarely the amount 10.00."""
    return _number_forms(value, least=2)


def _number_forms(value: Decimal, least: int = 0) -> tuple[str, ...]:
    """1234.50 as 1234.50 1,234.50 1.234,50 1'234.50 1234,50 (also "1 234,50"); zeros that end it may be left out down to `least`."""
    sign = "-" if value < 0 else ""
    whole, _, fraction = format(abs(value), "f").partition(".")
    grouped = f"{int(whole):,}"
    short = fraction.rstrip("0")
    forms: dict[str, None] = {}
    for decimals in dict.fromkeys((fraction.ljust(least, "0"), short.ljust(2, "0"), short.ljust(least, "0"))):
        for digits, mark in (
            (whole, "."),
            (grouped, "."),
            (grouped.replace(",", "."), ","),
            (whole, ","),
            (grouped.replace(",", "'"), "."),
        ):
            forms[sign + digits + (mark + decimals if decimals else "")] = None
    return tuple(forms)


def _date_forms(day: date) -> tuple[str, ...]:
    """In digits, in the usual orders."""
    y, m, d = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    forms = [f"{y}-{m}-{d}", f"{y}/{m}/{d}", y + m + d]
    for mark in "./-":
        forms += [f"{d}{mark}{m}{mark}{y}", f"{day.day}{mark}{day.month}{mark}{y}", f"{d}{mark}{m}{mark}{y[2:]}", f"{m}{mark}{d}{mark}{y}"]
    return tuple(dict.fromkeys(forms))


def worded_dates(day: date) -> tuple[str, ...]:
    """With the month as a word, in every language that we know."""
    forms: list[str] = []
    y = str(day.year)
    for name, month in month_names().items():
        if month != day.month:
            continue
        for number in dict.fromkeys((str(day.day), f"{day.day:02}")):
            forms += [f"{number}{name}{y}", f"{number}.{name}{y}", f"{number}-{name}-{y}", f"{name}{number},{y}", f"{number}{name}.{y}"]
    return tuple(dict.fromkeys(forms))
