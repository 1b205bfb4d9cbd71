"""Stands in for `look` and `prepare` until they are there: every page as it lies, scaled."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.domain.document import PagePlan, View

_Pixels = npt.NDArray[np.uint8]


def look(pixels: _Pixels, number: int, width: float, height: float) -> PagePlan:
    grey: Any = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return PagePlan(number, View(width, height), 200.0, blank=bool(np.std(grey) < 2))


def fingerprint(grey: _Pixels) -> bytes:
    return bytes(cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA).data)


def alike(mark: bytes, other: bytes) -> bool:
    return mark == other


def shown(pixels: _Pixels, view: View | None, width: int, height: int) -> Any:
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def prepare(pixels: _Pixels, plan: PagePlan) -> Any:
    width, height = (max(1, round(side * plan.dpi / 72)) for side in (plan.view.width, plan.view.height))
    return shown(pixels, None, width, height)
