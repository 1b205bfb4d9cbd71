"""A page as a scanner or a telephone gives it: what app/samples/damage.py can do, several at once, and holes, in seeded measure."""

from __future__ import annotations

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from app.samples import damage

DPI = 200
SCREEN = 96
Pixels = NDArray[np.uint8]


def picture_of(pdf: bytes, page: int, seed: int) -> bytes:
    """Page `page` (from 0) as JPEG. Boxes of the page hold only as long as nobody turned, bent or photographed it: most pictures are."""
    chance = np.random.default_rng([seed, page])
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        drawn = document[page].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY, alpha=False)
        pixels: Pixels = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.stride)[:, : drawn.width].copy()
    if chance.random() < 0.2:
        pixels = punched(pixels, DPI)
    if chance.random() < 0.15:
        pixels = damage.bleeding(pixels, pixels, float(chance.uniform(0.08, 0.25)))
    if chance.random() < 0.2:
        pixels = damage.curled(pixels, chance, float(chance.uniform(0.002, 0.01)))
    if chance.random() < 0.25:
        pixels = damage.photographed(pixels, chance, DPI, tilt=float(chance.uniform(0.01, 0.05))).pixels
    else:
        pixels = damage.turned(pixels, float(chance.normal(0, 1.2)))
        if chance.random() < 0.3:
            pixels = damage.lit(pixels, chance, float(chance.uniform(0.5, 0.9)))
        if chance.random() < 0.2:
            pixels = damage.resized_contrast(pixels, int(chance.uniform(20, 110)), int(chance.uniform(205, 255)))
        pixels = damage.noisy(damage.blurred(pixels, float(chance.uniform(0.3, 1.1))), chance, float(chance.uniform(1, 14)))
        if chance.random() < 0.1:
            pixels = damage.speckled(pixels, chance, float(chance.uniform(0.0005, 0.004)))
    stored = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(chance.uniform(35, 90))])[1]
    return bytes(stored.tobytes())


def screenshot_of(pdf: bytes, page: int, seed: int) -> bytes:
    """Page `page` (from 0) as JPEG or PNG in colour, as a program on a screen shows it and as invoices stand on web sites: clean and small,
    at one to one and a half times the resolution of a screen."""
    chance = np.random.default_rng([seed, page])
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        drawn = document[page].get_pixmap(dpi=int(SCREEN * chance.uniform(1, 1.5)), alpha=False)
    return bytes(drawn.tobytes("jpg", jpg_quality=int(chance.uniform(70, 95)))) if chance.random() < 0.5 else bytes(drawn.tobytes("png"))


def punched(page: Pixels, dpi: float) -> Pixels:
    """With the two holes of a binder at the left edge, 80 mm apart (ISO 838)."""
    page = page.copy()
    for offset in (-40, 40):
        centre = (round(12 / 25.4 * dpi), round(page.shape[0] / 2 + offset / 25.4 * dpi))
        cv2.circle(page, centre, round(3 / 25.4 * dpi), (60,), -1, cv2.LINE_AA)
    return page
