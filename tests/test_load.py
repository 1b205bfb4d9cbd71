"""The load tests' own tools: what is sent and when, what is written down, what is counted as lost, and the whole once in small."""

from __future__ import annotations

import io
import json
import math
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pymupdf
import pytest
from lxml import etree
from PIL import Image

from loadtests.book import Book
from loadtests.documents import KINDS, File, Pool, make_pool
from loadtests.ledger import Ledger, audit
from loadtests.measures import Measure, failures, phase_measures, spent, throughput
from loadtests.phase import Phase, journal, read_phase
from loadtests.plan import Plan, Stream, arrivals, in_turn, parse_mix
from loadtests.sampler import Sample
from loadtests.sla import judged, read_targets
from loadtests.surroundings import Surroundings

SMALL = {"xml": 2, "digital": 2, "scan": 2}


def plan_of(out: Path, *streams: Stream, seconds: float = 100.0, **more: Any) -> Plan:
    return Plan("p", ("http://127.0.0.1:1",), streams or (Stream("ash", 5.0),), "", str(out), seconds, **more)


def test_arrivals_are_the_same_for_a_seed_and_come_at_the_rate_and_in_the_mix(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, seconds=2000.0)
    found = list(arrivals(plan, plan.streams[0]))
    assert found == list(arrivals(plan, plan.streams[0])) == sorted(found)
    assert found != list(arrivals(replace(plan, seed=2), plan.streams[0]))
    assert len(found) == pytest.approx(10_000, rel=0.05) and 0 < found[0].at and found[-1].at < 2000
    kinds = Counter(arrival.kind for arrival in found)
    assert [kinds[kind] / len(found) for kind in KINDS] == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
    gaps = sorted(later.at - earlier.at for earlier, later in pairwise(found))
    assert gaps[len(gaps) // 2] == pytest.approx(math.log(2) / 5, rel=0.1)  # the median of an exponential, not of a clock


def test_a_burst_comes_at_one_moment_between_the_others(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, Stream("ash", 1.0, burst=10, every=40.0))
    found = list(arrivals(plan, plan.streams[0]))
    assert found == sorted(found)
    at = Counter(arrival.at for arrival in found)
    assert [moment for moment, number in at.items() if number > 1] == [20.0, 60.0] and at[20.0] == at[60.0] == 10


def test_kinds_in_turn_keep_the_mix_in_every_hundred() -> None:
    order = in_turn({"xml": 60, "digital": 30, "scan": 10})
    for _ in range(3):
        assert Counter(islice(order, 100)) == {"xml": 60, "digital": 30, "scan": 10}


def test_a_mix_is_read_in_both_ways_and_a_wrong_one_refused() -> None:
    assert parse_mix("60/30/10") == {"xml": 60, "digital": 30, "scan": 10}
    assert parse_mix("scan=1,xml=3") == {"scan": 1, "xml": 3}
    assert parse_mix("100/0/0") == {"xml": 100}
    for wrong in ("1/2", "fax=3", "xml=-1", "0/0/0", "many"):
        with pytest.raises(ValueError):
            parse_mix(wrong)


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, Stream("ash", 1.5, burst=3), Stream("birch", 2.0, awaited=False), outstanding=4)
    plan.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == plan


def test_every_file_has_bytes_of_its_own_and_is_still_the_document(tmp_path: Path) -> None:
    folder = make_pool(tmp_path, 3, SMALL)
    assert make_pool(tmp_path, 3, SMALL) == folder  # found, not made again
    pool, chance = Pool(folder, "run"), Random(1)
    files = [pool.take(kind, chance) for kind in KINDS for _ in range(12)]
    assert len({file.sha256 for file in files}) == len({file.name for file in files}) == len(files)
    assert {file.name.rpartition(".")[2] for file in files} == {"xml", "pdf", "jpg"}
    for file in files:
        if file.name.endswith(".xml"):
            assert len(etree.fromstring(file.content)) >= 3
        elif file.name.endswith(".jpg"):
            with Image.open(io.BytesIO(file.content)) as picture:
                assert picture.height == 2339 and abs(picture.width - 1654) <= 1  # A4 at 200 dpi
                picture.load()
        else:
            with pymupdf.open(stream=file.content, filetype="pdf") as document:
                assert document.page_count >= 1 and bool(document[0].get_text().strip()) == (file.kind == "digital")
                assert not document.is_repaired


def file(name: str, kind: str = "xml") -> File:
    return File(name, kind, name.encode())


