"""What realness costs: embedded and real set-up in one run, in turns; waits for the network; two services on one broker.

The real set-up is the same service on a private MariaDB, RabbitMQ and MongoDB-wire server, which share its cores. Halves go embedded,
real, real, embedded, so that what the machine does meanwhile weighs on both. Waits for the network are counted by a proxy before each
server, less what the idle service makes in that time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import Figure, percentile
from tests.bench.parts import Bench, Unmeasurable, say, terminal
from tests.bench.processes import usage
from tests.servers import mariadb
from tests.servers.fault_proxy import FaultProxy
from tests.servers.stack import Stack
from tests.service import SETTLED, Client, ServiceProcess

WARM = 5
TOGETHER = 20  # files in a POST, where it is about throughput
SERVERS = ("MariaDB", "RabbitMQ", "MongoDB")


@dataclass(frozen=True, slots=True)
class Sizes:
    documents: int = 300  # for each figure of each half
    rate: float = 20.0  # POSTs a second
    pairs: int = 2  # of halves
    counted: int = 100
    counted_rate: float = 5.0
    shared: int = 500


QUICK = Sizes(documents=20, rate=10, pairs=1, counted=10, shared=40)


@dataclass(slots=True)
class Half:
    """Lists: one value for each half of this kind; `latencies` of all of them. CPU in seconds an invoice."""

    throughput: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    service: list[float] = field(default_factory=list)
    sandbox: list[float] = field(default_factory=list)
    servers: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SERVERS})


def measure(bench: Bench, sizes: Sizes) -> Iterator[Figure]:
    mariadb.FOLDER = bench.folder  # on the disk that the embedded store is on
    folder = bench.documents("xml", WARM + 2 * max(sizes.documents, sizes.shared))
    embedded, real = Half(), Half()
    for number in range(sizes.pairs):
        order = [(embedded, "embedded"), (real, "real")]
        for half, kind in order if number % 2 == 0 else reversed(order):
            say(f"{kind}, {number + 1} of {sizes.pairs}")
            if kind == "real":
                with Stack(bench.folder / f"real-{number}") as stack:
                    _half(bench, sizes, folder, stack.service("data"), half, stack.pids)
            else:
                _half(bench, sizes, folder, ServiceProcess(bench.folder / f"embedded-{number}"), half, {})
    part = f"{sizes.documents} XML flat out"
    for name, half in (("embedded", embedded), ("real", real)):
        yield Figure(part, f"{name}: settled a second", _mean(half.throughput), "/s")
        yield Figure(part, f"{name}: CPU an invoice, service", _mean(half.service) * 1000, "ms")
        yield Figure(part, f"{name}: CPU an invoice, sandbox", _mean(half.sandbox) * 1000, "ms")
    for server in SERVERS:
        yield Figure(part, f"real: CPU an invoice, {server}", _mean(real.servers[server]) * 1000, "ms")
    yield Figure(part, "real / embedded: settled a second", _mean(real.throughput) / _mean(embedded.throughput), "x")
    yield Figure(part, "real / embedded: CPU of the service", _mean(real.service) / _mean(embedded.service), "x")
    part = f"{sizes.documents} POSTs at {sizes.rate:g}/s"
    for name, half in (("embedded", embedded), ("real", real)):
        yield Figure(part, f"{name}: POST to 202 p50", percentile(half.latencies, 0.5) * 1000, "ms")
        yield Figure(part, f"{name}: POST to 202 p95", percentile(half.latencies, 0.95) * 1000, "ms", 200.0)
    with Stack(bench.folder / "counted") as stack:
        yield from _round_trips(bench, sizes, folder, stack)
    with Stack(bench.folder / "shared") as stack:
        yield from _replicas(bench, sizes, folder, stack)


def _half(bench: Bench, sizes: Sizes, folder: Path, service: ServiceProcess, half: Half, servers: dict[str, int]) -> None:
    with service, closing(service.client()) as client:
        bench.send(service, folder, 5, 0, WARM)
        bench.wait_settled(client, WARM)
        before = {name: usage(pid) for name, pid in {"service": service.pid, **servers}.items()}
        began = time.monotonic()
        _post(client, _files(folder, WARM, sizes.documents))
        bench.wait_settled(client, WARM + sizes.documents)
        half.throughput.append(sizes.documents / (time.monotonic() - began))
        time.sleep(1.0)  # what is told and marked afterwards is part of the cost
        after = {name: usage(pid) for name, pid in {"service": service.pid, **servers}.items()}
        half.service.append((after["service"].own_cpu - before["service"].own_cpu) / sizes.documents)
        half.sandbox.append((after["service"].children_cpu - before["service"].children_cpu) / sizes.documents)
        for name in servers:
            half.servers[name].append((after[name].cpu - before[name].cpu) / sizes.documents)
        half.latencies += bench.send(service, folder, sizes.rate, WARM + sizes.documents, sizes.documents)
        bench.wait_settled(client, WARM + 2 * sizes.documents)
        bench.check(client, WARM + 2 * sizes.documents)


def _round_trips(bench: Bench, sizes: Sizes, folder: Path, stack: Stack) -> Iterator[Figure]:
    assert stack.maria is not None and stack.rabbit is not None and stack.mongo is not None, "they are counted on servers of ours"
    part = f"{sizes.counted} XML at {sizes.counted_rate:g}/s"
    with ExitStack() as proxies:
        sql, broker, mongo = (proxies.enter_context(FaultProxy(port)) for port in (stack.maria.port, stack.rabbit.port, stack.mongo.port))
        counters = dict(zip(SERVERS, (sql, broker, mongo), strict=True))
        with stack.service("data", sql=sql.port, broker=broker.port, mongo=mongo.port) as service, closing(service.client()) as client:
            bench.send(service, folder, 5, 0, WARM)
            bench.wait_settled(client, WARM)
            time.sleep(12.0)  # the copy of the audit chains too
            idle, idle_statements = _counted(counters), _statements(stack)
            seconds = sizes.counted / sizes.counted_rate
            time.sleep(seconds)
            idle = {name: value - idle[name] for name, value in _counted(counters).items()}
            idle_statements = _statements(stack) - idle_statements
            busy, statements = _counted(counters), _statements(stack)
            began = time.monotonic()
            bench.send(service, folder, sizes.counted_rate, WARM, sizes.counted)
            bench.wait_settled(client, WARM + sizes.counted)
            time.sleep(12.0)
            share = (time.monotonic() - began) / seconds  # of the idle time
            busy = {name: value - busy[name] for name, value in _counted(counters).items()}
            statements = _statements(stack) - statements
            bench.check(client, WARM + sizes.counted)
    for name in SERVERS:
        yield Figure(part, f"waits for {name} an invoice", (busy[name] - share * idle[name]) / sizes.counted, "")
    yield Figure(part, "statements MariaDB ran an invoice", (statements - share * idle_statements) / sizes.counted, "")
    for name in SERVERS:
        yield Figure(part, f"waits for {name} of the idle service", idle[name] / seconds, "/s")


def _replicas(bench: Bench, sizes: Sizes, folder: Path, stack: Stack) -> Iterator[Figure]:
    part = f"{sizes.shared} XML, two services on one broker"
    with ExitStack() as running:
        pair = [running.enter_context(stack.service(name)) for name in ("one", "two")]
        clients = [running.enter_context(closing(service.client())) for service in pair]
        bench.send(pair[0], folder, 5, 0, WARM)
        _wait_settled(clients, WARM)
        before = [terminal(client.metrics()) for client in clients]
        began = time.monotonic()
        files = _files(folder, WARM, sizes.shared)
        for number, first in enumerate(range(0, len(files), TOGETHER)):
            _post(clients[number % 2], files[first : first + TOGETHER])
        _wait_settled(clients, WARM + sizes.shared)
        seconds = time.monotonic() - began
        shares = [terminal(client.metrics()) - earlier for client, earlier in zip(clients, before, strict=True)]
        bench.check(clients[0], WARM + sizes.shared)
        ids = [invoice["id"] for invoice in clients[0].listing()]
        ended = [_endings(clients[1], invoice_id) for invoice_id in ids]
    yield Figure(part, "settled not exactly once", sum(times != 1 for times in ended), f"of {len(ids)}", 0.0)
    yield Figure(part, "settled by the busier one", max(shares) / sum(shares) * 100, "%", 60.0)
    yield Figure(part, "settled a second", sizes.shared / seconds, "/s")


def _endings(client: Client, invoice_id: str) -> int:
    """How often it was told to have ended."""
    return sum(event["type"] in SETTLED for event in client.call("GET", f"/invoices/{invoice_id}/events").json()["events"])


def _wait_settled(clients: Sequence[Client], count: int, deadline: float = 300.0) -> None:
    ends = time.monotonic() + deadline
    while (settled := sum(terminal(client.metrics()) for client in clients)) < count:
        if time.monotonic() > ends:
            raise Unmeasurable(f"{settled:g} of {count} settled after {deadline:g} s")
        time.sleep(0.25)


def _post(client: Client, files: Sequence[Path]) -> None:
    for first in range(0, len(files), TOGETHER):
        answer = client.post({path.name: path.read_bytes() for path in files[first : first + TOGETHER]})
        if answer.status != 202:
            raise Unmeasurable(f"POST answered {answer.status} {answer.body[:300]!r}")


def _files(folder: Path, first: int, number: int) -> list[Path]:
    return sorted(folder.iterdir())[first : first + number]


def _counted(proxies: dict[str, FaultProxy]) -> dict[str, int]:
    return {name: proxy.round_trips for name, proxy in proxies.items()}


def _statements(stack: Stack) -> int:
    assert stack.maria is not None
    with stack.maria.root() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
