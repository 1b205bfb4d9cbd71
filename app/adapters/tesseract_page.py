"""How one page is read: its language by a first look at a few lines, then the whole page, in the child that may start Tesseract."""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytesseract  # type: ignore[import-untyped]  # it has no types
from numpy.typing import NDArray
from PIL import Image

from app.adapters.tesseract_wire import CODES, Answer, Purpose, Task
from app.readers.limits import Limits
from app.readers.tsv import Seen, parse, sensible, words_of
from app.readers.written_in import language_of

Grey = NDArray[np.uint8]

PAGE, BLOCK, SPARSE, LINE = 3, 6, 11, 7  # page segmentation modes: automatic without orientation, one block, scattered, one line
FALLBACK = "en"  # for the look, and where it says nothing
WELL_READ = 60.0  # percent: mean confidence of a look, under which the other turns are tried
BETTER = 12.0  # percent by which another turn must be read better


@dataclass(slots=True)
class Reader:
    """Runs Tesseract on pictures of one page and counts how often."""

    dpi: float
    installed: frozenset[str]
    passes: Counter[Purpose] = field(default_factory=Counter)

    def read(self, picture: Image.Image, language: str, mode: int, purpose: Purpose, scale: float = 1.0) -> list[Seen]:
        """The words of a picture that shows the page `scale` times larger. Raises pytesseract's errors."""
        self.passes[purpose] += 1
        picture.format = "PPM"  # or pytesseract would write a PNG
        config = f"--psm {mode} --dpi {min(max(round(self.dpi * scale), 70), 2400)}"
        table = pytesseract.image_to_data(picture, lang=CODES[language], config=config, output_type=pytesseract.Output.BYTES)
        return parse(table.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Look:
    """What a few lines of the page said. `language`: of the text, installed or not; None if it is not clear."""

    quality: float  # mean confidence, percent, by letters
    language: str | None
    turn: int


def read_page(pixels: mmap.mmap, task: Task, installed: frozenset[str], limits: Limits) -> Answer:
    """`installed`: languages as Tesseract calls them. Raises pytesseract's errors, MemoryError, ValueError for a task that does not
    fit its pixels."""
    grey: Grey = np.frombuffer(pixels, np.uint8, task.width * task.height).reshape(task.height, task.width)
    reader = Reader(task.dpi, installed)
    turn, lacking = 0, None
    known = [language for language in task.languages if language in CODES]
    if known:
        language: str | None = known[0]
    else:
        look = _first_look(grey, reader)
        if look is None:
            return Answer(words=words_of((), task.width, task.height, limits.word_length), passes=dict(reader.passes))
        turn, language = look.turn, look.language
    if language is not None and CODES[language] not in installed:
        lacking = language
    best = _installed(language, installed)
    upright = np.rot90(grey, -turn) if turn else grey
    seen = sensible(reader.read(_picture(upright), best, PAGE, "page"))
    if language is None:
        language = language_of([word.text for word in seen])
        if language is not None and CODES[language] not in installed:
            lacking = language
    height, width = upright.shape
    return Answer(
        words=words_of(seen, width, height, limits.word_length),
        languages=(language,) if language else (),
        lacking=lacking,
        turn=turn,
        passes=dict(reader.passes),
    )


def _installed(language: str | None, installed: frozenset[str]) -> str:
    """`language`, or what comes nearest of those that are there."""
    for candidate in (language, FALLBACK, *CODES):
        if candidate is not None and CODES[candidate] in installed:
            return candidate
    return FALLBACK


def _picture(grey: Grey) -> Image.Image:
    if not grey.flags.c_contiguous:
        grey = np.ascontiguousarray(grey)
    height, width = grey.shape
    return Image.frombuffer("L", (width, height), grey, "raw", "L", 0, 1)


def _first_look(grey: Grey, reader: Reader) -> Look | None:
    """None for a page with nothing on it."""
    best: Look | None = None
    for turn in (0, 2, 1, 3):
        strip = text_strip(np.rot90(grey, -turn) if turn else grey, reader.dpi)
        if strip is None:
            continue
        seen = reader.read(_picture(strip), _installed(None, reader.installed), BLOCK, "look" if turn == 0 else "turn")
        quality = _quality(seen)
        if best is None or quality > best.quality + BETTER:
            best = Look(quality, language_of([word.text for word in seen]), turn)
        if best.quality >= WELL_READ:
            break
    return best


def _quality(seen: Sequence[Seen]) -> float:
    letters = sum(len(word.text) for word in seen)
    return sum(word.confidence * len(word.text) for word in seen) / letters if letters else 0.0


def text_strip(grey: Grey, dpi: float) -> Grey | None:
    """The part of a page with the most text in it: some full-width lines, all in one piece. None if there is nothing like text.

    Text is where a line of pixels changes often between dark and light; pictures, rules and shadows change seldom.
    """
    small = grey[::2, ::2]
    sample = small[::4, ::4]
    dark, light = np.percentile(sample, (0.5, 90))
    if light - dark < 24:
        return None
    ink = small < (dark + light) / 2
    changes = np.count_nonzero(ink[:, 1:] != ink[:, :-1], axis=1)
    rows = max(int(dpi * 0.9) // 2, 8)  # of half the resolution: 0.9 inch, six lines of usual text
    if len(changes) <= rows:
        return grey
    total = np.concatenate(([0], np.cumsum(np.minimum(changes, 400))))
    window = total[rows:] - total[:-rows]
    start = int(window.argmax())
    if window[start] < rows:
        return None
    return grey[2 * start : 2 * (start + rows)]
