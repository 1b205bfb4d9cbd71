"""One scenario's run: its surroundings, its phases one after another, and what came out of each, for the table and the report."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from loadtests.documents import Pool
from loadtests.ledger import Ledger, audit, drain
from loadtests.measures import Measure, bound, ledger_measures, throughput
from loadtests.phase import LoadFailed, Phase, run_phase
from loadtests.plan import Plan, Stream
from loadtests.sla import ALL, Targets, judged
from loadtests.surroundings import Surroundings
from tests.bench.figures import Figure
from tests.service import Client

WARM = 4  # documents of each kind before anything is measured: the first ones load what they need
# Of all tenants together, in a closed loop: enough that no place in the pipeline is ever idle for want of work.
OUTSTANDING = {"xml": 64, "digital": 40, "scan": 12}
MIXED = 16
SHARE = 0.7  # of the capacity, in `steady`


@dataclass(frozen=True, slots=True)
class Options:
    """`rate`, `seconds`: None for the scenario's own."""

    mix: Mapping[str, float]
    seed: int = 1
    rate: float | None = None
    seconds: float | None = None
    services: int = 1
    embedded: bool = False
    interval: float = 1.0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Part:
    """What the report shows of a phase. `section`: of the targets. `note`: a sentence."""

    name: str
    section: str
    figures: list[Figure]
    phase: Phase | None = None
    note: str = ""


@dataclass
class Session:
    """`folder`: of this scenario. `capacities`: a file that outlives the run: set-up and mix -> documents a second."""

    around: Surroundings
    folder: Path
    pool: Path
    options: Options
    targets: Targets
    capacities: Path
    parts: list[Part] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    ledger: Ledger | None = None

    @property
    def tenants(self) -> Sequence[str]:
        return self.around.tenants

    def warm(self, number: int = WARM) -> None:
        pool, chance = Pool(self.pool, f"warm-{time.time():.0f}"), Random(self.options.seed)
        for service in self.around.services:
            client = Client(service.port, self.around.keys[0])  # a tenant of the run: others would count as being about
            for kind in self.options.mix:
                files = [pool.take(kind, chance) for _ in range(number)]
                answer = client.post({file.name: file.content for file in files})
                if answer.status != 202:
                    raise LoadFailed(f"POST answered {answer.status} {answer.body[:300]!r}")
            client.close()
        if drain(self.around, 180) >= 180:
            raise LoadFailed("the first documents are not settled after 180 s")

    def plan(self, name: str, streams: Iterable[Stream], seconds: float, **more: Any) -> Plan:
        settings: dict[str, Any] = {"mix": self.options.mix} | more
        return Plan(
            name, self.around.hosts, tuple(streams), str(self.pool), str(self.folder / name), seconds, self.options.seed, **settings
        )

    def shared(self, rate: float) -> tuple[Stream, ...]:
        """The same for every tenant."""
        return tuple(Stream(tenant, rate / len(self.tenants)) for tenant in self.tenants)

    def run(self, plan: Plan) -> Phase:
        rate = sum(stream.rate for stream in plan.streams)
        say(f"{plan.name}: {plan.seconds:g} s{f' at {rate:.3g}/s' if rate else ''}")
        phase = run_phase(self.around, plan, self.options.interval)
        self.phases.append(phase)
        return phase

    def add(
        self, name: str, measures: Iterable[Measure], phase: Phase | None = None, *, section: str | None = None, note: str = ""
    ) -> None:
        self.parts.append(Part(name, section or name, judged(name, measures, self.targets, section), phase, note))

    def audit(self, deadline: float) -> None:
        """The last thing: everything that was accepted, in whichever phase, must have ended once."""
        say("the ledger")
        self.ledger = audit(self.around, self.phases, deadline)
        self.add("ledger", ledger_measures(self.ledger), section=ALL, note="; ".join(self.ledger.surprises))

    def measure_capacity(
        self, name: str, mix: Mapping[str, float], seconds: float, warm: float, *, outstanding: int = 0, remember: bool = True
    ) -> float:
        """What can be settled a second while there is always something to do; written down for later runs, if it is to be remembered."""
        (only,) = mix if len(mix) == 1 else ("",)
        outstanding = max(1, (outstanding or OUTSTANDING.get(only, MIXED)) // len(self.tenants))
        streams = [Stream(tenant, 0.0) for tenant in self.tenants]
        phase = self.run(self.plan(f"capacity-{name}", streams, seconds, mix=dict(mix), outstanding=outstanding))
        measures = list(throughput(phase, warm, mix))
        values = {measure.key: measure.value for measure in measures}
        cores = len(os.sched_getaffinity(0))
        note = f"{outstanding * len(self.tenants)} outstanding. Bound by: {bound(values, cores)}."
        say(f"{name}: {values['capacity_rate']:.2f}/s. {note}")
        self.add(f"capacity, {name}", measures, phase, note=note)
        if remember:
            known = json.loads(self.capacities.read_text()) if self.capacities.exists() else {}
            self.capacities.write_text(json.dumps(known | {self._capacity_key(mix): values["capacity_rate"]}, indent=1))
        return values["capacity_rate"]

    def capacity(self) -> float:
        """Of the mix: as it was measured last on such a set-up, or measured now."""
        known = json.loads(self.capacities.read_text()) if self.capacities.exists() else {}
        key = self._capacity_key(self.options.mix)
        return float(known[key]) if key in known else self.measure_capacity("mix", self.options.mix, 60.0, 10.0)

    def steady_rate(self, share: float = SHARE) -> float:
        """Of all tenants together."""
        return self.options.rate if self.options.rate is not None else share * self.capacity()

    def _capacity_key(self, mix: Mapping[str, float]) -> str:
        setup = "embedded" if self.options.embedded else f"real, {self.options.services} services"
        return f"{setup}: " + ", ".join(f"{kind} {weight:g}" for kind, weight in mix.items())


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
