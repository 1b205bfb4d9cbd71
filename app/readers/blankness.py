"""Whether nothing is printed on a page: dust, punch holes, a scanner's dark rim and the back shining through are not print."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

FAINT = 218  # of 245: weaker than this is the back of the sheet, or stains; worn print is stronger
SIDE_BY_SIDE = 3  # letters with a neighbour that make print; fewer are dust
RIM, MARGIN = 0.025, 0.13  # parts of the longer side: where a scanner's rim is, and where punch holes are


def is_blank(even: Pixels) -> bool:
    """`even`: the small picture, grey, evenly lit, paper near white. In doubt it is not blank: a page set aside is not read."""
    ink = cv2.threshold(even, FAINT, 255, cv2.THRESH_BINARY_INV)[1]
    _, _, stats, middles = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    x, y, width, height, area = (stats[1:, column].astype(np.float64) for column in range(5))
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    page_h, page_w = even.shape
    side = max(page_h, page_w)
    rim = (x <= RIM * side) | (y <= RIM * side) | (x + width >= page_w - RIM * side) | (y + height >= page_h - RIM * side)
    from_edge = np.minimum.reduce([x + width / 2, y + height / 2, page_w - x - width / 2, page_h - y - height / 2])
    round_ = (shorter > 0.75 * longer) & (area > 0.65 * width * height) & (area < 0.92 * width * height)
    hole = round_ & (from_edge < MARGIN * side) & (longer > 0.012 * side) & (longer < 0.05 * side)
    dust = (longer < 4) | (area < 6)
    left = ~(rim | hole | dust)
    if bool(np.any(left & (longer > 0.03 * side))):
        return False  # a picture, a rule, handwriting, print so large that its letters are alone
    at, tall = middles[1:][left], longer[left]
    if len(tall) > 400:
        return False
    gap = np.abs(at[:, None] - at[None])
    reach = 2.5 * np.maximum(tall[:, None], tall[None])
    near = (gap.max(axis=2) < reach) & (gap.min(axis=2) < reach / 4)
    letters = np.ceil(width[left] / height[left])  # of a short word grown together
    print_ = (near.sum(axis=1) > 1) | (letters >= SIDE_BY_SIDE)
    return int(letters[print_].sum()) < SIDE_BY_SIDE
