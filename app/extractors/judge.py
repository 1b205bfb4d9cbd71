"""How likely each chosen value is right: trees over its evidence, trained on documents whose truth is known (training/judge.py).

The probability is calibrated on senders and layouts that the trees have not seen; docs/accuracy.md says how well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

from app.extractors.choice import Choice
from app.extractors.evidence import FEATURES, Evidence, options
from app.extractors.trees import Trees, trees_from

JUDGE = resources.files("app.extractors").joinpath("judge.json")
ANY = "*"  # the trees of all fields together, for a field that has none of its own
UNKNOWN_BELOW = 0.01
"""What is less likely than this is left out. No more: of pages unlike the made-up ones the trees doubt also much that is right."""
Judge = Callable[[Evidence], dict[str, Choice]]
MOST = 0.999  # nothing read from a page is certain


def judged(evidence: Evidence) -> dict[str, Choice]:
    """Every choice of the document with its probability."""
    return {path: replace(choice, confidence=probability(evidence, path, choice)) for path, choice in evidence.chosen.items()}


def unjudged(evidence: Evidence) -> dict[str, Choice]:
    """Every choice as the rules made it: for training, and to measure what the judge does."""
    return dict(evidence.chosen)


def probability(evidence: Evidence, path: str, choice: Choice) -> float:
    models = _models()
    trees = models.get(path) or models[ANY]
    return round(min(MOST, trees.probability(evidence.of(path, options(choice)[0]))), 4)


@cache
def _models() -> Mapping[str, Trees]:
    stored = json.loads(JUDGE.read_text("utf-8"))
    models = {path: trees_from(trees) for path, trees in stored.items()}
    unknown = {name for trees in models.values() for name in trees.features} - set(FEATURES)
    if unknown:
        raise RuntimeError(f"app/extractors/judge.json asks for evidence that is not gathered: {', '.join(sorted(unknown))}")
    return models
