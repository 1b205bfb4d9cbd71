"""Lines of text cut out of a page, for `text_recognition`, and the words in what it says of them.

The model sees a line 48 pixels high and says for each eight pixels of its width which symbol is there, or none (CTC: Graves et al.,
2006). Where a word begins and ends on the page is told by the ink between its symbols.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from app.ocr.detection import Line
from app.readers.tsv import Seen

Grey = NDArray[np.uint8]
Ink = NDArray[np.bool_]

HEIGHT = 48  # pixels
STRIDE = 8  # pixels a step
WIDTHS = (64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1920, 2560)
"""Widths of the batches: what is narrower is filled up. Few, so that lines of many pages make one batch."""
MOST_PIXELS = 5120  # of width, in one batch
MOST_LINES = 16  # in one batch; the server makes larger ones of several
PAPER = 127  # what lines are filled up with: nothing, in the model's numbers
NONE = 0  # the symbol that is none
GAP = 2  # pixels without ink that may lie within the height of a line: between a dot and its i
TIGHT, LETTERS, LOOSE = 0.25, 0.45, 0.6  # of the height of a line's letters: see `_most_apart`. Half of all spaces are over 0.48
WIDER = 2.5  # times the usual gap of the line, for letters may all stand wide
LOOSELY = frozenset("·•°:|§")  # after and before these a space is easily missed
ENDING, BEGINNING = frozenset(")%"), frozenset("(")
NARROW = frozenset("1.,'")  # much paper stands beside them


@cache
def alphabet() -> tuple[str, ...]:
    """What each symbol means; the first is none, the last a space."""
    characters = resources.files("app.ocr").joinpath("characters.txt").read_text("utf-8").split("\n")
    return ("", *characters, " ")


@dataclass(frozen=True, slots=True)
class Strip:
    """A line as it is read. `pixels`: (48, width)."""

    line: Line
    pixels: Grey


@dataclass(frozen=True, slots=True)
class Batch:
    """`strips`: which of a page's strips it holds; `pixels`: (n, 48, width)."""

    strips: tuple[int, ...]
    pixels: Grey


@dataclass(frozen=True, slots=True)
class Spelled:
    """What is written on a strip: `symbols` (indices of the alphabet), at these `steps`, with these probabilities."""

    symbols: NDArray[np.int32]
    steps: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @property
    def confidence(self) -> float:
        return float(self.probabilities.mean()) if len(self.probabilities) else 0.0


