"""Confidence as a probability: the trees, what they say of better and worse pages, and the measuring itself."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest

from app.domain.document import Document, Page
from app.domain.extraction import SURE, Extracted
from app.extractors.candidate import Candidate
from app.extractors.choice import Choice
from app.extractors.evidence import FEATURES, Evidence, options
from app.extractors.grid import read_grid
from app.extractors.judge import JUDGE, UNKNOWN_BELOW, judged
from app.extractors.name_evidence import ADDRESS, HALF, form_of_name, lines_around_name
from app.extractors.text import extract_text
from app.extractors.trees import trees_from
from app.rules.policy import DECISIVE
from tests.accuracy.confidence import calibration_error
from tests.accuracy.reading import Read
from tests.calibration import Outcome, outcome_of, passed
from tests.sheets import SHEETS
from tests.test_extract_text import document
from training.examples import digital, plain, printed
from training.harmed import Harm, contradicting, cropped, erased, marked, misread, unlabelled
from training.invoices import make
from training.invoices.truth import truth_of as labelled_words
from training.judge import GOLDEN, platt, rows_of
from training.truth import Example, is_right, truth_of

GERMAN = next(sheet for sheet in SHEETS if sheet.name == "german_two_pages_carried_over")


def test_trees_are_walked_to_their_leaves() -> None:
    trees = trees_from(
        {
            "features": ["sure", "cost"],
            "scale": 2.0,
            "shift": -1.0,
            "trees": [[[0, -1, 1, -1, -1], [0.5, -0.5, 0.3, 0.25, 1.0], [1, 0, 3, 0, 0], [2, 0, 4, 0, 0]], [[-1], [0.75], [0], [0]]],
        }
    )
    # sure <= 0.5: -0.5; else by cost: 0.25 up to 0.3, 1.0 above
    for numbers, total in (({"sure": 0.5, "cost": 9.0}, 0.25), ({"sure": 0.6, "cost": 0.3}, 1.0), ({"sure": 0.6, "cost": 0.31}, 1.75)):
        assert trees.probability(numbers) == pytest.approx(1 / (1 + np.exp(1.0 - 2.0 * total)))


def test_the_shipped_trees_are_small_and_ask_for_what_is_gathered() -> None:
    stored = json.loads(JUDGE.read_text("utf-8"))
    assert {"*", "number", "seller.name", "total_with_tax"} <= set(stored)
    assert {name for trees in stored.values() for name in trees["features"]} <= set(FEATURES)
    assert len(JUDGE.read_bytes()) < 150_000


def recognized(source: Document, sure: int) -> Document:
    """The same words as an engine would read them, `sure` percent of each."""
    pages = tuple(
        Page(p.number, p.width, p.height, replace(p.words, confidences=bytes([sure]) * len(p.words)), 1.0, "read", None, "engine")
        for p in source.pages
    )
    return replace(source, pages=pages)


def confidences(extracted: Extracted) -> dict[str, float]:
    return {path: extracted.fields[path].confidence for path in DECISIVE if path in extracted.fields}


def test_a_page_that_was_read_badly_is_less_sure() -> None:
    well = confidences(extract_text(recognized(document(*GERMAN.pages), 99)))
    badly = confidences(extract_text(recognized(document(*GERMAN.pages), 55)))
    assert set(badly) <= set(well) and set(well) >= {"number", "issue_date", "total_with_tax"}
    assert all(badly[path] < well[path] for path in badly)


def test_sums_that_contradict_each_other_are_less_sure() -> None:
    text = "ACME Ltd\n\nInvoice number: 4711-A\nInvoice date: 3 May 2024\n\nNet total: £{net}\nVAT 20%: £20.00\nTotal incl. VAT: £120.00"
    agreeing = extract_text(document(text.format(net="100.00"))).fields["total_with_tax"].confidence
    contradicting = extract_text(document(text.format(net="90.00"))).fields["total_with_tax"].confidence
    assert contradicting < agreeing


def test_what_is_unlikely_is_left_out() -> None:
    def doubting(evidence: Evidence) -> dict[str, Choice]:
        return {
            path: replace(choice, confidence=UNKNOWN_BELOW - 0.01 if path == "number" else UNKNOWN_BELOW)
            for path, choice in evidence.chosen.items()
        }

    source = document(*GERMAN.pages)
    extracted = extract_text(source, doubting)
    assert extracted.invoice.number is None and "number" not in extracted.fields
    assert extracted.invoice.issue_date is not None and extract_text(source).invoice.number is not None


def test_every_probability_is_one() -> None:
    for sheet in SHEETS:
        seen: list[Evidence] = []

        def watch(evidence: Evidence, seen: list[Evidence] = seen) -> dict[str, Choice]:
            seen.append(evidence)
            return judged(evidence)

        extract_text(document(*sheet.pages), watch)
        assert all(0 < choice.confidence < 1 for choice in judged(seen[0]).values())


def gathered(*pages: str) -> Evidence:
    seen: list[Evidence] = []

    def watch(evidence: Evidence) -> dict[str, Choice]:
        seen.append(evidence)
        return dict(evidence.chosen)

    extract_text(document(*pages), watch)
    return seen[0]


def numbers_of(evidence: Evidence, path: str) -> dict[str, float]:
    return evidence.of(path, options(evidence.chosen[path])[0])


def test_another_value_with_as_good_a_label_speaks_against_one() -> None:
    text = "ACME Ltd\n\nInvoice no.: 4711-A\n{other}: 0815-7\nInvoice date: 3 May 2024\n\nTotal incl. VAT: £120.00"
    alone, rivalled = (numbers_of(gathered(text.format(other=other)), "number") for other in ("Telephone", "Invoice no."))
    assert (alone["as_well_labelled"], rivalled["as_well_labelled"]) == (0, 1)
    assert alone["label_lead"] == alone["own_label"] > 0.9 and rivalled["label_lead"] < 0.1


def test_another_addressee_speaks_against_the_buyer() -> None:
    text = "ACME Ltd\n\nBill to\nBaker Ltd\n12 High Street\nLeeds LS1 4AB\n\n{other}Invoice no.: 4711-A\nTotal: £120.00"
    other = "Customer\nMiller Ltd\n3 Mill Lane\nYork YO1 7HH\n\n"
    alone, rivalled = (numbers_of(gathered(text.format(other=other)), "buyer.name") for other in ("", other))
    assert alone["merit"] == alone["lead"] > 0.5 and rivalled["rivals"] == 1 and rivalled["lead"] < alone["lead"]


def test_the_weakest_of_the_foremost_choices_is_told_with_every_value() -> None:
    evidence = gathered("ACME Ltd\n\nInvoice no.: 4711-A\n\n3 May 2024\n\nTotal incl. VAT: £120.00")
    weakest = min(evidence.chosen[path].confidence for path in ("seller.name", "number", "issue_date", "total_with_tax"))
    assert {numbers_of(evidence, path)["weakest"] for path in evidence.chosen} == {weakest}


@pytest.mark.parametrize(
    ("page", "name", "above", "below"),
    [
        ("Whitfield &\nDraper Brewery Inc.\n1 High Street, Leeds LS1 4AB", "Whitfield &", 0.0, HALF),
        ("Whitfield &\nDraper Brewery Inc.\n1 High Street, Leeds LS1 4AB", "Draper Brewery Inc.", HALF, ADDRESS),
        ("Invoice to\nDraper Brewery Inc.\nTelephone", "Draper Brewery Inc.", 0.0, 0.0),
    ],
)
def test_what_stands_next_to_a_name(page: str, name: str, above: float, below: float) -> None:
    grid = read_grid(document(page))
    row = next(number for number, row in enumerate(grid.rows) if row.text == name)
    told = lines_around_name(grid, Candidate("id", name, row, 0, len(grid.rows[row].words)), name)
    assert (told["line_above"], told["line_below"]) == (above, below)


def test_a_name_that_stops_short_is_told() -> None:
    assert [form_of_name(name)["unfinished"] for name in ("Whitfield &", "Verein für", "Whitfield & Sons", "Und")] == [1, 1, 0, 0]


def test_examples_are_the_same_on_any_day_and_some_are_made_worse() -> None:
    first, again, plain = list(digital(6, 5, "rest")), list(digital(6, 5, "rest")), list(digital(6, 5, "rest", worse=0))
    assert first == again
    assert [one.document != other.document for one, other in zip(first, plain, strict=True)] == [True, False, False, False, False, True]
    assert [one.truth for one in first] == [one.truth for one in plain]


@pytest.mark.parametrize("harm", [unlabelled, erased, misread, contradicting, cropped])
def test_harm_leaves_pages_that_can_be_read_and_are_others(harm: Harm) -> None:
    others = 0
    for seed in range(6):
        example = next(digital(1, seed, "held-out", worse=0))
        worse = harm(marked(example.document), Random(seed))
        extract_text(worse)
        others += worse != example.document
    assert others >= 3  # where nothing stands, nothing is cut off


def test_plainer_pages_say_less_and_what_they_say_stays_true() -> None:
    whole = list(digital(12, 3, "rest", worse=0))
    less = list(plain(12, 3, "rest"))
    assert less == list(plain(12, 3, "rest"))
    shorter = online = 0
    for before, after in zip(whole, less, strict=True):
        name, left = before.truth["seller.name"][0], after.truth["seller.name"][0]
        assert str(name).startswith(str(left)) or str(left) in str(name).split()
        assert {path: value for path, value in after.truth.items() if not path.endswith(".name")} == {
            path: value for path, value in before.truth.items() if not path.endswith(".name")
        }
        texts = [" ".join(" ".join(page.words.texts) for page in one.document.pages) for one in (before, after)]
        shorter += left != name and texts[1].count(str(name)) < texts[0].count(str(name))
        online += "@" in texts[0] and "@" not in texts[1]
    assert shorter >= 3 and online >= 2


def test_only_look_alikes_that_are_not_held_out_are_learned_from(tmp_path: Path) -> None:
    made = make(3, 0, "rest")
    for folder in ("docs", "truth"):
        (tmp_path / folder).mkdir()
    for name, held_out in (("open", False), ("closed", True)):
        (tmp_path / "docs" / f"{name}.pdf").write_bytes(made.pdf)
        told = {**labelled_words(made), "layout": name, "held_out": held_out}
        (tmp_path / "truth" / f"{name}.json").write_text(json.dumps(told))
    (tmp_path / "truth" / "of somebody.json").write_text(json.dumps({"invoice_number": "1", "layout": "theirs"}))
    (learned,), (measured,) = list(printed(tmp_path, held_out=False)), list(printed(tmp_path, held_out=True))
    assert (learned.family, measured.family) == ("open", "closed")
    assert learned.truth["number"] == (made.invoice.number,) and learned.document == measured.document
    (tmp_path / "truth" / "open.json").unlink()
    with pytest.raises(FileNotFoundError, match="not held out"):
        next(printed(tmp_path, held_out=False))


def test_rows_say_what_was_right() -> None:
    source = document(*GERMAN.pages)
    truth = truth_of(extract_text(source).invoice)
    rows = {row.path: row for row in rows_of(Example(source, {**truth, "number": ("another",), "due_date": ()}, "family"))}
    assert {path for path, row in rows.items() if not row.right} == {"number"} | ({"due_date"} & rows.keys())
    assert set(rows["number"].numbers) == set(FEATURES)


@pytest.mark.parametrize(
    ("path", "value", "wanted", "right"),
    [
        ("total_with_tax", "120.00", Decimal(120), True),
        ("total_with_tax", "120.01", Decimal(120), False),
        ("number", "RE 2024-7", "re2024-7", True),
        ("number", "RE 2024-7", "RE 20247", False),
        ("payment_account", "DE89 3704 0044", "DE8937040044", True),
        ("seller.name", "ACME  Ltd.", "Acme Ltd", True),
        ("seller.name", "ACME Trading Ltd", "Acme Ltd", False),
    ],
)
def test_what_is_right(path: str, value: str, wanted: object, right: bool) -> None:
    assert is_right(path, value, (wanted,)) is right
    assert is_right(path, value, ()) is False


def test_platt_finds_the_scale_that_chance_was_made_with() -> None:
    chance = np.random.default_rng(1)
    raw = chance.normal(size=20_000)
    right = (chance.random(20_000) < 1 / (1 + np.exp(-(1.7 * raw - 0.6)))).astype(float)
    assert platt(raw, right, np.ones(20_000)) == pytest.approx((1.7, -0.6), abs=0.08)


def test_platt_counts_what_weighs_more_as_often_as_it_weighs() -> None:
    chance = np.random.default_rng(2)
    raw, right = chance.normal(size=300), (chance.random(300) < 0.7).astype(float)
    often = np.concatenate([np.arange(300), np.tile(np.arange(100), 4)])
    weights = np.where(np.arange(300) < 100, 5.0, 1.0)
    assert platt(raw, right, weights) == pytest.approx(platt(raw[often], right[often], np.ones(700)), abs=1e-6)


def test_what_is_sure_of_made_up_invoices_is_right() -> None:
    """A few of the families that were held out; `make calibration` has the figures."""
    outcomes = [outcome_of(Read(one.document, None, 0.0, 0.0), one.truth) for one in digital(40, 99, "held-out", worse=0)]
    values = [value for outcome in outcomes for value in outcome.values.values()]
    sure = [right for confidence, right in values if confidence >= SURE]
    error = calibration_error(values)
    assert len(sure) > len(values) / 3 and sum(sure) / len(sure) > 0.985
    assert error is not None and error < 0.04


def test_the_trees_say_what_lightgbm_says() -> None:
    """`make judge` keeps a few rows of evidence of each field, with the probability that LightGBM tells of them."""
    stored = json.loads(JUDGE.read_text("utf-8"))
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert golden.keys() == stored.keys()
    for path, rows in golden.items():
        for numbers, probability in rows:
            assert trees_from(stored[path]).probability(numbers) == pytest.approx(probability, abs=2e-3)


def test_a_document_is_wrong_by_any_value_that_was_taken() -> None:
    outcomes = [
        Outcome({"number": (0.99, True), "due_date": (0.9, False)}, passed=True),
        Outcome({"number": (0.99, True), "due_date": (0.9, True)}, passed=True),
        Outcome({"number": (0.94, False)}, passed=False),
    ]
    assert passed("made up", outcomes) == "| made up | 3 | 2 | 1 | 0.9874 | 4 | 0.7500 | 0.3920 |"
