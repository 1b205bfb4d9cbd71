"""PP-OCR on real models: what it reads, and that nothing is believed of models that talk rubbish; then who reads when one cannot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from app.adapters.ppocr import PpOcrEngine
from app.adapters.reading_policy import NOTE, InTurn
from app.adapters.tesseract import Installation, TesseractEngine
from app.errors import DeadlineExceeded, Unavailable
from app.ocr.bending import bend_of
from app.ocr.detection import Line, lines_in, to_search, without_shine
from app.ocr.recognition import Spelled, Strip, alphabet, batches, cut, spelled, words_in
from app.ports import Inference, ModelServer, Picture
from app.readers.look import DPI
from app.readers.prepare import prepare
from app.readers.tsv import Seen, words_of
from app.samples.damage import Damage, damage
from app.wiring import open_models
from tests.ablation import bag_error, planned, printed_pages
from tests.rendered import ENGLISH, page, picture

Tensors = Mapping[str, NDArray[Any]]


on_one_loop = pytest.mark.asyncio(loop_scope="module")  # the models are loaded once, and Tesseract's


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models() -> AsyncIterator[ModelServer]:
    async with open_models("local:") as opened:
        assert opened is not None
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tesseract() -> AsyncIterator[TesseractEngine]:
    async with TesseractEngine.open(width=1) as opened:
        yield opened


@contextmanager
def drawn(*lines: str) -> Iterator[Picture]:
    made, _ = page(*lines)
    try:
        yield made
    finally:
        made.close()


class Through:
    """Other models, as they are."""

    def __init__(self, models: ModelServer) -> None:
        self._models = models

    async def infer(self, model: str, tensors: Tensors, *, deadline: float, first: bool = False) -> Inference:
        return await self._models.infer(model, tensors, deadline=deadline, first=first)

    def stream(self, model: str, tensors: Tensors, *, deadline: float) -> AsyncIterator[Inference]:
        return self._models.stream(model, tensors, deadline=deadline)

    async def ping(self) -> None:
        await self._models.ping()

    async def versions(self) -> Mapping[str, tuple[str, ...]]:
        return await self._models.versions()


class Spoiled(Through):
    """Models whose answers are changed on the way. `spoil(model, tensors)`: what is answered; it may take its time."""

    def __init__(self, models: ModelServer, spoil: Callable[[str, dict[str, NDArray[Any]]], Tensors]) -> None:
        super().__init__(models)
        self._spoil = spoil

    async def infer(self, model: str, tensors: Tensors, *, deadline: float, first: bool = False) -> Inference:
        answer = await super().infer(model, tensors, deadline=deadline, first=first)
        return Inference(self._spoil(model, {name: tensor.copy() for name, tensor in answer.tensors.items()}), answer.version)


class Away:
    """Models that nobody answers for, or that do not answer in time."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._hangs = hangs

    async def infer(self, model: str, tensors: Tensors, *, deadline: float, first: bool = False) -> Inference:
        if self._hangs:
            await asyncio.sleep(deadline)
            raise DeadlineExceeded("models", "no answer")
        raise Unavailable("models", "nobody answers")

    def stream(self, model: str, tensors: Tensors, *, deadline: float) -> AsyncIterator[Inference]:
        raise Unavailable("models", "nobody answers")

    async def ping(self) -> None:
        raise Unavailable("models", "nobody answers")

    async def versions(self) -> Mapping[str, tuple[str, ...]]:
        raise Unavailable("models", "nobody answers")


class Counted:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def fell_back(self, reason: str) -> None:
        self.reasons.append(reason)


@on_one_loop
@pytest.mark.parametrize(("kind", "most"), [("clean", 2.0), ("noise", 6.0), ("bleed", 6.0)])
async def test_damaged_pages_are_read(models: ModelServer, kind: Damage, most: float) -> None:
    (printed,) = printed_pages(1, 11)
    damaged = damage(printed.pixels, DPI, kind, 0)
    ready = prepare(damaged.pixels, planned(damaged))
    held = picture(ready.tobytes(), *ready.shape[::-1], DPI)
    try:
        text = await PpOcrEngine(models, width=1, call_seconds=60).read(held)
    finally:
        held.close()
    assert 100 * bag_error(printed.words, text.words.texts) < most
    assert text.languages == (printed.language,) and text.engine == "PP-OCRv6 small 1/1"


