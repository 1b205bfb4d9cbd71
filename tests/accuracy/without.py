"""What each part of reading and extraction is worth: the same documents again, with that part left out.

A part is left out in one place, here: an engine by who reads, anything else by functions that do nothing in place of its own. The product
knows nothing of it. Words are read once (`--words`), so that a part takes seconds. A function that is no longer where a part says raises
AttributeError, and a part that changes nothing fails its test (tests/test_accuracy.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app.extractors.nearby import Labels
from tests.accuracy.labelled import LabelledSet
from tests.accuracy.measured import Measured, measure, told_of
from tests.accuracy.reading import read
from tests.accuracy.scoring import Score, Totals, together
from tests.accuracy.tables import Table, share


@dataclass(frozen=True)
class Part:
    """`engines`: who reads without it. `replaced`: by its name in `app.extractors`, what stands in place of a function."""

    what: str
    engines: tuple[str, ...] | None = None
    replaced: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


def _nothing(*_: object) -> tuple[()]:
    return ()


def _none(*_: object) -> None:
    return None


def _as_it_is(_: object, value: object, *__: object) -> object:
    return value


def _by_labels_alone(*pools: list[Any]) -> tuple[Any, ...]:
    """The readings with the strongest labels as total with tax, without tax, and tax, whatever they add up to."""
    return tuple(pool[0] if pool else None for pool in pools[:3])


_labels_of = Labels.of

PARTS: dict[str, Part] = {
    "arithmetic": Part(
        "sums, products and tax rates neither choose nor repair nor fill in",
        replaced={
            "totals._best": _by_labels_alone,
            "totals._column_sums": lambda *_: frozenset(),
            "totals._undo_withholding": _none,
            "totals._fill": _none,
            "totals.closed_by_misreading": _as_it_is,
            "item_rows.prove": _none,
            "receipt_totals.proofs_of": _nothing,
        },
    ),
    "misreadings": Part(
        "what was recognized is taken as it is: no 0 for O, no joined amounts, no mended labels and ids",
        replaced={
            "candidates.variant": _none,
            "candidates.proved_ids": _nothing,
            "candidates.mended_bics": _nothing,
            "labels.mended": lambda text, sure, words: words,
            "text.settled": _as_it_is,
            "totals.closed_by_misreading": _as_it_is,
            "receipt_totals.misreading": _none,
        },
    ),
    "position": Part(
        "labels count only in the cell of the value: not to its left, not above it",
        replaced={"nearby.Labels.of": lambda labels, c: (each for each in _labels_of(labels, c) if each.relation == "inline")},
    ),
    "ppocr": Part("Tesseract reads every page", engines=("tesseract",)),
    "tesseract": Part("PP-OCR alone: nobody is asked where it reads badly", engines=("ppocr",)),
}


@contextmanager
def left_out(part: Part) -> Iterator[None]:
    with ExitStack() as stack:
        for name, other in part.replaced.items():
            stack.enter_context(patch(f"app.extractors.{name}", other))
        yield


def ablation(sets: Sequence[LabelledSet], asked: Sequence[str], score: Score, words: Path | None) -> str:
    """Per part a row a half, all sets together but what is read from XML: with everything, then without each part, and the difference."""
    names = list(PARTS) if "all" in asked else list(dict.fromkeys(asked))
    rows: list[tuple[str, ...]] = []
    whole = _totals(sets, Part("everything"), score, words)
    for name, totals in (("nothing", whole), *((name, _totals(sets, PARTS[name], score, words)) for name in names)):
        for half, each in totals.items():
            cells = (each.header_f1, each.core_exact, each.line_f1)
            before = (whole[half].header_f1, whole[half].core_exact, whole[half].line_f1)
            lost = (f"{a - b:+.3f}" if a is not None and b is not None else "-" for a, b in zip(cells, before, strict=True))
            told = (f"{share(cell)} ({by})" if name != "nothing" else share(cell) for cell, by in zip(cells, lost, strict=True))
            rows.append((name, half, str(each.documents), *told))
    said = "\n".join(f"- {name}: {PARTS[name].what}" for name in names)
    return f"{Table('', ('left out', 'half', 'docs', 'header F1', 'core exact', 'line F1'), rows).markdown()}\n\n{said}"


def _totals(sets: Sequence[LabelledSet], part: Part, score: Score, words: Path | None) -> dict[str, Totals]:
    reads = read([document.path for labelled in sets for document in labelled.documents], words, part.engines)
    with left_out(part), tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        told = [(labelled, *told_of(labelled, reads)) for labelled in sets]
        grouped = Measured(measure(told, score, Path(folder)), None).grouped(lambda name, document: "")
        halves: dict[str, list[Totals]] = {}
        for _, half, totals in grouped:
            halves.setdefault(half, []).append(totals)
        return {half: together(each) for half, each in halves.items()}
