"""The words of one page as MuPDF saw them, each with its box, baseline, direction, weight and colour."""

# mypy: allow-untyped-calls
# PyMuPDF calls itself typed, but most of its functions are not.

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pymupdf
from pymupdf import mupdf

from app.domain.document import Mark
from app.errors import Unprocessable
from app.readers.rows import DOWNWARDS, LEFT_TO_RIGHT, SLANTED, UPSIDE_DOWN, UPWARDS, Piece

# As plain integers: `enum` makes the operators ten times slower, which counts for every word.
BOLD, INVISIBLE = int(Mark.BOLD), int(Mark.INVISIBLE)

_Box = tuple[float, float, float, float]


def words_of(text: pymupdf.TextPage, most: int) -> list[Piece]:
    """In MuPDF's order. Boxes come from its list of words (fast), the rest from its spans. Raises Unprocessable over `most` words."""
    words = text.extractWORDS()
    if len(words) > most:
        raise Unprocessable("parser_limit", "words on a page")
    blocks = {block["number"]: block["lines"] for block in text.extractDICT()["blocks"] if block["type"] == 0}
    pieces: list[Piece] = []
    for run, ((block, number), of_line) in enumerate(groupby(words, key=lambda word: (word[5], word[6]))):
        line_words = list(of_line)
        lines = blocks.get(block, ())
        line = lines[number] if number < len(lines) else None
        if line is None or _letters(line) != "".join(word[4] for word in line_words):
            line = _nearest(lines, line_words[0])
        _style(line_words, line, run, pieces)
    return pieces


def _letters(line: Any) -> str:
    return "".join("".join(span["text"] for span in line["spans"]).split())


def _nearest(lines: Any, word: Any) -> Any:
    """MuPDF's two lists disagree where it leaves out characters beyond the page: then the place decides."""
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2

    def away(line: Any) -> float:
        x0, y0, x1, y1 = line["bbox"]
        return float(max(x0 - x, x - x1, 0) + max(y0 - y, y - y1, 0))

    return min(lines, key=away, default=None)


@dataclass(slots=True)
class _Span:
    """Letters in one style. `end`: how many letters the line has up to its end; `edge`: where it ends, along the line."""

    end: int
    edge: float
    baseline: float
    size: float
    mark: int
    luma: int


_FORWARD = (LEFT_TO_RIGHT, DOWNWARDS, SLANTED)


def _style(words: Sequence[Any], line: Any, run: int, pieces: list[Piece]) -> None:
    """Appends the words of one line with their styles, cut where something hidden is glued to something shown."""
    direction = _direction(line["dir"]) if line is not None else LEFT_TO_RIGHT
    vertical = direction in (UPWARDS, DOWNWARDS)
    spans = _spans(line, vertical, direction in _FORWARD) if line is not None else []
    if not spans:
        pieces.extend(Piece(text, x0, y0, x1, y1, run, y1, y1 - y0) for x0, y0, x1, y1, text, *_ in words)
        return
    start = k = 0
    last = len(spans) - 1
    for *sides, text, _, _, _ in words:
        box: _Box = (sides[0], sides[1], sides[2], sides[3])
        begun, end = start, start + len(text)
        while k < last and spans[k].end <= start:
            k += 1
        while k < last and spans[k].end < end:
            span = spans[k]
            if span.end > begun and _look_different(span, spans[k + 1]):
                part, box = _cut(box, span.edge, vertical, direction in _FORWARD)
                letters = text[begun - start : span.end - start]
                pieces.append(Piece(letters, *part, run, span.baseline, span.size, direction, span.mark, span.luma))
                begun = span.end
            k += 1
        span = spans[k]
        pieces.append(Piece(text[begun - start :], *box, run, span.baseline, span.size, direction, span.mark, span.luma))
        start = end


def _spans(line: Any, vertical: bool, forward: bool) -> list[_Span]:
    spans: list[_Span] = []
    end = 0
    for span in line["spans"]:
        letters = len("".join(span["text"].split()))
        if letters:
            end += letters
            edge = span["bbox"][(2 if forward else 0) + vertical]
            spans.append(_Span(end, edge, span["origin"][not vertical], span["size"], _mark(span), _luma(span["color"])))
    return spans


OTHER_COLOUR = 64  # of 255


def _look_different(span: _Span, other: _Span) -> bool:
    return bool((span.mark ^ other.mark) & INVISIBLE) or abs(span.luma - other.luma) > OTHER_COLOUR


def _cut(box: _Box, at: float, vertical: bool, forward: bool) -> tuple[_Box, _Box]:
    """Both parts of a word's box, first the one that is read first."""
    x0, y0, x1, y1 = box
    at = min(max(at, box[vertical]), box[2 + vertical])
    low, high = ((x0, y0, x1, at), (x0, at, x1, y1)) if vertical else ((x0, y0, at, y1), (at, y0, x1, y1))
    return (low, high) if forward else (high, low)


_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_GLYPH = mupdf.FZ_STEXT_BOLD
_PAINTED = mupdf.FZ_STEXT_FILLED | mupdf.FZ_STEXT_STROKED


def _mark(span: Any) -> int:
    flags: int = span["char_flags"]
    mark = 0
    if span["flags"] & pymupdf.TEXT_FONT_BOLD or flags & _BOLD_GLYPH or _BOLD.search(span["font"]):
        mark = BOLD
    if not flags & _PAINTED or span["alpha"] < 10:
        mark |= INVISIBLE
    return mark


def _luma(colour: int) -> int:
    return (299 * (colour >> 16 & 255) + 587 * (colour >> 8 & 255) + 114 * (colour & 255)) // 1000


def _direction(vector: tuple[float, float]) -> int:
    x, y = vector
    if abs(y) < 0.1:
        return LEFT_TO_RIGHT if x > 0 else UPSIDE_DOWN
    if abs(x) < 0.1:
        return DOWNWARDS if y > 0 else UPWARDS
    return SLANTED
