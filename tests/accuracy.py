"""Scores what the product says about labelled documents: `python -m tests.accuracy DATA [--set NAME] [--errors] [--json OUT]`.

DATA holds `score.py` and folders `<set>/docs`, `<set>/truth` (`<document>.json` for `<document>.<any suffix>`); a folder
`<set>/docs_noxml` is scored as a set of its own, against the same truth. Every document goes through the public command
`invoicestream process`. Each set is cut in two (`tests.split`): of the unopened half only totals are ever told.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.split import Half, half_of

SETS = ("xml_einvoice", "zfreal", "zfreal_noxml", "invoice2data", "vendor_samples")
TEXT_SUFFIXES = (".pdf", ".xml")
HALVES: tuple[Half, ...] = ("opened", "unopened")

Score = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """`documents`: by name, those that may have a text layer or are XML. `pictures`: how many others there are, which need OCR."""

    name: str
    truth: Path
    documents: dict[str, Path]
    halves: dict[str, Half]
    pictures: int


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description="Scores the product against labelled documents.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help="only this set (may be repeated)")
    parser.add_argument("--errors", action="store_true", help="list what is wrong in the opened halves")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all totals as JSON")
    arguments = parser.parse_args(argv)
    score = load_score(arguments.data / "score.py")
    if score is None:
        print(f"{arguments.data}/score.py is missing: the scorer belongs to the data, not to the project", file=sys.stderr)
        return 2
    found = [s for name in arguments.sets or names_in(arguments.data) if (s := labelled_set(arguments.data, name))]
    if not found:
        print(f"no set found: {arguments.data}/<set>/docs and {arguments.data}/<set>/truth are expected", file=sys.stderr)
        return 2
    told: dict[str, Any] = {}
    print(f"{'set':16} {'half':9} {'docs':>4} {'header F1':>10} {'core exact':>10} {'line F1':>8}  {'s/doc':>6}")
    for labelled in found:
        told[labelled.name] = report(labelled, score, arguments.errors)
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=1))
    return 0


def names_in(data: Path) -> list[str]:
    """The sets whose documents have text; in a folder with none of them, every set that is there."""
    known = [name for name in SETS if (data / name.removesuffix("_noxml") / "truth").is_dir()]
    return known or sorted(p.parent.name for p in data.glob("*/truth"))


def labelled_set(data: Path, name: str) -> LabelledSet | None:
    folder = data / name.removesuffix("_noxml")
    documents = folder / ("docs_noxml" if name.endswith("_noxml") else "docs")
    if not documents.is_dir() or not (folder / "truth").is_dir():
        return None
    by_name = {path.stem: path for path in sorted(documents.iterdir()) if path.is_file()}
    readable: dict[str, Path] = {}
    halves: dict[str, Half] = {}
    pictures = 0
    for truth in sorted((folder / "truth").glob("*.json")):
        path = by_name.get(truth.stem)
        if path is None:
            continue
        if path.suffix.lower() not in TEXT_SUFFIXES:
            pictures += 1
            continue
        readable[truth.stem] = path
        halves[truth.stem] = half_of(json.loads(truth.read_text("utf-8")), truth.stem)
    return LabelledSet(name, folder / "truth", readable, halves, pictures)


def report(labelled: LabelledSet, score: Score, errors: bool) -> dict[str, Any]:
    """Prints a row for each half, then what is left out and, if asked for, the errors of the opened half. Returns the totals."""
    totals: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        started = time.monotonic()
        for document, prediction in predictions(labelled.documents).items():
            (Path(folder) / f"{document}.json").write_text(json.dumps(prediction))
        seconds = (time.monotonic() - started) / max(1, len(labelled.documents))
        wrong: list[tuple[Any, ...]] = []
        for half in HALVES:
            documents = {document for document, side in labelled.halves.items() if side == half}
            if not documents:
                continue
            listed = wrong if errors and half == "opened" else None
            result = score(folder, str(labelled.truth), docs=documents, errors=listed)
            totals[half] = result
            line = result["fields"].get("line_items", {}).get("f1")
            cells = (result["header_micro"]["f1"], result["core_exact"], line)
            header, core, lines = ("-" if cell is None else f"{cell:.3f}" for cell in cells)
            print(f"{labelled.name:16} {half:9} {result['docs']:4} {header:>10} {core:>10} {lines:>8}  {seconds:6.2f}")
            if listed is not None:
                listed.extend(line_errors(folder, labelled.truth, documents, score))
        if labelled.pictures:
            print(f"{labelled.name:16} {labelled.pictures} pictures left out: they have no text layer and there is no OCR")
        for document, field, predicted, truth in wrong:
            print(f"  {document.removesuffix('.json')} | {field} | said {predicted!r} | truth {truth!r}")
    return totals


def line_errors(folder: str, truth: Path, documents: set[str], score: Score) -> list[tuple[Any, ...]]:
    """For each document whose lines are not all right: how many are too much and how many are missing."""
    wrong = []
    for document in sorted(documents):
        lines = score(folder, str(truth), docs={document})["fields"].get("line_items")
        if lines and (lines["fp"] or lines["fn"]):
            wrong.append((document, "line_items", f"{lines['fp']} wrong", f"{lines['fn']} missed"))
    return wrong


def predictions(documents: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What the product says about each document, in the truth's words. Documents of which it says nothing are left out."""
    command = [str(Path(sys.executable).parent / "invoicestream"), "process", "--json", *map(str, documents.values())]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if documents else None
    if done is None:
        return {}
    if done.returncode not in (0, 1):
        last = done.stderr.strip().splitlines()[-1:]  # more could name documents that are not to be looked at
        raise SystemExit(f"invoicestream process ended with {done.returncode}: {' '.join(last)}")
    by_path = {str(path): document for document, path in documents.items()}
    said: dict[str, dict[str, Any]] = {}
    for row in map(json.loads, done.stdout.splitlines()):
        document = by_path.get(row["file"])
        if document and row.get("invoice") and document not in said:  # a file may hold several; the truth is about the first
            said[document] = in_truths_words(row["invoice"])
    return said


def in_truths_words(invoice: dict[str, Any]) -> dict[str, Any]:
    return {
        "invoice_number": invoice["number"],
        "issue_date": invoice["issue_date"],
        "due_date": invoice["due_date"],
        "currency": invoice["currency"],
        "net_total": invoice["total_without_tax"],
        "tax_total": invoice["total_tax"],
        "gross_total": invoice["total_with_tax"],
        "vendor_name": invoice["seller"]["name"],
        "vendor_vat_id": invoice["seller"]["vat_id"],
        "buyer_name": invoice["buyer"]["name"],
        "iban": invoice["payment_account"],
        "purchase_order": invoice["purchase_order_reference"],
        "line_items": [
            {
                "description": line["item_name"],
                "quantity": line["quantity"],
                "unit_price": line["net_price"],
                "amount": line["net_amount"],
                "product_code": line["item_id"],
            }
            for line in invoice["lines"]
        ],
    }


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


if __name__ == "__main__":
    sys.exit(main())