def cut(grey: Grey, line: Line) -> Strip:
    """The line upright, as high as the model wants it."""
    scale = HEIGHT / line.height
    width = min(max(round(line.width * scale), STRIDE), WIDTHS[-1])
    along = width / line.width
    cos, sin = math.cos(math.radians(line.angle)), math.sin(math.radians(line.angle))
    # From a point of the strip to one of the page; then of the middles of pixels.
    matrix = np.array(
        [
            [cos / along, -sin / scale, line.x - cos * line.width / 2 + sin * line.height / 2],
            [sin / along, cos / scale, line.y - sin * line.width / 2 - cos * line.height / 2],
        ]
    )
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    flags = (cv2.INTER_LINEAR if scale > 0.6 else cv2.INTER_AREA) | cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(grey, matrix, (width, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Strip(line, np.asarray(pixels, np.uint8))


def batches(strips: Sequence[Strip]) -> Iterator[Batch]:
    """All of them, those of like width together, in batches of 1, 2, 4, 8 or 16: a runtime keeps what it compiled for each shape."""
    by_width: dict[int, list[int]] = {}
    for index, strip in enumerate(strips):
        by_width.setdefault(next(w for w in WIDTHS if w >= strip.pixels.shape[1]), []).append(index)
    for width, indices in sorted(by_width.items()):
        while indices:
            most = min(MOST_LINES, MOST_PIXELS // width, len(indices))
            part, indices = indices[: (size := 1 << most.bit_length() - 1)], indices[size:]
            pixels = np.full((len(part), HEIGHT, width), PAPER, np.uint8)
            for row, index in enumerate(part):
                pixels[row, :, : strips[index].pixels.shape[1]] = strips[index].pixels
            yield Batch(tuple(part), pixels)


def spelled(symbols: NDArray[np.int32], probabilities: NDArray[np.float32]) -> Spelled:
    """Of one strip: a symbol that is said several times on end is one."""
    first = np.concatenate(([True], symbols[1:] != symbols[:-1])) & (symbols != NONE)
    steps = np.flatnonzero(first)
    return Spelled(symbols[steps], steps, probabilities[steps])


def text_of(said: Spelled) -> str:
    letters = alphabet()
    return "".join(letters[symbol] for symbol in said.symbols)


def words_in(strip: Strip, said: Spelled, number: int) -> list[Seen]:
    """The words on a strip, line `number` of the page, where they stand on the page."""
    letters = [alphabet()[symbol] for symbol in said.symbols]
    ink, top, bottom = _ink(strip.pixels)
    columns = np.asarray(ink[top:bottom].any(axis=0), np.bool_)
    centres = (said.steps + 0.5) * STRIDE
    gaps = [0, *(_gap(columns, *pair)[1] for pair in pairwise(centres))]  # before each symbol
    inside = [gaps[i] for i in range(1, len(letters)) if " " not in letters[i - 1 : i + 1]]
    usual = float(np.median(inside)) if inside else 0.0
    words: list[tuple[int, int]] = []  # first and last symbol of each
    for i, letter in enumerate(letters):
        if letter == " ":
            continue
        before = letters[i - 1] if i else " "
        if before != " " and gaps[i] <= max(_most_apart(before, letter) * (bottom - top), WIDER * usual):
            words[-1] = (words[-1][0], i)
        else:
            words.append((i, i))
    if not words:
        return []
    edges = [0]
    edges += [_gap(columns, centres[before[1]], centres[after[0]])[0] for before, after in pairwise(words)]
    edges.append(len(columns))
    seen = []
    for (first, last), left, right in zip(words, edges, edges[1:], strict=False):
        text = "".join(letters[first : last + 1])
        x0, y0, x1, y1 = _around(ink, left, right, top, bottom)
        confidence = 100 * float(said.probabilities[first : last + 1].mean())
        seen.append(_on_page(strip, text, (x0, y0, x1, y1), number, confidence))
    return seen


def _ink(pixels: Grey) -> tuple[Ink, int, int]:
    """Where there is ink, without rules along the line; and from which row to which the line's letters reach."""
    threshold, _ = cv2.threshold(pixels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = pixels <= threshold
    if np.count_nonzero(ink) > ink.size / 2:  # light on dark
        ink = ~ink
    rows = np.count_nonzero(ink, axis=1)
    ink[rows > 0.85 * ink.shape[1]] = False
    filled = np.flatnonzero(ink.any(axis=1))
    if not len(filled):
        return ink, 0, HEIGHT
    middle = int(np.abs(filled - HEIGHT // 2).argmin())
    breaks = np.flatnonzero(np.diff(filled) > GAP + 1)  # a break between filled[b] and filled[b + 1]
    first = max((int(b) + 1 for b in breaks if b < middle), default=0)
    last = min((int(b) for b in breaks if b >= middle), default=len(filled) - 1)
    return ink, int(filled[first]), int(filled[last]) + 1


def _most_apart(left: str, right: str) -> float:
    """How far two symbols of one word, between which no space was read, may be from each other, in heights of a line's letters: little
    where words are likely to meet."""
    if not LOOSELY.isdisjoint((left, right)) or (left in ENDING and right.isalnum()) or (left.isalnum() and right in BEGINNING):
        return TIGHT
    if left.isalpha() and right.isalpha():
        meeting = left.islower() and right.isupper()
    else:
        meeting = left.isalnum() and right.isalnum() and not (left.isdigit() and right.isdigit())
    if not NARROW.isdisjoint((left, right)):
        return LOOSE
    return TIGHT if meeting else LETTERS


def _gap(columns: Ink, after: float, before: float) -> tuple[int, int]:
    """The widest gap in the ink between these two columns: its middle and its width."""
    left, right = int(max(after, 0)), int(min(before, len(columns)))
    best, where, start = 0, (left + right) // 2, left
    for column in (*(left + np.flatnonzero(columns[left:right])), right):
        if column - start > best:
            best, where = int(column - start), int(column + start) // 2
        start = column + 1
    return where, best


def _around(ink: Ink, left: int, right: int, top: int, bottom: int) -> tuple[int, int, int, int]:
    """The box of the ink within these edges; the edges where there is none."""
    part = ink[top:bottom, left:right]
    across, down = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not len(across):
        return left, top, max(right, left + 1), bottom
    return left + int(across[0]), top + int(down[0]), left + int(across[-1]) + 1, top + int(down[-1]) + 1


def _on_page(strip: Strip, text: str, box: tuple[int, int, int, int], number: int, confidence: float) -> Seen:
    line = strip.line
    along, scale = strip.pixels.shape[1] / line.width, HEIGHT / line.height
    angle = math.radians(line.angle)
    cos, sin = math.cos(angle), math.sin(angle)
    x0, y0, x1, y1 = box
    u = np.array((x0, x1, x1, x0)) / along - line.width / 2
    v = np.array((y0, y0, y1, y1)) / scale - line.height / 2
    if abs(line.angle) < 5:  # a slanted word's box is not larger than the word
        middle_u, middle_v = (u[0] + u[1]) / 2, (v[0] + v[2]) / 2
        x, y = line.x + cos * middle_u - sin * middle_v, line.y + sin * middle_u + cos * middle_v
        left, right = x - (u[1] - u[0]) / 2, x + (u[1] - u[0]) / 2
        upper, lower = y - (v[2] - v[0]) / 2, y + (v[2] - v[0]) / 2
    else:
        xs, ys = line.x + cos * u - sin * v, line.y + sin * u + cos * v
        left, right, upper, lower = xs.min(), xs.max(), ys.min(), ys.max()
    return Seen(text, max(0, round(left)), max(0, round(upper)), max(1, round(right)), max(1, round(lower)), number, confidence)
