"""Documents made worse, so that there is something to be wrong about: labels in no language that is known, values that are gone, words
misread, sums that do not close, pages cut off.

What is true stays true: a value that no longer stands there, or stands there changed, cannot be read, and whoever says one is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from struct import pack, unpack_from

from app.domain.document import UNIT, Document, Page, Words
from app.extractors.grid import read_grid
from app.extractors.judge import unjudged
from app.extractors.labels import cues_of
from app.extractors.text import extract_text
from training.truth import Example

LOOK_ALIKES = {
    "0": "O8",
    "O": "0",
    "1": "l7",
    "l": "1I",
    "I": "l1",
    "5": "S6",
    "S": "5",
    "6": "58",
    "8": "36",
    "3": "8",
    "7": "1",
    "2": "Z",
    "Z": "2",
    "9": "g",
    "4": "1",
    "B": "8",
    ",": ".",
    ".": ",",
    "%": "8",
    "-": "–",
    "u": "ü",
    "e": "c",
}

Place = tuple[int, int]
"""A word: page, from 0, and place on it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A document, the words of its labels, and those of each value that the extractor finds."""

    document: Document
    labels: list[Place]
    values: Mapping[str, list[Place]]


Harm = Callable[[Marked, Random], Document]


def harmed(example: Example, seed: str) -> Example:
    """The same document with one kind of harm; the same on any day."""
    chance = Random(seed)
    harm = chance.choice((unlabelled, erased, misread, misread, contradicting, cropped))
    return replace(example, document=harm(marked(example.document), chance))


def marked(document: Document) -> Marked:
    grid = read_grid(document)
    hits = ((row, hit) for row in grid.rows for hit in cues_of(row))
    labels = [(row.page - 1, spot.place) for row, hit in hits for spot in row.words[hit.first : hit.end] if spot.wordy]
    fields = extract_text(document, unjudged).fields
    values = {
        path: [(at.page - 1, place) for place in at.words] for path, at in fields.items() if at.page and not path.startswith("lines.")
    }
    return Marked(document, labels, values)


def unlabelled(marked: Marked, chance: Random) -> Document:
    """A part of the label words is of another tongue."""
    share = chance.choice((0.2, 0.5, 0.9))
    tongue = {place: _foreign(chance) for place in marked.labels if chance.random() < share}
    return changed(marked.document, lambda place, text: tongue.get(place, text))


def erased(marked: Marked, chance: Random) -> Document:
    """Some of the values that were found are not there, nowhere in the document."""
    paths = list(marked.values)
    gone = chance.sample(paths, min(len(paths), chance.randrange(1, 4)))
    texts = {_text(marked.document, place) for path in gone for place in marked.values[path]}
    texts = {text for text in texts if any(map(str.isdigit, text)) or len(text) > 3}
    return changed(marked.document, lambda place, text: "" if text in texts else text)


def contradicting(marked: Marked, chance: Random) -> Document:
    """A digit of one of the sums is another one."""
    sums = [path for path in ("total_with_tax", "total_without_tax", "total_tax", "amount_due") if path in marked.values]
    if not sums:
        return misread(marked, chance)
    places = set(marked.values[chance.choice(sums)])
    text = "".join(_text(marked.document, place) for place in places)
    wrong = {digit: str((int(digit) + chance.randrange(1, 9)) % 10) for digit in {chance.choice([c for c in text if c.isdigit()] or ["0"])}}
    return changed(marked.document, lambda place, text: "".join(wrong.get(c, c) for c in text) if place in places else text)


def cropped(marked: Marked, chance: Random) -> Document:
    """Nothing above, or below, a line across the first page."""
    limit, top = int(chance.uniform(0.08, 0.35) * UNIT), chance.random() < 0.5

    def kept(place: Place, text: str) -> str:
        y = unpack_from("<H", marked.document.pages[place[0]].words.boxes, 8 * place[1] + 2)[0]
        return text if place[0] > 0 or (y > limit if top else y < UNIT - limit) else ""

    return changed(marked.document, kept)


def misread(marked: Marked, chance: Random) -> Document:
    """As from a picture: words with a letter wrong, joined or lost, and how sure the engine was, which tells only a part of it."""
    errors = chance.choice((0.01, 0.03, 0.08, 0.2))
    sure: dict[Place, int] = {}

    def read(place: Place, text: str) -> str:
        wrong = chance.random() < errors
        surest = chance.random() < (0.4 if wrong else 0.9)
        sure[place] = chance.randrange(97, 101) if surest else chance.randrange(40, 97) if wrong else chance.randrange(85, 100)
        if not wrong:
            return text
        return "" if chance.random() < 0.15 else _misspelt(text, chance)

    return changed(marked.document, read, sure)


def _misspelt(text: str, chance: Random) -> str:
    places = [i for i, c in enumerate(text) if c in LOOK_ALIKES]
    if not places:
        return text[:-1] if len(text) > 2 else text
    at = chance.choice(places)
    return text[:at] + chance.choice(LOOK_ALIKES[text[at]]) + text[at + 1 :]


def _foreign(chance: Random) -> str:
    return "".join(chance.choice("bdfghjklmnprstvz") + chance.choice("aeiouy") for _ in range(chance.randrange(2, 5))).capitalize()


def _text(document: Document, place: Place) -> str:
    return document.pages[place[0]].words.texts[place[1]]


def changed(document: Document, change: Callable[[Place, str], str], sure: Mapping[Place, int] | None = None) -> Document:
    """Every word as `change` has it, without those that are empty then. `sure`: percent, for words read from a picture."""
    return replace(document, pages=tuple(_changed_page(page, number, change, sure) for number, page in enumerate(document.pages)))


def _changed_page(page: Page, number: int, change: Callable[[Place, str], str], sure: Mapping[Place, int] | None) -> Page:
    words = page.words
    texts = [change((number, i), text) for i, text in enumerate(words.texts)]
    kept = [i for i, text in enumerate(texts) if text]
    boxes = b"".join(words.boxes[8 * i : 8 * i + 8] for i in kept)
    lines = b"".join(words.lines[2 * i : 2 * i + 2] for i in kept)
    confidences = bytes(words.confidences[i] for i in kept) if words.confidences else b""
    if sure is not None:
        confidences = pack(f"{len(kept)}B", *(sure[number, i] for i in kept))
        page = replace(page, text="read", engine="made up", image_share=1.0)
    return replace(page, words=Words(tuple(texts[i] for i in kept), boxes, lines, bytes(words.marks[i] for i in kept), confidences))
