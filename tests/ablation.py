"""What preparing a page is worth: words read wrongly before and after it, per kind of damage, and with each step left out.

`python -m tests.ablation [--full] [--damage NAME ...] [--engine]`: pages of made-up invoices whose words are known are damaged
(app/samples/damage.py) and read by bare Tesseract in their language: as they are at 200 dpi, and prepared. Prints Markdown.

Word error: of the words on the page and the words read, as bags, the larger of missing and surplus, in percent of the words on the page.
`in order`: the edit distance of the two texts as lists of words. Marks around words do not count.
`--engine`: prepared pages read by the project's own engine too.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import re
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import get_args

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from app.domain.document import PagePlan
from app.ports import Picture
from app.readers.look import DPI, Step, look
from app.readers.prepare import grey, prepare
from app.samples.canvas import Sheet, assemble, save
from app.samples.crowd import make_one
from app.samples.damage import DAMAGES, Damage, Damaged, damage
from app.samples.pages import Layout, draw_pdf
from tests.sheets import SHEETS

Pixels = NDArray[np.uint8]

STEPS: tuple[Step, ...] = get_args(Step)
TESSERACT = {"en": "eng", "de": "deu", "fr": "fra", "nl": "nld", "it": "ita", "es": "spa"}
TYPED = {
    "two_taxes_side_by_side": "nl",
    "lawyer_with_withheld_tax": "it",
    "due_date_in_a_row_of_titles": "es",
    "small_business_without_vat": "de",
}


@dataclass(frozen=True)
class Printed:
    """A page as it left the printer: grey, at 200 dpi."""

    language: str
    words: tuple[str, ...]
    pixels: Pixels


@dataclass
class Tally:
    bag: float = 0.0
    ordered: float = 0.0
    pages: int = 0

    def add(self, words: Sequence[str], read: Sequence[str]) -> None:
        self.bag += bag_error(words, read)
        there = plainly(words)
        self.ordered += Levenshtein.distance(there, plainly(read)) / max(1, len(there))
        self.pages += 1

    @property
    def percent(self) -> float:
        return 100 * self.bag / max(1, self.pages)

    @property
    def percent_ordered(self) -> float:
        return 100 * self.ordered / max(1, self.pages)


def plainly(words: Sequence[str]) -> list[str]:
    """Words as they are compared: one kind of apostrophe, no marks around them ("19 %" and "19%" are both 19), no marks alone."""
    bare = (re.sub(r"^\W+|\W+$", "", word.replace("’", "'")) for word in words)
    return [word for word in bare if word]


def bag_error(words: Sequence[str], read: Sequence[str]) -> float:
    words, read = plainly(words), plainly(read)
    there, found = Counter(words), Counter(read)
    return max((there - found).total(), (found - there).total()) / max(1, len(words))


def printed_pages(count: int, seed: int) -> Iterator[Printed]:
    """Every fifth is typed on one of the `TYPED` sheets; the rest take turns at three layouts."""
    typed = [sheet for sheet in SHEETS if sheet.name in TYPED]
    for index in range(count):
        if index % 5 == 4:
            sheet = typed[index // 5 % len(typed)]
            yield _rendered(TYPED[sheet.name], _typed(sheet.pages[0]))
        else:
            language, invoice = make_one(seed, index)
            layout: Layout = get_args(Layout)[index % 3]
            yield _rendered(language, draw_pdf(invoice, language, layout))


def _typed(text: str) -> bytes:
    sheet = Sheet()
    for row, line in enumerate(text.strip("\n").splitlines()):
        sheet.text(45, 60 + 13 * row, line.replace("\u202f", " "), "cour", 9.4)
    return save(assemble([sheet]))


def _rendered(language: str, pdf: bytes) -> Printed:
    with pymupdf.open(stream=pdf) as document:
        page = document[0]
        made = page.get_pixmap(dpi=round(DPI), colorspace=pymupdf.csGRAY, alpha=False)
        pixels = np.frombuffer(made.samples, np.uint8).reshape(made.height, made.stride)[:, : made.width].copy()
        return Printed(language, tuple(word[4] for word in page.get_text("words", sort=True)), pixels)


def plain(damaged: Damaged) -> Pixels:
    """At 200 dpi as the file measures."""
    picture = grey(damaged.pixels)
    width, height = round(damaged.width * DPI / 72), round(damaged.height * DPI / 72)
    smaller = width <= picture.shape[1] and height <= picture.shape[0]
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), np.uint8)


def small(pixels: Pixels, width: float, height: float) -> Pixels:
    """As the service makes it: 1000 square pixels along the longer side."""
    scale = 1000 / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def planned(damaged: Damaged, without: Collection[Step] = ()) -> PagePlan:
    return look(small(damaged.pixels, damaged.width, damaged.height), 1, damaged.width, damaged.height, without=without)


class Reader:
    """Bare Tesseract, one process a page; a picture that was read before is not read again."""

    def __init__(self) -> None:
        self._read: dict[bytes, tuple[str, ...]] = {}

    def __call__(self, picture: Pixels, language: str) -> tuple[str, ...]:
        key = hashlib.blake2b(picture.tobytes(), digest_size=16, key=f"{language}{picture.shape}".encode()).digest()
        if key not in self._read:
            image = b"P5\n%d %d\n255\n" % (picture.shape[1], picture.shape[0]) + picture.tobytes()
            command = ["tesseract", "-", "-", "-l", TESSERACT[language], "--psm", "3", "--dpi", "200"]
            done = subprocess.run(command, input=image, capture_output=True, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"})
            self._read[key] = tuple(done.stdout.decode().split())
        return self._read[key]


@dataclass
class Table:
    before: Tally
    after: Tally
    engine: Tally
    seconds: float = 0.0


def measured(
    pages: Sequence[Printed], kinds: Sequence[Damage], with_engine: bool
) -> tuple[dict[Damage, Table], dict[Step, list[tuple[float, float, float]]]]:
    """Word errors per kind of damage; per step, on the pages where it changed the plan: with it, without it, and its milliseconds."""
    tables = {kind: Table(Tally(), Tally(), Tally()) for kind in kinds}
    steps: dict[Step, list[tuple[float, float, float]]] = defaultdict(list)
    reader = Reader()
    prepared: list[tuple[Table, Sequence[str], Pixels]] = []

    def one(kind: Damage, index: int) -> None:
        page = pages[index]
        damaged = damage(page.pixels, DPI, kind, index)
        plan = planned(damaged)
        ready, seconds = _timed(damaged, plan)
        table = tables[kind]
        table.seconds += seconds
        table.before.add(page.words, reader(plain(damaged), page.language))
        after = reader(ready, page.language)
        table.after.add(page.words, after)
        if with_engine:
            prepared.append((table, page.words, ready))
        for step in STEPS:
            other = planned(damaged, without=(step,))
            if other != plan:
                less, less_seconds = _timed(damaged, other)
                wrong = bag_error(page.words, reader(less, page.language))
                steps[step].append((100 * bag_error(page.words, after), 100 * wrong, 1000 * (seconds - less_seconds)))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one, kind, index) for kind in kinds for index in range(len(pages))]:
            done.result()
    asyncio.run(_by_engine(prepared))
    return tables, steps


def _timed(damaged: Damaged, plan: PagePlan) -> tuple[Pixels, float]:
    best = float("inf")
    for _ in range(2):
        started = time.thread_time()
        made = prepare(damaged.pixels, plan)
        best = min(best, time.thread_time() - started)
    return made, best


async def _by_engine(prepared: Sequence[tuple[Table, Sequence[str], Pixels]]) -> None:
    """Reads each picture as the service does, without being told its language, and adds what was wrong to its table."""
    from app.adapters.tesseract import TesseractEngine

    left = list(prepared)
    async with TesseractEngine.open() as engine:

        async def read() -> None:
            while left:
                table, words, picture = left.pop()
                memory = os.memfd_create("page")
                os.write(memory, picture.tobytes())
                held = Picture(memory, picture.shape[1], picture.shape[0], DPI)
                try:
                    table.engine.add(words, (await engine.read(held)).words.texts)
                finally:
                    held.close()

        await asyncio.gather(*(read() for _ in range(os.cpu_count() or 1)))


@cache
def _look_milliseconds() -> float:
    page = small(next(printed_pages(1, 1)).pixels, 595.0, 842.0)
    times = []
    for _ in range(15):
        started = time.thread_time()
        look(page, 1, 595.0, 842.0)
        times.append(time.thread_time() - started)
    return 1000 * sorted(times)[len(times) // 2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ablation", description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="10 pages for each kind of damage in place of 3")
    parser.add_argument("--pages", type=int, help="this many pages for each kind of damage")
    parser.add_argument("--damage", nargs="+", choices=DAMAGES, default=list(DAMAGES))
    parser.add_argument("--engine", action="store_true", help="read the prepared pages with the project's own engine too (slow)")
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pages = list(printed_pages(asked.pages or (10 if asked.full else 3), asked.seed))
    tables, steps = measured(pages, asked.damage, asked.engine)
    print(f"{len(pages)} pages a kind; a look takes {_look_milliseconds():.0f} ms of CPU\n")
    print("| damage | before | after | in order: before | after | prepare, ms |" + (" engine |" if asked.engine else ""))
    print("|---|---|---|---|---|---|" + ("---|" if asked.engine else ""))
    for kind, table in tables.items():
        row = f"| {kind} | {table.before.percent:.1f} % | {table.after.percent:.1f} % | {table.before.percent_ordered:.1f} % "
        row += f"| {table.after.percent_ordered:.1f} % | {1000 * table.seconds / len(pages):.0f} |"
        print(row + (f" {table.engine.percent:.1f} % |" if asked.engine else ""))
    print("\n| step | pages where it was decided | with it | without it | it costs, ms |\n|---|---|---|---|---|")
    for step in STEPS:
        if rows := steps.get(step):
            with_it, without, cost = (sum(column) / len(rows) for column in zip(*rows, strict=True))
            print(f"| {step} | {len(rows)} | {with_it:.1f} % | {without:.1f} % | {max(0.0, cost):.0f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
