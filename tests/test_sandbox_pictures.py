"""Pictures and scans through the sandbox: from the file to the grey rows that are read, whatever the child says or the file wants."""

from __future__ import annotations

import asyncio
import fcntl
import io
import itertools
import math
import mmap
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import pymupdf
import pytest
import pytest_asyncio
from PIL import Image

from app.adapters.sandbox import ForkSandbox
from app.domain.document import Matrix, PagePlan, View
from app.errors import Refused, Unprocessable
from app.ports import Picture
from app.readers import wire
from app.readers.limits import MIB, Limits
from tests.pdfs import CII, endless_pdf, saved, text_pdf
from tests.picture_bombs import BOMBS
from tests.pictures import page_image
from tests.pictures import saved as encoded

pytestmark = pytest.mark.asyncio(loop_scope="module")
File = Callable[[bytes], BinaryIO]
LIMITS = Limits()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[ForkSandbox]:
    async with ForkSandbox.open(width=4) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    number = itertools.count()
    with ExitStack() as stack:

        def make(content: bytes) -> BinaryIO:
            path = tmp_path / f"{next(number)}.png"  # the name says nothing
            path.write_bytes(content)
            return stack.enter_context(path.open("rb"))

        yield make


def scanned_pdf(pages: int = 1, rotation: int = 0) -> bytes:
    document = pymupdf.open()
    for _ in range(pages):
        page = document.new_page()
        page.insert_image(page.rect, stream=encoded(page_image(), "JPEG"))
        page.set_rotation(rotation)
    return saved(document)


def rows(picture: Picture) -> np.ndarray:
    return np.frombuffer(os.pread(picture.memory, 1 << 30, 0), np.uint8).reshape(picture.height, picture.width)


