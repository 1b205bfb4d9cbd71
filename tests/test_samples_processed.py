"""`invoicestream process` on the samples: what comes out is what was drawn. Through the command, as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.invoice import Invoice
from app.samples import EXPECTED, make_samples

pytestmark = pytest.mark.timeout(600)
PAPER = [name for name, expected in EXPECTED.items() if expected.source == "ocr"]
FOUND = [name for name, expected in EXPECTED.items() if expected.invoice and name not in PAPER]
CORE = ("number", "issue_date", "currency", "total_with_tax")
HEADER = ("number", "currency", "type_code", "purchase_order_reference", "payment_account", "payment_bic")
DATES = ("issue_date", "due_date", "delivery_date")
AMOUNTS = ("total_without_tax", "total_with_tax")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the command says of each sample, by file name."""
    folder = tmp_path_factory.mktemp("samples")
    make_samples(folder)
    command = [sys.executable, "-m", "app", "process", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 1, done.stderr  # some need a person, some are refused
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["file"]).name for line in lines] == list(EXPECTED)
    return {Path(line["file"]).name: line for line in lines}


@pytest.mark.parametrize("name", EXPECTED)
def test_state_and_reason(told: Mapping[str, Any], name: str) -> None:
    expected = EXPECTED[name]
    if expected.status is None:  # of a scan: read so well that nothing is in doubt, or not
        assert told[name]["status"] in ("approved", "needs_review")
    else:
        assert (told[name]["status"], told[name]["reason"]) == (expected.status, expected.reason), told[name]["findings"]
    if expected.invoice:
        assert (told[name]["document_type"], told[name]["source"]) == (expected.document_type, expected.source)
    if expected.language:
        assert told[name]["language"] == expected.language


@pytest.mark.parametrize("name", FOUND)
def test_values(told: Mapping[str, Any], name: str) -> None:
    found, truth = told[name]["invoice"], EXPECTED[name].invoice
    assert truth is not None
    assert {key: found[key] for key in HEADER} == {key: getattr(truth, key) for key in HEADER}
    assert {key: found[key] for key in DATES} == {key: _iso(truth, key) for key in DATES}
    assert {key: found[key] for key in AMOUNTS} == {key: str(getattr(truth, key)) for key in AMOUNTS}
    assert (found["seller"]["name"], found["seller"]["vat_id"]) == (truth.seller.name, truth.seller.vat_id)
    assert found["buyer"]["name"] == truth.buyer.name


@pytest.mark.parametrize("name", FOUND)
def test_lines(told: Mapping[str, Any], name: str) -> None:
    found, truth = told[name]["invoice"]["lines"], EXPECTED[name].invoice
    assert truth is not None
    assert len(found) == len(truth.lines)
    for line, true_line in zip(found, truth.lines, strict=True):
        figures = ("quantity", "net_price", "net_amount", "tax_rate")
        assert [line[key] and Decimal(line[key]) for key in figures] == [getattr(true_line, key) for key in figures]
        assert true_line.item_name is not None and true_line.item_name.startswith(line["item_name"])


@pytest.mark.parametrize("name", PAPER)
def test_what_is_read_from_paper(told: Mapping[str, Any], name: str) -> None:
    """Who, what, when and how much, and nine lines in ten."""
    found, truth = told[name]["invoice"], EXPECTED[name].invoice
    assert truth is not None
    assert {key: found[key] for key in CORE} == {key: _iso(truth, key) if key == "issue_date" else str(getattr(truth, key)) for key in CORE}
    assert found["seller"]["name"] == truth.seller.name
    amounts = Counter(line["net_amount"] for line in found["lines"]) & Counter(str(line.net_amount) for line in truth.lines)
    if truth is not EXPECTED["15-till-receipt.jpg"].invoice:  # of receipts the lines are not read yet
        assert amounts.total() >= 0.9 * len(truth.lines)
    assert len(found["lines"]) <= len(truth.lines)


def test_the_wrong_total_is_found(told: Mapping[str, Any]) -> None:
    errors = [finding for finding in told["09-wrong-total.pdf"]["findings"] if finding["severity"] == "error"]
    assert any("total_with_tax" in finding["fields"] for finding in errors), errors


@pytest.mark.parametrize("name", [name for name, expected in EXPECTED.items() if expected.source == "text"])
def test_each_value_names_its_place(told: Mapping[str, Any], name: str) -> None:
    for path in ("number", "issue_date", "total_with_tax"):
        place = told[name]["fields"][path]
        assert place["source"] == "text" and place["page"] >= 1
        x0, y0, x1, y1 = place["box"]
        assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1


def _iso(invoice: Invoice, key: str) -> str | None:
    day = getattr(invoice, key)
    return day.isoformat() if day else None
