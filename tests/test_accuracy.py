"""The measuring itself: what the public command would say, cut in halves, and silent about documents that are not to be looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.document import Document
from app.extractors.text import extract_text
from app.samples import make_samples
from app.samples.einvoice_xml import write_cii
from tests.accuracy import __main__ as accuracy
from tests.accuracy.confidence import calibration_error, upper_bound
from tests.accuracy.reading import read
from tests.accuracy.saying import in_truths_words, say
from tests.accuracy.targets import FLOORS, Judged
from tests.accuracy.without import PARTS, left_out
from tests.einvoice_examples import FULL
from tests.pdfs import text_pdf
from tests.split import half_of
from tests.test_extract_pictures import GOOD, INVOICE, read_page
from tests.tills import TILLS

# Looks at the number alone. The real scorer belongs to the labelled documents, not to the project.
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
    wrong = len(docs) - right
    return {"docs": len(docs), "core_exact": right / len(docs), "fields": {"invoice_number": {"tp": right, "fp": wrong, "fn": wrong}}}
"""
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOICESTREAM_OCR_ENGINES", "tesseract")  # nothing here has to be read from a picture


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words that one test read, the others need not read again."""
    return tmp_path_factory.mktemp("words")


def measured(data: Path, kept: Path, *arguments: object) -> int:
    return accuracy.main([str(data), "--words", str(kept), *map(str, arguments)])


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


def test_each_half_is_scored_and_only_the_opened_one_is_looked_into(data: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = data / "out.json", data / "out" / "page.html"
    assert measured(data, kept, "--errors", "--json", out, "--html", page) == 0
    printed = capsys.readouterr().out
    rows = [line.replace("|", " ").split() for line in printed.splitlines() if line.startswith("| made_up")]
    assert [row[:5] for row in rows[:2]] == [["made_up", "opened", "2", "0.500", "0.500"], ["made_up", "unopened", "2", "0.500", "0.500"]]
    assert "opened-1 | invoice_number | said 'INV-7' | truth 'impossible-opened'" in printed
    assert "1 left out" in printed
    shown = page.read_text("utf-8")
    assert "impossible-opened" in shown and "opened-1" in shown
    for told in (printed, shown, out.read_text()):
        assert "impossible-unopened" not in told and "unopened-1" not in told and "unopened-0" not in told
    assert set(json.loads(out.read_text())["sets"]["made_up"]) == {"opened", "unopened"}
    assert not list(data.rglob("__pycache__"))


def test_a_set_under_its_floor_ends_with_1(
    data: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOORS, "made_up", 0.5)
    assert measured(data, kept) == 0
    monkeypatch.setitem(FLOORS, "made_up", 0.51)
    assert measured(data, kept) == 1
    assert "made_up: header F1 0.500 is under its floor of 0.51" in capsys.readouterr().out


def test_targets_are_told_and_judged_only_when_asked(data: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "made_up").rename(data / "sroie")
    assert measured(data, kept, "--targets", "--set", "sroie") == 1
    told = capsys.readouterr().out
    assert "sroie, unopened: header F1: missed" in told and "not_invoice: named as such: not measured" in told


@pytest.mark.parametrize(
    ("measured", "least", "verdict"),
    [(0.9, True, "reached"), (0.89, True, "missed"), (0.91, False, "missed"), (None, True, "not measured")],
)
def test_a_target_is_reached_at_its_very_value(measured: float | None, least: bool, verdict: str) -> None:
    assert Judged("header F1", 0.9, measured, least).verdict == verdict


def test_without_the_scorer_it_says_what_is_missing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "score.py").unlink()
    assert accuracy.main([str(data)]) == 2
    assert "score.py is missing" in capsys.readouterr().err


def test_without_any_set_it_says_what_it_expects(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main([str(data), "--set", "nothing"]) == 2
    assert "no set found" in capsys.readouterr().err


def test_it_says_what_the_public_command_says(tmp_path: Path) -> None:
    """Stages are run here one by one, so that words can be kept; users go through the whole topology."""
    paths = [path for path in make_samples(tmp_path) if path.name[:2] in ("02", "06", "09", "11", "12")]
    command = [sys.executable, "-m", "app", "process", "--json", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    told = {Path(row["file"]): row for row in map(json.loads, done.stdout.splitlines())}
    for path, each in read(paths).items():
        said, row = say(each), told[path]
        assert said.refused == row["reason"], path.name
        if not said.refused:
            assert said.extracted is not None
            assert in_truths_words(said.extracted.invoice)["gross_total"] == row["invoice"]["total_with_tax"], path.name
            assert {name: round(field.confidence, 4) for name, field in said.extracted.fields.items()} == {
                name: field["confidence"] for name, field in row["fields"].items()
            }, path.name
            assert said.passed == (row["status"] == "approved"), path.name


def test_what_is_kept_is_not_read_again_and_another_file_is(tmp_path: Path) -> None:
    document, kept = tmp_path / "one.xml", tmp_path / "words"
    document.write_bytes(write_cii(FULL))
    first = read([document], kept)[document]
    (file,) = kept.iterdir()
    written = file.stat().st_mtime_ns
    assert read([document], kept) == {document: first}
    assert file.stat().st_mtime_ns == written
    document.write_bytes(write_cii(FULL) + b"\n")
    read([document], kept)
    assert len(list(kept.iterdir())) == 2


def test_the_page_shows_where_a_value_was_read_and_escapes_what_documents_say(data: Path, kept: Path) -> None:
    docs, truths = data / "made_up" / "docs", data / "made_up" / "truth"
    name = next(f"sender {n}" for n in range(40) if half_of({"vendor_name": f"sender {n}"}, "any") == "opened")
    pdf = text_pdf(
        "Alpha Ltd", "INVOICE", f"Invoice number: 4711{HOSTILE}", "Order INV-0815", "Invoice date: 2 May 2026", "Total EUR 10.00"
    )
    (docs / "printed.pdf").write_bytes(pdf)
    (truths / "printed.json").write_text(json.dumps({"invoice_number": "INV-0815", "vendor_name": name}))
    page = data / "page.html"
    measured(data, kept, "--html", page)
    shown = page.read_text("utf-8")
    section = shown[shown.index("made_up / printed") : shown.index("</section>", shown.index("made_up / printed"))]
    assert HOSTILE not in shown and "4711&lt;script&gt;" in section
    assert '<rect class="said"' in section and '<rect class="truth"' in section, "where it was read, and where the truth stands"
    assert "data:image/jpeg;base64," in shown and re.search(r"confidence [01]\.\d\d<", section)
    assert '<tr class="is-truth"><td>INV-0815</td>' in section and "inline: invoice, number" in section
    assert shown.count("<script>") == 1 and "default-src 'none'" in shown


def test_what_is_wrong_is_told_by_whether_the_truth_stands_among_the_words(
    data: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs, truths = data / "made_up" / "docs", data / "made_up" / "truth"
    name = next(f"sender {n}" for n in range(40) if half_of({"vendor_name": f"sender {n}"}, "any") == "unopened")
    pdf = text_pdf("Alpha Ltd", "INVOICE", "Invoice number: 4711", "Order INV-0815", "Invoice date: 2 May 2026", "Total EUR 10.00")
    for number, truth in enumerate(("INV-0815", "INV-0816", "inv - 0815", "4711")):
        (docs / f"printed-{number}.pdf").write_bytes(pdf)
        (truths / f"printed-{number}.json").write_text(json.dumps({"invoice_number": truth, "vendor_name": name}))
    measured(data, kept)
    told = capsys.readouterr().out
    table = told[told.index("whether the truth stands among the words") :].split("Taken without")[0]
    unopened = next(line for line in table.splitlines() if "unopened" in line)
    assert unopened.split("|")[3].strip() == "2 + 2", "of an e-invoice no words are known"


def said_of(part: str) -> list[dict[str, object]]:
    """With the part left out, of pages as they were recognized: one with a letter in its number, one whose tax does not fit, a receipt."""
    texts = [INVOICE.format_map(GOOD | change) for change in ({}, {"number": "INV-1O452"}, {"tax": "189.20"}, {"amount": "6G0.00"})]
    texts = [text.replace("Total   ", "Tota1   ") for text in texts] + [TILLS[0].text.replace("24.30", "24.80", 1)]
    with left_out(PARTS[part]):
        return [in_truths_words(extract_text(Document("image/png", (read_page(text),))).invoice) for text in texts]


@pytest.mark.parametrize("part", [name for name, part in PARTS.items() if part.replaced])
def test_a_part_that_is_left_out_changes_what_is_said(part: str) -> None:
    whole = said_of("ppocr")  # who reads is no matter here: nothing is replaced
    assert said_of(part) != whole
    assert said_of("ppocr") == whole, "it is in again"


def test_parts_are_measured_side_by_side(data: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "made_up" / "docs" / "opened-0.xml").unlink()
    (data / "made_up" / "docs" / "opened-0.pdf").write_bytes(text_pdf("Alpha Ltd", "INVOICE", f"Invoice number: {FULL.number}"))
    assert measured(data, kept, "--without", "position") == 0
    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.splitlines() if "opened" in line] == ["nothing", "position"]


def test_confidence_is_measured_in_bins_of_equal_mass() -> None:
    assert calibration_error([]) is None
    assert calibration_error([(0.75, True), (0.75, True), (0.75, True), (0.75, False)], bins=1) == 0
    assert calibration_error([(0.9, False)] * 10 + [(0.2, True)] * 10, bins=2) == pytest.approx(0.85)


def test_few_documents_prove_little() -> None:
    """Values from tables of the exact binomial interval."""
    assert upper_bound(0, 0) is None
    assert upper_bound(0, 10) == pytest.approx(0.3085, abs=1e-4)
    assert upper_bound(1, 100) == pytest.approx(0.0545, abs=1e-4)
    assert upper_bound(10, 10) == 1
    assert upper_bound(1000, 4000) == pytest.approx(0.2637, abs=1e-3)
