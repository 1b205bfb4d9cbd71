"""Lines of text on a page, from the map that `text_detection` makes of it (DB: Liao et al., "Real-time scene text detection with
differentiable binarization", 2020): for each pixel the probability that it is in the core of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Map = NDArray[np.float32]
Core = NDArray[np.uint8]

DPI = 100.0  # of the picture that is searched: capitals are some 10 pixels high; at 200 it finds no more for four times the CPU
STEP = 32  # pixels: the model's sides are multiples of it
LONGEST = 1920  # pixels, of a side that is searched
INK = 0.3  # probability from which a pixel belongs to a core
SURE = 0.5  # mean probability of a core from which it is a line
GROWN = 1.6  # a core is a line shrunk by its area over its perimeter times this
SHINE = 0.28  # of the contrast between paper and ink: what is paler, and not next to something darker, is nothing that was printed here
NEAR = 7  # pixels
LEAST_CONTRAST = 24  # of 255
THINNEST = 3.0  # pixels of the map: cores under it are specks
TALL = 1.7  # usual heights of a core: so high are those of two lines that have grown together, and of a title
HIGHEST = 2.2  # usual heights of a line that was parted from others: short ones have rounder cores
VALLEY = 0.8  # of what lies over and under it: paler rows of a tall core part two lines


@dataclass(frozen=True, slots=True)
class Line:
    """Where a line of text is, in pixels of the page: a rectangle around (x, y), `width` along the text, which runs at `angle` degrees
    clockwise from the horizontal. Which way up the text stands is not known: as found, the angle is between -45 and 135."""

    x: float
    y: float
    width: float
    height: float
    angle: float
    probability: float

    @property
    def on_end(self) -> bool:
        """It runs up or down the page."""
        return 45 < self.angle % 180 < 135

    def reversed(self) -> Line:
        """The same place, the other way up."""
        return replace(self, angle=self.angle + 180)


def without_shine(grey: Grey) -> Grey:
    """What shines through from the back, and other marks far paler than the ink of the page, gone; the pale edges of what is dark stay."""
    ink, paper = np.percentile(grey[::4, ::4], (0.5, 75))
    if paper - ink < LEAST_CONTRAST:
        return grey
    darkest_near = cv2.erode(grey, np.ones((NEAR, NEAR), np.uint8))
    clean = grey.copy()
    clean[darkest_near > paper - SHINE * (paper - ink)] = round(paper)
    return clean


def to_search(grey: Grey, dpi: float) -> tuple[Grey, float]:
    """The picture for `text_detection`, with sides that are multiples of `STEP`, and how much smaller it is. What was added is paper."""
    scale = min(1.0, DPI / dpi, LONGEST / max(grey.shape))
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    small = grey if scale == 1 else cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    made = np.full((-(-height // STEP) * STEP, -(-width // STEP) * STEP), np.percentile(small[::4, ::4], 90), np.uint8)
    made[:height, :width] = small
    return made, scale


def lines_in(found: Map, scale: float, width: int, height: int) -> list[Line]:
    """`found`: what `text_detection` says of a picture `scale` times the size of the page. The page measures
    `width` x `height` pixels."""
    cores = (found >= INK).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
    if count < 2:
        return []
    _part_tall(found, cores, np.asarray(labels, np.int32), np.asarray(boxes, np.int32))
    flat = labels.ravel()
    means = np.bincount(flat, found.ravel(), count) / np.maximum(np.bincount(flat, minlength=count), 1)
    contours, _ = cv2.findContours(cores, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    lines = []
    for contour in contours:
        x, y = contour[0][0]
        probability = float(means[labels[y, x]])
        (cx, cy), (across, down), angle = cv2.minAreaRect(contour)
        across, down = across + 1, down + 1  # from the middles of pixels to their edges
        if min(across, down) < THINNEST or probability < SURE:
            continue
        grown = GROWN * across * down / (across + down)  # both sides of it: area over half of the perimeter
        line = _lying(cx + 0.5, cy + 0.5, across + grown, down + grown, angle, probability)
        x, y, wide, high = (value / scale for value in (line.x, line.y, line.width, line.height))
        if 0 <= x < width and 0 <= y < height:
            lines.append(Line(x, y, wide, high, line.angle, probability))
    return lines


def _part_tall(found: Map, cores: Core, labels: NDArray[np.int32], boxes: NDArray[np.int32]) -> None:
    """Takes out of `cores` what lies between short lines that stand close and have grown together, as numbers in a column do."""
    wide, high = boxes[1:, cv2.CC_STAT_WIDTH], boxes[1:, cv2.CC_STAT_HEIGHT]
    lying = wide >= 2 * high
    if 2 * np.count_nonzero(lying) < len(boxes):  # a page on its side
        return
    usual = float(np.median(high[lying]))
    for number in 1 + np.flatnonzero(high >= TALL * usual):
        x, y, across, down, _ = boxes[number]
        inside = labels[y : y + down, x : x + across] == number
        rows = np.where(inside, found[y : y + down, x : x + across], 0).sum(axis=1)
        valleys = _valleys(rows, max(1, round(usual / 2)))
        ends = [0, *(edge for valley in valleys for edge in valley), down]
        if valleys and max(end - first for first, end in zip(ends[::2], ends[1::2], strict=True)) <= HIGHEST * usual:
            for first, end in valleys:
                cores[y + first : y + end, x : x + across][inside[first:end]] = 0


def _valleys(rows: NDArray[np.float32], least: int) -> list[tuple[int, int]]:
    """Where rows are pale between two lines of `least` rows or more, from top to bottom: (first, last + 1)."""
    valleys: list[tuple[int, int]] = []
    stretches = [(0, len(rows))]
    while stretches:
        first, end = stretches.pop()
        if valley := _palest(rows[first:end], least):
            begin, stop = first + valley[0], first + valley[1]
            valleys.append((begin, stop))
            stretches += [(first, begin), (stop, end)]
    return sorted(valleys)


def _palest(rows: NDArray[np.float32], least: int) -> tuple[int, int] | None:
    """The deepest valley, if it is one."""
    if len(rows) <= 2 * least:
        return None
    inner = np.arange(least, len(rows) - least)
    banks = np.minimum(np.maximum.accumulate(rows)[inner - 1], np.maximum.accumulate(rows[::-1])[::-1][inner + 1])
    shares = rows[inner] / np.maximum(banks, 1e-6)
    at = int(np.argmin(shares))
    if shares[at] > VALLEY:
        return None
    pale = rows <= VALLEY * banks[at]
    begin = end = int(inner[at])
    while begin > least and pale[begin - 1]:
        begin -= 1
    while end < len(rows) - least and pale[end]:
        end += 1
    return begin, end


def _lying(x: float, y: float, across: float, down: float, angle: float, probability: float) -> Line:
    """OpenCV's rectangle (any of its sides may be the first) as a line: its long side is along the text, where it is clearly longer."""
    angle %= 180
    if angle > 45 and angle < 135:
        across, down, angle = down, across, angle - 90
    elif angle >= 135:
        angle -= 180
    # now within 45 degrees of the horizontal
    if down > 1.5 * across:
        across, down, angle = down, across, angle + 90
    return Line(x, y, across, down, angle, probability)


def turned_over(lines: Sequence[Line], width: int, height: int) -> list[Line]:
    """The same lines on the page (`width` x `height`) turned by half."""
    return [replace(line, x=width - line.x, y=height - line.y) for line in lines]