def not_finite(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    for tensor in tensors.values():
        if tensor.dtype == np.float32:
            tensor.flat[tensor.size // 2] = np.nan
    return tensors


def other_symbols(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    """As a model of another version says them, whose list is another one."""
    if "symbols" in tensors:
        symbols = tensors["symbols"]
        tensors["symbols"] = np.where(symbols > 0, symbols % 90 + 1, 0).astype(np.int32)
    return tensors


def unknown_symbols(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    if "symbols" in tensors:
        tensors["symbols"].flat[0] = len(alphabet())
    return tensors


def one_word(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    """Well formed, very sure, and the same whatever it is shown."""
    if "symbols" in tensors:
        tensors["symbols"][:] = 0
        tensors["symbols"][:, 1:4] = [40, 41, 42]
        tensors["probabilities"][:] = 1.0
    return tensors


def smaller(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    return {name: tensor[:, :-1] for name, tensor in tensors.items()} if model == "text_detection" else tensors


def fewer(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    return {name: tensor[:-1] for name, tensor in tensors.items()} if model == "text_recognition" else tensors


def nothing(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
    return {}


@on_one_loop
@pytest.mark.parametrize("spoil", [not_finite, other_symbols, unknown_symbols, one_word, smaller, fewer, nothing])
async def test_rubbish_is_not_believed_and_the_other_engine_reads(
    models: ModelServer, tesseract: TesseractEngine, spoil: Callable[[str, dict[str, NDArray[Any]]], Tensors]
) -> None:
    broken = PpOcrEngine(Spoiled(models, spoil), width=1, call_seconds=60)
    counted = Counted()
    with drawn(*ENGLISH) as held:
        text = await InTurn((broken, tesseract), counted).read(held)
    assert " ".join(text.words.texts) == " ".join(ENGLISH)
    assert text.engine.startswith("tesseract") and NOTE in text.notes
    assert counted.reasons == ["engine_wrong"]


@on_one_loop
async def test_models_that_say_of_a_page_that_it_is_empty_are_not_the_last_asked(models: ModelServer, tesseract: TesseractEngine) -> None:
    def empty(model: str, tensors: dict[str, NDArray[Any]]) -> Tensors:
        return {"text": np.zeros_like(tensors["text"])} if model == "text_detection" else tensors

    counted = Counted()
    with drawn(*ENGLISH) as held:
        text = await InTurn((PpOcrEngine(Spoiled(models, empty), 1, call_seconds=60), tesseract), counted).read(held)
    assert " ".join(text.words.texts) == " ".join(ENGLISH) and counted.reasons == ["engine_read_badly"]


@on_one_loop
@pytest.mark.parametrize(("hangs", "reason"), [(False, "engine_away"), (True, "engine_slow")])
async def test_without_models_the_page_is_read_within_five_seconds(tesseract: TesseractEngine, hangs: bool, reason: str) -> None:
    counted = Counted()
    with drawn(*ENGLISH) as held:
        await tesseract.read(held)
        started = time.monotonic()
        text = await InTurn((PpOcrEngine(Away(hangs=hangs), 1), tesseract), counted).read(held)
        assert time.monotonic() - started < 5 + 2  # until it is asked, and what it takes
    assert " ".join(text.words.texts) == " ".join(ENGLISH) and text.engine.startswith("tesseract")
    assert counted.reasons == [reason]


class Deaf(Through):
    """Models of which one does not answer. `asked`: questions to it that somebody waits for."""

    def __init__(self, models: ModelServer, deaf: str) -> None:
        super().__init__(models)
        self._deaf = deaf
        self.asked = self.most = 0

    async def infer(self, model: str, tensors: Tensors, *, deadline: float, first: bool = False) -> Inference:
        if model != self._deaf:
            return await super().infer(model, tensors, deadline=60, first=first)
        self.asked += 1
        self.most = max(self.most, self.asked)
        try:
            await asyncio.sleep(deadline / self.asked)  # not all at the same moment
            raise DeadlineExceeded("models", "no answer")
        finally:
            self.asked -= 1


@on_one_loop
async def test_a_page_that_was_given_up_asks_nothing_more(models: ModelServer) -> None:
    """Else its questions would hold up the next page."""
    deaf = Deaf(models, "text_recognition")
    engine = PpOcrEngine(deaf, 2, call_seconds=1.0)
    with drawn("Invoice", "a line that is longer than the one above, and another batch therefore") as given:
        with pytest.raises(DeadlineExceeded):
            await engine.read(given)
    assert deaf.most == 2 and deaf.asked == 0


@on_one_loop
async def test_without_tesseract_the_models_read_and_without_both_the_page_waits(models: ModelServer) -> None:
    async with TesseractEngine.open(Installation("no-such-program"), width=1) as missing:
        with drawn(*ENGLISH) as held:
            good = InTurn((missing, PpOcrEngine(models, 1, call_seconds=60)))
            await good.ping()
            text = await good.read(held)
            assert " ".join(text.words.texts) == " ".join(ENGLISH) and good.away == ""
            none = InTurn((PpOcrEngine(Away(), 1), missing))
            with pytest.raises(Unavailable):
                await none.read(held)
            assert none.away == "not installed"
            with pytest.raises(Unavailable):
                await none.ping()


@pytest.mark.parametrize("angle", [0, 3, -3, 90])
def test_lines_are_where_their_cores_are(angle: int) -> None:
    """What the model is trained to say of a line: its area, shrunk by a fixed part of its height on all sides."""
    found = np.zeros((512, 512), np.float32)
    corners = cv2.boxPoints(((256.0, 200.0), (300.0, 10.0), float(angle)))
    cv2.fillPoly(found, [np.rint(corners).astype(np.int32)], 0.9)
    (line,) = lines_in(found, 0.5, 1024, 1024)
    assert abs(line.x - 513) < 2 and abs(line.y - 401) < 2
    assert 600 < line.width < 650 and 42 < line.height < 62
    assert abs(line.angle - angle) < 0.6 and line.on_end == (angle == 90)


def test_short_numbers_of_a_narrow_column_are_lines_of_their_own() -> None:
    """Their cores touch where the lines stand close."""
    found = np.zeros((512, 512), np.float32)
    for y in (100, 117, 134):
        found[y : y + 8, 40:240] = 0.9  # what was bought
        found[y : y + 10, 400:412] = 0.95  # and its price
    for y, pale in ((110, 0.6), (127, 0.5)):
        found[y : y + 7, 401:411] = pale
    numbers = [line for line in lines_in(found, 0.5, 1024, 1024) if line.x > 700]
    assert [line.y for line in sorted(numbers, key=lambda line: line.y)] == pytest.approx([211, 245, 279], abs=5)
    assert all(line.width > line.height and not line.on_end for line in numbers)


def test_a_column_with_a_thousand_pale_rows_is_read_as_any_other() -> None:
    """As a picture made to do harm may have. Each row is a little paler than the one over it: the lowest is parted first."""
    found = np.zeros((2048, 512), np.float32)
    for y in range(20, 420, 10):
        found[y : y + (3 if y < 60 else 2), 40:240] = 0.9  # four lines, and specks
    found[20:2020, 400:412] = 0.95
    found[21:2020:2, 400:412] = np.linspace(0.5, 0.4, 1000)[:, None]
    assert sum(line.x < 500 for line in lines_in(found, 0.5, 1024, 4096)) == 4


def test_a_title_is_one_line_however_high() -> None:
    found = np.zeros((512, 512), np.float32)
    for y in (100, 117, 134):
        found[y : y + 8, 40:240] = 0.9
    found[20:50, 300:480] = 0.95
    assert len(lines_in(found, 0.5, 1024, 1024)) == 4


def test_what_is_searched_is_small_and_fits_the_model() -> None:
    made, scale = to_search(np.full((2339, 1654), 250, np.uint8), 200)
    assert made.shape == (1184, 832) and scale == 0.5 and made.min() == 250
    made, _ = to_search(np.full((1, 9000), 250, np.uint8), 200)
    assert made.shape[0] == 32 and made.shape[1] <= 1920


def test_what_shines_through_goes_and_pale_edges_of_ink_stay() -> None:
    grey = np.full((200, 200), 250, np.uint8)
    grey[50:60, 20:180] = 30
    grey[60, 20:180] = 220  # an edge
    grey[120:130, 20:180] = 210  # from the back
    clean = without_shine(grey)
    assert clean[120:130].min() == 250 and (clean[50:61] == grey[50:61]).all()


def test_what_stands_on_one_line_of_paper_that_bends_is_one_row() -> None:
    width, height, deep = 1600, 2000, 40.0

    def lower(x: float) -> float:
        return deep * (x / width) ** 2

    lines = [
        Line(x, y + lower(x), 300, 30, np.degrees(np.arctan(2 * deep * x / width**2)), 1.0)
        for y in range(200, 1800, 100)
        for x in (200, 800, 1400)
    ]
    lines[7] = Line(lines[7].x, lines[7].y, 300, 30, 20.0, 1.0)  # some angles are wrong
    bend = bend_of(lines, width, height)
    assert all(abs(bend(x, y) - (lower(x) - lower(width / 2))) < 2 for x in (100, 800, 1500) for y in (100, 1900))
    assert bend_of(lines[:2], width, height)(0, 0) == 0
    level = [Line(line.x, line.y, 300, 30, 0.0, 1.0) for line in lines]
    assert bend_of(level, width, height)(1500, 100) == 0

    seen = [
        Seen(text, x, round(y + lower(x + 50)), x + 100, round(y + lower(x + 50)) + 20, number, 99.0)
        for number, (text, x, y) in enumerate([("Net", 100, 500), ("100.00", 1400, 500), ("Total", 100, 535), ("119.00", 1400, 535)])
    ]
    rows = [words_of(seen, width, height, 100, held).lines for held in (bend, None)]
    assert list(memoryview(rows[0]).cast("H")) == [0, 0, 1, 1] != list(memoryview(rows[1]).cast("H"))


def strip_of(text: str, gaps: Mapping[int, int]) -> tuple[Strip, Spelled]:
    """A strip with a bar of ink for each letter, 8 pixels wide and 24 apart, `gaps` more before some; and what a model says of it."""
    pixels = np.full((48, 1000), 255, np.uint8)
    letters, at, steps = alphabet(), 16, []
    for i, _ in enumerate(text):
        at += gaps.get(i, 0)
        if text[i] != " ":
            pixels[12:36, at : at + 20] = 0
        steps.append((at + 10) // 8)
        at += 24
    symbols = np.array([letters.index(letter) for letter in text], np.int32)
    return Strip(Line(500, 24, 1000, 48, 0.0, 1.0), pixels), Spelled(symbols, np.array(steps), np.full(len(text), 0.9, np.float32))


def test_words_end_at_spaces_and_where_letters_stand_too_far_apart() -> None:
    words = words_in(*strip_of("ab cd", {}), 7)
    assert [(w.text, w.x0, w.x1, w.y0, w.y1, w.line) for w in words] == [("ab", 16, 60, 12, 36, 7), ("cd", 88, 132, 12, 36, 7)]
    assert [w.text for w in words_in(*strip_of("abcd", {2: 20}), 0)] == ["ab", "cd"]
    assert [w.text for w in words_in(*strip_of("abcd", {2: 6}), 0)] == ["abcd"]
    assert [w.text for w in words_in(*strip_of("abcd·efgh", {4: 8, 5: 8}), 0)] == ["abcd", "·", "efgh"]
    assert [w.text for w in words_in(*strip_of("ab)14", {3: 8}), 0)] == ["ab)", "14"]  # though much paper stands beside a one


def test_a_symbol_said_on_end_is_one_and_said_again_after_none_is_two() -> None:
    said = spelled(np.array([5, 5, 0, 5, 7, 7, 0], np.int32), np.arange(7, dtype=np.float32) / 7)
    assert said.symbols.tolist() == [5, 5, 7] and said.steps.tolist() == [0, 3, 4]


def test_strips_of_like_width_are_one_batch_and_none_is_lost() -> None:
    grey = np.full((400, 3000), 255, np.uint8)
    strips = [cut(grey, Line(1500, 200, width, 48, 0.0, 1.0)) for width in (60, 64, 61, 100, 2900, 2560)]
    made = list(batches(strips))
    assert sorted(i for batch in made for i in batch.strips) == [0, 1, 2, 3, 4, 5]
    assert [batch.pixels.shape for batch in made] == [(2, 48, 64), (1, 48, 64), (1, 48, 128), (2, 48, 2560)]


@asynccontextmanager
async def loop_lag() -> AsyncIterator[list[float]]:
    """How late the loop is, each 5 ms."""
    late: list[float] = []

    async def watch() -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            late.append(time.monotonic() - due)

    task = asyncio.create_task(watch())
    try:
        yield late
    finally:
        task.cancel()


@on_one_loop
async def test_the_loop_is_not_held_up_while_pages_are_read(models: ModelServer) -> None:
    pages = [picture(p.pixels.tobytes(), *p.pixels.shape[::-1], DPI) for p in printed_pages(2, 11)]
    engine = PpOcrEngine(models, 2, call_seconds=60)
    try:
        await engine.read(pages[0])
        async with loop_lag() as late:
            await asyncio.gather(*(engine.read(each) for each in pages))
    finally:
        for each in pages:
            each.close()
    assert len(late) > 50
    assert sorted(late)[int(0.99 * len(late))] < 0.05  # 20 ms on a machine that does nothing else
