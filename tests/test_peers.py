"""The peers' side of the comparison: the floor reads what it says it reads, and nothing is compared without the packages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from app.domain.document import Document
from tests.peers import __main__ as peers
from tests.peers import plain_regex
from tests.test_extract_pictures import GOOD, INVOICE
from tests.test_extract_text import page


def test_the_plain_regex_reads_a_plain_invoice() -> None:
    text = peers.text_of(Document("application/pdf", (page(INVOICE.format_map(GOOD)),)))
    assert "    INVOICE" in text, "cells stand apart"
    said = plain_regex.read(text + "\nDue date: 3. Dezember 2024\nAmount due EUR 1.835,20")
    assert said["invoice_number"] == GOOD["number"]
    assert (said["issue_date"], said["due_date"]) == ("2024-11-03", "2024-12-03")
    assert (said["net_total"], said["gross_total"], said["currency"]) == (GOOD["net"], "1.835,20", "EUR")
    assert said["iban"] == GOOD["iban"]


def test_the_plain_regex_says_nothing_of_nothing() -> None:
    assert set(map(bool, plain_regex.read("").values())) == {False}


def test_a_package_that_is_not_there_is_no_peer_that_reads_nothing() -> None:
    with pytest.raises(CalledProcessError):
        peers.ask("invoice2data", {"a": {"path": "a.pdf", "text": "", "layer": False}}, Path(sys.executable))


def test_without_their_environment_nothing_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set" / "docs").mkdir(parents=True)
    (tmp_path / "set" / "truth").mkdir()
    (tmp_path / "set" / "docs" / "a.pdf").write_bytes(b"")
    (tmp_path / "set" / "truth" / "a.json").write_text(json.dumps({}))
    (tmp_path / "score.py").write_text("def score(*_, **__): return {}")
    assert peers.main([str(tmp_path), "--set", "set", "--python", str(tmp_path / "none")]) == 2
    assert "make peers" in capsys.readouterr().err
