"""What is seen in a small picture of a page: the sheet in a photo, turns, skew, size, blank and repeated pages; and what is left alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from app.domain.document import Matrix, PagePlan
from app.readers.look import Pixels, look
from app.readers.prepare import IDENTITY, prepare
from app.readers.repeats import alike, fingerprint
from app.readers.sheet_edges import find_sheet
from app.samples import damage
from app.samples.damage import Damage, Damaged
from tests.ablation import Printed, planned, printed_pages, small

A4 = (595.0, 842.0)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    cv2.setNumThreads(1)


@cache
def _pages() -> tuple[Printed, ...]:
    return tuple(printed_pages(6, 4))


def _chance(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _white() -> Pixels:
    return np.full((2339, 1653), 255, np.uint8)


def _looked(pixels: Pixels, width: float = A4[0], height: float = A4[1]) -> PagePlan:
    return look(small(pixels, width, height), 3, width, height)


def _angle(matrix: Matrix, width: float, height: float) -> float:
    """Degrees clockwise that what is shown lies turned in the file."""
    return math.degrees(math.atan2(matrix[3] * height, matrix[0] * width))


@pytest.mark.parametrize("index", range(6))
def test_a_clean_page_is_left_alone(index: int) -> None:
    plan = _looked(_pages()[index].pixels)
    assert plan == PagePlan(3, plan.view, 200.0)
    assert (plan.view.width, plan.view.height, plan.view.matrix) == (595.0, 842.0, IDENTITY)
    assert prepare(_pages()[index].pixels, plan).shape == (2339, 1653)


@pytest.mark.parametrize("degrees", [-14.5, -6.2, -1.0, -0.3, 0.4, 2.7, 9.1, 14.5])
def test_skew_is_found_to_three_tenths_of_a_degree(degrees: float) -> None:
    for index in (0, 1, 4):
        made = damage.noisy(damage.turned(_pages()[index].pixels, degrees), _chance(index), 6)
        plan = _looked(made)
        assert abs(_angle(plan.view.matrix, *A4) - degrees) <= 0.3, index
        assert (plan.view.width, plan.view.height) == A4


@pytest.mark.parametrize("quarters", range(4))
def test_turned_pages_are_stood_upright(quarters: int) -> None:
    """The picture made of a page that lies turned is nearly that of the page."""
    for index, page in enumerate(_pages()):
        lying = np.ascontiguousarray(np.rot90(damage.noisy(page.pixels, _chance(index), 4), -quarters))
        size = A4 if quarters % 2 == 0 else (A4[1], A4[0])
        plan = _looked(lying, *size)
        made = prepare(lying, plan)
        assert made.shape == page.pixels.shape
        assert np.abs(made.astype(np.int16) - page.pixels).mean() < 8, index


@pytest.mark.parametrize("kind", ["noise", "speckle", "blur", "jpeg", "low_dpi", "faded", "fax", "bleed"])
def test_no_damage_turns_an_upright_page(kind: Damage) -> None:
    for index, page in enumerate(_pages()):
        made = damage.damage(page.pixels, 200, kind, index)
        plan = planned(made)
        assert abs(_angle(plan.view.matrix, *A4)) < 1.2 and not plan.blank, index


@pytest.mark.parametrize("seed", range(8))
def test_the_sheet_in_a_photo_is_found(seed: int) -> None:
    """Within 2 % of the side. A dark band along the top of a page may be taken as wider than it is: nothing printed is cut off."""
    page = _pages()[(1, 2, 4, 5, 7 % 6)[seed % 5]]
    made = damage.photographed(page.pixels, _chance(seed), 200)
    plan = planned(made)
    assert made.corners is not None
    there = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]) @ np.array(plan.view.matrix).reshape(3, 3).T
    assert np.abs(there[:, :2] / there[:, 2:] - np.array(made.corners)).max() < 0.02
    assert 0.6 < plan.view.width / plan.view.height < 0.8


def test_a_dark_band_at_the_edge_of_a_photographed_sheet_stays_on() -> None:
    for seed in range(4):
        made = damage.photographed(_pages()[0].pixels, _chance(seed), 200)
        corners = find_sheet(small(made.pixels, made.width, made.height))
        assert corners is not None and made.corners is not None
        from_top = np.array(made.corners)[:2, 1] - corners[:2, 1]
        assert np.all(from_top > -0.045), seed  # of the band of 74 points 35 are above its letters
        assert np.abs(corners - np.array(made.corners))[2:].max() < 0.02


@pytest.mark.parametrize("kind", ["clean", "skew", "shadow", "faded", "fax", "bleed", "noise", "curl", "sideways"])
def test_no_sheet_is_found_where_the_page_fills_the_picture(kind: Damage) -> None:
    for index, page in enumerate(_pages()):
        made = damage.damage(page.pixels, 200, kind, index)
        assert find_sheet(small(made.pixels, made.width, made.height)) is None, index


def test_on_the_dark_bed_of_a_scanner_the_sheet_is_cut_out() -> None:
    bed = np.full((2600, 2000), 25, np.uint8)
    matrix = cv2.getRotationMatrix2D((826, 1170), 3.0, 1.0)
    matrix[:, 2] += (170, 120)
    cv2.warpAffine(_pages()[1].pixels, matrix, (2000, 2600), bed, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    plan = _looked(bed, 720.0, 936.0)
    assert plan.view.width == pytest.approx(595, rel=0.01) and plan.view.height == pytest.approx(842, rel=0.01)
    assert _angle(plan.view.matrix, 720.0, 936.0) == pytest.approx(-3.0, abs=0.3)


@pytest.mark.parametrize("factor", [0.3, 1.0, 5.0])
def test_the_picture_to_read_has_letters_of_a_good_height_whatever_the_file_says_it_measures(factor: float) -> None:
    for index in (0, 1, 2, 4):
        plan = _looked(_pages()[index].pixels, A4[0] * factor, A4[1] * factor)
        assert 0.8 < plan.view.height * plan.dpi / 72 / 2339 < 1.35, (index, plan.view)


def test_uneven_light_specks_and_soft_letters_are_treated_where_they_are() -> None:
    wanted = {"shadow": "background", "speckle": "denoise", "blur": "sharpen", "noise": "whiten", "faded": "whiten"}
    for kind in damage.DAMAGES:
        for index, page in enumerate(_pages()):
            found = planned(damage.damage(page.pixels, 200, kind, index)).treatments
            if kind in wanted:
                assert wanted[kind] in found, (kind, index)
            elif kind not in ("photo", "low_dpi"):
                assert set(found) <= {"whiten"}, (kind, index)


def _holes(page: Pixels) -> Pixels:
    page = page.copy()
    for y in (850, 1480):
        cv2.circle(page, (95, y), 23, (40,), -1)
    return page


def _rims(page: Pixels) -> Pixels:
    page = page.copy()
    page[:, :22] = 15
    page[-30:] = 30
    return page


BARE: dict[str, Callable[[], Pixels]] = {
    "white": _white,
    "grey": lambda: damage.noisy(_white() - 40, _chance(1), 8),
    "black": lambda: _white() * 0,
    "dust": lambda: damage.speckled(damage.noisy(_white() - 10, _chance(2), 6), _chance(2), 0.001),
    "holes": lambda: damage.noisy(_holes(_white() - 8), _chance(3), 5),
    "rims": lambda: damage.noisy(_rims(_white() - 8), _chance(4), 5),
    "back": lambda: damage.noisy(damage.bleeding(_white(), _pages()[0].pixels, 0.13), _chance(5), 4),
    "shadow": lambda: damage.lit(_white(), _chance(6), 0.5),
}


@pytest.mark.parametrize("name", BARE)
def test_bare_pages_are_blank(name: str) -> None:
    plan = _looked(BARE[name]())
    assert plan.blank and plan.view.matrix == IDENTITY


@pytest.mark.parametrize("text", ["Total 1,234.00", "12.00", "Seite 2", "OK"])
@pytest.mark.parametrize("ink", [0, 110])
def test_a_single_word_is_not_blank(text: str, ink: int) -> None:
    page = _white()
    cv2.putText(page, text, (1050, 1200), cv2.FONT_HERSHEY_SIMPLEX, 0.85, (ink,), 2)
    assert _looked(page).blank is (len(text) < 3)  # two letters alone are no more than dust


def test_a_faded_page_is_not_blank() -> None:
    for index, page in enumerate(_pages()):
        assert not _looked(damage.noisy(damage.resized_contrast(page.pixels, 165, 225), _chance(index), 4)).blank


def test_only_the_same_picture_is_the_same_page() -> None:
    first = small(_pages()[0].pixels, *A4)
    assert alike(fingerprint(first), fingerprint(first.copy()))
    marks = [fingerprint(first)]
    for column in range(0, 60, 3):  # another digit in the same place
        page = _pages()[0].pixels.copy()
        cv2.putText(page, "3" if column % 2 else "8", (300 + 15 * column, 1500), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (90,), 1)
        marks.append(fingerprint(small(page, *A4)))
    marks.append(fingerprint(first.reshape(-1, 1)))
    assert len(set(marks)) == len(marks)
    assert not any(alike(one, other) for i, one in enumerate(marks) for other in marks[:i])


@pytest.mark.parametrize("shape", [(1, 1), (1, 1000), (1000, 1), (2, 3), (7, 1000), (1000, 5), (40, 40), (3, 3, 3), (1, 1, 3)])
@pytest.mark.parametrize("ink", [0, 128, 255, -1])
def test_any_shape_gets_a_plan_that_can_be_carried_out(shape: tuple[int, ...], ink: int) -> None:
    pixels = _chance(7).integers(0, 256, shape, dtype=np.uint8) if ink < 0 else np.full(shape, ink, np.uint8)
    for width, height in (
        (shape[1] * 0.36, shape[0] * 0.36),
        (595.0, 842.0),
        (3.0, 14400.0),
        (1e-6, 1e-6),
        (0.0, 0.0),
        (math.inf, math.nan),
    ):
        plan = look(pixels, 1, width, height)
        assert all(math.isfinite(value) for value in (*plan.view.matrix, plan.view.width, plan.view.height, plan.dpi))
        assert plan.view.width > 0 and plan.view.height > 0 and plan.dpi > 0
        made = prepare(pixels, plan)
        assert made.dtype == np.uint8 and made.ndim == 2 and made.flags.c_contiguous
        assert 1 <= made.size <= 9_100_000


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.zeros((0, 5), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros(9, np.uint8)])
def test_what_is_no_picture_is_a_value_error(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="no picture"):
        look(pixels, 1, *A4)


def test_looking_again_gives_the_same_plan() -> None:
    made: Damaged = damage.damage(_pages()[1].pixels, 200, "photo", 5)
    assert planned(made) == planned(made)