def test_the_book_writes_before_it_counts_and_matches_results_told_early(tmp_path: Path) -> None:
    book = Book(tmp_path)
    ended: list[str] = []
    assert book.accepted("1", file("a"), "ash", 10.0, promised=2.0, ended=lambda: ended.append("1")) is None
    assert [line["id"] for line in journal(tmp_path)] == ["1"]  # flushed, though the book is still open
    assert book.settled("2", "approved", 12.0, 11.9) is None  # its 202 was not read yet
    assert book.accepted("2", file("b", "scan"), "ash", 9.0, promised=None) == ("scan", 3.0)
    assert book.settled("1", "needs_review", 11.5, 11.4) == ("xml", 1.5) and ended == ["1"]
    assert book.settled("1", "needs_review", 11.6, 11.4) is None and book.notes["results told twice"] == 1
    book.refused(file("c"), "ash", 10.0, 429, 3.0)
    book.broken(file("d"), "ash", 10.0, "ConnectionResetError")
    book.progress(100.5, 0.25)
    assert not book.outstanding
    book.close()
    (tmp_path / "began").write_text("9.0")
    (tmp_path / "sent").write_text("13.0")
    phase = read_phase(plan_of(tmp_path), [])
    assert [(d.id, d.due, d.settled, d.status, d.promised) for d in phase.documents] == [
        ("2", 9.0, 12.0, "approved", None), ("1", 10.0, 11.5, "needs_review", 2.0),
    ]  # fmt: skip
    assert [line["status"] for line in phase.refused] == [429] and len(phase.broken) == 1 and phase.progress == {100: [0.25]}
    assert failures(phase) == 2 and failures(phase, "birch") == 0


