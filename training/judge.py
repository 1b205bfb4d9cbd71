"""Trains what tells how likely a chosen value is right: `python -m training.judge [--documents N] [--pictures N] [--to FILE]`.

A row is one choice of the extractor on one made-up document: its evidence, and whether it was right. Boosted trees for each field,
calibrated on families of documents that the trees in question have not seen (`FOLDS`); what is written is plain numbers that
app/extractors/trees.py evaluates. The same on any day for the same look-alikes: fixed seeds, one thread.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.extractors.choice import Choice
from app.extractors.evidence import FEATURES, Evidence, Numbers, options
from app.extractors.judge import ANY, JUDGE
from app.extractors.text import extract_text
from app.rules.policy import DECISIVE
from training.examples import digital, pictures, plain, printed
from training.invoices.truth import PATHS
from training.truth import Example, is_right

SEED = 5
FOLDS = 5
PRIOR = 1.0  # how much it takes, in examples, to move the scale of the calibration away from 1
ROUNDS = 50
ENOUGH = 300  # rows, and
ENOUGH_WRONG = 15  # wrong ones of them, that a field needs for trees of its own
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "lambda_l2": 2.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 7,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
LOOK_ALIKES = "look-alikes"
UNFAMILIAR = 8.0
"""How often each value of a look-alike counts where the sums of the trees are scaled to probabilities: they are a tenth of the rows, and
all that tells how often the rules are right on layouts that they were not made on."""
NEEDED = {"number", "issue_date", "currency", "total_with_tax"}
THRESHOLDS = (0.85, 0.88, 0.9, 0.91, 0.92, 0.93, 0.95)
"""Among which the policy's is chosen (`SURE`)."""
RISING = frozenset(
    (
        *("sure", "merit", "lead", "own_label", "worst_word", "mean_word", "page_sure", "sound", "said", "agreeing"),
        *("label_lead", "weakest"),
        *("closes", "rate_agrees", "lines_agree", "due_agrees", "legal_form", "domain", "address_below", "cell_again"),
    )
)
FALLING = frozenset(
    (
        *("cost", "other_label", "as_well_labelled", "rivals", "distance", "words_beside", "same_as_other", "is_other_id", "in_items"),
        *("name_above", "line_above", "line_below", "unfinished", "figures"),
    )
)
"""What makes a value likelier, or less likely, wherever all else is the same: the trees may not learn the contrary from chance."""

HABITS = frozenset(
    (
        *("x", "y", "page", "pages", "pages_after", "rows", "items", "words_of_row", "cells_of_row", "size", "bold", "decided", "of_kind"),
        *("length", "digits", "letters", "words", "rows_from_date", "labels", "known_language", "cues_in_name", "common", "relation"),
    )
)
"""What tells the habits of who made the pages up, rather than whether a value is right: on others' pages it misleads."""

GOLDEN = Path(__file__).parents[1] / "tests/golden/judge.json"
GOLDEN_ROWS = 3  # of each field
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    path: str
    source: str
    document: int
    family: str
    numbers: Numbers
    right: bool


def rows_of(example: Example, document: int = 0, source: str = "") -> list[Row]:
    """The choices of one document on which its truth has a say."""
    rows: list[Row] = []

    def watch(evidence: Evidence) -> dict[str, Choice]:
        for path, choice in evidence.chosen.items():
            if path in example.truth:
                right = is_right(path, choice.value, example.truth[path])
                rows.append(Row(path, source, document, example.family, evidence.of(path, options(choice)[0]), right))
        return dict(evidence.chosen)

    extract_text(example.document, watch)
    return rows


@dataclass(frozen=True, slots=True)
class Trained:
    """`fields`: what app/extractors/judge.json holds. `golden`: some rows of each, and what LightGBM itself says of them. `unseen`: of each
    row its probability by trees that have seen no document of its family."""

    fields: dict[str, Any]
    golden: dict[str, Any]
    unseen: list[float]


