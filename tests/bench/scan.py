"""The part `scan`: what a scanned page costs beside bare Tesseract, how many are read in a second, and what that does to all else.

The yardstick is `tesseract --psm 1` on the same files with the language that each is written in, one thread each, as many side by
side as there are cores, at the same low priority as ours. Half of it runs before the service and half after, so that what
else the machine does weighs on both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from app.adapters.tesseract_wire import CODES
from app.samples.crowd import many
from tests.bench.figures import Figure, bucket_percentile, percentile
from tests.bench.processes import usage
from tests.scans import Scan, mixture, scans
from tests.service import SETTLED, Client, ServiceProcess

LAG = "event_loop_lag_seconds"
TOGETHER = 25  # files in one POST
MOST_CPU = 1.5  # times that of bare Tesseract
CLEAN_SHARE, SHARE = 0.85, 0.65  # of the pages a second of bare Tesseracts: where no second pass is needed, and over all


@dataclass(frozen=True, slots=True)
class Sizes:
    pages: int = 60  # of each kind
    behind: int = 200  # scans before the XML
    probes: int = 20  # XML invoices behind them
    deadline: float = 900.0


QUICK = Sizes(pages=2, behind=20, probes=2, deadline=300.0)


class Unread(Exception):
    """Something was refused or not settled: no figure would mean anything."""


@dataclass(frozen=True, slots=True)
class Bare:
    cpu: float  # seconds a page
    seconds: float  # for all, side by side


def measure(folder: Path, sizes: Sizes) -> Iterator[Figure]:
    clean = _reading(folder / "clean", "clean scans", scans(sizes.pages + 2, 31), sizes)
    yield from clean.figures(CLEAN_SHARE)
    damaged = _reading(folder / "damaged", "damaged scans", scans(sizes.pages + 2, 32, damaged=True), sizes)
    yield from damaged.figures(None)
    part = f"both, {2 * sizes.pages} pages"
    yield Figure(part, "ratio to bare Tesseract", (clean.ours + damaged.ours) / (clean.bare + damaged.bare), "x", MOST_CPU)
    ceiling = 1 / (1 / clean.bare_rate + 1 / damaged.bare_rate)
    rate = 1 / (1 / clean.rate + 1 / damaged.rate)
    yield Figure(part, "pages a second, share of the ceiling", rate / ceiling * 100, "%", SHARE * 100, at_least=True)
    yield from _behind(folder / "behind", sizes)


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one kind of page: CPU seconds of each, pages a second, ours and bare Tesseract's; lag in seconds."""

    part: str
    ours: float
    own: float  # the service's process alone
    bare: float
    rate: float
    bare_rate: float
    lag: float
    refused: int
    sent: int

    def figures(self, share: float | None) -> Iterator[Figure]:
        """`share`: of the ceiling, wanted."""
        wanted = None if share is None else share * 100
        yield Figure(self.part, "CPU a page, parent, children and Tesseract", self.ours * 1000, "ms")
        yield Figure(self.part, "  of it the service's process", self.own * 1000, "ms")
        yield Figure(self.part, "CPU a page, bare Tesseract", self.bare * 1000, "ms")
        yield Figure(self.part, "ratio to bare Tesseract", self.ours / self.bare, "x", None if share is None else MOST_CPU)
        yield Figure(self.part, "pages read a second", self.rate, "/s")
        yield Figure(self.part, f"pages a second, {_cores()} bare Tesseracts side by side", self.bare_rate, "/s")
        yield Figure(self.part, "share of that ceiling", self.rate / self.bare_rate * 100, "%", wanted, at_least=True)
        yield Figure(self.part, "event-loop lag p99", self.lag * 1000, "ms", 20.0)
        yield Figure(self.part, f"pages that could not be read, of {self.sent}", self.refused, "", 0.0)


def _reading(folder: Path, kind: str, pages: Sequence[Scan], sizes: Sizes) -> Reading:
    """CPU of the whole service for each page, pages a second and event-loop lag while nothing else is sent."""
    folder.mkdir()
    files = []
    for number, page in enumerate(pages):
        path = folder / f"{number:04d}.jpg"
        path.write_bytes(page.jpeg)
        files.append((path, page.language))
    warm, timed = files[:2], files[2:]
    _say(f"bare Tesseract on {len(timed)} {kind}, one half")
    before = _bare(timed[::2])
    with ServiceProcess(folder / "data") as service, closing(service.client()) as client:
        _send(client, [path for path, _ in warm])
        _wait_settled(client, len(warm), sizes.deadline)
        start, used, began = client.metrics(), usage(service.pid), time.monotonic()
        _say(f"{len(timed)} {kind}")
        _send(client, [path for path, _ in timed])
        _wait_settled(client, len(files), sizes.deadline)
        seconds = time.monotonic() - began
        after, end = usage(service.pid), client.metrics()
        states = [one["status"] for one in client.listing()]
    _say("bare Tesseract, the other half")
    last = _bare(timed[1::2])
    count = len(timed)
    bare_cpu = (before.cpu * len(timed[::2]) + last.cpu * len(timed[1::2])) / count
    return Reading(
        part=f"{kind}, {count} pages",
        ours=(after.cpu - used.cpu) / count,
        own=(after.own_cpu - used.own_cpu) / count,
        bare=bare_cpu,
        rate=count / seconds,
        bare_rate=count / (before.seconds + last.seconds),
        lag=bucket_percentile(start, end, LAG, 0.99),
        refused=states.count("quarantined"),
        sent=len(states),
    )


