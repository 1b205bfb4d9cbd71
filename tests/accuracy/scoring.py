"""Totals of what was said, by the scorer that belongs to the data: for any group of documents, and for several sets together."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.accuracy.labelled import LabelledSet
from tests.accuracy.saying import Said, in_truths_words
from training.invoices.truth import PATHS

Score = Callable[..., dict[str, Any]]
LINES = "line_items"


@dataclass(frozen=True, slots=True)
class Totals:
    """`counts`: true positives, false positives and false negatives of each field; a wrong value is one of both the latter.
    `core`: documents whose number, date, currency and total are all right."""

    documents: int
    core: float
    counts: Mapping[str, tuple[int, int, int]]

    @property
    def core_exact(self) -> float | None:
        return self.core / self.documents if self.documents else None

    @property
    def header_f1(self) -> float | None:
        return f1(count for name, count in self.counts.items() if name != LINES)

    @property
    def line_f1(self) -> float | None:
        return self.f1_of(LINES)

    def f1_of(self, name: str) -> float | None:
        return f1([self.counts[name]]) if name in self.counts else None


def f1(counts: Iterable[tuple[int, int, int]]) -> float | None:
    right, wrong, missed = (sum(column) for column in zip(*counts, strict=True)) if (counts := list(counts)) else (0, 0, 0)
    return 2 * right / (2 * right + wrong + missed) if right + wrong + missed else None


def totals_of(score: Score, said: Path, truths: Path, names: Collection[str]) -> Totals:
    """`said`: a folder with what was said of each document, as JSON in the truth's words."""
    told = score(str(said), str(truths), docs=set(names))
    counts = {name: (field["tp"], field["fp"], field["fn"]) for name, field in told["fields"].items()}
    return Totals(told["docs"], told["core_exact"] * told["docs"] if told["docs"] else 0.0, counts)


def together(totals: Iterable[Totals]) -> Totals:
    """All documents as if they were of one set."""
    totals = list(totals)
    names = dict.fromkeys(name for each in totals for name in each.counts)
    none = (0, 0, 0)
    counts = {name: tuple(map(sum, zip(*(each.counts.get(name, none) for each in totals), strict=True))) for name in names}
    return Totals(sum(each.documents for each in totals), sum(each.core for each in totals), counts)


@dataclass(frozen=True, slots=True)
class Error:
    """A header field that is wrong. `said` or `truth` is None where nothing is said, or nothing is to be said."""

    document: str
    field: str
    said: Any
    truth: Any


class Scored:
    """What was said of a set, kept in `folder` as the scorer reads it: one JSON a document of which anything was said."""

    def __init__(self, labelled: LabelledSet, said: Mapping[str, Said], folder: Path, score: Score) -> None:
        self.labelled = labelled
        self.said = said
        self._folder = folder
        self._score = score
        for name, each in said.items():
            if each.extracted is not None:
                (folder / f"{name}.json").write_text(json.dumps(in_truths_words(each.extracted.invoice)))

    def totals(self, names: Collection[str]) -> Totals:
        return totals_of(self._score, self._folder, self.labelled.truths, names)

    def errors(self, names: Collection[str]) -> list[Error]:
        """Header fields that are wrong, document by document."""
        listed: list[tuple[str, str, Any, Any]] = []
        self._score(str(self._folder), str(self.labelled.truths), docs=set(names), errors=listed)
        return [Error(file.removesuffix(".json"), field, said, truth) for file, field, said, truth in listed]

    def verdicts(self, names: Collection[str]) -> list[tuple[str, str, float, bool]]:
        """Each header value that was said and is scored: document, field, how sure the product was, and whether it is right."""
        wrong = {(error.document, error.field) for error in self.errors(names)}
        found = []
        for document in self.labelled.documents:
            each = self.said.get(document.name)
            if document.name not in names or each is None or each.extracted is None:
                continue
            said = in_truths_words(each.extracted.invoice)
            for name in PATHS:
                field = each.field(name)
                known = document.truth.get(name) is not None and name not in (document.truth.get("unsure") or ())
                if said[name] is None or field is None or not (known or (document.name, name) in wrong):
                    continue
                found.append((document.name, name, field.confidence, (document.name, name) not in wrong))
        return found


def load_score(path: Path) -> Score | None:
    """The function `score` of the file, or None if there is no such file."""
    if not path.is_file():
        return None
    specification = importlib.util.spec_from_file_location("accuracy_score", path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the data's folder may be read-only
    try:
        specification.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = write_bytecode
    score: Score = module.score
    return score
