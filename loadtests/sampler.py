"""Looks at the processes and at /metrics once a second while a phase runs. What looking costs the services is part of what is measured:
a scrape takes some milliseconds of CPU."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from tests.bench.processes import usage
from tests.service import ServiceProcess, parse_metrics

LAG = "event_loop_lag_seconds"
_WATCHED = ("event_loop_lag_seconds_bucket", "event_loop_lag_max_seconds", "queue_depth", "queue_in_hand", "outbox_depth", "fallback_total")
_TICK = os.sysconf("SC_CLK_TCK")
READER, SANDBOX = "OCR", "sandbox"
_READERS = (b"local_worker", b"tesseract_server")  # in their command lines: the models, and Tesseract


@dataclass(frozen=True, slots=True)
class Sample:
    """`cpu`: seconds since each part began, `memory`: resident bytes, by part: "service", "sandbox" (the fork servers and what they
    start), "OCR" (models and Tesseract), the servers, "client", "observer" (this process). `busy`: seconds that all cores together were
    not idle.
    `metrics`: of all services together: summed, the lag the greatest."""

    at: float
    cpu: Mapping[str, float]
    memory: Mapping[str, int]
    busy: float
    metrics: Mapping[str, float]


@dataclass
class Sampler:
    """Samples until the `with` ends. `others`: more processes to look at, by name; more may be added at any time."""

    services: Sequence[ServiceProcess]
    others: dict[str, int]
    interval: float = 1.0
    samples: list[Sample] = field(default_factory=list)

    def __enter__(self) -> Sampler:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(_Clients(self.services)) as clients:
            due = time.monotonic()
            while not self._ended.wait(max(0.0, due - time.monotonic())):
                due = max(due + self.interval, time.monotonic())
                self.samples.append(self._look(clients))

    def _look(self, clients: _Clients) -> Sample:
        cpu: dict[str, float] = defaultdict(float)
        memory: dict[str, int] = defaultdict(int)
        for service in self.services:
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended: its failures tell
                _look_at_service(service.pid, cpu, memory)
        for name, pid in list(self.others.items()):
            with suppress(FileNotFoundError, ProcessLookupError):
                used = usage(pid)
                cpu[name] += used.cpu
                memory[name] += used.memory
        cpu["observer"] = time.process_time()
        return Sample(time.time(), cpu, memory, _busy(), clients.metrics())


def _look_at_service(pid: int, cpu: dict[str, float], memory: dict[str, int]) -> None:
    whole = usage(pid)
    cpu["service"] += whole.own_cpu
    memory["service"] += whole.own_memory
    reading = [usage(child) for child in _children(pid) if _reads(child)]
    cpu[READER] += sum(used.cpu for used in reading)
    memory[READER] += sum(used.memory for used in reading)
    cpu[SANDBOX] += whole.children_cpu - sum(used.cpu for used in reading)
    memory[SANDBOX] += whole.children_memory - sum(used.memory for used in reading)


def _reads(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return any(name in command for name in _READERS)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def _busy() -> float:
    """user, nice, system, irq and softirq of the whole machine."""
    fields = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return sum(fields[place] for place in (0, 1, 2, 5, 6)) / _TICK


class _Clients:
    def __init__(self, services: Sequence[ServiceProcess]) -> None:
        self._clients = [service.client(10.0) for service in services]

    def metrics(self) -> dict[str, float]:
        """Of those that answer."""
        found: dict[str, float] = {}
        for client in self._clients:
            with suppress(OSError, HTTPException):
                text = client.call("GET", "/metrics").body.decode()
                lines = [line for line in text.splitlines() if line.startswith(_WATCHED)]  # reading all of it costs ten times as much
                for name, value in parse_metrics("\n".join(lines) + "\n").items():
                    together: Callable[[float, float], float] = max if "_max_" in name else lambda a, b: a + b
                    found[name] = together(found[name], value) if name in found else value
        return found

    def close(self) -> None:
        for client in self._clients:
            client.close()
