"""The `OcrEngine` port by PP-OCRv6 on a `ModelServer`: `text_detection` finds the lines of a page, `text_recognition` reads them.

What the models say is not believed before it has been checked: shapes, ranges, and a line that is known, which goes with every page. So a
server that answers with something else than it should is away (`Unavailable`), whatever it says of itself.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import time
from collections.abc import Coroutine, Sequence
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.adapters.canary import canary
from app.adapters.model_signature import WrongAnswer
from app.domain.document import Words
from app.errors import DeadlineExceeded, Unavailable, Unprocessable
from app.gate import Gate, Inside
from app.ocr.bending import bend_of
from app.ocr.detection import Line, lines_in, to_search, turned_over, without_shine
from app.ocr.recognition import Batch, Spelled, Strip, alphabet, batches, cut, spelled, text_of, words_in
from app.ports import Inference, ModelServer, PageText, Picture
from app.readers.limits import Limits
from app.readers.tsv import Seen, sensible, words_of
from app.readers.written_in import language_of

DEPENDENCY = "ocr"
NAME = "PP-OCRv6 small"
DETECTION, RECOGNITION = "text_detection", "text_recognition"
CALL_SECONDS = 4.0  # for one answer: who waits for the page can still have it read another way within five
PAGE_SECONDS = 30.0  # for all that is asked about one page; two or three where nothing else runs
MOST_LINES = 1_500  # of a page; in dust and texture there are more
MOST_CALLS = 1_000  # pages
WELL_READ = 0.8  # mean probability; upside down it is 0.3 to 0.6
PROBES = 6  # lines that are read the other way up where a page reads badly
BETTER = 0.1  # by which they must be read better so
KNOWN = "Invoice total"  # what the canary says

Grey = NDArray[np.uint8]
T = TypeVar("T")


Outcome = Literal["read", "unreadable", "unavailable"]


class Watch(Protocol):
    """Is told what happens; must not raise or wait."""

    def page_done(self, engine: str, outcome: Outcome, seconds: float) -> None: ...


class PpOcrEngine:
    """At most `width` pages at once, with as many questions to the models; further ones wait their turn (`Gate`), so that what has begun
    to be read is read first. `engine`: name and the models' versions, empty before the first page."""

    def __init__(
        self, models: ModelServer, width: int, limits: Limits | None = None, call_seconds: float = CALL_SECONDS, watch: Watch | None = None
    ) -> None:
        self.engine = ""
        self._watch = watch
        self._call_seconds = call_seconds
        self._models = models
        self._limits = limits or Limits()
        self._gate = Gate(width, steps=width)
        self._calls = 0

    async def ping(self) -> None:
        await self._models.ping()
        missing = {DETECTION, RECOGNITION} - (await self._models.versions()).keys()
        if missing:
            raise Unavailable(DEPENDENCY, f"models not loaded: {', '.join(sorted(missing))}")

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        """Raises ValueError for a picture that is not what it says."""
        size = picture.width * picture.height
        if picture.width <= 0 or picture.height <= 0 or os.fstat(picture.memory).st_size < size:
            raise ValueError("a picture without its pixels")
        if size > self._limits.pixels:
            raise Unprocessable("unreadable", "more pixels than are read")
        if self._calls >= MOST_CALLS:
            raise Unavailable(DEPENDENCY, "too many pages wait")
        # Mapped here: the caller may close the picture while a thread that nobody waits for any more still looks at it.
        pixels = mmap.mmap(picture.memory, size, prot=mmap.PROT_READ)
        grey = np.frombuffer(pixels, np.uint8).reshape(picture.height, picture.width)
        started = time.monotonic()
        outcome: Outcome = "unavailable"
        try:
            text = await self._in_turn(grey, picture.dpi, tuple(languages), tenant)
            outcome, self.engine = "read", text.engine
        except Unprocessable:
            outcome = "unreadable"
            raise
        finally:
            if self._watch is not None:
                self._watch.page_done(self.engine, outcome, time.monotonic() - started)
        return text

    async def _in_turn(self, grey: Grey, dpi: float, languages: tuple[str, ...], tenant: str) -> PageText:
        self._calls += 1
        try:
            async with self._gate.enter(tenant) as inside:
                return await _Page(self._models, self._limits, dpi, self._call_seconds, inside).read(grey, languages)
        finally:
            self._calls -= 1