def is_upright(grey: np.ndarray) -> bool:
    height, width = grey.shape
    return bool(height > width and grey[: height // 25].mean() < 80 and grey[-height // 25 :].mean() > 200)


# What it is for

READABLE = {
    "JPEG": lambda: encoded(page_image(), "JPEG", dpi=(75, 75)),
    "PNG": lambda: encoded(page_image(), "PNG", dpi=(75, 75)),
    "WEBP": lambda: encoded(page_image(), "WEBP"),
    "fax": lambda: encoded(page_image(1728, 2292).convert("1"), "TIFF", compression="group4", dpi=(204, 196)),
    "scanned PDF": scanned_pdf,
    "PDF, turned": lambda: scanned_pdf(rotation=180),
    "upside down": lambda: encoded(page_image().transpose(Image.Transpose.ROTATE_180), "JPEG", dpi=(75, 75)),
}


@pytest.mark.parametrize("made", READABLE.values(), ids=READABLE.keys())
async def test_from_a_file_to_what_is_read(sandbox: ForkSandbox, file: File, made: Callable[[], bytes]) -> None:
    content = file(made())
    document = await sandbox.decode(content)
    (page,) = document.pages
    assert page.must_be_read
    (plan,) = await sandbox.plan(content, [1])
    assert plan.number == 1 and not plan.blank
    picture = await sandbox.picture(content, plan)
    try:
        assert (picture.width, picture.height) == (round(plan.view.width * plan.dpi / 72), round(plan.view.height * plan.dpi / 72))
        assert os.fstat(picture.memory).st_size == picture.width * picture.height and picture.dpi == plan.dpi
        grey = rows(picture)
        assert grey.min() < 80 < 200 < grey.max()
        if made is not READABLE["PDF, turned"]:
            assert is_upright(grey)
    finally:
        picture.close()
    png = Image.open(io.BytesIO(await sandbox.render(content, 1, 60, plan.view))).convert("L")
    assert abs(png.height - plan.view.height * 60 / 72) <= 1
    assert sandbox.running == 0


async def test_only_the_pages_that_were_asked_for(sandbox: ForkSandbox, file: File) -> None:
    content = file(scanned_pdf(pages=5))
    plans = await sandbox.plan(content, [2, 4, 5])
    assert [(plan.number, plan.same_as) for plan in plans] == [(2, None), (4, 2), (5, 2)]


async def test_a_page_that_is_not_there(sandbox: ForkSandbox, file: File) -> None:
    content = file(encoded(page_image(), "PNG"))
    with pytest.raises(Unprocessable):
        await sandbox.plan(content, [2])
    with pytest.raises(Unprocessable):
        await sandbox.picture(content, PagePlan(2, View(595, 842), 100))
    with pytest.raises(Refused) as refused:
        await sandbox.render(content, 2, 72)
    assert refused.value.status == 404


async def test_nobody_can_change_a_picture(sandbox: ForkSandbox, file: File) -> None:
    content = file(encoded(page_image(), "PNG"))
    picture = await sandbox.picture(content, PagePlan(1, View(595, 842), 50))
    try:
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        assert fcntl.fcntl(picture.memory, fcntl.F_GET_SEALS) == seals
        with pytest.raises(OSError):
            os.write(picture.memory, b"x")
        with pytest.raises(OSError):
            os.open(f"/proc/self/fd/{picture.memory}", os.O_RDWR | os.O_TRUNC)
        shared = mmap.mmap(picture.memory, picture.width * picture.height, prot=mmap.PROT_READ)
        assert shared[:10] == rows(picture).tobytes()[:10]
        shared.close()
    finally:
        picture.close()


async def test_the_picture_server_starts_when_it_is_needed(file: File) -> None:
    async with ForkSandbox.open(width=2) as sandbox:
        await sandbox.decode(file(text_pdf()))
        await sandbox.ping()
        assert sandbox.server_pid("pixels") is None and sandbox.level == 4 - len(sandbox.missing)
        await sandbox.decode(file(encoded(page_image(), "PNG")))
        pid = sandbox.server_pid("pixels")
        status = Path(f"/proc/{pid}/status").read_text()
        assert "\nThreads:\t1\n" in status  # or forking it would not be safe
        if sandbox.level == 4:
            assert "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status
        names = {item.partition(b"=")[0] for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if item}
        assert names <= {b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS", b"LD_LIBRARY_PATH", b"LC_CTYPE"}


async def test_an_einvoice_does_not_wait_behind_pictures(file: File) -> None:
    async with ForkSandbox.open(width=1) as sandbox:
        await sandbox.decode(file(encoded(page_image(), "PNG")))
        plans = [asyncio.create_task(sandbox.plan(file(endless_pdf()), [1])) for _ in range(3)]
        while not sandbox.running:
            await asyncio.sleep(0)
        assert (await sandbox.decode(file(CII))).einvoice is not None
        assert not any(task.done() for task in plans)
        for task in plans:
            task.cancel()
        await asyncio.gather(*plans, return_exceptions=True)
        assert sandbox.running == 0


# What a child may say


def said(answer: wire.Answer) -> wire.Answer:
    return wire.decode(wire.encode(answer), LIMITS)


PLAN = PagePlan(1, View(595, 842), 200)


def seen(*matrix: float) -> PagePlan:
    return replace(PLAN, view=View(595, 842, matrix))  # type: ignore[arg-type]


async def test_honest_plans_pass() -> None:
    tilted: Matrix = (0.99, -0.05, 0.03, 0.04, 0.98, -0.02, 0.01, 0.02, 1.0)
    plans = (PLAN, replace(seen(*tilted), number=2), replace(PLAN, number=3, blank=True), replace(PLAN, number=4, same_as=2))
    assert said(wire.Answer(plans=plans)).plans == plans


@pytest.mark.parametrize(
    "plan",
    [
        seen(*[math.nan] * 9),
        seen(1, 0, math.inf, 0, 1, 0, 0, 0, 1),
        seen(*[0.0] * 9),
        seen(1, 0, 0, 1, 0, 0, 0, 0, 1),  # a line
        seen(-1, 0, 1, 0, 1, 0, 0, 0, 1),  # mirrored
        seen(1, 0, 0, 0, 1, 0, -1, 0, 1),  # the right side is at infinity
        seen(1, 0, 0, 0, 1, 0, 0, 0, -1),
        seen(1, 0, 50, 0, 1, 0, 0, 0, 1),  # beside the page
        seen(1e-6, 0, 0, 0, 1e-6, 0, 0, 0, 1),  # a point
        replace(PLAN, dpi=math.nan),
        replace(PLAN, dpi=math.inf),
        replace(PLAN, dpi=0),
        replace(PLAN, dpi=100_000),
        replace(PLAN, view=View(14_000, 14_000)),  # at 200 dpi more pixels than are allowed
        replace(PLAN, view=View(0, 842)),
        replace(PLAN, view=View(-5, -5)),
        replace(PLAN, view=View(math.nan, 842)),
        replace(PLAN, same_as=1),
        replace(PLAN, same_as=7),
        replace(PLAN, treatments=("denoise",) * 1000),
    ],
)
async def test_impossible_plans_are_garbage(plan: PagePlan) -> None:
    with pytest.raises(wire.Garbage):
        said(wire.Answer(plans=(plan,)))


async def test_too_many_or_unknown_things_are_garbage() -> None:
    for answer in (
        wire.Answer(plans=(PLAN,) * 500),
        wire.Answer(plans=(), picture=(1, 1)),
        wire.Answer(picture=(100_000, 100_000)),
        wire.Answer(picture=(-1, -1)),
        wire.Answer(),
    ):
        with pytest.raises(wire.Garbage):
            said(answer)
    plan = msgspec.to_builtins(PLAN) | {"treatments": ["rm -rf"]}
    with pytest.raises(wire.Garbage):
        wire.decode(msgspec.msgpack.encode([None, None, None, False, "", [plan], None]), LIMITS)


def memory(content: bytes) -> int:
    handle = os.memfd_create("answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(handle, content)
    return handle


ANSWER = wire.behind_rows(wire.Answer(picture=(4, 3)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 3,
        b"\xff" * 100,
        ANSWER,  # no rows
        b"x" * 11 + ANSWER,
        b"x" * 13 + ANSWER,
        b"x" * 12 + wire.behind_rows(wire.Answer(png=b"")),
        b"x" * 12 + ANSWER[:-4] + (10**6).to_bytes(4, "little"),
    ],
)
async def test_rows_that_are_not_what_the_answer_says(sandbox: ForkSandbox, content: bytes) -> None:
    handle = memory(content)
    try:
        with pytest.raises(Unprocessable):
            sandbox._rows(handle)
    finally:
        os.close(handle)


async def test_rows_that_somebody_could_still_write(sandbox: ForkSandbox) -> None:
    handle = memory(b"x" * 12 + ANSWER)
    try:
        with mmap.mmap(handle, 12), pytest.raises(Unprocessable):
            sandbox._rows(handle)
        assert sandbox._rows(handle) == (4, 3) and os.fstat(handle).st_size == 12
    finally:
        os.close(handle)


# Bombs: a reason or a page, soon, in little memory, and nothing is started


async def outcome(sandbox: ForkSandbox, content: BinaryIO) -> str:
    """ "pages", or the reason of the first step that refuses."""
    try:
        document = await sandbox.decode(content)
        for plan in await sandbox.plan(content, [page.number for page in document.pages if page.must_be_read][:3]):
            (await sandbox.picture(content, plan)).close()
    except Unprocessable as refused:
        return refused.reason
    return "pages"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def traps(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ForkSandbox, Path]]:
    """A sandbox on whose PATH all programs that picture libraries like to start leave a mark, and the mark."""
    folder = tmp_path_factory.mktemp("programs")
    mark = folder / "started"
    for name in ("gs", "gswin64c", "sh", "inkscape", "convert", "xdg-open"):
        (folder / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (folder / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        async with ForkSandbox.open(width=2, limits=Limits(cpu_seconds=8)) as sandbox:
            yield sandbox, mark


@pytest.mark.parametrize(("made", "allowed"), BOMBS.values(), ids=BOMBS.keys())
async def test_bombs(traps: tuple[ForkSandbox, Path], file: File, made: Callable[[], bytes], allowed: set[str]) -> None:
    sandbox, mark = traps
    content = file(made())
    sandbox.largest, cpu, began = 0, sandbox.cpu_seconds, time.monotonic()
    assert await outcome(sandbox, content) in allowed
    assert time.monotonic() - began < 3 * LIMITS.wall_seconds
    assert sandbox.largest < LIMITS.memory_bytes
    if allowed & {"too_large", "too_many_pages", "unsupported_type"}:
        assert sandbox.cpu_seconds - cpu < 3 and sandbox.largest < 300 * MIB
    assert await outcome(sandbox, file(encoded(page_image(), "JPEG"))) == "pages"
    assert not mark.exists()


async def test_a_picture_that_wants_too_much_memory(file: File) -> None:
    large = encoded(Image.new("RGB", (8000, 8000), "white"), "PNG")
    async with ForkSandbox.open(width=2, limits=Limits(memory_bytes=460 * MIB)) as sandbox:
        assert await outcome(sandbox, file(large)) == "parser_limit"
        assert await outcome(sandbox, file(encoded(page_image(), "JPEG"))) == "pages"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
async def test_mutations(sandbox: ForkSandbox, file: File, kind: str) -> None:
    dice, before = random.Random(7), sandbox.killed.copy()
    original = encoded(page_image(200, 280, 5), kind, dpi=(75, 75), **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))

    def mutated() -> bytes:
        content = bytearray(original)
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(16, min(len(content), dice.choice((200, 10_000))))
            match dice.randrange(3):
                case 0:
                    content[place] = dice.randrange(256)
                case 1:
                    del content[place : place + dice.randint(1, 30)]
                case 2:
                    content[place : place + 4] = dice.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        return bytes(content)

    outcomes = await asyncio.gather(*(outcome(sandbox, file(mutated())) for _ in range(25)))
    assert not set(outcomes) - {"pages", "damaged", "too_large", "too_many_pages", "parser_limit"}
    assert set(sandbox.killed - before) <= {"cpu", "wall", "memory"}
    assert await outcome(sandbox, file(original)) == "pages"
