"""The measuring tools themselves: a ledger that cannot show a loss, or a percentile that flatters, proves nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.bench.figures import Figure, bucket_percentile, percentile, table
from tests.bench.load import run as run_load
from tests.bench.processes import usage
from tests.faults.journal import Entry, Journal
from tests.faults.ledger import Row, audit
from tests.service import Client, parse_metrics

CONTENT = b"<Invoice/>"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Stub:
    """Answers GET as the service would, from `invoices` and `events`; POST with the next of `posts`, at last 202."""

    def __init__(self) -> None:
        self.invoices: list[dict[str, Any]] = []
        self.events: dict[str, list[str]] = {}
        self.posts: list[int] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if path == "/invoices":
                    first = int(query.partition("cursor=")[2] or 0)
                    cursor = str(first + 2) if len(stub.invoices) > first + 2 else None
                    self.answer(200, {"invoices": stub.invoices[first : first + 2], "next_cursor": cursor})
                elif path.endswith("/events"):
                    self.answer(200, {"events": [{"type": kind} for kind in stub.events.get(path.split("/")[2], ["approved"])]})
                elif path.endswith("/original"):
                    self.answer(200, None, CONTENT)
                else:
                    self.answer(200 if path.split("/")[2] in {invoice["id"] for invoice in stub.invoices} else 404, {})

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(stub.posts.pop(0) if stub.posts else 202, {})

            def answer(self, status: int, told: Any, body: bytes | None = None) -> None:
                content = json.dumps(told).encode() if body is None else body
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]

    def has(self, name: str, id: str, status: str = "approved", reason: str | None = None) -> None:
        self.invoices.append({"id": id, "file": name, "status": status, "reason": reason})


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    thread = threading.Thread(target=stub.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield stub
    stub.server.shutdown()
    thread.join()
    stub.server.server_close()


def ledger(stub: Stub, *entries: Entry, poison: tuple[str, ...] = ()) -> Row:
    row = Row("trial")
    client = Client(stub.port, "key")
    audit(row, client, {entry.name: entry for entry in entries}, poison, deadline=0.3)
    client.close()
    return row


def entry(name: str, id: str | None) -> Entry:
    return Entry(name, DIGEST, None, attempts=1, id=id)


def test_a_clean_ledger(stub: Stub) -> None:
    for number in range(5):
        stub.has(f"{number}.xml", f"id-{number}")
    row = ledger(stub, *(entry(f"{number}.xml", f"id-{number}") for number in range(5)))
    assert (row.acknowledged, row.settled, row.lost, row.duplicated, row.recovered, row.unexpected) == (5, 5, 0, 0, 0, 0)
    assert row.clean


def test_an_acknowledged_invoice_that_is_gone_or_never_ends_is_lost(stub: Stub) -> None:
    stub.has("stuck.xml", "id-1", "processing")
    row = ledger(stub, entry("gone.xml", "id-0"), entry("stuck.xml", "id-1"))
    assert (row.acknowledged, row.settled, row.lost) == (2, 0, 2)
    assert not row.clean


def test_two_invoices_of_one_file_and_two_ends_of_one_invoice_are_duplicates(stub: Stub) -> None:
    stub.has("twice.xml", "id-1")
    stub.has("twice.xml", "id-2")
    stub.has("ended twice.xml", "id-3")
    stub.events["id-3"] = ["received", "processing", "approved", "approved"]
    row = ledger(stub, entry("twice.xml", "id-1"), entry("ended twice.xml", "id-3"))
    assert row.duplicated == 2
    assert row.unexpected == 1  # id-2 was never promised
    assert not row.clean


def test_what_was_not_acknowledged_but_is_there_is_recovered(stub: Stub) -> None:
    stub.has("there.xml", "id-1")
    row = ledger(stub, entry("there.xml", None), entry("never came.xml", None))
    assert (row.acknowledged, row.recovered, row.lost, row.unexpected) == (0, 1, 0, 0)


def test_a_good_file_in_quarantine_other_bytes_and_bad_answers_are_unexpected(stub: Stub) -> None:
    stub.has("good.xml", "id-1", "quarantined", "internal_error")
    stub.has("changed.xml", "id-2")
    refused = entry("refused.xml", None)
    refused.refused = [503, 500]
    row = ledger(stub, entry("good.xml", "id-1"), Entry("changed.xml", "0" * 64, None, id="id-2"), refused)
    assert row.unexpected == 3 and row.lost == 0


@pytest.mark.parametrize(
    ("status", "reason", "unexpected"), [("quarantined", "internal_error", 0), ("quarantined", "damaged", 1), ("approved", None, 1)]
)
def test_the_poison_must_end_in_quarantine(stub: Stub, status: str, reason: str | None, unexpected: int) -> None:
    stub.has("poison-1.xml", "id-1", status, reason)
    assert ledger(stub, entry("poison-1.xml", "id-1"), poison=("poison-1.xml",)).unexpected == unexpected


def test_the_journal_is_on_disk_before_the_next_step(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.note(entry("a.xml", None), "attempt")
    journal.note(entry("a.xml", "id-1"), "accepted", id="id-1")
    written = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    journal.close()
    assert [line["what"] for line in written] == ["attempt", "accepted"] and written[1]["id"] == "id-1"


def test_percentiles() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [1, 50, 95, 99, 100]
    assert percentile([3.0], 0.95) == 3.0
    assert math.isnan(percentile([], 0.5))


def test_a_percentile_from_buckets_is_the_upper_edge_of_what_came_between() -> None:
    def scrape(*counts: int) -> dict[str, float]:
        return parse_metrics(
            "# TYPE lag histogram\n" + "".join(f'lag_bucket{{le="{edge}"}} {count}\n' for edge, count in zip(EDGES, counts, strict=True))
        )

    before = scrape(1000, 1000, 1000, 1000)
    assert bucket_percentile(before, scrape(1098, 1100, 1100, 1100), "lag", 0.99) == 0.02
    assert bucket_percentile(before, scrape(1099, 1100, 1100, 1100), "lag", 0.99) == 0.01
    assert bucket_percentile(before, scrape(1000, 1000, 1000, 1100), "lag", 0.99) == math.inf
    assert math.isnan(bucket_percentile(before, before, "lag", 0.99))


EDGES = ("0.01", "0.02", "0.05", "+Inf")


def test_a_figure_that_is_not_a_number_is_missed() -> None:
    figures = [
        Figure("p", "a", 5, "ms", 10),
        Figure("p", "b", 11, "ms", 10),
        Figure("p", "c", math.nan, "ms", 10),
        Figure("p", "d", 99, ""),
    ]
    assert [figure.missed for figure in figures] == [False, True, True, False]
    assert table(figures).count("MISSED") == 2


def test_usage_counts_children_that_live_and_that_have_ended() -> None:
    burn = "import sys, time\nwhile time.process_time() < 0.5: pass\n"
    waits = burn + "print(flush=True); sys.stdin.read()"
    parent = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {burn!r}])\n"
        f"child = subprocess.Popen([sys.executable, '-c', {waits!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(flush=True); sys.stdin.read(); child.communicate()\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = usage(process.pid)
        process.communicate()
    assert 0.97 <= used.children_cpu < 1.5  # both, and none of them twice
    assert used.own_cpu < 0.5  # its own start-up, and neither of them
    assert used.own_memory > 1 << 20 and used.children_memory > 1 << 20


async def test_the_load_counts_from_the_moment_that_was_due_and_tells_failures_apart(stub: Stub, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.xml" for number in range(6)]
    for path in paths:
        path.write_bytes(CONTENT)
    stub.posts = [202, 503, 202, 500]
    told = await run_load(stub.port, "key", paths, rate=100)
    assert told["failures"] == {"503": 1, "500": 1}
    assert len(told["latencies"]) == 4 and all(0 < latency < 60 for latency in told["latencies"])


async def test_the_load_reports_a_service_that_is_away(tmp_path: Path, stub: Stub) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(CONTENT)
    refusing = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = refusing.sockets[0].getsockname()[1]
    told = await run_load(port, "key", [path], rate=100)
    refusing.close()
    await refusing.wait_closed()
    assert told["latencies"] == [] and sum(told["failures"].values()) == 1


def test_the_bare_parsers_run_on_our_samples(tmp_path: Path) -> None:
    for kind in ("xml", "digital"):
        subprocess.run([sys.executable, "-m", "app.samples", str(tmp_path / kind), "--count", "3", "--kind", kind], check=True)
        done = subprocess.run([sys.executable, "-m", "tests.bench.bare", str(tmp_path / kind)], check=True, capture_output=True)
        assert 0 < float(done.stdout) < 1


@pytest.mark.timeout(600)
def test_the_bench_measures_the_real_service() -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", "xml"]
    done = subprocess.run(command, capture_output=True, timeout=500)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    figures = {figure["name"]: figure["value"] for figure in json.loads(done.stdout)["figures"]}
    assert figures["CPU a document, parent and children"] > figures["CPU a document, bare lxml parse"] > 0
    assert 0 < figures["event-loop lag p99"] and 0 < figures["POST to 202 p95"]
