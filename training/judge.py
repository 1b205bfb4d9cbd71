"""Trains what tells how likely a chosen value is right: `python -m training.judge [--documents N] [--to FILE]`.

A row is one choice of the extractor on one made-up document: its evidence, and whether it was right. Boosted trees for each field,
calibrated on families of documents that the trees in question have not seen (`FOLDS`); what is written is plain numbers that
app/extractors/trees.py evaluates. The same on any day: fixed seeds, one thread.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from training.examples import made_up
from training.truth import Example, is_right

SEED = 1
FOLDS = 5
PRIOR = 1.0  # how much it takes, in examples, to move the scale of the calibration away from 1
ROUNDS = 60
ENOUGH = 300  # rows, and
ENOUGH_WRONG = 25  # wrong ones of them, that a field needs for trees of its own
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
RISING = frozenset(
    (
        *("sure", "merit", "lead", "own_label", "worst_word", "mean_word", "page_sure", "sound", "said", "agreeing"),
        *("closes", "rate_agrees", "lines_agree", "due_agrees", "legal_form", "domain", "address_below"),
    )
)
FALLING = frozenset(("cost", "other_label", "rivals", "distance", "words_beside", "same_as_other", "is_other_id", "in_items", "common"))
"""What makes a value likelier, or less likely, wherever all else is the same: the trees may not learn the contrary from chance."""

HABITS = frozenset(
    (
        *("x", "y", "page", "pages", "pages_after", "rows", "items", "words_of_row", "cells_of_row", "size", "bold", "decided", "of_kind"),
        *("length", "digits", "letters", "words", "rows_from_date", "labels", "known_language"),
    )
)
"""What tells the habits of who made the pages up, rather than whether a value is right: on others' pages it misleads."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    path: str
    family: str
    numbers: Numbers
    right: bool
    weight: float


def rows_of(example: Example) -> list[Row]:
    """The choices of one document on which its truth has a say."""
    rows: list[Row] = []

    def watch(evidence: Evidence) -> dict[str, Choice]:
        for path, choice in evidence.chosen.items():
            if path in example.truth:
                right = is_right(path, choice.value, example.truth[path])
                rows.append(Row(path, example.family, evidence.of(path, options(choice)[0]), right, example.weight))
        return dict(evidence.chosen)

    extract_text(example.document, watch)
    return rows


def trained(rows: Sequence[Row]) -> dict[str, Any]:
    """What app/extractors/judge.json holds."""
    by_path: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_path[row.path].append(row)
    own = {path: mine for path, mine in by_path.items() if len(mine) >= ENOUGH and sum(not row.right for row in mine) >= ENOUGH_WRONG}
    fields = {path: _fitted(mine) for path, mine in sorted(own.items())}
    return {"fields": {ANY: _fitted(rows), **fields}}


def _fitted(rows: Sequence[Row]) -> dict[str, Any]:
    used = [name for name in FEATURES if name not in HABITS and len({row.numbers[name] for row in rows}) > 1]
    table = np.array([[float(row.numbers[name]) for name in used] for row in rows])
    right = np.array([row.right for row in rows], float)
    weight = np.array([row.weight for row in rows])
    folds = np.array([int(sha256(row.family.encode()).hexdigest(), 16) % FOLDS for row in rows])
    raw = np.zeros(len(rows))
    for fold in set(folds):
        out = folds == fold
        if 0 < right[~out].sum() < (~out).sum():
            raw[out] = _boosted(table[~out], right[~out], weight[~out], used).predict(table[out], raw_score=True)
    scale, shift = platt(raw, right, weight)
    booster = _boosted(table, right, weight, used)
    trees = [_columns(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return {"scale": round(scale, 4), "shift": round(shift, 4), "features": used, "trees": trees}


def _boosted(table: Vector, right: Vector, weight: Vector, names: Sequence[str]) -> Any:
    import lightgbm  # here, because only the training has it: gathering rows and Platt's scaling need nothing of it

    monotone = [1 if name in RISING else -1 if name in FALLING else 0 for name in names]
    data = lightgbm.Dataset(table, right, weight=weight, feature_name=list(names), free_raw_data=False)
    return lightgbm.train({**PARAMETERS, "monotone_constraints": monotone}, data, ROUNDS)


def platt(raw: Vector, right: Vector, weight: Vector) -> tuple[float, float]:
    """Scale and shift of the raw sums under which they are probabilities (Platt 1999, with his targets for few examples)."""
    good, bad = float((weight * right).sum()), float((weight * (1 - right)).sum())
    target = np.where(right > 0, (good + 1) / (good + 2), 1 / (bad + 2))
    at = np.array([1.0, 0.0])

    def loss(scale: float, shift: float) -> float:
        z = scale * raw + shift
        return float((weight * (np.logaddexp(0, z) - target * z)).sum() + PRIOR * (scale - 1) ** 2 / 2)

    for _ in range(100):  # Newton's method, no further each time than the loss falls; it is convex in the two numbers
        p = 1 / (1 + np.exp(-np.clip(at[0] * raw + at[1], -30, 30)))
        error, curve = weight * (p - target), weight * np.maximum(p * (1 - p), 1e-9)
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
            nodes.append([-1, round(node["leaf_value"], 5), 0, 0])
            return at
        nodes.append([node["split_feature"], float(f"{node['threshold']:.6g}"), 0, 0])
        nodes[at][2] = add(node["left_child"])
        nodes[at][3] = add(node["right_child"])
        return at

    add(root)
    return [list(column) for column in zip(*nodes, strict=True)]


def written(model: Mapping[str, Any], to: Path) -> None:
    fields = ",\n".join(f"{json.dumps(path)}: {json.dumps(trees, separators=(',', ':'))}" for path, trees in model["fields"].items())
    to.write_text(f'{{"fields": {{\n{fields}\n}}}}\n')


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.judge", description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1500, help="made-up ones")
    parser.add_argument("--to", type=Path, default=Path(str(JUDGE)))
    asked = parser.parse_args()
    rows = [row for example in made_up(asked.documents, SEED, held_out=False) for row in rows_of(example)]
    model = trained(rows)
    written(model, asked.to)
    wrong = sum(not row.right for row in rows)
    print(f"{len(rows)} values of {asked.documents} documents, {wrong} of them wrong; trees for {', '.join(model['fields'])}")


if __name__ == "__main__":
    main()
