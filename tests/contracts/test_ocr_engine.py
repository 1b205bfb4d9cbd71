"""The contract of `OcrEngine`. An adapter joins by one line in ENGINES."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import pytest

from app.adapters.ppocr import PpOcrEngine
from app.adapters.tesseract import TesseractEngine
from app.errors import Unprocessable
from app.ports import OcrEngine, Picture
from app.wiring import open_models
from tests.rendered import ENGLISH, FRENCH, GERMAN, page, picture


@asynccontextmanager
async def ppocr(width: int) -> AsyncIterator[OcrEngine]:
    async with open_models("local:") as models:
        assert models is not None
        yield PpOcrEngine(models, width, call_seconds=60)


ENGINES: dict[str, Callable[[int], AbstractAsyncContextManager[OcrEngine]]] = {
    "tesseract": lambda width: TesseractEngine.open(width=width),
    "ppocr": ppocr,
}


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[OcrEngine]:
    async with ENGINES[request.param](2) as opened:
        yield opened


@contextmanager
def closing(drawn: Picture) -> Iterator[Picture]:
    try:
        yield drawn
    finally:
        drawn.close()


async def test_words_stand_where_they_were_drawn_in_reading_order(engine: OcrEngine) -> None:
    drawn, boxes = page(*ENGLISH)
    with closing(drawn):
        text = await engine.read(drawn)
    assert " ".join(text.words.texts) == " ".join(ENGLISH)
    assert [text.words.line(i) for i in range(len(text.words))] == [n for n, line in enumerate(ENGLISH) for _ in line.split()]
    for i, word in enumerate(text.words.texts):
        if sum(word == other for other in text.words.texts) > 1:
            continue
        x0, y0, x1, y1 = boxes[word]
        box = text.words.box(i)
        assert abs(box.x0 - x0) < 0.004 and abs(box.x1 - x1) < 0.004, word
        assert y0 - 0.002 <= box.y0 < box.y1 <= y1 + 0.002, word  # the letters inside of the line's height
    assert len(text.words.confidences) == len(text.words) and min(text.words.confidences) > 50
    assert text.languages[:1] == ("en",) and text.turn == 0 and text.notes == ()
    assert any(map(str.isdigit, text.engine)) and " " in text.engine  # a name and a version


@pytest.mark.parametrize(("lines", "language", "word"), [(GERMAN, "de", "Größe"), (FRENCH, "fr", "réception")])
async def test_the_language_is_found_and_its_letters_are_read(engine: OcrEngine, lines: tuple[str, ...], language: str, word: str) -> None:
    drawn, _ = page(*lines)
    with closing(drawn):
        text = await engine.read(drawn)
        assert text.languages[0] == language and word in text.words.texts
        assert (await engine.read(drawn, text.languages)).words.texts == text.words.texts


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("known", [(), ("de",)])
async def test_a_page_that_stands_another_way_is_read_and_its_turn_told(engine: OcrEngine, turn: int, known: tuple[str, ...]) -> None:
    drawn, boxes = page(*GERMAN, turn=turn)
    with closing(drawn):
        text = await engine.read(drawn, known)
    assert (turn + text.turn) % 4 == 0
    assert " ".join(text.words.texts) == " ".join(GERMAN)
    box = text.words.box(text.words.texts.index("Gesamtbetrag"))
    assert abs(box.x0 - boxes["Gesamtbetrag"][0]) < 0.01 and abs(box.y1 - boxes["Gesamtbetrag"][3]) < 0.01


@pytest.mark.parametrize("shade", [255, 200, 0])
async def test_a_page_with_nothing_on_it_has_no_words(engine: OcrEngine, shade: int) -> None:
    with closing(picture(bytes([shade]) * (850 * 1100), 850, 1100, 100)) as blank:
        text = await engine.read(blank)
    assert len(text.words) == 0 and text.languages == ()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (1, 4000), (4000, 1), (40, 40), (5000, 3000)])
async def test_pictures_of_any_size_get_an_answer(engine: OcrEngine, width: int, height: int) -> None:
    pixels = bytes(range(256)) * (width * height // 256 + 1)
    with closing(picture(pixels[: width * height], width, height)) as odd:
        try:
            assert (await engine.read(odd)).turn in range(4)
        except Unprocessable as refused:
            assert refused.reason == "unreadable"


async def test_a_huge_picture_is_refused_not_tried(engine: OcrEngine) -> None:
    memory = os.memfd_create("huge", os.MFD_CLOEXEC)
    os.truncate(memory, 50_000 * 50_000)  # no memory behind it
    with closing(Picture(memory, 50_000, 50_000, 200)) as huge:
        with pytest.raises(Unprocessable) as refused:
            await engine.read(huge)
    assert refused.value.reason == "unreadable"


async def test_a_picture_without_its_pixels_is_a_bug(engine: OcrEngine) -> None:
    with closing(picture(bytes(100), 100, 100)) as short:
        with pytest.raises(ValueError, match="pixels"):
            await engine.read(short)


async def test_many_at_once_are_all_read(engine: OcrEngine) -> None:
    numbers = [f"Number {1000 + n}" for n in range(8)]
    drawn = [page(number, *ENGLISH[1:3])[0] for number in numbers]
    try:
        texts = await asyncio.gather(*(engine.read(one, ("en",)) for one in drawn))
    finally:
        for one in drawn:
            one.close()
    assert [" ".join(text.words.texts[:2]) for text in texts] == numbers


async def test_who_has_no_page_being_read_does_not_wait_for_those_who_have_many(engine: OcrEngine) -> None:
    drawn, _ = page(*ENGLISH * 8)
    with closing(drawn):
        many = [asyncio.create_task(engine.read(drawn, ("en",), tenant="many")) for _ in range(8)]
        await engine.ping()
        assert (await engine.read(drawn, ("en",), tenant="one")).words.texts[0] == "Invoice"
        assert sum(each.done() for each in many) <= 4
        assert len({text.words.texts for text in await asyncio.gather(*many)}) == 1


async def test_a_call_cancelled_in_mid_air_frees_its_place(engine: OcrEngine) -> None:
    drawn, _ = page(*ENGLISH * 4)
    with closing(drawn):
        calls = [asyncio.create_task(engine.read(drawn)) for _ in range(6)]
        await engine.ping()
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 6, outcomes
        assert (await engine.read(drawn)).words.texts[0] == "Invoice"  # both places are free again


async def test_closing_the_picture_after_a_cancelled_call_is_safe(engine: OcrEngine) -> None:
    drawn, _ = page(*ENGLISH)
    call = asyncio.create_task(engine.read(drawn))
    await engine.ping()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    drawn.close()
    again, _ = page(*GERMAN)
    with closing(again):
        assert "Rechnung" in (await engine.read(again)).words.texts
