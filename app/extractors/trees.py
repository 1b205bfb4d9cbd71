"""Boosted decision trees as they are evaluated: a few comparisons a value, in plain Python, from a file of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of trees, squeezed into a probability: 1 / (1 + exp(-(scale * sum + shift))), which is Platt's calibration.

    `nodes`: of each tree, from its root at 0; (feature, threshold, node if feature <= threshold, node otherwise), and (-1, value, 0, 0)
    for a leaf.
    """

    features: tuple[str, ...]
    nodes: tuple[tuple[tuple[int, float, int, int], ...], ...]
    scale: float
    shift: float

    def probability(self, numbers: Mapping[str, float]) -> float:
        """Raises KeyError if a feature is missing."""
        vector = [numbers[name] for name in self.features]
        total = self.shift + self.scale * sum(_value(tree, vector) for tree in self.nodes)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def _value(tree: Sequence[tuple[int, float, int, int]], vector: Sequence[float]) -> float:
    feature, number, lower, higher = tree[0]
    while feature >= 0:
        feature, number, lower, higher = tree[lower if vector[feature] <= number else higher]
    return number


def trees_from(stored: Mapping[str, Any]) -> Trees:
    """From the JSON that `training.judge` writes: a tree is four columns of equal length."""
    nodes = tuple(tuple(zip(*columns, strict=True)) for columns in stored["trees"])
    return Trees(tuple(stored["features"]), nodes, float(stored["scale"]), float(stored["shift"]))