def _behind(folder: Path, sizes: Sizes) -> Iterator[Figure]:
    """POST to settled of XML invoices that arrive behind scans, by the client's clock."""
    folder.mkdir()
    service = ServiceProcess(folder / "data")
    try:
        service.start()
        with closing(service.client()) as client:
            invoices = [content for _, content in islice(many(sizes.probes + 1, "xml", 33), sizes.probes + 1)]
            _settled_after(client, "first.xml", invoices.pop())
            start = client.metrics()
            _say(f"{sizes.behind} scans, then {sizes.probes} XML invoices")
            waiting = list(mixture(sizes.behind, 34))
            for first in range(0, len(waiting), TOGETHER):
                _post(client, dict(waiting[first : first + TOGETHER]))
            posted = client.metrics()
            took = []
            for number, content in enumerate(invoices):
                took.append(_settled_after(client, f"{number}.xml", content))
                time.sleep(0.2)
            left = sum(one["file"].startswith("scan-") and one["status"] not in SETTLED for one in client.listing())
            end = client.metrics()
    finally:
        if service.running:
            service.kill()  # what is left of the scans is of no interest
    part = f"XML behind {sizes.behind} scans"
    yield Figure(part, "POST to settled, median", percentile(took, 0.5) * 1000, "ms")
    yield Figure(part, "POST to settled, longest", max(took) * 1000, "ms", 1000.0)
    yield Figure(part, "event-loop lag p99", bucket_percentile(posted, end, LAG, 0.99) * 1000, "ms", 20.0)
    yield Figure(part, f"  while the scans came in, {TOGETHER} in a POST", bucket_percentile(start, posted, LAG, 0.99) * 1000, "ms")
    yield Figure(part, "scans that still waited after the last", left, f"of {sizes.behind}")


def _bare(files: Sequence[tuple[Path, str]]) -> Bare:
    """All of the files, one process each, as many at once as there are cores."""
    from app.adapters.tesseract_server import LEAST_PRIORITY

    left = list(files)[::-1]
    spent: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not left:
                    return
                path, language = left.pop()
            command = ["nice", "-n", str(LEAST_PRIORITY), "tesseract", str(path), "-", "--psm", "1", "-l", CODES[language], "tsv"]
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_THREAD_LIMIT": "1"}
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise Unread(f"tesseract ended with {process.returncode}")
            with lock:
                spent.append(used.ru_utime + used.ru_stime)

    began = time.monotonic()
    workers = [threading.Thread(target=work) for _ in range(_cores())]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if len(spent) != len(files):
        raise Unread("bare Tesseract did not read all pages")
    return Bare(sum(spent) / len(spent), time.monotonic() - began)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _send(client: Client, paths: Sequence[Path]) -> None:
    for first in range(0, len(paths), TOGETHER):
        _post(client, {path.name: path.read_bytes() for path in paths[first : first + TOGETHER]})


def _post(client: Client, files: Mapping[str, bytes]) -> None:
    answer = client.post(files)
    if answer.status != 202:
        raise Unread(f"POST answered {answer.status}")


def _wait_settled(client: Client, count: int, deadline: float) -> None:
    ends = time.monotonic() + deadline
    while sum(value for name, value in client.metrics().items() if name.startswith("invoice_terminal_total{")) < count:
        if time.monotonic() > ends:
            raise Unread(f"not all of {count} were settled after {deadline:g} s")
        time.sleep(0.25)


def _settled_after(client: Client, name: str, content: bytes) -> float:
    began = time.monotonic()
    answer = client.post({name: content})
    if answer.status != 202:
        raise Unread(f"POST answered {answer.status}")
    invoice_id = answer.json()["invoices"][0]["id"]
    while client.invoice(invoice_id)["status"] not in SETTLED:
        if time.monotonic() > began + 60:
            raise Unread("an XML invoice was not settled within a minute")
        time.sleep(0.01)
    return time.monotonic() - began


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
