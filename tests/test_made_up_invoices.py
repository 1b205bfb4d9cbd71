"""The made-up invoices of training/invoices: the same for a seed, right in their sums, true in their boxes, families apart."""

from __future__ import annotations

from datetime import date

import pymupdf
import pytest

from app.domain.document import Document
from app.domain.extraction import Extracted
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from app.rules import RULES
from app.rules.context import Context
from training.invoices import Made, make
from training.invoices.camera import picture_of
from training.invoices.style import side_of

SEED = 11
# Nothing was read from a page, so the rules on what was read are silent; these would speak of the day of the test, or of firms of our own.
DAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [make(SEED, index) for index in range(40)]


def test_the_same_for_the_same_seed_and_index(made: list[Made]) -> None:
    for index in (0, 7, 31):
        assert make(SEED, index) == made[index]
    assert make(SEED + 1, 0).pdf != made[0].pdf


def test_all_sums_are_right(made: list[Made]) -> None:
    for one in made:
        extracted = Extracted(one.sold, "invoice", "xml")
        context = Context(Document("application/pdf"), extracted, DAY)
        wrong = [f for rule in RULES for f in rule(one.sold, context) if f.severity == "error" or f.rule.startswith("BR-CO")]
        if one.sold.line_total is None:  # prices with tax: BR-S-08 (and its like) would compare them with amounts without
            wrong = [finding for finding in wrong if not finding.rule.endswith("-08")]
        assert not wrong, (one.locale, one.kind, wrong)


def test_the_boxes_hold_the_text_of_the_truth(made: list[Made]) -> None:
    for one in made[:12]:
        with pymupdf.open(stream=one.pdf, filetype="pdf") as pdf:
            texts = [page.get_textpage() for page in pdf]
            for spot in one.spots:
                page, text = pdf[spot.page - 1], texts[spot.page - 1]
                x0, y0, x1, y1 = spot.box
                box = pymupdf.Rect(x0 * page.rect.width, y0 * page.rect.height, x1 * page.rect.width, y1 * page.rect.height)
                assert "".join(spot.text.split()) in "".join(
                    text.extractTextbox(pymupdf.Rect(box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)).split()
                ), (one.locale, spot)


def test_every_value_of_the_truth_has_a_box(made: list[Made]) -> None:
    for one in made:
        paths = {spot.path for spot in one.spots}
        assert {"number", "issue_date", "total_with_tax", "seller.name"} <= paths
        assert one.invoice.number == one.sold.number
        assert len(one.invoice.lines) == len(one.sold.lines)
        for i, line in enumerate(one.invoice.lines):
            assert (line.quantity is None) == (f"lines.{i}.quantity" not in paths)
            assert f"lines.{i}.net_amount" in paths


def test_families_are_on_one_side_only() -> None:
    held_out = {make(SEED, index, "held-out").family.removeprefix("till-") for index in range(12)}
    rest = {make(SEED, index, "rest").family.removeprefix("till-") for index in range(12)}
    assert {side_of(family) for family in held_out} == {"held-out"}
    assert {side_of(family) for family in rest} == {"rest"}


def test_pages_are_read_as_they_were_drawn(made: list[Made]) -> None:
    for one in made[:10]:
        document = read_pdf(one.pdf, Limits())
        assert [page.text for page in document.pages] == ["layer"] * one.pages
        assert (one.invoice.number or "").split()[-1] in "".join(document.pages[0].words.texts)


def test_pictures_are_the_same_for_the_same_seed(made: list[Made]) -> None:
    first = picture_of(made[0].pdf, 0, 5)
    assert first == picture_of(made[0].pdf, 0, 5)
    assert first != picture_of(made[0].pdf, 0, 6)