class _Page:
    """One page being read."""

    def __init__(self, models: ModelServer, limits: Limits, dpi: float, call_seconds: float, inside: Inside) -> None:
        self._models = models
        self._limits = limits
        self._dpi = dpi
        self._call_seconds = call_seconds
        self._inside = inside
        self._left = max(PAGE_SECONDS, call_seconds)  # seconds; calls beside one another count each
        self._versions: dict[str, str] = {}

    async def read(self, grey: Grey, languages: tuple[str, ...]) -> PageText:
        grey = await asyncio.to_thread(without_shine, grey)
        lines, turn = await self._find(grey), 0
        if 2 * sum(line.width for line in lines if line.on_end) > sum(line.width for line in lines):
            grey, turn = np.ascontiguousarray(np.rot90(grey, -1)), 1
            lines = await self._find(grey)
        strips, said = await self._spell(grey, lines)
        if lines and _quality(said) < WELL_READ and await self._upside_down(grey, strips, said):
            grey, turn = np.ascontiguousarray(np.rot90(grey, 2)), (turn + 2) % 4
            strips, said = await self._spell(grey, turned_over(lines, grey.shape[1], grey.shape[0]))
        words = await asyncio.to_thread(self._words, strips, said, grey.shape)
        found = languages[:1] or tuple(filter(None, (language_of(words.texts),)))
        engine = f"{NAME} {self._versions[DETECTION]}/{self._versions[RECOGNITION]}"
        return PageText(words, engine, found, turn)

    async def _find(self, grey: Grey) -> list[Line]:
        picture, scale = await asyncio.to_thread(to_search, grey, self._dpi)
        found = await self._ask(DETECTION, {"image": picture[None]})
        maps = found.get("text")
        if maps is None or maps.shape != (1, *picture.shape) or maps.dtype != np.float32 or not (maps.min() >= 0 and maps.max() <= 1.001):
            raise _garbage(DETECTION)
        lines = await asyncio.to_thread(lines_in, maps[0], scale, grey.shape[1], grey.shape[0])
        if len(lines) > MOST_LINES:
            raise Unprocessable("unreadable", "more lines than a page has")
        return lines

    async def _spell(self, grey: Grey, lines: Sequence[Line]) -> tuple[list[Strip], list[Spelled]]:
        """The lines as strips, and what they say: those that run up or down the page the way up that reads better."""

        def strips_of() -> list[Strip]:
            return [_known(), *(cut(grey, line) for line in lines), *(cut(grey, line.reversed()) for line in lines if line.on_end)]

        strips = await asyncio.to_thread(strips_of)
        made = await asyncio.to_thread(lambda: list(batches(strips)))
        answers = await _together(list(map(self._recognize, made)))
        said: dict[int, Spelled] = {index: spelling for answer in answers for index, spelling in answer}
        if text_of(said[0]) != KNOWN:
            raise _garbage(RECOGNITION)
        other = len(lines) + 1
        for index, line in enumerate(lines, 1):
            if line.on_end:
                if said[other].confidence > said[index].confidence:
                    strips[index], said[index] = strips[other], said[other]
                other += 1
        return strips[1 : len(lines) + 1], [said[index] for index in range(1, len(lines) + 1)]

    async def _recognize(self, batch: Batch) -> list[tuple[int, Spelled]]:
        answer = await self._ask(RECOGNITION, {"image": batch.pixels})
        symbols, probabilities = answer.get("symbols"), answer.get("probabilities")
        if symbols is None or probabilities is None or symbols.shape != probabilities.shape or symbols.ndim != 2:
            raise _garbage(RECOGNITION)
        if len(symbols) != len(batch.strips) or symbols.dtype != np.int32 or symbols.min() < 0 or symbols.max() >= len(alphabet()):
            raise _garbage(RECOGNITION)
        if not (probabilities.min() >= 0 and probabilities.max() <= 1.001):  # so written, NaN is refused too
            raise _garbage(RECOGNITION)
        return [(index, spelled(symbols[row], probabilities[row])) for row, index in enumerate(batch.strips)]

    async def _upside_down(self, grey: Grey, strips: Sequence[Strip], said: Sequence[Spelled]) -> bool:
        probes = sorted(range(len(strips)), key=lambda i: -len(said[i].symbols))[:PROBES]
        _, other = await self._spell(grey, [strips[i].line.reversed() for i in probes])
        return _quality(other) > _quality([said[i] for i in probes]) + BETTER

    async def _ask(self, model: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        async with self._inside.step():
            if self._left <= 0:
                raise DeadlineExceeded(DEPENDENCY, "the models are too slow")
            began = time.monotonic()
            inference: Inference = await self._models.infer(
                model, tensors, deadline=min(self._left, self._call_seconds), first=self._inside.goes_first
            )
            self._left -= time.monotonic() - began
        self._versions[model] = inference.version
        return dict(inference.tensors)

    def _words(self, strips: Sequence[Strip], said: Sequence[Spelled], shape: tuple[int, int]) -> Words:
        seen: list[Seen] = []
        for number, (strip, spelling) in enumerate(zip(strips, said, strict=True)):
            seen += words_in(strip, spelling, number)
        height, width = shape
        bend = bend_of([strip.line for strip in strips], width, height)
        return words_of(sensible(seen)[: self._limits.words_on_page], width, height, self._limits.word_length, bend)


async def _together(asked: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, or the first failure: then the other questions are given up, for nobody waits for them, and other pages would."""
    tasks = [asyncio.create_task(each) for each in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _garbage(model: str) -> WrongAnswer:
    return WrongAnswer(DEPENDENCY, f"{model} answers with something else than it should")


def _quality(said: Sequence[Spelled]) -> float:
    """Mean probability of all symbols."""
    symbols = sum(len(spelling.symbols) for spelling in said)
    return sum(float(spelling.probabilities.sum()) for spelling in said) / symbols if symbols else 0.0


@cache
def _known() -> Strip:
    """The line whose words are known."""
    memory, width, height = canary()
    try:
        grey = np.frombuffer(os.pread(memory, width * height, 0), np.uint8).reshape(height, width)
    finally:
        os.close(memory)
    return cut(grey, Line(width / 2, height / 2, width, height, 0.0, 1.0))
