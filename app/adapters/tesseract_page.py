"""How one page is read: its language by a first look at a few lines, then the whole page, in the child that may start Tesseract."""

from __future__ import annotations

import math
import mmap
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from app.adapters.tesseract_wire import CODES, Answer, Purpose, Task
from app.readers.limits import Limits
from app.readers.tsv import Seen, parse, sensible, stands_on_end, words_of
from app.readers.written_in import evidence, language_of

Grey = NDArray[np.uint8]

PAGE, BLOCK, SPARSE = 3, 6, 11  # page segmentation modes: automatic without orientation, one block, scattered text
FALLBACK = "en"  # for the look, and where it says nothing
WELL_READ = 58.0  # percent: mean confidence under which the other turns are tried. Not upright it is 16 to 47, noisy but upright over 49
UPRIGHT = 6.0  # evidence for a language that text of the same quality does not give when it stands another way (up to 4.8)
BETTER = 12.0  # percent by which another turn must be read better
SURE = 50.0  # percent: confidence of a word that may speak for a language; texture reads as "il", "de", "e"
POORLY = 75.0  # percent: mean confidence of a page under which it is read once more, as scattered text, and the surer reading kept
LEAST_WORDS = 0.7  # of the first reading's words, that the second must have
DOUBTFUL = 70.0  # percent: mean confidence of a line under which it is read once more, larger and apart from the page
CLOSER, GRAIN = 1.5, 1.2  # how much larger; pixels, over which grain is smoothed
MOST_AGAIN = 0.25  # of the page's height, that is read once more: where more is doubtful it is the page that reads badly
PATIENCE = 2.0  # times the CPU that all readings before took: what a second pass may take
LEAST_CONTRAST = 24  # of 255, between paper and ink
STRIP = 0.9  # inch: six lines of usual text


class Failed(Exception):
    """Tesseract ended badly on this picture, or made no table."""


class Missing(Exception):
    """There is no such program."""


class Tesseract(Protocol):
    """One pass over one picture: its table, TSV. `language` as Tesseract calls it, `mode`: of page segmentation. Raises `Failed`,
    `Missing`."""

    def table(self, grey: Grey, language: str, mode: int, dpi: int) -> bytes: ...

    def table_within(self, seconds: int, grey: Grey, language: str, mode: int, dpi: int) -> bytes:
        """The same, given up (`Failed`) after about so many seconds of CPU, or where it would take this process with it."""
        ...


@dataclass(slots=True)
class Reader:
    """Runs Tesseract on pictures of one page and counts how often."""

    tesseract: Tesseract
    dpi: float
    installed: frozenset[str]
    passes: Counter[Purpose] = field(default_factory=Counter)

    def read_again(self, grey: Grey, language: str, mode: int, scale: float = 1.0) -> list[Seen]:
        """As `read`, but nothing where Tesseract fails, or takes much longer than before: in some grain it finds lines for ever."""
        self.passes["again"] += 1
        patience = math.ceil(1 + PATIENCE * _spent())
        try:
            return _words(self.tesseract.table_within(patience, grey, CODES[language], mode, self._dpi(scale)))
        except Failed:
            return []

    def read(self, grey: Grey, language: str, mode: int, purpose: Purpose) -> list[Seen]:
        """The words of a picture of the page, or of a part of it. Raises `Failed`, `Missing`."""
        self.passes[purpose] += 1
        return _words(self.tesseract.table(grey, CODES[language], mode, self._dpi(1.0)))

    def _dpi(self, scale: float) -> int:
        return min(max(round(self.dpi * scale), 70), 2400)


def _words(table: bytes) -> list[Seen]:
    return parse(table.decode(errors="replace"))


