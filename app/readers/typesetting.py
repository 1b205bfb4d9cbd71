"""What print does with letters, undone: letters set apart, words printed twice to make them bold, whole pages on their side. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from app.domain.document import Mark
from app.readers.rows import DOWNWARDS, LEFT_TO_RIGHT, SLANTED, UPSIDE_DOWN, UPWARDS, Piece

BOLD, HIDDEN = int(Mark.BOLD), int(Mark.HIDDEN)
SAME_PLACE = 0.25  # of the size of the letters: how far the second print lies beside the first
LETTERS = 4  # fewer that stand alone are numbers of a list, or units
APART = 1.5  # of their size; letters further away are no word
WORD_GAP = 1.6  # of the usual gap between the letters
EVEN = 1.1  # of the usual distance from letter to letter: in the boxes of a form the gaps differ
ON_ITS_SIDE = 0.5  # of the words


def printed_once(pieces: Sequence[Piece]) -> list[Piece]:
    """Without words that lie upon the same word, as poor man's bold and shadows do. What is seen stays rather than what is hidden."""
    seen: dict[str, list[Piece]] = defaultdict(list)
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.mark & HIDDEN > 0):  # stable
        if any(_same_place(piece, other) for other in seen[piece.text]):
            continue
        seen[piece.text].append(piece)
        kept.append(piece)
    if len(kept) == len(pieces):
        return list(pieces)
    chosen = set(map(id, kept))
    return [piece for piece in pieces if id(piece) in chosen]


def _same_place(piece: Piece, other: Piece) -> bool:
    near = SAME_PLACE * min(piece.size, other.size)
    return abs(piece.x0 - other.x0) <= near and abs(piece.y0 - other.y0) <= near and abs(piece.x1 - other.x1) <= 2 * near


def joined_letters(pieces: Sequence[Piece]) -> list[Piece]:
    """`I N V O I C E` as one word: single letters of one line that lie apart as evenly as those of a word set wide."""
    joined: list[Piece] = []
    for letters in _alone(pieces):
        joined.extend(_words_of(letters) if sum(piece.text.isalnum() for piece in letters) >= LETTERS else letters)
    return joined


def _alone(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Neighbours that may be letters of the same word or of the next; each other piece by itself."""
    some: list[Piece] = []
    for piece in pieces:
        if some and not (len(some[-1].text) == len(piece.text) == 1 and _may_follow(some[-1], piece)):
            yield some
            some = []
        some.append(piece)
    if some:
        yield some


def _may_follow(piece: Piece, next_: Piece) -> bool:
    alike = (piece.size, piece.mark) == (next_.size, next_.mark) and piece.direction == next_.direction == LEFT_TO_RIGHT
    level = abs(piece.baseline - next_.baseline) < 0.1 * piece.size  # in one run or not: MuPDF ends a line at a wide gap
    return alike and level and 0 < next_.x0 - piece.x1 <= APART * piece.size


def _words_of(letters: Sequence[Piece]) -> Iterator[Piece]:
    gap = median(next_.x0 - piece.x1 for piece, next_ in pairwise(letters))
    pitch = median(next_.x0 - piece.x0 for piece, next_ in pairwise(letters))
    word = [letters[0]]
    for piece, next_ in pairwise(letters):
        if next_.x0 - piece.x1 > WORD_GAP * gap and next_.x0 - piece.x0 > EVEN * pitch:
            yield _one(word)
            word = []
        word.append(next_)
    yield _one(word)


def _one(letters: Sequence[Piece]) -> Piece:
    box = (min(p.x0 for p in letters), min(p.y0 for p in letters), max(p.x1 for p in letters), max(p.y1 for p in letters))
    return replace(letters[0], text="".join(p.text for p in letters), x0=box[0], y0=box[1], x1=box[2], y1=box[3])


def quarters_to_upright(pieces: Sequence[Piece]) -> int:
    """Quarter turns clockwise after which most words that are seen run from left to right."""
    directions = Counter(piece.direction for piece in pieces if not piece.mark & HIDDEN)
    if not directions:
        return 0
    direction, count = directions.most_common(1)[0]
    return (4 - direction) % 4 if direction != SLANTED and count > ON_ITS_SIDE * directions.total() else 0


def turned(piece: Piece, quarters: int, width: float, height: float) -> Piece:
    """`piece` of a page of this size, when that was turned clockwise."""
    for _ in range(quarters):
        x0, y0, x1, y1 = height - piece.y1, piece.x0, height - piece.y0, piece.x1
        along = piece.direction in (LEFT_TO_RIGHT, UPSIDE_DOWN, SLANTED)  # the baseline is a y, and becomes an x
        baseline = height - piece.baseline if along else piece.baseline
        piece = replace(piece, x0=x0, y0=y0, x1=x1, y1=y1, baseline=baseline, direction=_NEXT[piece.direction])
        width, height = height, width
    return piece


_NEXT = {LEFT_TO_RIGHT: DOWNWARDS, DOWNWARDS: UPSIDE_DOWN, UPSIDE_DOWN: UPWARDS, UPWARDS: LEFT_TO_RIGHT, SLANTED: SLANTED}
