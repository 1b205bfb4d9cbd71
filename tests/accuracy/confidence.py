"""Whether confidences mean what they say, and what a figure from few documents is worth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import comb

BINS = 10


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """Expected calibration error over bins of equal mass: how far the mean confidence of a bin is from the share that is right in it.

    Naeini et al. 2015 with the bins of Nguyen and O'Connor 2015. `pairs`: confidence, and whether the value is right."""
    ranked = sorted(pairs)
    if not ranked:
        return None
    edges = [round(i * len(ranked) / bins) for i in range(bins + 1)]
    error = 0.0
    for first, end in pairwise(edges):
        if members := ranked[first:end]:
            error += abs(sum(sure for sure, _ in members) - sum(right for _, right in members))
    return error / len(ranked)


def at_most(wrong: int, of: int, sure: float = 0.95) -> float | None:
    """The one-sided upper bound of Clopper and Pearson on a share of which `wrong` in `of` were seen. None without any."""
    if not of:
        return None
    if wrong >= of:
        return 1.0
    low, high = wrong / of, 1.0
    for _ in range(50):
        share = (low + high) / 2
        seen = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(wrong + 1))
        low, high = (share, high) if seen > 1 - sure else (low, share)
    return high
