"""The parts of the bench. Each starts the real service on fresh data, sends it documents of which no two are alike, and measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, bucket_percentile, percentile
from tests.bench.processes import usage
from tests.service import Client, ServiceProcess

LAG = "event_loop_lag_seconds"
LAG_P99 = 20.0  # milliseconds


class Unmeasurable(Exception):
    """The service refused, lost or left unsettled what it was sent: no figure would mean anything."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is sent. The quick ones only show that the tool works: no figure is judged."""

    cpu_documents: int = 200
    xml_rate: float = 10.0  # a second: moderate, a fraction of what two cores can do
    digital_rate: float = 5.0
    post_rate: float = 50.0
    post_seconds: int = 60
    memory_first: int = 200
    memory_last: int = 2000
    memory_rate: float = 20.0
    settle_deadline: float = 300.0


QUICK = Sizes(
    cpu_documents=12, xml_rate=10, digital_rate=6, post_rate=10, post_seconds=2, memory_first=6, memory_last=18, memory_rate=10,
    settle_deadline=240,
)  # fmt: skip


class Bench:
    """`folder`: for documents and data, the caller's to remove. `verbose` tells on stderr what is going on."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        self._runs = 0

    def cpu(self, kind: str, parser: str, rate: float, wanted: float) -> Iterator[Figure]:
        """CPU of the whole service for each document, beside the bare parser on the same files, before and after."""
        count = self.sizes.cpu_documents
        folder = self.documents(kind, count + 5)
        bare = self._bare(folder)
        with self._service() as service:
            client = service.client()
            self.send(service, folder, rate, 0, 5)  # loads what the first documents load
            self.wait_settled(client, 5)
            before, usage_before, began = client.metrics(), usage(service.pid), time.monotonic()
            sent = self.send(service, folder, rate, 5, count)
            self.wait_settled(client, count + 5)
            seconds = time.monotonic() - began
            usage_after, after = usage(service.pid), client.metrics()
            idle_before = usage(service.pid).cpu
            time.sleep(2.0)
            idle = (usage(service.pid).cpu - idle_before) / 2.0
            self.check(client, count + 5)
        bare = (bare + self._bare(folder)) / 2
        own = (usage_after.own_cpu - usage_before.own_cpu) / count * 1000
        children = (usage_after.children_cpu - usage_before.children_cpu) / count * 1000
        part = f"{kind}, {count} documents"
        yield Figure(part, "CPU a document, parent and children", own + children, "ms", wanted)
        yield Figure(part, "  of it the service's process", own, "ms")
        yield Figure(part, "  of it the sandbox and its children", children, "ms")
        yield Figure(part, "  of it what the idle service takes in that time", idle * seconds / count * 1000, "ms")
        yield Figure(part, f"CPU a document, bare {parser}", bare * 1000, "ms")
        yield Figure(part, "ratio to the bare parser", (own + children) / (bare * 1000), "x")
        yield Figure(part, "event-loop lag p99", bucket_percentile(before, after, LAG, 0.99) * 1000, "ms", LAG_P99)
        yield Figure(part, "documents settled a second", count / seconds, "/s")
        yield Figure(part, "POST to 202 p95", percentile(sent, 0.95) * 1000, "ms")

    def latency(self) -> Iterator[Figure]:
        """POST to 202 while half are XML and half digital PDFs, whatever waits behind."""
        sizes = self.sizes
        count = int(sizes.post_rate * sizes.post_seconds)
        folder = self.documents("mixed", count + 5)
        part = f"POST at {sizes.post_rate:g}/s for {sizes.post_seconds} s"
        with self._service() as service:
            client = service.client()
            self.send(service, folder, 5, 0, 5)
            self.wait_settled(client, 5)
            before, began = client.metrics(), time.monotonic()
            latencies = self.send(service, folder, sizes.post_rate, 5, count)
            after = client.metrics()
            settled = terminal(after) - 5
            self.wait_settled(client, count + 5)
            seconds = time.monotonic() - began
            self.check(client, count + 5)
        for share, wanted in ((0.50, None), (0.95, 200.0), (0.99, None), (1.0, None)):
            yield Figure(part, f"POST to 202 p{share * 100:g}", percentile(latencies, share) * 1000, "ms", wanted)
        yield Figure(part, "event-loop lag p99", bucket_percentile(before, after, LAG, 0.99) * 1000, "ms", LAG_P99)
        yield Figure(part, "settled when the last was accepted", settled, f"of {count}")
        yield Figure(part, "documents settled a second", count / seconds, "/s")

    def memory(self) -> Iterator[Figure]:
        """Resident memory when all is settled, early and late."""
        sizes = self.sizes
        folder = self.documents("mixed", sizes.memory_last)
        with self._service() as service:
            client = service.client()
            self.send(service, folder, sizes.memory_rate, 0, sizes.memory_first)
            self.wait_settled(client, sizes.memory_first)
            early = usage(service.pid)
            self.send(service, folder, sizes.memory_rate, sizes.memory_first, sizes.memory_last - sizes.memory_first)
            self.wait_settled(client, sizes.memory_last)
            late = usage(service.pid)
            self.check(client, sizes.memory_last)
        part = f"memory, {sizes.memory_first} to {sizes.memory_last} documents"
        yield Figure(part, f"service after {sizes.memory_first}", early.own_memory / 2**20, "MiB")
        yield Figure(part, f"service after {sizes.memory_last}", late.own_memory / 2**20, "MiB")
        yield Figure(part, f"with the sandbox after {sizes.memory_first}", early.memory / 2**20, "MiB")
        yield Figure(part, f"with the sandbox after {sizes.memory_last}", late.memory / 2**20, "MiB")
        yield Figure(part, "growth of the service", (late.own_memory / early.own_memory - 1) * 100, "%", 5.0)
        yield Figure(part, "growth with the sandbox", (late.memory / early.memory - 1) * 100, "%", 5.0)

    def documents(self, kind: str, count: int) -> Path:
        folder = self.folder / f"{kind}-{count}"
        if not folder.exists():
            say(f"making {count} {kind} documents")
            command = [sys.executable, "-m", "app.samples", str(folder), "--count", str(count), "--kind", kind, "--seed", str(count)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return folder

    @contextmanager
    def _service(self) -> Iterator[ServiceProcess]:
        self._runs += 1
        with ServiceProcess(self.folder / f"data-{self._runs}") as service:
            yield service

    def _bare(self, folder: Path) -> float:
        done = subprocess.run([sys.executable, "-m", "tests.bench.bare", str(folder)], check=True, capture_output=True)
        return float(done.stdout)

    def send(self, service: ServiceProcess, folder: Path, rate: float, first: int, count: int) -> list[float]:
        """Latencies of the 202s. Raises `Unmeasurable` if anything else came."""
        say(f"sending {count} documents at {rate:g}/s")
        command = [sys.executable, "-m", "tests.bench.load", str(service.port), str(folder), str(rate), str(first), str(count)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ | {"BENCH_KEY": service.key})
        told = json.loads(done.stdout)
        if told["failures"]:
            raise Unmeasurable(f"POST failed: {told['failures']}\n{service.log_tail()}")
        latencies: list[float] = told["latencies"]
        return latencies

    def wait_settled(self, client: Client, count: int) -> None:
        ends = time.monotonic() + self.sizes.settle_deadline
        while (settled := terminal(client.metrics())) < count:
            if time.monotonic() > ends:
                raise Unmeasurable(f"{settled:g} of {count} settled after {self.sizes.settle_deadline:g} s")
            time.sleep(0.25)

    def check(self, client: Client, count: int) -> None:
        """All of them must have been read: a refusal costs less than the work it saves."""
        states = [invoice["status"] for invoice in client.listing()]
        read = sum(state in ("approved", "needs_review") for state in states)
        if len(states) != count or read != count:
            raise Unmeasurable(f"{read} of {count} were read; states: { {state: states.count(state) for state in set(states)} }")


def terminal(metrics: dict[str, float]) -> float:
    return sum(value for name, value in metrics.items() if name.startswith("invoice_terminal_total{"))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
