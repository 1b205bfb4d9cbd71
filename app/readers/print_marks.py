"""What is printed on a small picture of a page: the boxes of its letters, and what their edges say about how the lines run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float64]

ENOUGH = 24  # letters; fewer say nothing about how a page lies
STEEPEST = 15.0  # degrees of skew that are looked for
SURELY_OVER = 1.15  # how much sharper the upper edges must line up before a page is turned over
COARSE, FINE = 0.5, 0.05  # degrees


@dataclass(frozen=True, slots=True)
class Letters:
    """Boxes of what may be letters (or short words grown together): their n edges each, and the picture's size, in pixels."""

    x0: Numbers
    y0: Numbers
    x1: Numbers
    y1: Numbers
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.x0)

    def turned(self, quarters: int) -> Letters:
        """As they lie after `quarters` quarter turns clockwise of the picture."""
        one = self
        for _ in range(quarters % 4):
            one = Letters(one.height - one.y1, one.x0, one.height - one.y0, one.x1, one.height, one.width)
        return one


@dataclass(frozen=True, slots=True)
class Lie:
    """How a page lies. `quarters` turns clockwise stand it upright; `angle`: degrees that its lines then fall to the right."""

    quarters: int
    angle: float


def find_letters(even: Pixels, threshold: int) -> Letters:
    """`even`: grey, paper near white. Ink is what is darker than `threshold`. Rules, frames, pictures and dust are left out."""
    ink = cv2.threshold(even, threshold - 1, 255, cv2.THRESH_BINARY_INV)[1]
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    box = stats[1:].astype(np.float64)
    width, height, area = box[:, 2], box[:, 3], box[:, 4]
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    largest = max(even.shape) * 0.06
    letter = (longer >= 4) & (shorter >= 2) & (shorter <= largest) & (longer <= 4 * largest) & (longer <= 12 * shorter)
    letter &= (area >= 6) & ((area < 0.92 * width * height) | (longer < 12))
    x0, y0 = box[letter, 0], box[letter, 1]
    return Letters(x0, y0, x0 + width[letter], y0 + height[letter], even.shape[1], even.shape[0])


def lie_of(letters: Letters, steepest: float = STEEPEST) -> Lie | None:
    """None where there are too few letters, or their edges do not line up.

    On a base line the lower edges of letters line up best: fewer letters hang below it than stick out of the x-height. So of the four edges
    of the boxes the one that lines up most sharply is the lower one.
    """
    if len(letters) < ENOUGH:
        return None
    found = [_best_angle(letters.turned(quarters), steepest) for quarters in range(4)]
    across = max(found[0][1], found[2][1]), max(found[1][1], found[3][1])
    quarters = 0 if across[0] * 1.15 >= across[1] else 1
    upright, over = found[quarters], found[quarters + 2]
    if upright[2] < 1.25 and over[2] < 1.25:
        return None
    angle = (upright[0] * upright[1] + over[0] * over[1]) / (upright[1] + over[1])
    if over[1] > upright[1] * SURELY_OVER:
        quarters += 2
    return Lie(quarters, angle)


def _best_angle(letters: Letters, steepest: float) -> tuple[float, float, float]:
    """The angle at which lower edges line up best, how well (1 = as if strewn), and how much better than at other angles."""
    x = (letters.x0 + letters.x1) / 2 - letters.width / 2
    y = letters.y1
    coarse = np.arange(-steepest, steepest + COARSE / 2, COARSE)
    values = _alignment(x, y, coarse, 2.0)
    best = float(coarse[int(np.argmax(values))])
    fine = np.arange(best - 0.6, best + 0.6 + FINE / 2, FINE)
    sharp = _alignment(x, y, fine, 1.0)
    top = int(np.argmax(sharp))
    return float(fine[top]), float(sharp[top]), float(values.max() / np.median(values))


def _alignment(x: Numbers, y: Numbers, degrees: Numbers, step: float) -> Numbers:
    """For each angle: the sum of squares of how many points fall into each row of `step` pixels, neighbours counting half."""
    values = np.empty(len(degrees))
    for i, angle in enumerate(degrees):
        turn = math.radians(angle)
        along = (y * math.cos(turn) - x * math.sin(turn)) / step
        rows = np.bincount((along - along.min() + 1).astype(np.int64))
        smooth = rows[:-1] + rows[1:]
        values[i] = float(smooth @ smooth) / len(y)
    return values