def trained(rows: Sequence[Row]) -> Trained:
    by_path: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        by_path[row.path].append(at)
    fields: dict[str, Any] = {}
    golden: dict[str, Any] = {}
    fields[ANY], golden[ANY], unseen = _fitted(rows)
    for path, places in sorted(by_path.items()):
        mine = [rows[at] for at in places]
        if len(mine) >= ENOUGH and sum(not row.right for row in mine) >= ENOUGH_WRONG:
            fields[path], golden[path], own = _fitted(mine)
            for at, probability in zip(places, own, strict=True):
                unseen[at] = probability
    return Trained(fields, golden, unseen)


def _fitted(rows: Sequence[Row]) -> tuple[dict[str, Any], list[Any], list[float]]:
    used = [name for name in FEATURES if name not in HABITS and len({row.numbers[name] for row in rows}) > 1]
    # rounded, so that no threshold lies closer to a value than the digits that are kept of it
    table = np.array([[float(row.numbers[name]) for name in used] for row in rows]).round(4)
    right = np.array([row.right for row in rows], float)
    folds = np.array([int(sha256(row.family.encode()).hexdigest(), 16) % FOLDS for row in rows])
    raw = np.zeros(len(rows))
    for fold in set(folds):
        out = folds == fold
        if 0 < right[~out].sum() < (~out).sum():
            raw[out] = _boosted(table[~out], right[~out], used).predict(table[out], raw_score=True)
    weights = np.array([UNFAMILIAR if row.source == LOOK_ALIKES else 1.0 for row in rows])
    scale, shift = platt(raw, right, weights)
    booster = _boosted(table, right, used)
    trees = [_columns(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    scale, shift = round(scale, 4), round(shift, 4)
    picked = np.linspace(0, len(rows) - 1, GOLDEN_ROWS).astype(int)
    said = _sigmoid(scale * booster.predict(table[picked], raw_score=True) + shift)
    golden = [[dict(zip(used, table[at].tolist(), strict=True)), round(float(p), 4)] for at, p in zip(picked, said, strict=True)]
    stored = {"scale": scale, "shift": shift, "features": used, "trees": trees}
    return stored, golden, _sigmoid(scale * raw + shift).tolist()


def _sigmoid(raw: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-raw)))


def _boosted(table: Vector, right: Vector, names: Sequence[str]) -> Any:
    import lightgbm  # here, because only the training has it: gathering rows and Platt's scaling need nothing of it

    monotone = [1 if name in RISING else -1 if name in FALLING else 0 for name in names]
    data = lightgbm.Dataset(table, right, feature_name=list(names), free_raw_data=False)
    return lightgbm.train({**PARAMETERS, "monotone_constraints": monotone}, data, ROUNDS)


def platt(raw: Vector, right: Vector, weights: Vector) -> tuple[float, float]:
    """Scale and shift of the raw sums under which they are probabilities (Platt 1999, with his targets for few examples)."""
    good, bad = float((weights * right).sum()), float((weights * (1 - right)).sum())
    target = np.where(right > 0, (good + 1) / (good + 2), 1 / (bad + 2))
    at = np.array([1.0, 0.0])

    def loss(scale: float, shift: float) -> float:
        z = scale * raw + shift
        return float((weights * (np.logaddexp(0, z) - target * z)).sum() + PRIOR * (scale - 1) ** 2 / 2)

    for _ in range(100):  # Newton's method, no further each time than the loss falls; it is convex in the two numbers
        p = 1 / (1 + np.exp(-np.clip(at[0] * raw + at[1], -30, 30)))
        error, curve = weights * (p - target), weights * np.maximum(p * (1 - p), 1e-9)
        gradient = np.array([(error * raw).sum() + PRIOR * (at[0] - 1), error.sum()])
        hessian = np.array([[(curve * raw * raw).sum() + PRIOR, (curve * raw).sum()], [(curve * raw).sum(), curve.sum() + 1e-6]])
        step = np.linalg.solve(hessian, gradient)
        while loss(*(at - step)) > loss(*at) and abs(step).max() > 1e-9:
            step /= 2
        at = at - step
        if abs(step).max() < 1e-8:
            break
    return float(at[0]), float(at[1])


