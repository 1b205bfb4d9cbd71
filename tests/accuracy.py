"""Scores what the product says about labelled documents: `python -m tests.accuracy DATA [--set NAME] [--errors] [--json OUT]`.

DATA holds `score.py` and folders `<set>/docs`, `<set>/truth` (`<document>.json` for `<document>.<any suffix>`); a folder
`<set>/docs_noxml` is scored as a set of its own, against the same truth. Every document goes through the public command
`invoicestream process`. Each set is cut in two (`tests.split`): of the unopened half only totals are ever told. Ends with 1 if a set
is read worse than its floor.
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

SETS = ("xml_einvoice", "zfreal", "zfreal_noxml", "invoice2data", "vendor_samples", "scans", "odoo_fr", "sroie")
SUFFIXES = (".pdf", ".xml", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
FLOORS = {"scans": 0.60, "odoo_fr": 0.60, "sroie": 0.60}
"""Header F1 over both halves that a set must not fall below."""
HALVES: tuple[Half, ...] = ("opened", "unopened")

Score = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """`documents`: by name, those of a kind that the product reads. `others`: how many are not."""

    name: str
    truth: Path
    documents: dict[str, Path]
    halves: dict[str, Half]
    others: int


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
    missed: list[str] = []
    print(f"{'set':16} {'half':9} {'docs':>4} {'header F1':>10} {'core exact':>10} {'line F1':>8}  {'s/doc':>6}")
    for labelled in found:
        told[labelled.name] = report(labelled, score, arguments.errors)
        reached, floor = told[labelled.name]["all"]["header_micro"]["f1"] or 0.0, FLOORS.get(labelled.name, 0.0)
        if reached < floor:
            missed.append(f"{labelled.name}: header F1 {reached:.3f} is under its floor of {floor:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(told, indent=1))
    print("\n".join(missed), end="\n" if missed else "")
    return 1 if missed else 0


def names_in(data: Path) -> list[str]:
    """The sets that are known; in a folder with none of them, every set that is there."""
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
    others = 0
    for truth in sorted((folder / "truth").glob("*.json")):
        path = by_name.get(truth.stem)
        if path is None:
            continue
        if path.suffix.lower() not in SUFFIXES:
            others += 1
            continue
        readable[truth.stem] = path
        halves[truth.stem] = half_of(json.loads(truth.read_text("utf-8")), truth.stem)
    return LabelledSet(name, folder / "truth", readable, halves, others)


def report(labelled: LabelledSet, score: Score, errors: bool) -> dict[str, Any]:
    """Prints a row for each half, then what is left out and, if asked for, the errors of the opened half. Returns the totals,
    also those of `all` documents."""
    totals: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        started = time.monotonic()
        for document, prediction in predictions(labelled.documents).items():
            (Path(folder) / f"{document}.json").write_text(json.dumps(prediction))
        seconds = (time.monotonic() - started) / max(1, len(labelled.documents))
        wrong: list[tuple[Any, ...]] = []
        totals["all"] = score(folder, str(labelled.truth), docs=set(labelled.documents))
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
        if labelled.others:
            print(f"{labelled.name:16} {labelled.others} left out: no kind of file that is read")
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
