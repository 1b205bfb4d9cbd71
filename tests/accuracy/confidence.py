"""Whether confidences mean what they say, and what a figure from few documents is worth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log, log1p

BINS = 15
SURE = 0.95


def calibration_error(values: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """Expected calibration error over bins of equal mass: how far a bin's mean confidence is from the share that is right in it.

    Naeini et al. 2015, with the bins of Nguyen and O'Connor 2015. `values`: confidence, and whether the value is right. None without any.
    """
    ranked = sorted(values)
    if not ranked:
        return None
    edges = [round(i * len(ranked) / bins) for i in range(bins + 1)]
    parts = [ranked[first:end] for first, end in pairwise(edges) if first < end]
    return sum(abs(sum(sure for sure, _ in part) - sum(right for _, right in part)) for part in parts) / len(ranked)


def upper_bound(wrong: int, of: int, sure: float = SURE) -> float | None:
    """The upper end of Clopper and Pearson's interval for a share of which `wrong` in `of` were seen. None where nothing was seen."""
    if not of:
        return None
    if wrong >= of:
        return 1.0
    low, high = wrong / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, of, middle) > (1 - sure) / 2 else (low, middle)
    return high


def _at_most(wrong: int, of: int, share: float) -> float:
    """Of the binomial distribution. In logarithms: its coefficients are larger than any float."""
    if share >= 1:
        return 0.0
    ways = (lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) for k in range(wrong + 1))
    return sum(exp(way + k * log(share) + (of - k) * log1p(-share)) for k, way in enumerate(ways))