def _columns(root: Mapping[str, Any]) -> list[list[float]]:
    """A tree as four columns: feature (-1 for a leaf), threshold or value, next node if not greater, next node if greater."""
    nodes: list[list[float]] = []

    def add(node: Mapping[str, Any]) -> int:
        at = len(nodes)
        if "leaf_value" in node:
            nodes.append([-1, round(node["leaf_value"], 4), 0, 0])
            return at
        nodes.append([node["split_feature"], float(f"{node['threshold']:.6g}"), 0, 0])
        nodes[at][2] = add(node["left_child"])
        nodes[at][3] = add(node["right_child"])
        return at

    add(root)
    return [list(column) for column in zip(*nodes, strict=True)]


def written(by_field: Mapping[str, Any], to: Path) -> None:
    """One field a line."""
    fields = ",\n".join(f"{json.dumps(path)}: {json.dumps(each, separators=(',', ':'))}" for path, each in by_field.items())
    to.write_text(f"{{\n{fields}\n}}\n")


def passing(rows: Sequence[Row], unseen: Sequence[float], sure: float) -> tuple[int, int, int, int]:
    """Of the documents whose decisive values are each at least so sure: how many there are, in how many a value is wrong; and of the
    values that are taken so how many there are, and how many of them are right."""
    documents: dict[tuple[str, int], list[tuple[Row, float]]] = defaultdict(list)
    for row, probability in zip(rows, unseen, strict=True):
        documents[row.source, row.document].append((row, probability))
    through = [
        [row.right for row, _ in told if row.path in PATHS.values()]
        for told in documents.values()
        if {row.path for row, _ in told} >= NEEDED and all(probability >= sure for row, probability in told if row.path in DECISIVE)
    ]
    return len(through), sum(not all(each) for each in through), sum(map(len, through)), sum(map(sum, through))


def examples(asked: argparse.Namespace) -> Iterator[tuple[str, Iterator[Example]]]:
    """By where they come from."""
    yield "as they were drawn, every fifth made worse", digital(asked.documents, SEED, "rest")
    yield "saying less", plain(asked.plain, SEED + 1, "rest")
    if asked.pictures:
        yield "photographed or scanned", pictures(asked.pictures, SEED + 2, "rest", asked.words)
    if asked.lookalikes:
        yield LOOK_ALIKES, printed(asked.lookalikes, held_out=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.judge", description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2500, help="made-up ones with a text layer")
    parser.add_argument("--plain", type=int, default=1500, help="made-up ones that say less")
    parser.add_argument("--pictures", type=int, default=250, help="pictures of made-up ones")
    parser.add_argument("--words", type=Path, default=Path("var/judge"), help="keep there what was read on the pictures")
    parser.add_argument("--lookalikes", type=Path, metavar="FOLDER", help="what `python -m training.lookalikes FOLDER` has written")
    parser.add_argument("--to", type=Path, default=Path(str(JUDGE)))
    asked = parser.parse_args()
    rows = [row for source, each in examples(asked) for number, example in enumerate(each) for row in rows_of(example, number, source)]
    model = trained(rows)
    written(model.fields, asked.to)
    written(model.golden, GOLDEN)
    wrong = sum(not row.right for row in rows)
    print(f"{len(rows)} values, {wrong} of them wrong; trees for {', '.join(model.fields)}")
    if not asked.lookalikes:
        print("Trained WITHOUT look-alikes: the judge that is shipped had some (docs/accuracy.md, Confidence).")
    print("\nOn families that the trees in question have not seen:\n")
    print("| documents | n | as sure as | pass | with a wrong value | values taken | right |\n|---|---|---|---|---|---|---|")
    for source in (None, *dict.fromkeys(row.source for row in rows)):
        told = [(row, p) for row, p in zip(rows, model.unseen, strict=True) if source in (None, row.source)]
        mine, unseen = [row for row, _ in told], [p for _, p in told]
        count = len({(row.source, row.document) for row in mine})
        for sure in THRESHOLDS:
            documents, with_wrong, taken, right = passing(mine, unseen, sure)
            share = f"{right / max(1, taken):.4f}"
            print(f"| {source or 'all'} | {count} | {sure} | {documents} | {with_wrong} | {taken} | {share} |")


if __name__ == "__main__":
    main()