def _spent() -> float:
    """Seconds of CPU, of this process and the passes that were processes of their own."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


@dataclass(frozen=True, slots=True)
class Look:
    """What a few lines of the page said. `language`: of the text, installed or not; None if it is not clear."""

    quality: float  # mean confidence, percent, by letters
    language: str | None
    turn: int


def read_page(pixels: mmap.mmap, task: Task, tesseract: Tesseract, installed: frozenset[str], limits: Limits) -> Answer:
    """`installed`: languages as Tesseract calls them. Raises `Failed`, `Missing`, MemoryError, ValueError for a task that does not fit
    its pixels."""
    grey: Grey = np.frombuffer(pixels, np.uint8, task.width * task.height).reshape(task.height, task.width)
    reader = Reader(tesseract, task.dpi, installed)
    asked = next((language for language in task.languages if language in CODES), None)
    look = Look(0.0, asked, 0) if asked else _first_look(grey, reader)
    seen, language = _whole(grey, look, reader)
    if asked and (_quality(seen) < WELL_READ or stands_on_end(seen)):  # nobody has looked yet which way it stands
        other = _first_look(grey, reader)
        if other.turn:
            look = Look(other.quality, asked, other.turn)
            seen, language = _whole(grey, look, reader)
    height, width = grey.shape if look.turn % 2 == 0 else grey.shape[::-1]
    return Answer(
        words=words_of(sensible(seen), width, height, limits.word_length),
        languages=(language,) if language else (),
        lacking=language if language is not None and CODES[language] not in installed else None,
        turn=look.turn,
        passes=dict(reader.passes),
    )


def _whole(grey: Grey, look: Look, reader: Reader) -> tuple[list[Seen], str | None]:
    """The page's words, and its language: as looked, or as the words say where the look did not."""
    picture = np.ascontiguousarray(_turned(grey, look.turn))
    best = _installed(look.language, reader.installed)
    seen = reader.read(picture, best, PAGE, "page")
    language = look.language or language_of(word.text for word in seen)
    if language is not None and (better := _installed(language, reader.installed)) != best:
        seen, best = reader.read(picture, better, PAGE, "again"), better
    if 0 < _quality(seen) < POORLY:
        other = reader.read_again(picture, best, SPARSE)
        if _quality(other) > _quality(seen) and len(other) >= LEAST_WORDS * len(seen):
            seen = other
    return _closer(picture, seen, best, reader), language


def _closer(grey: Grey, seen: list[Seen], language: str, reader: Reader) -> list[Seen]:
    """The words, those of doubtful lines as they read larger, one under another without the rest of the page, where they are surer so."""
    lines: dict[int, list[Seen]] = {}
    for word in seen:
        lines.setdefault(word.line, []).append(word)
    strips = [_Strip.of(number, line, grey) for number, line in lines.items() if _quality(line) < DOUBTFUL and not stands_on_end(line)]
    height = sum(strip.bottom - strip.top for strip in strips)
    if not strips or height > MOST_AGAIN * len(grey):
        return seen
    stacked = np.full((height, max(strip.right - strip.left for strip in strips)), np.percentile(grey[::8, ::8], 80), np.uint8)
    start, starts = 0, list[int]()
    for strip in strips:
        part = grey[strip.top : strip.bottom, strip.left : strip.right]
        stacked[start : start + part.shape[0], : part.shape[1]] = part
        starts.append(start)
        start += part.shape[0]
    smooth = Image.fromarray(stacked).filter(ImageFilter.GaussianBlur(GRAIN))
    larger = smooth.resize((round(stacked.shape[1] * CLOSER), round(height * CLOSER)), Image.Resampling.BICUBIC)
    again = reader.read_again(np.asarray(larger), language, BLOCK, CLOSER)
    for strip, start in zip(strips, starts, strict=True):
        before = lines[strip.line]
        within = [word for word in (strip.placed(word, start) for word in again) if word is not None]
        if _quality(within) > _quality(before) and len(within) >= LEAST_WORDS * len(before):
            lines[strip.line] = within
    return [word for line in lines.values() for word in line]


