"""One fault after another on the same services: posters before, during and after it, then the ledger and everything around it."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.bench.figures import percentile
from tests.faults.journal import Crowd, File, Journal, Posters
from tests.faults.ledger import Row, audit
from tests.faults.stack import Parts, Services
from tests.faults.vitals import Vitals, cpu_seconds, vitals
from tests.service import ServiceProcess

READY = 90.0  # seconds within which all must be ready again, on a busy machine
DRAIN = 180.0  # seconds within which all must be settled from then on
ANSWER = 20.0  # seconds that a client waits for an answer
COPIED = 25.0  # seconds until the audit copy must be complete: it looks every ten
QUEUES_EMPTY = 90.0  # seconds: what was put off for the longest may still be on its way
ALLOWED = 5  # more descriptors, threads or children than before
POOLED = 45  # connections to the three parts, at most, of one service
BUSY = 50.0  # per cent of a core, at most, while a part is away
STORES = ("sql", "blobs", "documents", "broker")


@dataclass(slots=True)
class RealRow(Row):
    """`flows`: seconds from the end of the fault until the next invoice was settled, `wanted` at most. `ready`: until every service said
    that all its parts are there. `refused`: POSTs answered 503. `p95`: seconds of a POST. `cpu`: per cent of a core that the busiest
    service took while the fault lasted. `dead`: quarantined invoices and parked messages beside `planted` ones."""

    flows: float = 0.0
    wanted: float = 30.0
    refused: int = 0
    p95: float = 0.0
    cpu: float = 0.0
    outbox: int = 0
    queues: int = 0
    dead: int = 0
    planted: int = 0
    chains: int = 0
    reconcile: int = 0  # problems
    grown: int = 0  # descriptors, threads or children, the worst of them
    notes: list[str] = field(default_factory=list)


class Round:
    """A fault and what is posted through it. Whoever breaks something says `mended` when it is whole again."""

    def __init__(self, services: Services, row: RealRow, posters: Posters, journal: Journal, chance: random.Random) -> None:
        self.services, self.row, self.chance = services, row, chance
        self.parts = services.parts
        self.posters, self.journal = posters, journal
        self.planted_messages = 0
        self._mended: tuple[float, int] | None = None

    def until(self, done: Callable[[], bool], patience: float, what: str) -> bool:
        """A surprise if it takes longer."""
        ends = time.monotonic() + patience
        while not done():
            if time.monotonic() > ends:
                self.row.surprise(f"not within {patience:g} s: {what}")
                return False
            time.sleep(0.05)
        return True

    def hold(self, seconds: float, *, down: bool = False) -> None:
        """The fault lasts so long. `down`: a part is away, and nothing may try it in a hot loop."""
        alive = [service.pid for service in self.services.all if service.running]
        before, began = [cpu_seconds(pid) for pid in alive], time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        busiest = max((cpu_seconds(pid) - spent for pid, spent in zip(alive, before, strict=True)), default=0.0)
        self.row.cpu = 100 * busiest / lasted
        if down and self.row.cpu > BUSY:
            self.row.surprise(f"{self.row.cpu:.0f} % of a core while a part was away")

    def mended(self) -> None:
        self._mended = time.monotonic(), self.services.settled()

    def catch(self, service: ServiceProcess) -> set[str]:
        """Stops it while it has work in hand. Returns these invoices."""
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            if self.services.held_by(service):
                stop(service)
                if held := self.services.held_by(service):
                    return held
                go_on(service)
            time.sleep(0.02)
        raise TimeoutError("the service had no work in hand")

    def all_settled(self) -> bool:
        """Of what was acknowledged so far; asked of SQL."""
        acknowledged = sum(entry.id is not None for entry in list(self.journal.entries.values()))
        return self.posters.done and self.services.settled() >= acknowledged

    def recover(self) -> None:
        """Waits until work flows and every service is ready, and notes how long that took."""
        if self._mended is None:
            self.mended()
        assert self._mended is not None
        began, settled = self._mended
        flows = ready = None
        while time.monotonic() - began < READY:
            if flows is None and (self.services.settled() > settled or self.all_settled()):
                flows = time.monotonic() - began
            if ready is None and all(map(_is_ready, self.services.all)):
                ready = time.monotonic() - began
            if flows is not None and ready is not None:
                break
            time.sleep(0.1)
        if flows is None or flows > self.row.wanted:
            self.row.surprise(f"settled again only after {flows if flows is not None else READY:.1f} s")
        if ready is None:
            self.row.surprise(f"not ready after {READY:g} s: {[_states(service) for service in self.services.all]}")
        self.row.flows, self.row.ready = flows or READY, ready or READY


class Trial:
    """Two services on the real parts, through any number of faults. `patience`: how many times the wanted seconds may pass where the
    machine has other things to do."""

    def __init__(self, folder: Path, seed: int, documents: int = 40, patience: float = 1.0) -> None:
        self.folder = folder
        self.documents = documents
        self.patience = patience
        self.chance = random.Random(seed)
        self.crowd = Crowd(seed)
        self.parts = Parts()
        self._journals = folder / "journals"
        self._journals.mkdir(parents=True)
        self._baselines: dict[int, Vitals] = {}
        self._last = 0
        self.usual_p95 = 0.0
        self.services = Services(self.parts, folder)
        try:
            self.services.start(READY)
            self._warm_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.services.close()
        self.services.forget()
        self.parts.close()

    @contextmanager
    def row(
        self,
        fault: str,
        *,
        wanted: float = 30.0,
        lasting: float = 8.0,
        scans: int = 2,
        files: Sequence[File] | None = None,
        poison: Sequence[str] = (),
        services: Services | None = None,
    ) -> Iterator[Round]:
        """Posts for some `lasting` seconds; the body breaks things once invoices flow. On leaving all is healed and looked at."""
        services = services or self.services
        row = RealRow(fault, wanted=wanted * self.patience, planted=len(poison))
        self._last += 1
        services.new_tenant(f"t{self._last}-{re.sub('[^a-z0-9]+', '-', fault.lower())[:30].strip('-')}")
        files = self.crowd.files(self.documents, scans) if files is None else files
        with closing(Journal(self._journals / f"{services.tenant}.jsonl")) as journal:
            with closing(Posters(services.all, journal, files, len(files) / lasting, 6, ANSWER)) as posters:
                round = Round(services, row, posters, journal, self.chance)
                posters.up.set()
                round.until(lambda: services.settled() > 0, 60, "something is settled before the fault")
                try:
                    yield round
                    self.parts.heal()
                    self._look(round, poison)
                except BaseException:
                    self._mend()  # the next row finds all in order
                    raise

    def _look(self, round: Round, poison: Sequence[str]) -> None:
        row, services = round.row, round.services
        round.recover()
        began = time.monotonic()
        try:
            round.posters.wait(DRAIN)
        except TimeoutError as error:
            row.surprise(str(error))
        with closing(services.all[0].client()) as client:
            audit(row, client, round.journal.entries, poison, DRAIN)
        row.drained = time.monotonic() - began
        row.refused = sum(entry.refused.count(503) for entry in round.journal.entries.values())
        row.p95 = percentile(round.posters.waits or [0.0], 0.95)
        row.planted += round.planted_messages
        row.outbox = _least(services.outbox, 30)
        row.queues = _least(lambda: services.depths().waiting, QUEUES_EMPTY)
        depths = services.depths()
        row.dead = services.quarantined() + depths.dead + depths.parked
        round.until(lambda: services.depths().readers == len(services.all), 20, "every service reads every queue, once")
        row.chains, broken = services.audit_chains()
        problems = services.reconcile(COPIED)
        row.reconcile = len(problems)
        (row.grown, grew), pooled = self._grown(services)
        for wrong, what in (
            (row.outbox, f"{row.outbox} rows in the outbox"),
            (row.queues, f"{row.queues} messages wait in the broker"),
            (row.dead != row.planted, f"{row.dead} dead letters, planted {row.planted}"),
            (row.chains < row.acknowledged, f"only {row.chains} audit chains"),
            (broken, f"audit chains do not verify: {broken}"),
            (problems, f"reconcile: {problems[:5]}"),
            (row.grown > ALLOWED, f"{row.grown} more {grew} than before"),
            (pooled > POOLED, f"{pooled} connections of one service"),
        ):
            if wrong:
                row.surprise(what)

    def _mend(self) -> None:
        self.parts.mend()
        for service in self.services.all:
            if service.running:
                go_on(service)
        self.services.start(READY)

    def _warm_up(self) -> None:
        """Every pool and thread there will be, so that what comes on top is a leak; and how long a POST takes in peace."""
        with self.row("(warm-up)", lasting=1.0):
            self.parts.mongo.pause()  # its driver waits in threads: as many as it ever will
            time.sleep(3)
            self.parts.mongo.resume()
        with self.row("(no fault)", lasting=5.0) as round:
            pass
        self.usual_p95 = round.row.p95
        self._baselines = {id(service): vitals(service.pid, self.services.ports) for service in self.services.all}
        self.control = round.row

    def _grown(self, services: Services) -> tuple[tuple[int, str], int]:
        """(what grew most since the warm-up, the most connections of one service)."""

        def look() -> tuple[tuple[int, str], int]:
            now = {id(service): vitals(service.pid, services.ports) for service in services.all if service.running}
            grown = [each.beyond(self._baselines[which]) for which, each in now.items() if which in self._baselines]
            return max(grown, default=(0, "")), max((each.pooled for each in now.values()), default=0)

        ends = time.monotonic() + 15
        while (found := look())[0][0] > ALLOWED and time.monotonic() < ends:
            time.sleep(0.5)
        return found


def stop(service: ServiceProcess) -> None:
    """Stands still from here on, to the last thread."""
    os.kill(service.pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{service.pid}/task")
    while not all(_stands_still(task) for task in tasks.iterdir()):
        pass


def go_on(service: ServiceProcess) -> None:
    os.kill(service.pid, signal.SIGCONT)


def _stands_still(task: Path) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        return (task / "stat").read_text().rpartition(")")[2].split()[0] in "TtZX"
    return True


def _is_ready(service: ServiceProcess) -> bool:
    states = _states(service)
    return all(states.get(name) == "ok" for name in STORES)


def _states(service: ServiceProcess) -> dict[str, Any]:
    with closing(service.client(5.0)) as client, suppress(OSError, HTTPException):
        told: dict[str, Any] = client.call("GET", "/readyz").json()["checks"]
        return told
    return {}


def _least(count: Callable[[], int], patience: float) -> int:
    """0 as soon as it is; else what is left after `patience` seconds."""
    ends = time.monotonic() + patience
    while (left := count()) and time.monotonic() < ends:
        time.sleep(0.25)
    return left
