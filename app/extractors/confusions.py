"""How a word that was recognized from a picture may have been printed: letters for digits, lost and added marks, words cut in two.

Nothing is replaced. `variant` writes a row as its numbers may have been meant, with what each change costs, so that the grammar can look
there too; `misreading` says what it costs to read one printed number as another, so that arithmetic can ask for the number it needs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from app.extractors.grid import THIN, PlacedWord, Row

DIGITS = {
    **dict.fromkeys("Oo", ("0", 0.25)),
    **dict.fromkeys("Il", ("1", 0.25)),
    **dict.fromkeys("DQ", ("0", 0.4)),
    **dict.fromkeys("|!i", ("1", 0.4)),
    **dict.fromkeys("Ss", ("5", 0.3)),
    "B": ("8", 0.3),
    **dict.fromkeys("Zz", ("2", 0.35)),
    **dict.fromkeys("Gb", ("6", 0.4)),
    **dict.fromkeys("gq", ("9", 0.5)),
    "A": ("4", 0.6),
    "?": ("7", 0.6),
}
"""The digit that a letter may stand for, and what it costs to think so: the more usual, the less."""

CUT = 0.2
"""Joints that cost less than this join cents to their amount; the others may as well stand between two numbers."""

LETTERS = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z", "6": "G"}

_LIKE = "".join(re.escape(letter) for letter in DIGITS)
_NUMERIC = re.compile(r"[-+(]?\d+(?:[.,:/-]\d+){0,6}[.,]?\)?-?%?")
_BODY = re.compile(rf"(?P<head>[^\w]*)(?P<core>[\d{_LIKE}.,:/-]+)(?P<tail>\W*)")
_FRACTION = re.compile(rf"[\d{_LIKE}]{{1,4}}[.,][\d{_LIKE}]{{2}}")
_ALIKE = re.compile(r"(\d{1,3})([.,])(\d{3})\2(\d{2})")
"""Thousands and cents behind the same mark: one of the two was misread."""
_SIGN = re.compile(r"^(?P<sign>[<(«]?[€£EC(]|[<«])(?P<n>\d{1,3}(?:[.,]?\d{3}){0,3}[.,]\d{1,2})$")
_BEGUN = re.compile(r"[.,'’‚](?=\d{3}(?:[.,'’]\d{3})*[.,]\d{2}(?!\d))")
"""The mark before a group of three, where what stood before it was lost or is a word of its own."""
_PART = re.compile(r"[.,]\d{2}(?!\d)")


class Variant(NamedTuple):
    """A row written otherwise. `costs`: of the change in each word; `joints`: of joining each word to the one before."""

    row: Row
    costs: dict[int, float]
    joints: dict[int, float]

    def cost(self, first: int, end: int) -> float:
        """What all changes in the words from `first` to before `end` cost together; 0 if nothing there is changed."""
        own = sum(self.costs.get(i, 0.0) for i in range(first, end))
        return own + sum(self.joints.get(i, 0.0) for i in range(first + 1, end))


def variant(row: Row) -> Variant | None:
    """The row as its numbers may have been printed; None where no word gives reason for it."""
    texts: list[str] = []
    costs: dict[int, float] = {}
    for i, spot in enumerate(row.words):
        text, cost = as_number(spot.text)
        if cost and i and _BEGUN.match(spot.text) and re.fullmatch(r"\d{1,3}", row.words[i - 1].text):
            text, cost = spot.text, 0.0
        texts.append(text)
        if cost:
            costs[i] = cost
    joints: dict[int, float] = {}
    parts: list[str] = []
    starts: list[int] = []
    offset = 0
    for i, text in enumerate(texts):
        separator = row.text[row.starts[i] - 1] if i else ""
        if i and (joint := _joint(row, texts, i)) is not None:
            separator, joints[i] = joint
        parts.append(separator)
        offset += len(separator)
        starts.append(offset)
        parts.append(text)
        offset += len(text)
    if not costs and not joints:
        return None
    return Variant(replace(row, text="".join(parts), starts=starts), costs, joints)


@lru_cache(maxsize=4096)
def as_number(text: str) -> tuple[str, float]:
    """A word as the number that it may be, of the same length, and the cost; the word itself at no cost where it is none."""
    sign = _SIGN.match(text)
    if sign and not text[0].isdigit():
        return " " * len(sign["sign"]) + sign["n"], 0.2
    if _BEGUN.match(text):
        return " " + text[1:], 0.2
    body = _BODY.fullmatch(text)
    if body and (alike := _ALIKE.fullmatch(body["core"])):
        return f"{body['head']}{alike[1]}{',' if alike[2] == '.' else '.'}{alike[3]}{alike[2]}{alike[4]}{body['tail']}", 0.2
    if body is None or _NUMERIC.fullmatch(text):
        return text, 0.0
    core = body["core"]
    if core[-1] in "!|" and _NUMERIC.fullmatch(core[:-1]):
        return text[:-1] + " ", 0.05  # the rule of a table behind it
    digits = sum(map(str.isdigit, core))
    letters = sum(character in DIGITS for character in core)
    if (
        not letters
        or not any(mark in core for mark in ".,:/-")
        or not (digits >= letters or _FRACTION.fullmatch(core))
        or (not digits and len(core) < 4)
    ):
        return text, 0.0
    cost = sum(DIGITS[character][1] for character in core if character in DIGITS)
    numeral = "".join(DIGITS[character][0] if character in DIGITS else character for character in core)
    if not _NUMERIC.fullmatch(numeral):
        return text, 0.0
    return body["head"] + numeral + body["tail"], cost + (0.0 if digits else 0.3)


def _joint(row: Row, texts: list[str], i: int) -> tuple[str, float] | None:
    """What to put between two words that may be one number, and its cost: nothing before cents, a thin gap between thousands."""
    before, text = texts[i - 1], texts[i]
    left, right = row.words[i - 1], row.words[i]
    gap = right.x0 - left.x1
    if not before or not text or gap > 1.9 * max(pitch(left), pitch(right)) + 0.2 * row.height:
        return None
    if before[-1].isdigit() and _PART.match(text) and not _PART.search(before):
        return "", 0.1
    if re.fullmatch(r"\d{1,3}", before) and _BEGUN.match(text):
        return "", 0.15
    if re.fullmatch(r"\d{1,3}[.,]", before) and re.fullmatch(r"\d{3}[.,]\d{2}", text) and before[-1] != text[-3]:
        return "", 0.3
    if before[-1] in ".," and len(before) > 1 and before[-2].isdigit() and re.fullmatch(r"\d{2}[A-Z)*]?", text):
        return ("", 0.15) if i > 1 or len(row.words) == 2 or row.words[i - 1].text[0] in "€£$" else None
    if re.fullmatch(r"[^\w]{0,2}\d{1,3}", before) and re.fullmatch(r"\d{3}(?:[.,]\d{2})?", text) and row.text[row.starts[i] - 1] == " ":
        return THIN, 0.3
    if _DATE_CUT.fullmatch(before + text) and len(text) <= 3 and not _DATE_CUT.fullmatch(before):
        return "", 0.15
    return None


_DATE_CUT = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d[.,;]?")


def pitch(spot: PlacedWord) -> float:
    """The width of a letter of the word."""
    return (spot.x1 - spot.x0) / max(1, len(spot.text))


# What one digit is recognized as instead of another; both ways.
_PAIRS = {
    frozenset(pair): cost
    for pairs, cost in (("08 38 17 56 06 68 58", 0.5), ("89 35 14 49 27 23 53 09 47 69 36", 0.7), ("28 45 59 39 12 19 57", 0.9))
    for pair in pairs.split()
}
_FARTHEST = 1.5


@lru_cache(maxsize=4096)
def misreading(text: str, value: Decimal) -> float | None:
    """What it costs to think that `value` was printed where `text` was recognized; None if they are too far apart.

    Cheapest ways from the digits recognized to those of the value with two decimals: a digit taken for another, one lost or added, a
    decimal mark lost. At most two changes, and no more than one for each two digits. Or all that stood before a mark was lost.
    """
    printed = f"{abs(value):.2f}".replace(".", "")
    fraction = re.search(r"[.,]\s?(\w{1,2})\W*$", text)
    recognized = _digits_of(text)
    if _BEGUN.match(text) and len(recognized) < len(printed) <= len(recognized) + 3 and printed.endswith(recognized):
        return 0.6
    if not recognized or abs(len(recognized) - len(printed)) > 2:
        return None
    if fraction:  # the mark holds both in place: what stands before it, and behind
        places = len(_digits_of(fraction[1]))
        if not places or not printed.endswith("0" * (2 - places)):
            return None
        whole, cents = printed[:-2], printed[-2:][:places]
        ways = [(_distance(recognized[:-places], whole), _distance(recognized[-places:], cents), 0.0)]
    else:  # the mark was lost, or there were no cents
        ways = [
            (_distance(recognized, printed[: len(printed) - cut]), (0.0, 0), 0.3 if cut < 2 else 0.0)
            for cut in range(3)
            if printed.endswith("0" * cut)
        ]
    most = min(2, len(printed) // 2)
    costs = [one[0] + other[0] + more for one, other, more in ways if one[1] + other[1] <= most]
    best = min(costs, default=_FARTHEST + 1)
    return best if best <= _FARTHEST else None


def _digits_of(text: str) -> str:
    return "".join(DIGITS[c][0] if c in DIGITS else c for c in text if c.isdigit() or c in DIGITS)


def _distance(recognized: str, printed: str) -> tuple[float, int]:
    """Weighted edit distance, and how many digits it changes."""
    previous: list[tuple[float, int]] = [(0.8 * j, j) for j in range(len(printed) + 1)]
    for i, character in enumerate(recognized, 1):
        current: list[tuple[float, int]] = [(0.8 * i, i)]
        for j, wanted in enumerate(printed, 1):
            swap = 0.0 if character == wanted else _PAIRS.get(frozenset((character, wanted)), 1.1)
            ways = (
                (previous[j - 1][0] + swap, previous[j - 1][1] + (swap > 0)),
                (previous[j][0] + 0.8, previous[j][1] + 1),
                (current[j - 1][0] + 0.8, current[j - 1][1] + 1),
            )
            current.append(min(ways))
        previous = current
    return previous[-1]