@dataclass(frozen=True, slots=True)
class _Strip:
    """Where line `line` is in the picture, with what is around it; its words reach from `upper` to `lower`."""

    line: int
    top: int
    bottom: int
    left: int
    right: int
    upper: int
    lower: int

    @staticmethod
    def of(number: int, line: Sequence[Seen], grey: Grey) -> _Strip:
        upper, lower = min(word.y0 for word in line), max(word.y1 for word in line)
        around = (lower - upper) // 3
        return _Strip(
            number,
            max(0, upper - around),
            min(grey.shape[0], lower + around),
            max(0, min(word.x0 for word in line) - 2 * around),
            min(grey.shape[1], max(word.x1 for word in line) + 2 * around),
            upper,
            lower,
        )

    def placed(self, word: Seen, start: int) -> Seen | None:
        """A word of the larger picture as it stands on the page, where this strip begins at row `start`; None if it is not of this line."""
        x0, y0, x1, y1 = (round(side / CLOSER) for side in (word.x0, word.y0, word.x1, word.y1))
        down = self.top - start
        if not self.upper <= (y0 + y1) / 2 + down <= self.lower:
            return None
        return replace(word, x0=self.left + x0, y0=y0 + down, x1=self.left + x1, y1=y1 + down, line=self.line)


def _installed(language: str | None, installed: frozenset[str]) -> str:
    """`language`, or what comes nearest of those that are there."""
    for candidate in (language, FALLBACK, *CODES):
        if candidate is not None and CODES[candidate] in installed:
            return candidate
    return FALLBACK


def _turned(grey: Grey, quarters: int) -> Grey:
    return np.rot90(grey, -quarters) if quarters else grey


def _first_look(grey: Grey, reader: Reader) -> Look:
    """Reads a few lines as they stand, and some more if their language is not clear; the other way up where they read badly."""
    best = Look(0.0, None, 0)
    language = _installed(None, reader.installed)
    for turn in (0, 2, 1, 3):
        quality, texts = 0.0, list[str]()
        for strip in text_strips(_turned(grey, turn), reader.dpi):
            seen = reader.read(strip, language, BLOCK, "turn" if turn else "look")
            texts += [word.text for word in seen if word.confidence >= SURE]
            if (quality := _quality(seen)) < WELL_READ or language_of(texts):
                break
        if quality > best.quality + (BETTER if turn else 0.0):
            best = Look(quality, language_of(texts), turn)
        if best.quality >= WELL_READ or (best.language and evidence(texts)[best.language] >= UPRIGHT):
            break
    return best


def _quality(seen: Sequence[Seen]) -> float:
    letters = sum(len(word.text) for word in seen)
    return sum(word.confidence * len(word.text) for word in seen) / letters if letters else 0.0


def text_strips(grey: Grey, dpi: float, most: int = 2) -> Iterator[Grey]:
    """The parts of a page with the most text in it, best first: some lines each, over the full width. None of a page with nothing on it.

    A line of pixels through text changes often between dark and light, one between two lines of text never does; pictures, rules
    and shadows change much the same in all their lines.
    """
    small = grey[::2, ::2]
    dark, light = np.percentile(small[::4, ::4], (0.1, 90))
    if light - dark < LEAST_CONTRAST:
        return
    ink = small < (dark + light) / 2
    changes = np.minimum(np.count_nonzero(ink[:, 1:] != ink[:, :-1], axis=1), 300)
    rows, apart = max(int(dpi * STRIP / 2), 8), max(int(dpi * 0.025), 2)
    if len(changes) <= rows + apart:
        yield grey
        return
    total = np.concatenate(([0], np.cumsum(np.abs(changes[apart:] - changes[:-apart]))))
    windows = total[rows:] - total[:-rows]
    for _ in range(most):
        start = int(windows.argmax())
        if windows[start] <= 0:
            return
        yield grey[2 * start : 2 * (start + rows + apart)]
        windows[max(start - rows, 0) : start + rows] = 0
