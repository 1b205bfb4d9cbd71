"""The engines side by side on the same pages: CPU seconds a page, words read wrongly, values of the truth found.

`python -m tests.engines [--data FOLDER] [--pages N] [--half opened] [--engines NAME ...] [--json FILE]`: made-up pages with every kind of
damage (as tests/ablation.py makes them), and of a labelled folder (see docs/accuracy.md) `scans` against the text layer
of their twins, and `sroie` and `odoo_fr` against what their truth says. Every page is prepared as the service does it, and read by every
engine in turn, one page at a time, without being told its language. Prints Markdown.

Word error: bags of words, as in tests/ablation.py. Recall: of the truth's numbers, dates, amounts and the words of names, how many stand in
what was read, whatever stands between the letters and digits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pymupdf

from app.adapters.sandbox import ForkSandbox
from app.errors import Unprocessable
from app.ports import OcrEngine, Picture
from app.readers.look import DPI
from app.readers.prepare import prepare
from app.samples.damage import DAMAGES, damage
from tests.ablation import bag_error, planned, printed_pages
from tests.bench.processes import usage
from tests.rendered import picture
from tests.split import half_of

TWINS = ("zfreal", "zfvis")
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
            text = await engine.read(held, languages)
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
            for name in ("scans", "sroie", "odoo_fr"):
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
