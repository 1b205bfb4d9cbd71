"""How the lines of a page bend, where the paper did not lie flat: what is printed on one line is then not at one height of the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.ocr.detection import Line

Bend = Callable[[float, float], float]
"""By how many pixels what stands at (x, y) is lower than what stands on the same line in the middle of the page."""

LONG = 4.0  # times as wide as high: of shorter lines the angle says little
ROUNDS = 5  # of weighing the angles again by how far they are from the rest: a few are wrong
STIFF = 3e-3  # of the weight of all lines: what bending costs, so that few lines do not bend a page
LEAST = 2e-4  # in slopes: what all angles may be wrong by

Floats = NDArray[np.float64]


def bend_of(lines: Sequence[Line], width: int, height: int) -> Bend:
    """From the angles of the lines of a page (`width` x `height` pixels): to their slopes a polynomial of second degree across the page,
    which changes evenly down the page, is fitted by least squares (Huber's weights), and integrated from the middle."""
    long = [line for line in lines if not line.on_end and line.width > LONG * line.height]
    if len(long) < 3:
        return lambda x, y: 0.0
    x = np.array([line.x / width - 0.5 for line in long])
    y = np.array([line.y / height - 0.5 for line in long])
    slopes = np.tan(np.radians([(line.angle + 90) % 180 - 90 for line in long]))
    weights = np.array([line.width / width for line in long]) ** 2  # an angle is the surer the longer its line
    terms = np.stack([np.ones_like(x), x, x * x, y, x * y], axis=1)
    stiff = STIFF * weights.sum() * np.diag([0.0, 1, 1, 1, 1])
    trust = np.ones_like(x)
    for _ in range(ROUNDS):
        weighed = terms * (weights * trust)[:, None]
        a, b, c, d, e = bent = np.linalg.solve(weighed.T @ terms + stiff, weighed.T @ slopes)
        away = np.abs(slopes - terms @ bent)
        trust = 1 / np.maximum(1, away / (2 * max(float(np.median(away)), LEAST)))

    def bend(at_x: float, at_y: float) -> float:
        u, v = at_x / width - 0.5, at_y / height - 0.5
        return float(width * u * (a + d * v + u * ((b + e * v) / 2 + u * c / 3)))

    return bend
