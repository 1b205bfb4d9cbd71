"""One file, several invoices: where each begins, that each becomes an invoice of its own, once, whatever is killed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.extractors.parts import parts_of
from app.readers.limits import Limits
from app.readers.pdf import read_pdf
from app.rules.context import Context
from app.rules.policy import verdict
from app.stages.extract import extract
from app.stages.validate import findings_of
from tests.faults.kill import Trial
from tests.rules.invoices import TODAY
from tests.service import COMMAND
from tests.stacks import stack
from tests.test_extract_text import document, reading

ONE = """
Harrow & Finch Ltd                                          {title}
12 Mill Lane, Leeds LS1 4AB                                 {number}
VAT no: {firm}                                        Invoice date: 13/03/2024

Bill to
Cobalt Toys Ltd

Description                     Qty      Unit price        Amount
{lines}
{total}

{count}
"""
TOTAL = (
    "                                          VAT 20%           20.00\n                                          Total            120.00"
)
LINE = "{goods:<34}2           50.00        100.00"


def page(
    number: str = "", title: str = "INVOICE", total: str = TOTAL, count: str = "", goods: str = "Work lamps", firm: str = "GB980780684"
) -> str:
    said = f"Invoice number: {number}" if number else ""
    return ONE.format(title=title, number=said, lines=LINE.format(goods=goods), total=total, count=count, firm=f"{firm:<12}")


@pytest.mark.parametrize(
    ("pages", "ranges", "doubtful"),
    [
        ([page("A-1"), page("A-2"), page("A-3")], ((1, 1), (2, 2), (3, 3)), ()),
        ([page("A-1", total="", count="Page 1 of 2"), page("A-1", count="Page 2 of 2"), page("A-2")], ((1, 2), (3, 3)), ()),
        ([page("A-1"), page("", title="", total="")], ((1, 2),), ()),  # what says nothing goes on
        ([page(""), page("")], ((1, 2),), (2,)),  # two totals, no numbers
        ([page("A-1"), page("A-2", count="Page 2 of 2")], ((1, 2),), (2,)),  # another number, and yet a second page
        ([page("A-1", total="Carried forward 100.00"), page("A-1")], ((1, 2),), ()),
        ([page("", count="Seite 1 von 1"), page("", count="Seite 1 von 1")], ((1, 1), (2, 2)), ()),
        ([page("", title="INVOICE A-1"), page("", title="INVOICE A-1")], ((1, 2),), ()),  # a head that each page repeats
        ([page("A-1"), page("A-2", goods="Transport of pallets")], ((1, 1), (2, 2)), ()),  # nothing is carried over
        ([page(""), page("", firm="GB102029400")], ((1, 1), (2, 2)), ()),  # another firm's
        (
            [page("A-1"), f"COMMENT LIRE\nSur demande nous envoyons une facture complète à 12 colonnes avec chaque appel.\n{TOTAL}"],
            ((1, 2),),
            (),
        ),
        (["Dear Sirs,\nplease find our invoices enclosed.\nKind regards", page("A-1"), page("A-2")], ((1, 2), (3, 3)), ()),
    ],
    ids=[
        "three",
        "counted",
        "goes_on",
        "two_totals",
        "counted_on",
        "carried",
        "no_numbers",
        "same_head",
        "transport",
        "other_firm",
        "number_in_a_sentence",
        "cover_letter",
    ],
)
def test_where_an_invoice_begins(pages: list[str], ranges: tuple[tuple[int, int], ...], doubtful: tuple[int, ...]) -> None:
    parts = parts_of(document(*pages))
    assert (parts.ranges, parts.doubtful) == (ranges, doubtful)


@pytest.mark.parametrize("seed", range(3))
def test_a_stack_is_cut_where_it_was_bound(seed: int) -> None:
    assert parts_of(read_pdf(stack(seed), Limits())).ranges == ((1, 1), (2, 2), (3, 3))


def test_a_file_gives_each_of_its_invoices_with_its_pages(tmp_path: Path) -> None:
    file = tmp_path / "stack.pdf"
    file.write_bytes(stack(5))
    done = subprocess.run([COMMAND, "process", str(file), "--json"], capture_output=True, text=True, timeout=120)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["page_range"] for each in told] == [[1, 1], [2, 2], [3, 3]]
    assert len({each["id"] for each in told}) == len({each["invoice"]["number"] for each in told}) == 3
    assert len({each["document_id"] for each in told}) == 1
    for each in told:
        assert {field["page"] for field in each["fields"].values() if field["page"]} == {each["page_range"][0]}


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    trial = Trial(tmp_path_factory.mktemp("faults"), 11)
    yield trial
    trial.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", ["split_uncommitted:1", "split_committed:1"])
def test_a_kill_while_it_is_split_loses_and_doubles_none(trial: Trial, fault: str) -> None:
    row = trial.failpoint(fault, documents=4)
    assert row.surprises == []
    assert (row.kills, row.lost, row.duplicated, row.unexpected) == (1, 0, 0, 0)


def test_a_doubt_is_not_split_and_sent_to_a_person() -> None:
    noted = replace(document(page("A-1"), page("")), notes=("several_invoices",))
    extracted = extract(reading(noted)).extracted
    found = findings_of(Context(noted, extracted, TODAY))
    assert ("several_invoices", "error") in {(finding.rule, finding.severity) for finding in found}
    assert verdict(extracted, found) == "needs_review"
