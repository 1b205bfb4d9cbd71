"""Whether confidence means what it says: `python -m tests.calibration [DATA] [--documents N] [--half opened]`.

Made-up invoices of families that the trees have never seen, and those of a labelled folder (docs/accuracy.md) through `invoicestream
process`. Of each field: how many values were said, how many of them are right, how sure they were on average, and the expected
calibration error (ECE): values in bins of equal mass by confidence, the mean distance between confidence and the share that is right. Of
those sure enough for the policy: how many, and how many of them right. Of the documents: how many pass without a person, and in how many of
those a decisive value is wrong, with the upper end of its 95 % interval (Clopper and Pearson). Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.domain.extraction import Extracted
from app.extractors.text import extract_text
from app.rules.context import Context
from app.rules.policy import DECISIVE, SURE, verdict
from app.stages.validate import findings_of
from tests.accuracy import labelled_set, names_in
from training.examples import made_up
from training.truth import Example, Truth, is_right, labelled_truth, value_at

BINS = 15
SEED = 99  # not the one of the training
EXACT = ("xml_einvoice", "zfreal")  # read from their XML
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one document: (confidence, right) of each value on which the truth has a say, and whether the document passed."""

    values: Mapping[str, tuple[float, bool]]
    passed: bool

    @property
    def wrong(self) -> bool:
        """A decisive value is."""
        return any(path in self.values and not self.values[path][1] for path in DECISIVE)


def ece(values: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass; 0 for no values."""
    ranked = sorted(values)
    edges = [round(i * len(ranked) / bins) for i in range(bins + 1)]
    parts = [ranked[a:b] for a, b in pairwise(edges) if a < b]
    return sum(abs(sum(sure for sure, _ in part) - sum(right for _, right in part)) for part in parts) / max(1, len(ranked))


def upper_bound(wrong: int, of: int, confidence: float = CONFIDENCE) -> float:
    """The upper end of Clopper and Pearson's interval for a share of which `wrong` in `of` were seen; 1 where nothing was."""
    if wrong >= of:
        return 1.0
    low, high, tail = wrong / of, 1.0, (1 - confidence) / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, of, middle) > tail else (low, middle)
    return high


def _at_most(successes: int, of: int, share: float) -> float:
    """Of the binomial distribution."""
    logs = (math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in range(successes + 1))
    return sum(math.exp(log + k * math.log(share) + (of - k) * math.log1p(-share)) for k, log in enumerate(logs)) if share < 1 else 0.0


def outcomes_of(examples: Iterable[Example], today: date) -> Iterator[Outcome]:
    for example in examples:
        extracted = extract_text(example.document)
        passed = verdict(extracted, findings_of(Context(example.document, extracted, today))) == "approved"
        yield Outcome(_values(extracted, example.truth), passed)


def _values(extracted: Extracted, truth: Truth) -> dict[str, tuple[float, bool]]:
    return {
        path: (field.confidence, is_right(path, value_at(extracted.invoice, path), truth[path]))
        for path, field in extracted.fields.items()
        if path in truth
    }


def labelled(data: Path, name: str, half: str) -> list[Outcome]:
    """Of one set, through the public command. What was refused is left out: it says nothing."""
    found = labelled_set(data, name)
    if found is None:
        return []
    documents = {path: document for document, path in found.documents.items() if half in ("all", found.halves[document])}
    command = [sys.executable, "-m", "app", "process", "--json", *map(str, documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"invoicestream process ended with {done.returncode}")
    outcomes: list[Outcome] = []
    for row in map(json.loads, done.stdout.splitlines()):
        if row.get("invoice"):
            truth = labelled_truth(found.truth / f"{documents[Path(row['file'])]}.json")
            outcomes.append(Outcome(_told(row, truth), row["status"] == "approved"))
    return outcomes


def _told(row: Mapping[str, Any], truth: Truth) -> dict[str, tuple[float, bool]]:
    values: dict[str, tuple[float, bool]] = {}
    for path in truth.keys() & row["fields"].keys():
        value: Any = row["invoice"]
        for name in path.split("."):
            value = value[name]
        values[path] = (row["fields"][path]["confidence"], is_right(path, value, truth[path]))
    return values


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    by_path: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for outcome in outcomes:
        for path, value in outcome.values.items():
            by_path[path].append(value)
    by_path = dict(sorted(by_path.items()))
    by_path["all fields"] = [value for values in by_path.values() for value in values]
    yield f"| field | values | right | mean confidence | ECE | at least {SURE:.3f} | of those right |"
    yield "|---|---|---|---|---|---|---|"
    for path, values in by_path.items():
        sure = [right for confidence, right in values if confidence >= SURE]
        share = f"{sum(sure) / len(sure):.4f}" if sure else ""
        mean = sum(confidence for confidence, _ in values) / max(1, len(values))
        right = sum(right for _, right in values) / max(1, len(values))
        yield (
            f"| {path} | {len(values)} | {right:.4f} | {mean:.4f} | {ece(values):.4f} | {len(sure) / max(1, len(values)):.1%} | {share} |"
        )


def passed(name: str, outcomes: Sequence[Outcome]) -> str:
    through = [outcome for outcome in outcomes if outcome.passed]
    wrong = sum(outcome.wrong for outcome in through)
    share = len(through) / len(outcomes) if outcomes else 0.0
    return f"| {name} | {len(outcomes)} | {len(through)} ({share:.0%}) | {wrong} | {upper_bound(wrong, len(through)):.1%} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="a labelled folder")
    parser.add_argument("--documents", type=int, default=2000, help="made-up ones, of families that are held out")
    parser.add_argument("--half", choices=("opened", "unopened", "all"), default="opened", help="of the labelled folder")
    asked = parser.parse_args(argv)
    sets = {"made up": list(outcomes_of(made_up(asked.documents, SEED, held_out=True), date.today()))} if asked.documents else {}
    for name in names_in(asked.data) if asked.data else ():
        if name not in EXACT:
            sets[name] = labelled(asked.data, name, asked.half)
    print("\n".join(table(sets.get("made up", []))))
    real = [outcome for name, outcomes in sets.items() if name != "made up" for outcome in outcomes]
    if real:
        print("\n" + "\n".join(table(real)))
        sets["all labelled"] = real
    print("\n| documents | n | passed | of those wrong | 95 % bound |\n|---|---|---|---|---|")
    print("\n".join(passed(name, outcomes) for name, outcomes in sets.items()))


if __name__ == "__main__":
    main()
