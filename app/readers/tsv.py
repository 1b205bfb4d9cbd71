"""Tesseract's TSV as words in reading order, without what is no word: rules read as letters, specks, fragments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from app.domain.document import Words
from app.readers.rows import DOWNWARDS, UPWARDS, Piece, clean, pack

WORD = "5"  # the level of a row that holds one
SIGNS = frozenset("€$£%&+=#@")  # alone they mean something, also when read with little confidence
LEAST_SIGN, LEAST_MARK = 20, 55  # percent, under which a sign, or any other mark alone, is a speck
RULE = 1.9  # times the usual letter size: higher "letters" of one stroke are the rules of a table
STROKES = frozenset("|Il1![]{}()/\\‖¦")
EDGES = "|¦‖"  # a rule that touches a word is read with it


@dataclass(frozen=True, slots=True)
class Seen:
    """A word as Tesseract says it, in pixels. `line` numbers its line on the page; `confidence` in percent."""

    text: str
    x0: int
    y0: int
    x1: int
    y1: int
    line: int
    confidence: float


def parse(tsv: str, left: int = 0, top: int = 0, scale: float = 1.0, first_line: int = 0) -> list[Seen]:
    """The words of a TSV, in its order. Rows that are not as Tesseract writes them are left out.

    `left` and `top`: where the picture that was read lies in the whole, which it shows `scale` times larger.
    """
    seen: list[Seen] = []
    lines: dict[tuple[str, str, str], int] = {}
    for row in tsv.split("\n"):
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != WORD:
            continue
        text = clean(cells[11].strip())
        if not text:
            continue
        try:
            x, y, width, height = (int(cell) for cell in cells[6:10])
            confidence = float(cells[10])
        except ValueError:
            continue
        if not (x >= 0 and y >= 0 and width > 0 and height > 0 and 0 <= confidence <= 100):
            continue
        line = lines.setdefault((cells[2], cells[3], cells[4]), first_line + len(lines))
        x0, y0, x1, y1 = (int(side / scale) for side in (x, y, x + width, y + height))
        seen.append(Seen(text, left + x0, top + y0, left + x1, top + y1, line, confidence))
    return seen


def sensible(words: Iterable[Seen]) -> list[Seen]:
    """Without rules, specks and bare edges; words that a rule touched lose it."""
    trimmed = [(word, word.text if word.text in SIGNS else word.text.strip(EDGES)) for word in words]
    sizes = [
        letter_size(text, word.y1 - word.y0) for word, text in trimmed if text and word.confidence >= 60 and any(map(str.isalnum, text))
    ]
    usual = median(sizes) if sizes else 0.0
    kept: list[Seen] = []
    for word, text in trimmed:
        if not text or _is_junk(word, text, usual):
            continue
        kept.append(word if text == word.text else Seen(text, word.x0, word.y0, word.x1, word.y1, word.line, word.confidence))
    return kept


def _is_junk(word: Seen, text: str, usual: float) -> bool:
    height, width = word.y1 - word.y0, word.x1 - word.x0
    if usual and len(text) <= 2 and STROKES.issuperset(text) and height > RULE * usual and height > 3 * width:
        return True
    if any(map(str.isalnum, text)):
        # Letters out of dust and texture: far smaller than any letter of the page, or nothing that anyone would stand for.
        return bool(usual) and (height < 0.25 * usual and width < 0.25 * usual) and word.confidence < 80
    if SIGNS.issuperset(text):
        return word.confidence < LEAST_SIGN
    return word.confidence < LEAST_MARK or (len(set(text)) == 1 and len(text) > 4)  # a dotted or drawn line


_DESCENDING = frozenset("gjpqyQ,;()[]{}|/$§@ç")
_LOW = frozenset("acegmnopqrsuvwxyz.,:;-_~=+*")  # they do not reach the height of a capital


def letter_size(text: str, height: float) -> float:
    """The type size (em) of a word, by the height of its box: 0.72 from the baseline to the top of a capital, 0.52 to that of an
    x, 0.21 below the baseline."""
    low, descends = _LOW.issuperset(text), not _DESCENDING.isdisjoint(text)
    return height / ((0.52 if low else 0.72) + (0.21 if descends else 0.0))


def words_of(seen: Sequence[Seen], width: int, height: int, longest: int, bend: Callable[[float, float], float] | None = None) -> Words:
    """In reading order, boxes as fractions of a picture of this size in pixels, confidences in percent.

    `bend`: by how many pixels a line is lower at (x, y) than in the middle of the page, where it is known that lines bend.
    """
    lines: dict[int, list[Seen]] = {}
    for word in seen:
        lines.setdefault(word.line, []).append(word)
    pieces: list[Piece] = []
    confidences: list[int] = []
    for number, line in lines.items():
        pieces += _upright(line, number, bend or _flat) if not stands_on_end(line) else _on_end(line, number)
        confidences += (round(word.confidence) for word in line)
    return pack(pieces, width, height, longest, confidences)


def stands_on_end(words: Iterable[Seen]) -> bool:
    """True where the words run up or down the page: most of those with several letters are higher than wide."""
    long = [word.y1 - word.y0 > 1.2 * (word.x1 - word.x0) for word in words if len(word.text) > 3]
    return 2 * sum(long) > len(long)


# The size and the baseline of a line are medians: the box of one word may be swollen by a rule, or shrunk to a dash.


def _flat(x: float, y: float) -> float:
    return 0.0


def _upright(line: Sequence[Seen], number: int, bend: Callable[[float, float], float]) -> Iterator[Piece]:
    telling = [word for word in line if any(map(str.isalnum, word.text))] or line
    size = median(letter_size(word.text, word.y1 - word.y0) for word in telling)
    baseline = median(word.y1 - _below(word.text) * size - bend((word.x0 + word.x1) / 2, word.y1) for word in telling)
    for word in line:
        yield Piece(word.text, word.x0, word.y0, word.x1, word.y1, number, baseline, size)


def _on_end(line: Sequence[Seen], number: int) -> Iterator[Piece]:
    telling = [word for word in line if any(map(str.isalnum, word.text))] or line
    size = median(letter_size(word.text, word.x1 - word.x0) for word in telling)
    upwards = len(line) == 1 or line[0].y0 > line[-1].y0
    side = 1 if upwards else -1  # on which the letters stand
    baseline = median((word.x1 if upwards else word.x0) - side * _below(word.text) * size for word in telling)
    for word in line:
        yield Piece(word.text, word.x0, word.y0, word.x1, word.y1, number, baseline, size, UPWARDS if upwards else DOWNWARDS)


def _below(text: str) -> float:
    """How far a word reaches below its baseline, in type sizes."""
    return 0.0 if _DESCENDING.isdisjoint(text) else 0.21
