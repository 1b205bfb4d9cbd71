"""One phase of a run: Locust sends what a plan says while the sampler looks, and everything that was told is read back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.plan import Plan
from loadtests.sampler import Sample, Sampler
from loadtests.surroundings import Surroundings

ROOT = Path(__file__).resolve().parents[1]
CLIENT = "client"
GRACE = 120.0  # seconds more than the plan lasts, for a client on a busy machine


class LoadFailed(Exception):
    """Nothing can be said: the client, or what is under load, did not run."""


@dataclass(slots=True)
class Document:
    """An accepted one. Moments are seconds since 1970. `settled`: when the client heard of it; None: it never did."""

    id: str
    file: str
    kind: str
    tenant: str
    due: float
    answered: float
    sha256: str
    promised: float | None
    settled: float | None = None
    status: str | None = None

    @property
    def result(self) -> float:
        """Seconds from when it was due until its result was there; without end where it never was."""
        return float("inf") if self.settled is None else self.settled - self.due


@dataclass(slots=True)
class Phase:
    """`began` and `sent`: the first and the last moment at which something was due. `progress`: second of arrival -> latencies."""

    plan: Plan
    began: float
    sent: float
    documents: list[Document]
    refused: list[dict[str, Any]]
    broken: list[dict[str, Any]]
    abandoned: set[str]
    notes: Counter[str]
    progress: dict[int, list[float]]
    samples: list[Sample]

    def within(self, first: float, last: float) -> Iterator[Document]:
        """Those that were due between so many seconds after the beginning."""
        return (document for document in self.documents if first <= document.due - self.began < last)

    def awaited(self) -> Iterator[Document]:
        """Those whose results the client waited for."""
        tenants = {stream.tenant for stream in self.plan.streams if stream.awaited and self.plan.drain}
        return (document for document in self.documents if document.tenant in tenants)


def run_phase(around: Surroundings, plan: Plan, interval: float = 1.0) -> Phase:
    """Raises `LoadFailed`. Everything that the client writes lies in the plan's `out`."""
    folder = Path(plan.out)
    folder.mkdir(parents=True)
    plan.write(folder / "plan.json")
    users = (2 if plan.watched else 1) * len(plan.streams) + plan.slow_readers + plan.vanishing
    command = [
        sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/locustfile.py"), "--headless", "--only-summary",
        "--plan", str(folder / "plan.json"), "--host", plan.hosts[0], "--users", str(users), "--spawn-rate", "100",
        "--html", str(folder / "locust.html"), "--csv", str(folder / "locust"), "--loglevel", "WARNING", "--exit-code-on-error", "0",
    ]  # fmt: skip
    environ = os.environ | {"INVOICESTREAM_LOAD_KEYS": ",".join(around.keys)}
    with Sampler(around.services, dict(around.servers), interval) as sampler, (folder / "locust.log").open("wb") as log:
        client = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        sampler.others[CLIENT] = client.pid
        try:
            code = client.wait(plan.seconds + plan.drain + GRACE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if client.poll() is None:
                client.kill()
                client.wait()
    if code != 0 or not (folder / "sent").exists():
        raise LoadFailed(f"{plan.name}: Locust ended with {code}: {(folder / 'locust.log').read_text(errors='replace')[-3000:]}")
    return read_phase(plan, sampler.samples)


def read_phase(plan: Plan, samples: list[Sample]) -> Phase:
    folder = Path(plan.out)
    progress = {int(second): values for second, values in json.loads((folder / "progress.json").read_text()).items()}
    phase = Phase(
        plan, float((folder / "began").read_text()), float((folder / "sent").read_text()), [], [], [], set(), Counter(), progress, samples
    )
    found: dict[str, Document] = {}
    for line in journal(folder):
        what = line.pop("what")
        if what == "accepted":
            document = Document(**line)
            phase.documents.append(document)
            found.setdefault(document.id, document)
        elif what == "settled":
            found[line["id"]].settled, found[line["id"]].status = line["at"], line["status"]
        elif what == "abandoned":
            phase.abandoned.add(line["file"])
        elif what == "noted":
            phase.notes[line["name"]] += line["count"]
        else:
            (phase.refused if what == "refused" else phase.broken).append(line)
    phase.documents.sort(key=lambda document: document.due)
    return phase


def journal(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "journal.jsonl").open() as lines:
        yield from map(json.loads, lines)
