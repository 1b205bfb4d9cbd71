"""The engines side by side on the same pages: CPU seconds a page, words read wrongly, values of the truth found.

`python -m tests.engines [--data FOLDER] [--pages N] [--half opened] [--engines NAME ...] [--json FILE]`. Engines are `tesseract`, and
PP-OCR on a model server by its URL (`local:` and others, as in INVOICESTREAM_INFERENCE_URL). They read made-up pages with every kind of
damage (as tests/ablation.py makes them), and of a labelled folder (see docs/accuracy.md) `scans` against the text layer of their twins,
`sroie` and `odoo_fr` against what their truth says. Every page is prepared as the service does it, and read by every engine in turn, one
at a time, without being told its language. Prints Markdown: a table by kind of page, and what it costs and gains to let one engine read
first and to ask the other where the first is not sure.

Word error: bags of words, as in tests/ablation.py. Recall: of the truth's numbers, dates, amounts and the words of names, how many stand in
what was read, whatever stands between the letters and digits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import pymupdf

from app.adapters.ppocr import PpOcrEngine
from app.adapters.sandbox import ForkSandbox
from app.adapters.tesseract import TesseractEngine
from app.errors import Unavailable, Unprocessable
from app.ports import OcrEngine, PageText, Picture
from app.readers.look import DPI
from app.readers.prepare import prepare
from app.samples.damage import DAMAGES, damage
from app.wiring import open_models
from tests.ablation import bag_error, planned, printed_pages
from tests.bench.processes import usage
from tests.rendered import picture
from tests.split import half_of

TWINS = ("zfreal", "zfvis")
LEAST = (60, 70, 75, 80, 85, 88, 90, 92, 94, 96)  # percent: confidences at which policies are tried
VALUES = ("invoice_number", "issue_date", "due_date", "net_total", "tax_total", "gross_total", "vendor_vat_id", "iban", "purchase_order")
NAMES = ("vendor_name", "buyer_name")


@dataclass(frozen=True)
class Page:
    """`words`: all of them, or none where only `truth` is known."""

    set: str
    kind: str
    half: str
    name: str
    words: tuple[str, ...]
    truth: Mapping[str, Any]


@dataclass(frozen=True)
class Read:
    """`error` and `recall` in percent, None where they do not apply; `quality`: mean confidence by letters."""

    set: str
    kind: str
    half: str
    name: str
    engine: str
    seconds: float
    quality: float
    error: float | None
    recall: float | None
    text: str


def made_up(count: int, seed: int = 11) -> Iterator[tuple[Page, Picture]]:
    for index, printed in enumerate(printed_pages(count, seed)):
        for kind in DAMAGES:
            damaged = damage(printed.pixels, DPI, kind, index)
            ready = prepare(damaged.pixels, planned(damaged))
            yield Page("made up", kind, "opened", f"{kind}-{index}", printed.words, {}), picture(ready.tobytes(), *ready.shape[::-1], DPI)


async def labelled(data: Path, name: str, half: str, sandbox: ForkSandbox) -> AsyncIterator[tuple[list[Picture], Page]]:
    """A document's pages that must be read, and what should stand on them."""
    for path in sorted((data / name / "docs").iterdir()):
        truth_file = data / name / "truth" / f"{path.stem}.json"
        if not truth_file.exists():
            continue
        truth = json.loads(truth_file.read_text("utf-8"))
        side = half_of(truth, path.stem)
        if half not in ("all", side):
            continue
        words = _twin(data, path.stem) if name == "scans" else ()
        with path.open("rb") as content:
            document = await sandbox.decode(content)
            plans = await sandbox.plan(content, [page.number for page in document.pages if page.must_be_read])
            pictures = [await sandbox.picture(content, plan) for plan in plans if not plan.blank and plan.same_as is None]
        yield pictures, Page(name, name, side, path.stem, words, truth)


def _twin(data: Path, stem: str) -> tuple[str, ...]:
    for name in TWINS:
        path = data / name / "docs" / f"{stem}.pdf"
        if path.exists():
            with pymupdf.open(path) as pdf:
                return tuple(word[4] for page in pdf for word in page.get_text("words", sort=True))
    return ()


def folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)))


def recall(truth: Mapping[str, Any], words: Sequence[str]) -> float | None:
    """In percent; None where the truth says nothing."""
    text = folded("".join(words))
    there = found = 0.0
    unsure = set(truth.get("unsure", ()))
    for name in VALUES:
        if (value := truth.get(name)) and name not in unsure:
            there += 1
            found += any(form in text for form in _forms(name, str(value)))
    for name in NAMES:
        parts = [folded(part) for part in str(truth.get(name) or "").split()]
        if (parts := [part for part in parts if part]) and name not in unsure:
            there += 1
            found += sum(part in text for part in parts) / len(parts)
    return 100 * found / there if there else None


def _forms(name: str, value: str) -> Iterator[str]:
    """How a value may be written, folded."""
    if not name.endswith("_date"):
        yield folded(value)
        if name.endswith("_total") and value.endswith(".00"):
            yield folded(value[:-3])
        return
    year, month, day = value.split("-")
    for y in (year, year[2:]):
        for m in (month, month.lstrip("0")):
            for d in (day, day.lstrip("0")):
                yield from (d + m + y, y + m + d, m + d + y, y + d + m)
                for names in _MONTHS:
                    word = names.split()[int(month) - 1]
                    yield from (d + word + y, word + d + y, d + word[:3] + y, word[:3] + d + y)


_MONTHS = (
    "january february march april may june july august september october november december",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "januar februar marz april mai juni juli august september oktober november dezember",
)