def read_back(folder: Path, *lines: dict[str, Any]) -> Phase:
    """A phase of ten seconds from the moment 100, in which this was written down."""
    for name, text in (("began", "100"), ("sent", "110"), ("progress.json", "{}")):
        (folder / name).write_text(text)
    (folder / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_phase(plan_of(folder), [])


def accepted(id: str, due: float = 101.0, **more: Any) -> dict[str, Any]:
    known = {
        "id": id,
        "file": f"{id}.xml",
        "kind": "xml",
        "tenant": "ash",
        "due": due,
        "answered": due + 0.1,
        "sha256": id,
        "promised": None,
    }
    return {"what": "accepted"} | known | more


def settled(id: str, at: float, status: str = "approved") -> dict[str, Any]:
    return {"what": "settled", "id": id, "status": status, "at": at, "told": at}


def ledger_of(folder: Path, phase: Phase, *rows: tuple[str, str, str, int]) -> Ledger:
    """`rows`: what the database holds: id, file, status, settlements."""
    with sqlite3.connect(folder / "invoices.db") as database:
        database.execute("CREATE TABLE invoices (tenant, id, document_id, status, reason)")
        database.execute("CREATE TABLE documents (tenant, id, file_name, sha256)")
        database.execute("CREATE TABLE audit (tenant, invoice_id, action)")
        for id, name, status, ends in rows:
            database.execute("INSERT INTO invoices VALUES ('ash', ?, ?, ?, NULL)", (id, f"d{id}", status))
            database.execute("INSERT INTO documents VALUES ('ash', ?, ?, ?)", (f"d{id}", name, id))
            database.executemany("INSERT INTO audit VALUES ('ash', ?, 'approved')", [(id,)] * ends)
    database.close()
    around = Surroundings([SimpleNamespace(data=folder)], ["ash"], [], {}, None)  # type: ignore[list-item]
    return audit(around, [phase], deadline=0.0)


def test_a_ledger_in_which_nothing_is_wrong(tmp_path: Path) -> None:
    phase = read_back(tmp_path, accepted("1"), settled("1", 102.0), accepted("2"), settled("2", 103.0))
    ledger = ledger_of(tmp_path, phase, ("1", "1.xml", "approved", 1), ("2", "2.xml", "approved", 1))
    assert ledger == Ledger(accepted=2, settled=2, drained=ledger.drained)


def test_what_is_missing_unsettled_doubled_unread_or_unheard_is_told(tmp_path: Path) -> None:
    lines = [line for id in "2345" for line in (accepted(id), settled(id, 102.0))]
    broken = {"what": "broken", "file": "8.xml", "kind": "xml", "tenant": "ash", "due": 101.0, "answered": 102.0, "error": "OSError"}
    phase = read_back(tmp_path, accepted("1"), *lines, accepted("6"), broken, {"what": "abandoned", "file": "9.xml"})
    ledger = ledger_of(
        tmp_path, phase,
        ("2", "2.xml", "processing", 0), ("3", "3.xml", "approved", 2), ("4", "4.xml", "quarantined", 1), ("5", "5.xml", "approved", 1),
        ("7", "5.xml", "approved", 1), ("6", "6.xml", "approved", 1), ("8", "8.xml", "approved", 1),
        ("9", "9.xml", "approved", 1),
    )  # fmt: skip
    assert (ledger.accepted, ledger.settled, ledger.lost) == (6, 4, 2)  # 1 is not there, 2 has not ended
    assert ledger.duplicated == 2  # 3 ended twice, 5 has a second invoice
    assert (ledger.wrong, ledger.recovered, ledger.unheard) == (2, 1, 2)  # 4 and 9; 8; 1 and 6
    assert len(ledger.surprises) == 3


def sample(at: float, service: float, busy: float) -> Sample:
    return Sample(at, {"service": service}, {"service": 100 << 20}, busy, {})


def test_capacity_is_what_the_slowest_kind_allows_and_cost_is_shared_out(tmp_path: Path) -> None:
    lines = [line for n in range(80) for line in (accepted(f"x{n}", 101.0), settled(f"x{n}", 105.0 + n / 100))]
    lines += [line for n in range(5) for line in (accepted(f"s{n}", 101.0, kind="scan"), settled(f"s{n}", 106.0))]
    phase = read_back(tmp_path, *lines, accepted("late"), settled("late", 111.0))
    phase.samples = [sample(102.0, 1.0, 10.0), sample(110.0, 9.0, 22.0)]
    found = {measure.key: measure.value for measure in throughput(phase, 2.0, {"xml": 90, "scan": 10})}
    assert found["settled_rate"] == pytest.approx(85 / 8)
    assert found["capacity_rate"] == pytest.approx(5 / 8 * 10)  # ten XML for each scan would have been too few
    assert found["cpu_ms_service"] == pytest.approx(8 / 85 * 1000) and found["cpu_ms_others"] == pytest.approx(4 / 85 * 1000)
    assert found["busy_percent"] == pytest.approx(150)


def test_results_that_never_came_are_never_in_time(tmp_path: Path) -> None:
    phase = read_back(tmp_path, accepted("1"), settled("1", 101.5), accepted("2"))
    found = {measure.key: measure.value for measure in phase_measures(phase)}
    assert found["result_xml_p50_s"] == 0.5 and found["result_xml_p95_s"] == math.inf
    assert found["post_p95_ms"] == pytest.approx(100) and found["failures"] == 0


def test_what_a_part_has_spent_is_never_less_than_nothing() -> None:
    assert spent(sample(1, 5.0, 10.0), sample(2, 4.0, 12.0)) == {"service": 0.0, "others": 2.0}


def test_a_target_that_is_not_measured_is_missed(tmp_path: Path) -> None:
    figures = judged("steady", [Measure("a", "A", 1.0), Measure("b", "B", 3.0)], {"steady": {"a": 1, "b": 2, "c": 9}})
    assert [(figure.wanted, figure.missed) for figure in figures] == [(1, False), (2, True), (9, True)]
    path = tmp_path / "sla.toml"
    path.write_text("[steady]\na = 'fast'\n")
    with pytest.raises(ValueError, match="steady"):
        read_targets(path)


def run(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadtests", "--out", str(out), *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("INVOICESTREAM_")}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=500)


@pytest.mark.timeout(600)
def test_a_little_of_everything_on_the_real_servers_loses_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "quick", "--seconds", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = tmp_path.glob("*/quick/report.html")
    assert "all 5 targets kept" in report.read_text() and report.read_text().count("<svg") == 2
    assert "result xml" in (report.parent / "quick/locust.html").read_text()
    lines = [line for phase in ("capacity-mix", "quick") for line in journal(report.parent / phase)]
    ids = [line["id"] for line in lines if line["what"] == "accepted"]
    assert len(set(ids)) == len(ids) > 10 and set(ids) == {line["id"] for line in lines if line["what"] == "settled"}
    for path in report.parent.rglob("*"):
        assert not path.is_file() or b"Bearer" not in path.read_bytes()


@pytest.mark.timeout(600)
def test_a_missed_target_is_told_by_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "sla.toml").write_text("[burst]\nfailures = 0\npost_p95_ms = 0.001\n")
    options = ("--embedded", "--rate", "6", "--seconds", "1", "--mix", "100/0/0", "--sla", str(tmp_path / "sla.toml"))
    done = run(tmp_path, "burst", *options)
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("MISSED") == 1
