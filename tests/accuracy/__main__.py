"""Scores what the product says about labelled documents: `python -m tests.accuracy DATA [--set NAME] [--words FOLDER] [--html OUT]
[--without PART] [--generated FOLDER] [--targets] [--json OUT]`.

DATA holds `score.py` and folders `<set>/docs`, `<set>/truth` (`<document>.json` for `<document>.<any suffix>`); a folder
`<set>/docs_noxml` is scored as a set of its own, against the same truth. Every document goes through the product's own stages, sandbox
and engines (`reading`, `saying`). Each set is cut in two (`tests.split`): of the unopened half only totals are ever told. Ends with 1 if a
set is read worse than its floor; with `--targets`, if any target is missed or not measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.errors import Misconfigured, Unavailable
from tests.accuracy.labelled import LabelledSet, generated_in, no_invoices_in, sets_in
from tests.accuracy.leafing import write_pages
from tests.accuracy.measured import Measured, measure, told_of
from tests.accuracy.reading import read
from tests.accuracy.saying import say
from tests.accuracy.scoring import Score, load_score
from tests.accuracy.tables import all_tables
from tests.accuracy.targets import FLOORS
from tests.accuracy.without import PARTS, ablation


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description="Scores the product against labelled documents.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", dest="sets", metavar="NAME", help="only this set (may be repeated)")
    parser.add_argument("--generated", type=Path, metavar="FOLDER", help="made-up documents (docs, truth), reported apart")
    parser.add_argument("--words", type=Path, metavar="FOLDER", help="keep there what was read, and do not read it again")
    parser.add_argument("--html", type=Path, metavar="OUT", help="write a page to leaf through what is wrong in the opened halves")
    parser.add_argument("--errors", action="store_true", help="list what is wrong in the opened halves")
    parser.add_argument(
        "--without", action="append", choices=("all", *PARTS), metavar="PART", help=f"leave a part out: all, {', '.join(PARTS)}"
    )
    parser.add_argument("--targets", action="store_true", help="end with 1 if a target is missed or not measured")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all totals as JSON")
    arguments = parser.parse_args(argv)
    score = load_score(arguments.data / "score.py")
    if score is None:
        print(f"{arguments.data}/score.py is missing: the scorer belongs to the data, not to the project", file=sys.stderr)
        return 2
    found = sets_in(arguments.data, arguments.sets)
    if arguments.generated:
        found.append(generated_in(arguments.generated))
    if not found:
        print(f"no set found: {arguments.data}/<set>/docs and {arguments.data}/<set>/truth are expected", file=sys.stderr)
        return 2
    try:
        if arguments.without:
            print(ablation(found, arguments.without, score, arguments.words))
            return 0
        return _measure(arguments, found, no_invoices_in(arguments.data) if not arguments.sets else None, score)
    except (Misconfigured, Unavailable) as exc:
        print(f"accuracy: {exc}", file=sys.stderr)
        return 3


def _measure(arguments: argparse.Namespace, found: list[LabelledSet], no_invoices: LabelledSet | None, score: Score) -> int:
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        documents = [document for labelled in (*found, *filter(None, [no_invoices])) for document in labelled.documents]
        reads = read([document.path for document in documents], arguments.words)
        for each in list(reads.values())[:1]:
            say(each)  # what is loaded once is no document's
        told = [(labelled, *told_of(labelled, reads)) for labelled in found]
        none = (no_invoices, told_of(no_invoices, reads)[1]) if no_invoices else None
        measured = Measured(measure(told, score, Path(folder)), none)
        for table in all_tables(measured):
            print(f"\n{table.title}\n\n{table.markdown()}")
        for labelled in found:
            if labelled.others:
                print(f"\n{labelled.name}: {labelled.others} left out: no kind of file that is read")
        if arguments.errors:
            for _, scored in measured.of.values():
                for error in scored.errors(scored.labelled.may_be_shown):
                    print(f"  {error.document} | {error.field} | said {error.said!r} | truth {error.truth!r}")
        if arguments.html:
            write_pages(measured, arguments.html)
        if arguments.json:
            arguments.json.write_text(json.dumps(_as_json(measured), indent=1))
        missed = list(_under_floor(measured))
        if arguments.targets:
            missed += [f"{judged.what}: {judged.verdict}" for judged in measured.judged() if judged.verdict != "reached"]
    print("\n".join(missed), end="\n" if missed else "")
    return 1 if missed else 0


def _under_floor(measured: Measured) -> list[str]:
    reached = {name: measured.whole(name).header_f1 or 0.0 for name in measured.of if name in FLOORS}
    return [f"{name}: header F1 {f1:.3f} is under its floor of {FLOORS[name]:.2f}" for name, f1 in reached.items() if f1 < FLOORS[name]]


def _as_json(measured: Measured) -> dict[str, object]:
    sets: dict[str, dict[str, object]] = {}
    for name, group, totals, cost in measured.rows():
        f1s = {"header_f1": totals.header_f1, "core_exact": totals.core_exact, "line_f1": totals.line_f1}
        sets.setdefault(name, {})[group] = {**f1s, **asdict(totals), "cpu_a_page": cost.page}
    judged = [{**asdict(each), "verdict": each.verdict} for each in measured.judged()]
    return {"sets": sets, "not_invoice_named": measured.named_no_invoice(), "targets": judged}


if __name__ == "__main__":
    sys.exit(main())
