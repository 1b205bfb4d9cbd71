"""Documents that say less than made-up ones do. Most of those name a firm by several words and its legal form, its telephone, its web and
mail address, and its name a second time; people send many that do not. A judge that had seen no others would doubt those that are right.

What is true stays true, but for the names: they are what is left of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from app.domain.document import Document
from app.domain.parsing import plain
from app.extractors.grid import read_grid
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue
from app.extractors.names import DOMAIN, LEGAL
from training.harmed import Place, changed
from training.truth import Example


def plainer(example: Example, seed: str) -> Example:
    """The same document with some of it left out; the same on any day."""
    chance = Random(seed)
    texts: dict[Place, str] = {}
    truth = dict(example.truth)
    words = list(_words(example.document))
    for path in ("seller.name", "buyer.name"):
        shorter = chance.choice((_whole, _without_legal_form, _without_legal_form, _first_word))
        once, capitals = chance.random() < 0.5, chance.random() < 0.3
        for name in map(str, truth.get(path, ())):
            left = shorter(name)
            for count, places in enumerate(_found(words, name.split())):
                kept = iter(left.split() if not (once and count) else ())
                texts |= {place: text.upper() if capitals else text for place in places for text in [next(kept, "")]}
            truth[path] = (left, name)  # where it is broken in two lines it is not found, and left as it is
    if chance.random() < 0.5:
        texts |= dict.fromkeys(_contacts(example.document), "")
    return replace(example, document=changed(example.document, lambda place, text: texts.get(place, text)), truth=truth)


def _words(document: Document) -> Iterator[tuple[Place, str]]:
    for number, page in enumerate(document.pages):
        yield from (((number, i), text) for i, text in enumerate(page.words.texts))


def _whole(name: str) -> str:
    return name


def _without_legal_form(name: str) -> str:
    words = name.split()
    while len(words) > 1 and "".join(plain(words[-1])) in LEGAL:
        words.pop()
    return " ".join(words).rstrip(" &,")


def _first_word(name: str) -> str:
    """As a brand is written."""
    return next((word for word in name.split() if len(word) > 3 and word.isalpha()), name)


def _contacts(document: Document) -> Iterator[Place]:
    """The cells that begin with a telephone number's label, or hold a web or mail address."""
    for row in read_grid(document).rows:
        for first, end in row.cells:
            text = row.span(first, end)
            if DOMAIN.search(text) or Cue.PHONE in cues_in(plain(text)[:2]):
                yield from ((row.page - 1, spot.place) for spot in row.words[first:end])


def _found(words: Sequence[tuple[Place, str]], name: Sequence[str]) -> Iterator[list[Place]]:
    """Wherever a name stands in one piece: its words' places."""
    for at in range(len(words) - len(name) + 1):
        if all(words[at + i][1].strip(",;:") == part for i, part in enumerate(name)):
            yield [place for place, _ in words[at : at + len(name)]]
