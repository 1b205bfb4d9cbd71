"""The picture to read: as large as the plan says, every point where the view puts it, light evened, and nothing that is not asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.document import Matrix, PagePlan, View
from app.readers.prepare import IDENTITY, LARGEST, prepare, shown
from app.samples import damage

Pixels = NDArray[np.uint8]

VIEW = View(360.0, 504.0)
PLAN = PagePlan(1, VIEW, 200.0)
QUARTERS: tuple[Matrix, ...] = (
    IDENTITY,
    (0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 1.0),
    (-1.0, 0.0, 1.0, 0.0, -1.0, 1.0, 0.0, 0.0, 1.0),
    (0.0, -1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0),
)


def _page(height: int = 1400, width: int = 1000) -> Pixels:
    """White, with a black spot at (0.3, 0.2) of it and text."""
    page = np.full((height, width), 255, np.uint8)
    cv2.circle(page, (round(0.3 * width), round(0.2 * height)), round(0.012 * width), (0,), -1)
    cv2.putText(page, "Total 119,00", (width // 4, height // 2), cv2.FONT_HERSHEY_SIMPLEX, width / 600, (20,), max(1, width // 400))
    return page


def _spot(picture: Pixels) -> tuple[float, float]:
    """The middle of the black spot, in fractions; of the upper two fifths of a page that stands upright."""
    rows, columns = np.nonzero(picture[: int(picture.shape[0] * 0.4)] < 128)
    return float(columns.mean() + 0.5) / picture.shape[1], float(rows.mean() + 0.5) / picture.shape[0]


@pytest.mark.parametrize("dpi", [72.0, 150.0, 200.0, 283.4])
@pytest.mark.parametrize("shape", [(1400, 1000), (700, 500), (2801, 1999), (700, 1000)])
@pytest.mark.parametrize("matrix", [IDENTITY, (0.98, 0.02, 0.0, -0.02, 0.98, 0.02, 0.01, 0.03, 1.0)])
def test_the_size_is_what_the_plan_says(dpi: float, shape: tuple[int, int], matrix: Matrix) -> None:
    made = prepare(_page(*shape), PagePlan(1, View(360.0, 504.0, matrix), dpi))
    assert made.shape == (round(504 * dpi / 72), round(360 * dpi / 72))
    assert made.dtype == np.uint8 and made.flags.c_contiguous


def test_a_page_that_is_as_it_should_be_is_not_touched() -> None:
    page = _page()
    assert np.array_equal(prepare(page, PLAN), page)
    assert np.array_equal(prepare(np.repeat(page[:, :, None], 3, axis=2), PLAN), page)


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_lose_nothing(quarters: int) -> None:
    """`matrix` says where in the file a point of the upright page is."""
    page = _page()
    lying = np.ascontiguousarray(np.rot90(page, quarters))  # anticlockwise in the file
    made = prepare(lying, replace(PLAN, view=replace(VIEW, matrix=QUARTERS[quarters])))
    assert np.abs(made.astype(np.int16) - page).max() <= 1


@pytest.mark.parametrize("source", [0.5, 1.0, 2.0, 5.0])
def test_a_point_is_where_the_view_puts_it_at_every_resolution(source: float) -> None:
    angle = math.radians(4)
    cos, sin, ratio = math.cos(angle), math.sin(angle), 1400 / 1000
    matrix = (cos, -sin * ratio, 0.02, sin / ratio, cos, -0.01, 0.02, -0.01, 1.0)
    page = _page(round(1400 * source), round(1000 * source))
    for dpi in (100.0, 200.0):
        made = prepare(page, PagePlan(1, replace(VIEW, matrix=matrix), dpi))
        x, y = _spot(made)
        w = matrix[6] * x + matrix[7] * y + 1
        there = ((matrix[0] * x + matrix[1] * y + matrix[2]) / w, (matrix[3] * x + matrix[4] * y + matrix[5]) / w)
        assert there == pytest.approx((0.3, 0.2), abs=0.0012), (source, dpi)


def test_what_lies_outside_the_file_is_paper() -> None:
    page = np.full((700, 500), 203, np.uint8)
    made = prepare(page, replace(PLAN, view=replace(VIEW, matrix=(2.0, 0.0, -0.5, 0.0, 2.0, -0.5, 0.0, 0.0, 1.0))))
    assert np.unique(made).tolist() == [203]


def test_shadows_go_and_print_stays() -> None:
    page = _page()
    page[20:110] = 60  # a printed band, with white letters
    cv2.putText(page, "RECHNUNG", (100, 85), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (255,), 4)
    lit = damage.lit(page, np.random.default_rng(3), 0.4)
    made = prepare(lit, replace(PLAN, treatments=("background",)))
    paper = page == 255
    paper[:140] = False
    assert np.percentile(lit[paper], 5) < 120
    assert np.percentile(made[paper], 2) > 195
    assert np.median(made[page == 20]) < 90
    letters, band = page[25:105] == 255, page[25:105] == 60
    assert np.median(made[25:105][letters]) - np.median(made[25:105][band]) > 90


def test_specks_go_and_small_print_stays() -> None:
    page = damage.speckled(_page(), np.random.default_rng(1), 0.01)
    made = prepare(page, replace(PLAN, treatments=("denoise",)))
    clean = _page()
    assert np.count_nonzero(np.abs(made.astype(int) - clean) > 100) < 0.05 * np.count_nonzero(np.abs(page.astype(int) - clean) > 100)


def test_soft_letters_become_steeper() -> None:
    soft = damage.blurred(_page(), 2.0)
    made = prepare(soft, replace(PLAN, treatments=("sharpen",)))
    assert np.abs(np.diff(made.astype(int))).max() > 1.3 * np.abs(np.diff(soft.astype(int))).max()
    assert np.median(made) == 255


def test_people_see_colours_through_the_same_view() -> None:
    page = np.repeat(_page()[:, :, None], 3, axis=2)
    page[:, :, 0] //= 2  # yellowish
    seen = shown(page, View(504.0, 360.0, QUARTERS[1]), 1400, 1000)
    assert seen.shape == (1000, 1400, 3) and seen.flags.c_contiguous
    assert np.array_equal(np.rot90(seen, 1), page) or np.abs(np.rot90(seen, 1).astype(int) - page).max() <= 1
    assert shown(page, None, 250, 350).shape == (350, 250, 3)
    assert shown(page[:, :, 1], None, 250, 350).shape == (350, 250)


def test_no_plan_asks_for_more_than_there_is_room_for() -> None:
    with pytest.raises(ValueError, match="a picture of"):
        prepare(_page(), replace(PLAN, dpi=5000.0))
    with pytest.raises(ValueError, match="a picture of"):
        shown(_page(), None, LARGEST, 2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 2, 3)])
def test_any_shape_can_be_prepared(shape: tuple[int, ...]) -> None:
    matrix = (0.9, 0.05, 0.02, -0.05, 0.9, 0.05, 0.01, 0.0, 1.0)
    for view in (VIEW, replace(VIEW, matrix=matrix), View(0.2, 0.2), View(0.5, 700.0, matrix)):
        made = prepare(np.full(shape, 77, np.uint8), PagePlan(1, view, 200.0, ("background", "denoise", "sharpen")))
        assert made.ndim == 2 and made.size >= 1 and made.dtype == np.uint8


def test_grain_becomes_white_paper_and_ink_stays() -> None:
    """What a global threshold makes of a page on which little is printed: without it most of what it takes for ink is grain."""
    page = np.full((1400, 1000), 232, np.uint8)
    cv2.putText(page, "Total 1,234.00", (200, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (60,), 3)
    ink = page < 100
    grainy = damage.noisy(page, np.random.default_rng(3), 9)

    def false_ink(picture: Pixels) -> float:
        found = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1] > 0
        assert (found & ink).sum() > 0.9 * ink.sum()
        return float((found & ~cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)).sum() / ink.sum())

    assert false_ink(grainy) > 10
    assert false_ink(prepare(grainy, replace(PLAN, treatments=("whiten",)))) < 0.05


def test_light_print_on_a_dark_page_is_not_whitened() -> None:
    page = np.full((1400, 1000), 40, np.uint8)
    cv2.putText(page, "Total 1,234.00", (200, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (240,), 3)
    assert np.array_equal(prepare(page, replace(PLAN, treatments=("whiten",))), page)
