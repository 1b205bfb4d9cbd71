"""Labelled folders: which documents a set has, what the truth says of them, and on which half each falls."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.split import Half, half_of

SETS = ("xml_einvoice", "zfreal", "zfreal_noxml", "zfvis_noxml", "invoice2data", "vendor_samples", "scans", "odoo_fr", "sroie")
RECEIPTS = frozenset({"sroie"})
PRINT_OUTS = frozenset({"zfvis_noxml"})
"""Pages that only print an XML as label = value: nobody sends such. They have rows of their own and count in no sum."""
NO_INVOICES = "not_invoice"
"""The set that has documents and no truth: none of them is an invoice."""
GENERATED = "generated"
SUFFIXES = (".pdf", ".xml", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")

Group = str
"""A half of a labelled set; of made-up documents `held out` (of families that nothing was trained on) or `trained on`."""
HALVES: tuple[Half, ...] = ("opened", "unopened")
HELD_OUT, TRAINED_ON = "held out", "trained on"
MAY_BE_SHOWN = frozenset({"opened", TRAINED_ON})
"""Groups whose documents may be looked at. Of the others there are totals and nothing else."""


@dataclass(frozen=True)
class Labelled:
    """One document. `truth` is empty where it is no invoice."""

    name: str
    path: Path
    group: Group
    truth: dict[str, Any] = field(repr=False)

    @property
    def language(self) -> str:
        """ISO 639-1, or "" where the truth does not say."""
        return str(self.truth.get("language") or "").partition("-")[0].lower()


@dataclass(frozen=True)
class LabelledSet:
    """`documents`: those of a kind that the product reads. `others`: how many are not."""

    name: str
    truths: Path
    documents: tuple[Labelled, ...]
    others: int = 0

    def names(self, group: Group) -> set[str]:
        return {document.name for document in self.documents if document.group == group}

    @property
    def may_be_shown(self) -> set[str]:
        """The documents that a person may look at while tuning."""
        return {document.name for document in self.documents if document.group in MAY_BE_SHOWN}

    @property
    def groups(self) -> list[Group]:
        """Those that have a document, in a fixed order."""
        there = {document.group for document in self.documents}
        return [group for group in (*HALVES, TRAINED_ON, HELD_OUT) if group in there]


def sets_in(data: Path, asked: Iterable[str] | None = None) -> list[LabelledSet]:
    """The sets asked for; else those that are known; in a folder with none of them, every set that is there."""
    names = list(asked or [name for name in SETS if _folders(data, name)[1].is_dir() and _folders(data, name)[0].is_dir()])
    names = names or sorted(path.parent.name for path in data.glob("*/truth"))
    return [found for name in names if (found := _labelled_set(data, name))]


def no_invoices_in(data: Path) -> LabelledSet | None:
    """Cut in two by the documents' names: there is nothing else to go by."""
    folder = data / NO_INVOICES / "docs"
    if not folder.is_dir():
        return None
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    return LabelledSet(NO_INVOICES, folder, tuple(Labelled(path.stem, path, half_of({}, path.stem), {}) for path in paths))


def generated_in(folder: Path) -> LabelledSet:
    """Made-up documents, `folder/docs` and `folder/truth`. Those of families that no model was trained on say so: `held_out`."""
    documents, others = _documents(folder / "docs", folder / "truth")
    groups = (HELD_OUT if document.truth.get("held_out") else TRAINED_ON for document in documents)
    grouped = (Labelled(document.name, document.path, group, document.truth) for document, group in zip(documents, groups, strict=True))
    return LabelledSet(GENERATED, folder / "truth", tuple(grouped), others)


def _folders(data: Path, name: str) -> tuple[Path, Path]:
    folder = data / name.removesuffix("_noxml")
    return folder / ("docs_noxml" if name.endswith("_noxml") else "docs"), folder / "truth"


def _labelled_set(data: Path, name: str) -> LabelledSet | None:
    docs, truths = _folders(data, name)
    if not docs.is_dir() or not truths.is_dir():
        return None
    documents, others = _documents(docs, truths)
    return LabelledSet(name, truths, documents, others)


def _documents(docs: Path, truths: Path) -> tuple[tuple[Labelled, ...], int]:
    by_name = {path.stem: path for path in sorted(docs.iterdir()) if path.is_file()}
    readable: list[Labelled] = []
    others = 0
    for path in sorted(truths.glob("*.json")):
        document = by_name.get(path.stem)
        if document is None:
            continue
        if document.suffix.lower() not in SUFFIXES:
            others += 1
            continue
        truth = json.loads(path.read_text("utf-8"))
        readable.append(Labelled(path.stem, document, half_of(truth, path.stem), truth))
    return tuple(readable), others
