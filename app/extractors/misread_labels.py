"""Labels that were recognized with a letter or two wrong, or run together: the words of the lexicon that they must be."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.domain.parsing import plain
from app.extractors.columns_lexicon import COLUMN_WORDS
from app.extractors.common_words import is_common
from app.extractors.lexicon import CUES, HEADS

SHORTEST = 5
"""Shorter words are labels only as they are: one letter off, "net" is "not" and "date" is "late"."""
DOUBTED = 0.85
"""Words of 5 and 6 letters are taken for another only where the recognizer itself doubted them."""

_LETTERS = str.maketrans("01584", "olsba")
_TWINS = (("rn", "m"), ("vv", "w"), ("ii", "u"), ("cl", "d"), ("m", "rn"), ("el", "cl"))
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Z]{3})(?=[A-Z][a-z])")


@cache
def _lexicon() -> tuple[frozenset[str], tuple[str, ...]]:
    words = {
        word for spellings in (*CUES.values(), *COLUMN_WORDS.values()) for spelling in spellings.split(";") for word in spelling.split()
    }
    return frozenset(words), tuple(sorted(word for word in words if len(word) >= SHORTEST and word.isalpha()))


def is_label_word(word: str) -> bool:
    """Whether a plain word is part of a label that the lexicon knows."""
    return word in _lexicon()[0]


def mended(text: str, sure: float, words: tuple[str, ...]) -> tuple[str, ...]:
    """`words` (the label words of `text`), those that the lexicon does not know replaced by what they must be, if there is such a word."""
    known, _ = _lexicon()
    if all(word in known or word.isdigit() for word in words):
        return words
    if len(words) == 1 and len(text) >= 6 and (parts := _CAMEL.split(text)) and 1 < len(parts) <= 4:
        cut = tuple(word for part in parts for word in plain(part))
        if all(word in known for word in cut):
            return cut
    return tuple(other for word in words for other in _mend(word, sure < DOUBTED))


@lru_cache(maxsize=4096)
def _mend(word: str, doubted: bool) -> tuple[str, ...]:
    known, long = _lexicon()
    if word in known or is_common(word):
        return (word,)
    if word[0] == "l" and len(word) > 2 and (capital := "i" + word[1:]) in known:
        return (capital,)  # in many types a capital I is a small l: "lva", "lBAN"
    if len(word) < 4:
        return (word,)
    letters = sum(map(str.isalpha, word))
    if letters * 3 < len(word) * 2:
        return (word,)
    lettered = word.translate(_LETTERS)
    if lettered != word and lettered in known:
        return (lettered,)
    for one, other in _TWINS:
        if one in lettered and (twin := lettered.replace(one, other)) in known and len(twin) >= SHORTEST - 1:
            return (twin,)
    if len(lettered) >= SHORTEST and (len(lettered) >= 7 or doubted) and (near := _nearest(lettered, long)):
        return (near,)
    return _compound(lettered, long) or _cut(lettered, known) or (word,)


def _nearest(word: str, words: tuple[str, ...]) -> str | None:
    """The word that is one letter off, or two for long words; None where there is none, or two that differ."""
    most = 1 if len(word) < 9 else 2
    near = process.extract(word, words, scorer=OSA.distance, score_cutoff=most, limit=2)
    near = [entry for entry in near if abs(len(entry[0]) - len(word)) <= 1]
    if near and (len(near) == 1 or near[0][1] < near[1][1] or near[0][0][:4] == near[1][0][:4]):
        return str(near[0][0])
    return None


def _compound(word: str, words: tuple[str, ...]) -> tuple[str, str] | None:
    """A German or Dutch compound of which one part was read with a letter wrong ("Rechnungenummer")."""
    if len(word) < 10 or not word.isalpha():
        return None
    for head in HEADS:
        for cut in (len(head), len(head) - 1, len(head) + 1) if len(head) >= 5 else (len(head),):
            left, right = word[:-cut], word[-cut:]
            if len(left) < SHORTEST or OSA.distance(right, head, score_cutoff=1) > 1:
                continue
            whole = next((part for part in (left, left + "s", left.rstrip("s")) if part in words), None)
            if whole or (right == head and len(left) >= 7 and (whole := _nearest(left, words))):
                return whole, head
    return None


def _cut(word: str, known: frozenset[str]) -> tuple[str, ...] | None:
    """A word of eight letters or more as two or three words of the lexicon that were printed apart ("nettoapayer")."""
    if len(word) < 8 or not word.isalpha():
        return None
    for i in range(3, len(word) - 2):
        if word[:i] in known:
            rest = word[i:]
            if rest in known and len(rest) >= 3:
                return word[:i], rest
            for j in range(1, len(rest) - 2):
                if rest[:j] in known and rest[j:] in known and len(rest[j:]) >= 3 and (j >= 2 or rest[:j] == "a"):
                    return word[:i], rest[:j], rest[j:]
    return None