async def read(engine_name: str, engine: OcrEngine, pictures: Sequence[Picture], page: Page) -> Read:
    words: list[str] = []
    sure = letters = 0.0
    before = usage(os.getpid()).cpu
    languages: tuple[str, ...] = ()
    for held in pictures:
        try:
            text = await _patiently(engine, held, languages)
        except Unprocessable:
            continue
        languages = languages or text.languages
        words += text.words.texts
        letters += sum(map(len, text.words.texts))
        sure += sum(text.words.confidences[i] * len(word) for i, word in enumerate(text.words.texts))
    seconds = (usage(os.getpid()).cpu - before) / max(1, len(pictures))
    error = 100 * bag_error(page.words, words) if page.words else None
    said = recall(page.truth, words) if page.truth else None
    return Read(
        page.set, page.kind, page.half, page.name, engine_name, seconds, sure / letters if letters else 0.0, error, said, " ".join(words)
    )


async def _patiently(engine: OcrEngine, held: Picture, languages: tuple[str, ...]) -> PageText:
    """Here a machine that was busy or stood still is no reason to go on without."""
    for _ in range(4):
        try:
            return await engine.read(held, languages)
        except Unavailable as exc:
            print(f"again: {exc}", file=sys.stderr)
            await asyncio.sleep(2)
    return await engine.read(held, languages)


async def measure(asked: argparse.Namespace, engines: Mapping[str, OcrEngine], results: list[Read]) -> None:
    async def all_read(pictures: Sequence[Picture], page: Page) -> None:
        for name, engine in engines.items():
            results.append(await read(name, engine, pictures, page))
        for held in pictures:
            held.close()
        if asked.json:
            asked.json.write_text(json.dumps([asdict(result) for result in results]))

    for _, held in made_up(1):  # what is started once is no page's
        for engine in engines.values():
            await engine.read(held)
        held.close()
        break
    for page, held in made_up(asked.pages):
        await all_read([held], page)
    if asked.data:
        async with ForkSandbox.open(1) as sandbox:
            for name in asked.sets:
                async for pictures, page in labelled(asked.data, name, asked.half, sandbox):
                    await all_read(pictures, page)


def table(results: Sequence[Read]) -> Iterator[str]:
    engines = list(dict.fromkeys(result.engine for result in results))
    yield "| pages | n | " + " | ".join(f"{engine}: error | recall | CPU s" for engine in engines) + " |"
    yield "|---" * (2 + 3 * len(engines)) + "|"
    rows: dict[str, list[Read]] = defaultdict(list)
    for result in results:
        rows[result.kind].append(result)
        if result.set == "made up":
            rows["made up, all"].append(result)
    for kind, members in rows.items():
        cells = []
        for engine in engines:
            mine = [result for result in members if result.engine == engine]
            cells += [_mean([r.error for r in mine], " %"), _mean([r.recall for r in mine], " %"), _mean([r.seconds for r in mine], "", 2)]
        yield f"| {kind} | {len(members) // len(engines)} | " + " | ".join(cells) + " |"


def _mean(values: Sequence[float | None], unit: str, digits: int = 1) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known) / len(known):.{digits}f}{unit}" if known else ""


def policies(results: Sequence[Read], first: str, second: str) -> Iterator[str]:
    """`first` reads every page, `second` those of which `first` is less sure than so many percent; the second's reading then counts."""
    by_page: dict[tuple[str, str], dict[str, Read]] = defaultdict(dict)
    for result in results:
        by_page[result.set, result.name][result.engine] = result
    pages = [both for both in by_page.values() if first in both and second in both]
    sets = list(dict.fromkeys(both[first].set for both in pages))
    whole = sum(both[second].seconds for both in pages) / len(pages)
    yield f"| {first}, then {second} | asked | " + " | ".join(sets) + f" | CPU s | x {second} |"
    yield "|---" * (4 + len(sets)) + "|"
    for least in (0, *LEAST, 101):
        asked = [both[first].quality < least for both in pages]
        read = [both[second if again else first] for both, again in zip(pages, asked, strict=True)]
        seconds = sum(both[first].seconds + again * both[second].seconds for both, again in zip(pages, asked, strict=True)) / len(pages)
        cells = []
        for name in sets:
            mine = [result for result in read if result.set == name]
            errors = [result.error for result in mine]
            cells.append(_mean(errors, " % wrong") if any(e is not None for e in errors) else _mean([r.recall for r in mine], " % found"))
        share = 100 * sum(asked) / len(pages)
        yield f"| under {least} % | {share:.0f} % | " + " | ".join(cells) + f" | {seconds:.2f} | {seconds / whole:.2f} |"


async def main(asked: argparse.Namespace) -> None:
    results: list[Read] = []
    async with AsyncExitStack() as stack:
        engines: dict[str, OcrEngine] = {}
        for name in asked.engines:
            if name == "tesseract":
                engines[name] = await stack.enter_async_context(TesseractEngine.open())
                continue
            models = await stack.enter_async_context(open_models(name))
            assert models is not None, "no models"
            engines[name] = PpOcrEngine(models, width=1, call_seconds=600)
        await measure(asked, engines, results)
    print("\n".join(table(results)))
    if len(engines) == 2:
        print("\n" + "\n".join(policies(results, *engines)))
        print("\n" + "\n".join(policies(results, *reversed(engines))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.engines", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a labelled folder")
    parser.add_argument("--sets", nargs="+", default=["scans", "sroie", "odoo_fr"], help="of the folder")
    parser.add_argument("--half", choices=("opened", "unopened", "all"), default="opened")
    parser.add_argument("--pages", type=int, default=3, help="made-up pages for each kind of damage")
    parser.add_argument("--engines", nargs="+", default=["tesseract", "local:"])
    parser.add_argument("--json", type=Path, help="write what was read, page by page")
    cv2.setNumThreads(1)
    asyncio.run(main(parser.parse_args()))
