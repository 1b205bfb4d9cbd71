"""The measuring itself: through the public command, cut in halves, and silent about documents that are not to be looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.samples.einvoice_xml import write_cii
from tests import accuracy
from tests.einvoice_examples import FULL
from tests.split import half_of

# Counts a document as right when the number is. The real scorer belongs to the labelled documents, not to the project.
SCORER = """
import json, pathlib
def score(pred, truth, visible_only=False, docs=None, errors=None):
    right = 0
    for document in sorted(docs):
        path = pathlib.Path(pred, document + ".json")
        said = json.loads(path.read_text()) if path.exists() else {}
        wanted = json.loads(pathlib.Path(truth, document + ".json").read_text())
        good = said.get("invoice_number") == wanted["invoice_number"]
        right += good
        if not good and errors is not None:
            errors.append((document + ".json", "invoice_number", said.get("invoice_number"), wanted["invoice_number"]))
    return {"docs": len(docs), "core_exact": right / len(docs), "header_micro": {"f1": right / len(docs)}, "fields": {}}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two documents a half; in each half one truth that the product cannot meet; and a file of a kind that nobody reads."""
    folder = tmp_path / "data" / "made_up"
    (folder / "docs").mkdir(parents=True)
    (folder / "truth").mkdir()
    by_half: dict[str, list[str]] = {"opened": [], "unopened": []}
    for number in range(40):
        name = f"sender {number}"
        by_half[half_of({"vendor_name": name}, "any")].append(name)
    for half, senders in by_half.items():
        for index, sender in enumerate(senders[:2]):
            document = f"{half}-{index}"
            (folder / "docs" / f"{document}.xml").write_bytes(write_cii(FULL) + b"\n" * (index + 1) * len(half))
            truth = {"invoice_number": FULL.number if index == 0 else f"impossible-{half}", "vendor_name": sender}
            (folder / "truth" / f"{document}.json").write_text(json.dumps(truth))
    (folder / "docs" / "letter.docx").write_bytes(b"PK")
    (folder / "truth" / "letter.json").write_text("{}")
    (tmp_path / "data" / "score.py").write_text(SCORER)
    return tmp_path / "data"


def test_each_half_is_scored_and_only_the_opened_one_is_looked_into(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data / "out.json"
    assert accuracy.main([str(data), "--errors", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.startswith("made_up") and "opened" in line]
    assert [row[:5] for row in rows] == [["made_up", "opened", "2", "0.500", "0.500"], ["made_up", "unopened", "2", "0.500", "0.500"]]
    assert "opened-1 | invoice_number | said 'INV-7' | truth 'impossible-opened'" in printed
    assert "impossible-unopened" not in printed and "unopened-1" not in printed
    assert "1 left out" in printed
    assert set(json.loads(out.read_text())["made_up"]) == {"all", "opened", "unopened"}
    assert not list(data.rglob("__pycache__"))


def test_a_set_under_its_floor_ends_with_1(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(accuracy.FLOORS, "made_up", 0.5)
    assert accuracy.main([str(data)]) == 0
    monkeypatch.setitem(accuracy.FLOORS, "made_up", 0.51)
    assert accuracy.main([str(data)]) == 1
    assert "made_up: header F1 0.500 is under its floor of 0.51" in capsys.readouterr().out


def test_without_the_scorer_it_says_what_is_missing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "score.py").unlink()
    assert accuracy.main([str(data)]) == 2
    assert "score.py is missing" in capsys.readouterr().err


def test_without_any_set_it_says_what_it_expects(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main([str(data), "--set", "nothing"]) == 2
    assert "no set found" in capsys.readouterr().err
