"""What one phase of a run sends, and when: decided before it begins, whatever the service does. The runner writes it to a file that
the locustfile reads. No secrets: keys come in the environment, in the order of `tenants`."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

MIX: Mapping[str, float] = {"xml": 60, "digital": 30, "scan": 10}


@dataclass(frozen=True, slots=True)
class Stream:
    """What one tenant sends: `rate` documents a second on average. `burst`: so many more at one moment, every `every` seconds. `heap`: so
    many before the stream begins, as fast as they are taken. `awaited`: the phase ends when the tenant's documents are settled."""

    tenant: str
    rate: float
    burst: int = 0
    every: float = 20.0
    heap: int = 0
    awaited: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """`outstanding`: None for an open loop, where each POST has its moment, however slow the service is. A number for a closed one:
    so many documents of each tenant are accepted and unsettled at any time, so that there is always something to do.
    """

    name: str
    hosts: tuple[str, ...]
    streams: tuple[Stream, ...]
    pool: str
    out: str
    seconds: float
    seed: int = 1
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))
    outstanding: int | None = None
    heap_mix: Mapping[str, float] = field(default_factory=lambda: {"scan": 100.0})
    keyed: float = 0.2  # share of the POSTs that have an Idempotency-Key
    repeated: float = 0.1  # share of these that are sent once more, when they were accepted
    followed: float = 0.02  # share of the documents that a websocket of their own follows
    watched: bool = True  # a websocket on each tenant's /live; without it nobody hears of results
    slow_readers: int = 0
    vanishing: int = 0
    drain: float = 120.0  # seconds for what is outstanding at the end; 0: it is left to others

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @staticmethod
    def read(path: Path) -> Plan:
        told: dict[str, Any] = json.loads(path.read_text())
        told["streams"] = tuple(Stream(**stream) for stream in told["streams"])
        told["hosts"] = tuple(told["hosts"])
        return Plan(**told)


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """`at`: seconds after the beginning."""

    at: float
    kind: str


def arrivals(plan: Plan, stream: Stream) -> Iterator[Arrival]:
    """Of an open loop, in order. Poisson: the gaps are exponential, so that some come close together, as they do in life."""
    yield from heapq.merge(_poisson(plan, stream), _bursts(plan, stream))


def _poisson(plan: Plan, stream: Stream) -> Iterator[Arrival]:
    chance = Random(f"{plan.seed}/{plan.name}/{stream.tenant}")
    kinds, weights = list(plan.mix), list(plan.mix.values())
    at = 0.0
    while stream.rate > 0 and (at := at + chance.expovariate(stream.rate)) < plan.seconds:
        yield Arrival(at, chance.choices(kinds, weights)[0])


def _bursts(plan: Plan, stream: Stream) -> Iterator[Arrival]:
    """The first one at half its period, so that each has time to end."""
    at = stream.every / 2
    while stream.burst and at < plan.seconds:
        order = in_turn(plan.mix)
        yield from sorted(Arrival(at, next(order)) for _ in range(stream.burst))
        at += stream.every


def in_turn(mix: Mapping[str, float]) -> Iterator[str]:
    """Kinds without end, by their weights and without chance: any hundred in a row hold as many of each as the mix says."""
    total = sum(mix.values())
    due = dict.fromkeys(mix, 0.0)
    for _ in cycle((None,)):
        for kind, weight in mix.items():
            due[kind] += weight / total
        kind = max(due, key=lambda name: due[name])
        due[kind] -= 1.0
        yield kind


def parse_mix(text: str) -> dict[str, float]:
    """`xml=60,digital=30,scan=10`, or `60/30/10` in this order. Raises ValueError."""
    parts = dict(zip(MIX, text.split("/"), strict=True)) if "/" in text else dict(part.split("=", 1) for part in text.split(","))
    mix = {kind: float(weight) for kind, weight in parts.items()}
    if set(mix) - set(MIX) or min(mix.values()) < 0 or sum(mix.values()) <= 0:
        raise ValueError(f"a mix has weights for {', '.join(MIX)}")
    return {kind: weight for kind, weight in mix.items() if weight}
