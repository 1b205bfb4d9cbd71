"""The sheet of paper in a photo, or on the dark bed of a scanner: its four corners, or None when that is not sure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float64]
"""(4, 2): top left, then clockwise; fractions of the picture."""

COARSE = 240  # pixels along the longer side, for the first look
LEAST, MOST = 0.15, 0.985  # part of the picture that a sheet covers
RIM = 0.012  # nearer to the picture's border than this the border itself is the edge
BAND = 0.16  # part of the sheet's side: how wide a dark band along its edge may be
CONTRAST = 18  # grey levels between the paper and what it lies on


def find_sheet(pixels: Pixels) -> Corners | None:
    """`pixels`: (H, W) or (H, W, 3). At least three of the sides must be seen inside the picture."""
    dark = pixels if pixels.ndim == 2 else darkest(pixels)
    height, width = dark.shape
    scale = min(1.0, COARSE / max(height, width))
    if min(height, width) * scale < 24:
        return None
    size = (round(width * scale), round(height * scale))
    small = cv2.resize(dark, size, interpolation=cv2.INTER_AREA)
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))  # print goes, paper stays
    closed = np.asarray(cv2.medianBlur(small, 5), np.uint8)
    ring = np.concatenate([closed[:4].ravel(), closed[-4:].ravel(), closed[:, :4].ravel(), closed[:, -4:].ravel()])
    ground, paper = float(np.percentile(ring, 30)), float(np.percentile(closed, 90))
    if paper - ground < CONTRAST:
        return None  # paper up to the border: a scan
    best: Corners | None = None
    most = 0.0
    for part in (0.2, 0.35, 0.5, 0.65):  # no one threshold parts the paper from the table where a shadow falls on both
        rough = _bright_quadrilateral(closed, ground + part * (paper - ground))
        corners = None if rough is None else _refined(dark, rough * (width, height))
        if corners is None or not _plausible(corners / (width, height), width, height):
            continue
        area = cv2.contourArea(corners.astype(np.float32))
        if area > most * 1.02:
            best, most = corners / (width, height), area
    return None if best is None else _with_bands(dark, best)


def _with_bands(dark: Pixels, corners: Corners) -> Corners:
    """Moved outwards over white print: a dark band along an edge of the sheet looks like what the sheet lies on, but has letters in it."""
    height, width = dark.shape
    sheet = corners * (width, height)
    grown = [0.0, 0.0, 0.0, 0.0]  # top, right, bottom, left: parts of the sheet's side
    for side in range(4):
        begin, end, after, before = (sheet[(side + i) % 4] for i in range(4))
        across = float(np.hypot(*(end - begin)))
        down = float(np.hypot(*(after - end)) + np.hypot(*(before - begin))) / 2
        size = (max(1, round(across)), max(1, round(down * BAND)))
        outer = np.array([begin + (begin - before) * BAND, end + (end - after) * BAND, end, begin], np.float32)
        flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
        strip = cv2.warpPerspective(dark, cv2.getPerspectiveTransform(outer, flat), size, borderMode=cv2.BORDER_REPLICATE)
        thin = cv2.morphologyEx(strip, cv2.MORPH_TOPHAT, np.ones((11, 11), np.uint8))[: size[1] - 3]
        rows = np.count_nonzero(thin > 2 * CONTRAST, axis=1) > 0.006 * across
        if np.count_nonzero(rows) >= 4:
            grown[side] = BAND * min(1.0, (size[1] - int(np.argmax(rows)) + 8) / size[1])
    if not any(grown):
        return corners
    top, right, bottom, left = grown
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    wider = np.array([[[-left, -top], [1 + right, -top], [1 + right, 1 + bottom], [-left, 1 + bottom]]], np.float32)
    matrix = cv2.getPerspectiveTransform(unit, corners.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(wider, matrix)[0], np.float64)


def darkest(pixels: Pixels) -> Pixels:
    """Of the three colours: paper is bright in each, a table in one or two."""
    blue, green, red = cv2.split(pixels)
    return np.asarray(cv2.min(blue, cv2.min(green, red)), np.uint8)


def _bright_quadrilateral(small: Pixels, threshold: float) -> Corners | None:
    height, width = small.shape
    bright = cv2.threshold(small, threshold, 255, cv2.THRESH_BINARY)[1]
    bright = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))  # letters in a dark band stick out
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    area = cv2.contourArea(hull)
    if not LEAST * width * height < area < MOST * width * height:
        return None
    around = cv2.arcLength(hull, True)
    for part in (0.02, 0.03, 0.045, 0.06):
        polygon = cv2.approxPolyDP(hull, part * around, True)
        if len(polygon) == 4:
            break
    else:
        return None
    corners = _ordered(polygon.reshape(4, 2).astype(np.float64) + 0.5)
    if area < 0.9 * cv2.contourArea(corners.astype(np.float32)):
        return None
    return corners / (width, height)


def _ordered(points: Corners) -> Corners:
    """Clockwise, beginning with the corner nearest to the top left."""
    around = points - points.mean(axis=0)
    clockwise = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    return np.roll(clockwise, -int(np.argmin(clockwise.sum(axis=1))), axis=0)


def _refined(dark: Pixels, corners: Corners) -> Corners | None:
    """Each side as a line through where the brightness falls most steeply across it; None if a side is not really there."""
    height, width = dark.shape
    smooth = np.asarray(cv2.blur(dark, (3, 3)), np.float64)
    reach = max(3, round(max(height, width) * 0.016))
    lines = []
    seen = 0
    for i in range(4):
        start, end = corners[i], corners[(i + 1) % 4]
        along = end - start
        length = float(np.hypot(*along))
        if length < 20:
            return None
        along = along / length
        inward = np.array([-along[1], along[0]])
        middle = (start + end) / 2
        rim = min(middle[0], width - middle[0]) if abs(inward[0]) > abs(inward[1]) else min(middle[1], height - middle[1])
        if rim < RIM * max(height, width):
            lines.append((middle, along))
            continue
        at = start + along * (np.linspace(0.06, 0.94, 48) * length)[:, None]
        steps = np.arange(-reach, reach + 1)
        x = np.clip(np.rint(at[:, 0, None] + inward[0] * steps), 0, width - 1).astype(np.intp)
        y = np.clip(np.rint(at[:, 1, None] + inward[1] * steps), 0, height - 1).astype(np.intp)
        values = smooth[y, x]
        rise = values[:, 2:] - values[:, :-2]
        place = np.argmax(rise, axis=1)
        strong = rise[np.arange(len(at)), place] >= CONTRAST / 2
        if strong.mean() < 0.6:
            return None
        seen += 1
        points = at[strong] + inward * (steps[1:-1][place[strong]])[:, None]
        vx, vy, px, py = (float(v) for v in np.ravel(cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01)))
        lines.append((np.array([px, py]), np.array([vx, vy])))
    if seen < 3:
        return None
    met = [_meeting(lines[i - 1], lines[i]) for i in range(4)]
    if any(point is None for point in met):
        return None
    return np.clip(np.array(met, np.float64), 0, (width, height))


def _meeting(one: tuple[Corners, Corners], other: tuple[Corners, Corners]) -> Corners | None:
    (p, u), (q, v) = one, other
    cross = u[0] * v[1] - u[1] * v[0]
    if abs(cross) < 0.3:
        return None
    gap = q - p
    return np.asarray(p + u * ((gap[0] * v[1] - gap[1] * v[0]) / cross), np.float64)


def _plausible(corners: Corners, width: int, height: int) -> bool:
    """Convex, no angle far from a right one, opposite sides alike, and neither all of the picture nor a corner of it."""
    points = corners * (width, height)
    sides = np.roll(points, -1, axis=0) - points
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    if lengths.min() < 20 or max(lengths[0] / lengths[2], lengths[2] / lengths[0], lengths[1] / lengths[3], lengths[3] / lengths[1]) > 1.7:
        return False
    unit = sides / lengths[:, None]
    following = np.roll(unit, -1, axis=0)
    sine = unit[:, 0] * following[:, 1] - unit[:, 1] * following[:, 0]
    area = cv2.contourArea(points.astype(np.float32)) / (width * height)
    return bool(sine.min() > 0.75) and LEAST < area < MOST
