"""Tesseract that is missing, hangs, crashes or talks rubbish: a state, never a hang, and nothing is left behind.

Programs that misbehave are shell scripts which stand in for Tesseract, and start the real one where they behave.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.tesseract import PAGE_LIMITS, Installation, TesseractEngine
from app.errors import Unavailable, Unprocessable
from app.ports import Picture
from tests.rendered import ENGLISH, GERMAN, page

REAL = shutil.which("tesseract") or "tesseract"
LONG = "98765.4321"  # seconds, in a form that nobody else uses: to find what still sleeps

PREAMBLE = f"""#!/bin/sh
case "$1" in --version) exec {REAL} --version ;; --list-langs) exec {REAL} --list-langs ;; esac
"""
ON_LARGE = 'if [ "$(stat -c %s "$1")" -gt 500000 ]; then {bad}; fi\n' + f'exec {REAL} "$@"\n'
"""Misbehaves on a page, not on small pictures."""
QUICK = replace(PAGE_LIMITS, wall_seconds=4.0)

Script = Callable[[str], Installation]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(body: str) -> Installation:
        program = tmp_path / "stand-in"
        program.write_text(PREAMBLE + body)
        program.chmod(0o755)
        return Installation(str(program))

    return write


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """Processes, zombies, temporary files, descriptors."""
    await asyncio.to_thread(lambda: None)  # the loop's own executor exists from here on
    files, descriptors, servers = _files(), len(os.listdir("/proc/self/fd")), set(_descendants())
    yield
    async with asyncio.timeout(10):
        while _descendants(servers) or _sleeping() or _files() - files or len(os.listdir("/proc/self/fd")) > descriptors:
            await asyncio.sleep(0.02)


def _files() -> set[Path]:
    return {*Path(tempfile.gettempdir()).glob("invoicestream-ocr-*"), *Path("/dev/shm").glob("[0-9]*"), *Path("/dev/shm").glob("tess*")}


def _processes() -> Iterator[tuple[int, int, str, bytes]]:
    """pid, parent, state, command line."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                state, parent = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:2]
                yield int(name), int(parent), state, Path("/proc", name, "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended


def _descendants(others: Collection[int] = ()) -> list[int]:
    """All processes below this one, zombies too, but for `others` (servers of other tests) and what is below them."""
    found, below = [], {os.getpid()}
    parents = [(pid, parent) for pid, parent, _, _ in _processes() if pid not in others]
    while more := {pid for pid, parent in parents if parent in below} - below:
        below |= more
        found += list(more)
    return found


def _sleeping() -> list[int]:
    return [pid for pid, _, _, line in _processes() if LONG.encode() in line]


@contextmanager
def drawn(*lines: str) -> Iterator[Picture]:
    picture, _ = page(*lines)
    try:
        yield picture
    finally:
        picture.close()


async def read(engine: TesseractEngine, *lines: str) -> str:
    with drawn(*(lines or ENGLISH)) as picture:
        return " ".join((await engine.read(picture)).words.texts)


class Told:
    def __init__(self) -> None:
        self.pages: list[tuple[str, str]] = []
        self.killed: list[str] = []
        self.fallbacks: list[str] = []

    def page_done(self, engine: str, outcome: str, seconds: float) -> None:
        self.pages.append((engine, outcome))

    def child_killed(self, cause: str) -> None:
        self.killed.append(cause)

    def fell_back(self, reason: str) -> None:
        self.fallbacks.append(reason)


async def test_a_page_is_read_by_the_lowest_priority_and_told() -> None:
    told = Told()
    async with TesseractEngine.open(watch=told) as engine:
        assert await read(engine) == " ".join(ENGLISH)
        assert engine.cpu_seconds > 0 and engine.running == 0
    assert told.pages == [(engine.engine, "read")] and not told.killed and not told.fallbacks


async def test_without_the_program_pages_wait_until_it_is_there(tmp_path: Path) -> None:
    program = tmp_path / "tesseract"
    told = Told()
    async with TesseractEngine.open(Installation(str(program)), watch=told) as engine:
        for _ in range(2):
            with pytest.raises(Unavailable, match="not installed"):
                await engine.ping()
            with pytest.raises(Unavailable, match="not installed"):
                await read(engine)
        program.symlink_to(REAL)
        assert await read(engine) == " ".join(ENGLISH)
        await engine.ping()
    assert [outcome for _, outcome in told.pages] == ["unavailable", "unavailable", "read"]


async def test_a_program_that_vanishes_is_away_and_comes_back(script: Script) -> None:
    installation = script(f'exec {REAL} "$@"\n')
    async with TesseractEngine.open(installation) as engine:
        assert await read(engine) == " ".join(ENGLISH)
        program = Path(installation.program)
        program.rename(program.with_suffix(".away"))
        with pytest.raises(Unavailable, match="not installed"):
            await read(engine)
        with pytest.raises(Unavailable, match="not installed"):
            await engine.ping()
        program.with_suffix(".away").rename(program)
        assert await read(engine) == " ".join(ENGLISH)


async def test_a_second_reading_that_does_not_end_is_given_up_and_the_first_is_kept(script: Script) -> None:
    """Here every reading of the page is poor, its scattered text is never found, and its lines read well when they are read closer."""
    poor = """awk -F'\\t' -v OFS='\\t' '$1 == 5 { $11 = 60 } 1' "$2.tsv" > "$2.poor" && mv "$2.poor" "$2.tsv\""""
    installation = script(
        f'case "$*" in *"--psm 11"*) while :; do :; done ;; *"--psm 3"*) {REAL} "$@" && {poor}; exit $? ;; esac\nexec {REAL} "$@"\n'
    )
    told = Told()
    async with TesseractEngine.open(installation, width=1, watch=told) as engine:
        assert await read(engine) == " ".join(ENGLISH)
    assert told.killed == []


@pytest.mark.parametrize(
    ("bad", "cause"),
    [(f"sleep {LONG}", "ocr_wall"), ("exit 3", "ocr_crashed"), ("echo garbage > $2.tsv; exit 0", "ocr_crashed"), ("exit 0", "ocr_crashed")],
    ids=["hangs", "crashes", "garbage", "nothing"],
)
async def test_a_page_on_which_it_fails_is_unreadable_and_the_next_is_read(script: Script, bad: str, cause: str) -> None:
    told = Told()
    async with TesseractEngine.open(script(ON_LARGE.format(bad=bad)), limits=QUICK, watch=told) as engine:
        started = time.monotonic()
        with pytest.raises(Unprocessable) as refused:
            await read(engine)
        assert refused.value.reason == "unreadable"
        assert time.monotonic() - started < 30
        assert told.killed == [cause] and not _sleeping()
        small, _ = page("Invoice total", width=200, height=120)
        try:
            assert (await engine.read(small, ("en",))).words.texts == ("Invoice", "total")
        finally:
            small.close()
        await engine.ping()


@pytest.mark.parametrize(
    ("bad", "state"),
    [
        ("exit 3", "fails on every page: crashed"),
        ("yes | head -c 1000000000", "fails on every page: memory"),
        ("yes > $2.tsv", "fails on every page: crashed"),
    ],
    ids=["crashes", "a gigabyte of output", "a gigabyte of table"],
)
async def test_a_program_that_fails_on_everything_is_away_and_found_again(script: Script, bad: str, state: str) -> None:
    limits = replace(QUICK, memory_bytes=600 * 1024 * 1024, wall_seconds=15.0)
    async with TesseractEngine.open(script(bad + "\n"), limits=limits) as engine:
        with pytest.raises(Unavailable, match=state):
            await read(engine)
        with pytest.raises(Unavailable, match=state):  # without trying: a page costs nothing while it is away
            await engine.ping()
        script(f'exec {REAL} "$@"\n')
        async with asyncio.timeout(30):
            while True:
                try:
                    assert await read(engine) == " ".join(ENGLISH)
                    break
                except Unavailable:
                    await asyncio.sleep(0.1)
        await engine.ping()


async def test_a_language_that_is_not_installed_is_told_and_noted(script: Script, tmp_path: Path) -> None:
    trained = tmp_path / "tessdata"
    trained.mkdir()
    for file in Path("/usr/share/tesseract-ocr/5/tessdata").iterdir():
        if file.name.startswith(("eng", "configs", "tessconfigs")):
            (trained / file.name).symlink_to(file)
    told = Told()
    async with TesseractEngine.open(Installation(trained=str(trained)), watch=told) as engine:
        await engine.ping()
        assert engine.missing_languages == ("deu", "fra", "nld", "ita", "spa", "por")
        with drawn(*GERMAN) as picture:
            text = await engine.read(picture)
        assert text.languages == ("de",) and text.notes == ("missing_language",) and "Zwischensumme" in text.words.texts
        with drawn(*ENGLISH) as picture:
            assert (await engine.read(picture)).notes == ()
    assert told.fallbacks == ["missing_language"]


async def test_a_server_that_is_killed_takes_its_pages_with_it(script: Script) -> None:
    async with TesseractEngine.open(script(ON_LARGE.format(bad=f"sleep {LONG}"))) as engine:
        await engine.ping()
        reading = asyncio.create_task(read(engine))
        async with asyncio.timeout(20):
            while not _sleeping():
                await asyncio.sleep(0.02)
        server = engine.server_pid
        assert server is not None
        os.kill(server, signal.SIGKILL)
        with pytest.raises(Unavailable):
            await reading
        async with asyncio.timeout(5):
            while _sleeping():
                await asyncio.sleep(0.02)
        await engine.ping()


async def test_a_cancelled_page_takes_the_program_with_it(script: Script) -> None:
    async with TesseractEngine.open(script(ON_LARGE.format(bad=f"sleep {LONG}")), width=1) as engine:
        reading = asyncio.create_task(read(engine))
        async with asyncio.timeout(20):
            while not _sleeping():
                await asyncio.sleep(0.02)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        async with asyncio.timeout(5):
            while _sleeping():
                await asyncio.sleep(0.02)
        assert engine.running == 0


async def test_no_more_pages_at_once_than_there_is_width_for(script: Script) -> None:
    async with TesseractEngine.open(script(ON_LARGE.format(bad=f"sleep {LONG}")), width=2) as engine:
        readings = [asyncio.create_task(read(engine)) for _ in range(6)]
        async with asyncio.timeout(30):
            while len(_sleeping()) < 2:
                await asyncio.sleep(0.02)
        assert engine.running == 2 and len(_sleeping()) == 2
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)
