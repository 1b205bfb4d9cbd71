"""Identifiers of a recognized page that another reading explains better: O for 0, I for 1, where the page gives evidence."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice, product

from app.domain.parsing import plain
from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.confusions import DIGITS

_SURE = frozenset("OoIl|SB")  # letters that are taken for digits often enough to think of it unasked
_SEGMENTS = re.compile(r"([^\W_]+)")
_PREFIX = re.compile(r"([^\W\d_]{2,6})([OIl])(\d{2,})")
_MONTH_YEAR = re.compile(r"(?<!\d)(0[1-9]|1[0-2])\D?(20\d\d)(?!\d)")
_YEAR_MONTH = re.compile(r"(?<!\d)(20\d\d)\D?(0[1-9]|1[0-2])(?=\D|\d{3})")
NEAR = 3  # rows over an identifier in which its label may stand


def settled(found: Candidates, choice: Choice, issued: date | None) -> Choice:
    """The choice, or the reading of its text that the page bears out: less sure, and at the cost of its changes."""
    c = choice.candidate
    if c is None or not found.grid.rows[c.row].read:
        return choice
    text = str(choice.value)
    elsewhere = {str(other.value) for other in found.of("id") if (other.row, other.first) != (c.row, c.first)}
    best: tuple[float, str, float] | None = None
    for reading, cost in readings(text):
        support = _support(found, c, text, reading, elsewhere, issued)
        if support and (best is None or support - cost > best[0]):
            best = (support - cost, reading, cost)
    if best is None:
        return choice
    _, reading, cost = best
    return Choice(reading, round(0.92 * choice.confidence, 3), c._replace(value=reading, cost=round(cost, 3)), choice.source)


def readings(text: str) -> list[tuple[str, float]]:
    """Other readings of an identifier, with what they cost; none where it holds no letter that is taken for a digit."""
    parts = _SEGMENTS.split(text)
    ways = [_ways(part) if i % 2 else [(part, 0.0)] for i, part in enumerate(parts)]
    found: dict[str, float] = {}
    for combination in islice(product(*ways), 48):
        reading, cost = "".join(part for part, _ in combination), sum(cost for _, cost in combination)
        if reading != text:
            found[reading] = min(cost, found.get(reading, cost))
    return list(found.items())


def _ways(segment: str) -> list[tuple[str, float]]:
    """A run of letters and digits, and how else it may have been printed."""
    ways = [(segment, 0.0)]
    if sum(map(str.isdigit, segment)) < 1:
        return ways
    head = len(segment) - len(segment.lstrip("".join(c for c in segment if c.isalpha())))
    rest = segment[head:]
    if any(c in _SURE for c in rest):
        ways.append((segment[:head] + "".join(DIGITS[c][0] if c in _SURE else c for c in rest), 0.25 * sum(c in _SURE for c in rest)))
    if head > 1 and segment[head - 1] in "OoIl":
        ways.append((segment[: head - 1] + DIGITS[segment[head - 1]][0] + "".join(DIGITS[c][0] if c in _SURE else c for c in rest), 0.25))
    for twice, cost in (("0O", 0.2), ("O0", 0.6)):  # one zero, read as both
        if twice in segment:
            ways.append((segment.replace(twice, "0", 1), cost))
    return ways


def _support(found: Candidates, c: Candidate, text: str, reading: str, elsewhere: set[str], issued: date | None) -> float:
    """How much the page speaks for a reading that it does not for the text as recognized: 0 not at all, 2 proof."""
    if issued and _tells(reading, issued) and not _tells(text, issued):
        return 2.0
    if reading in elsewhere and text not in elsewhere:
        return 2.0
    segments = zip(_SEGMENTS.findall(text), _SEGMENTS.findall(reading), strict=False)
    changed = [(old, new) for old, new in segments if old != new]
    if all(new.isdigit() and sum(map(str.isdigit, old)) >= 3 and old[0].isdigit() for old, new in changed):
        return 1.0  # the only letter in a number
    prefixed = [_PREFIX.fullmatch(old) for old, _ in changed]
    if all(match and _abbreviates(found, c, match[1], match[2]) for match in prefixed):
        return 0.8
    return 0.0


def _tells(text: str, issued: date) -> bool:
    """Whether an identifier holds the month and the year of a date."""
    told = {(int(m[2]), int(m[1])) for m in _MONTH_YEAR.finditer(text)} | {(int(m[1]), int(m[2])) for m in _YEAR_MONTH.finditer(text)}
    return (issued.year, issued.month) in told


def _abbreviates(found: Candidates, c: Candidate, prefix: str, letter: str) -> bool:
    """Whether the letters before the number shorten a word that stands near ("FA" under "Facture"), and do not with one letter more."""
    short, longer = "".join(plain(prefix)), "".join(plain(prefix + letter))
    rows = found.grid.rows
    near = [row for row in rows[max(0, c.row - NEAR) : c.row + 1] if row.page == rows[c.row].page]
    words = {word for row in near for spot in row.words for word in plain(spot.text) if word.isalpha()}
    return any(word.startswith(short) for word in words) and not any(word.startswith(longer) for word in words)
