"""`python -m tests.faults.kill [--documents N] [--kills N] [--seed S] [FAULT ...]`: kill -9, everywhere and at any time.

The service runs as a process with a supervisor that starts it again; the client keeps a journal of its own. Faults: every named
failpoint at its first and second passing; kills at random moments while invoices flow; a poison file that kills the process
whenever it is worked on. Prints the ledger (tests/faults/ledger.py); exit 1 unless nothing was lost, doubled or unexpected.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path

from tests.faults.journal import Crowd, File, Journal, Posters
from tests.faults.ledger import Row, audit, heading, line
from tests.service import SETTLED, ServiceProcess

STAGES = ("decode", "preprocess", "recognize", "split", "extract", "match", "validate", "screen", "persist")
FAILPOINTS = (
    "blob_written", "accept_committed", "published_not_marked", "delivered", "claim_committed", *(f"{stage}_done" for stage in STAGES),
    "snapshot_saved", "settle_uncommitted", "settle_committed", "acked", "hand_over_uncommitted", "hand_over_committed",
    "split_uncommitted", "split_committed",
)  # fmt: skip
FAULTS = (*(f"{name}:{nth}" for name in FAILPOINTS for nth in (1, 2)), "poison", "random")
READY = 90.0  # seconds within which it must be ready again, on a busy machine
DRAIN = 180.0  # seconds within which all must be settled from then on
FIRE = 90.0  # seconds within which a failpoint must be passed
ENVIRON = "INVOICESTREAM_FAILPOINT"


class Trial:
    """One service on one data folder, through any number of faults, one after another."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.service = ServiceProcess(folder / "data")
        self._random = random.Random(seed)
        self._crowd = Crowd(seed)
        self._journals = folder / "journals"
        self._journals.mkdir()

    def failpoint(self, name: str, documents: int) -> Row:
        """The service dies at the failpoint, is started again, and everything goes on."""
        row = Row(name)
        self._start(row, {ENVIRON: name})
        scans, stacks = 4 if name.startswith("hand_over") else 0, 4 if name.startswith("split") else 0
        with self._posting(name, self._crowd.files(documents, scans, stacks), 50) as (posters, journal):
            posters.up.set()
            if self._died(posters, journal):
                row.kills = 1
                posters.up.clear()
                self._start(row)
                posters.up.set()
            else:
                row.surprise("the failpoint was not passed")
            return self._finished(row, posters, journal)

    def random_kills(self, documents: int, kills: int) -> Row:
        """Killed at random moments, soon after it is ready, while invoices keep coming."""
        row = Row(f"{kills} kills at random")
        up_for = 1.2  # seconds, on average
        with self._posting("random", self._crowd.files(documents), documents / (kills * up_for)) as (posters, journal):
            for _ in range(kills):
                self._start(row)
                posters.up.set()
                time.sleep(self._random.uniform(0.05, 2 * up_for - 0.05))
                posters.up.clear()
                self.service.kill()
                row.kills += 1
            self._start(row)
            posters.up.set()
            return self._finished(row, posters, journal)

    def poison(self, neighbours: int) -> Row:
        """A file that kills the process at every attempt: quarantined in the end, and everything beside it done."""
        row = Row("poison file")
        files = self._crowd.files(neighbours + 1)
        name = "poison-" + files[1].name
        files[1] = File(name, files[1].content)
        armed = {ENVIRON: f"run {name}"}
        self._start(row, armed)
        with self._posting("poison", files, 50) as (posters, journal):
            posters.up.set()
            ends = time.monotonic() + DRAIN
            while time.monotonic() < ends:
                if self.service.ended() is not None:
                    posters.up.clear()
                    row.kills += 1
                    self._start(row, armed)
                    posters.up.set()
                if posters.done and _all_settled(self.service, set(journal.entries)):
                    break
                time.sleep(0.05)
            if not row.kills:
                row.surprise("the poison was not passed")
            return self._finished(row, posters, journal, poison=(name,))

    def verify_audit(self) -> str:
        """What `verify-audit` says. Raises CalledProcessError when a chain does not verify."""
        return self.service.command("verify-audit", self.service.tenant).strip()

    def close(self) -> None:
        if self.service.running:
            self.service.stop()

    def _start(self, row: Row, environ: dict[str, str] | None = None) -> None:
        """What a supervisor does: starts it, and again if it dies on the way; ready in time or it is a surprise."""
        began = time.monotonic()
        for _ in range(20):
            try:
                self.service.start(environ, deadline=READY)
            except RuntimeError:
                if self.service.ended() != -9:
                    raise
                row.kills += 1
                environ = environ if row.fault.startswith("poison") else None
                continue
            break
        seconds = time.monotonic() - began
        row.ready = max(row.ready, seconds)
        if seconds > READY:
            row.surprise(f"ready after {seconds:.1f} s")

    def _died(self, posters: Posters, journal: Journal) -> bool:
        """Waits for the armed process to die; no longer than until everything is settled."""
        ends = time.monotonic() + FIRE
        while time.monotonic() < ends:
            if (code := self.service.ended()) is not None:
                if code != -9:
                    raise RuntimeError(f"the service ended with {code}: {self.service.log_tail()}")
                return True
            if posters.done and _all_settled(self.service, set(journal.entries)) and self.service.ended() is None:
                return False
            time.sleep(0.02)
        return False

    def _finished(self, row: Row, posters: Posters, journal: Journal, poison: Sequence[str] = ()) -> Row:
        try:
            posters.wait(DRAIN + READY)
        except TimeoutError as error:
            row.surprise(str(error))
        with closing(self.service.client()) as client:
            audit(row, client, journal.entries, poison, DRAIN)
        if (code := self.service.stop()) != 0:
            row.surprise(f"exit code {code} after SIGTERM")
        return row

    @contextmanager
    def _posting(self, name: str, files: Sequence[File], rate: float) -> Iterator[tuple[Posters, Journal]]:
        with closing(Journal(self._journals / f"{name.replace(':', '-')}.jsonl")) as journal:
            with closing(Posters(self.service, journal, files, rate)) as posters:
                yield posters, journal


def _all_settled(service: ServiceProcess, names: set[str]) -> bool:
    """False also while it does not answer: it may be dying."""
    with closing(service.client()) as client:
        try:
            mine = [invoice for invoice in client.listing() if invoice["file"] in names]
        except (OSError, HTTPException, LookupError):
            return False
    return bool(mine) and all(invoice["status"] in SETTLED for invoice in mine)


def run(trial: Trial, faults: Sequence[str], documents: int, random_documents: int, kills: int) -> Iterator[Row]:
    for fault in faults:
        if fault == "random":
            yield trial.random_kills(random_documents, kills)
        elif fault == "poison":
            yield trial.poison(documents)
        else:
            yield trial.failpoint(fault, documents)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description="kill -9, everywhere and at any time.")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="poison, random, or a failpoint NAME:NTH; all by default")
    parser.add_argument("--documents", type=int, default=10, help="invoices for each failpoint (default 10)")
    parser.add_argument("--random-documents", type=int, default=200, help="invoices during the random kills (default 200)")
    parser.add_argument("--kills", type=int, default=20, help="random kills (default 20)")
    parser.add_argument("--seed", type=int, default=None, help="of documents and moments (default: a new one, printed)")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    rows, verified = suite(seed, arguments.faults or FAULTS, arguments.documents, arguments.random_documents, arguments.kills)
    return 0 if verified and rows[-1].clean and rows[-1].acknowledged == rows[-1].settled else 1


def suite(
    seed: int, faults: Sequence[str] = FAULTS, documents: int = 10, random_documents: int = 200, kills: int = 20
) -> tuple[list[Row], bool]:
    """Prints what it finds as it goes. Returns the rows, of which the last is their sum, and whether the audit chains verify."""
    print(f"seed {seed}\n{heading()}", flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="invoicestream-faults-") as folder:
        trial = Trial(Path(folder), seed)
        try:
            for row in run(trial, faults, documents, random_documents, kills):
                rows.append(row)
                print(line(row), *(f"    {surprise}" for surprise in row.surprises), sep="\n", flush=True)
        finally:
            trial.close()
        total = Row("all", kills=sum(row.kills for row in rows), ready=max((row.ready for row in rows), default=0.0))
        for name in ("attempts", "acknowledged", "settled", "lost", "duplicated", "recovered", "unexpected"):
            setattr(total, name, sum(getattr(row, name) for row in rows))
        print(line(total))
        try:
            print("audit chains:", trial.verify_audit(), flush=True)
        except subprocess.CalledProcessError as error:
            print("audit chains:", error.output.decode(), error.stderr.decode(), flush=True)
            return [*rows, total], False
    return [*rows, total], True


if __name__ == "__main__":
    sys.exit(main())
