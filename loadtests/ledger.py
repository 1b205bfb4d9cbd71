"""What was promised, as the client wrote it down, beside what the database holds when all had time to end. No counter is asked.

`tests/faults/ledger.py` does the same over REST, a document at a time; here there are thousands, so SQL is asked at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtests.phase import Phase
from loadtests.surroundings import Surroundings
from tests.service import SETTLED

_SETTLED = ", ".join(f"'{state}'" for state in sorted(SETTLED))
SHOWN = 20


@dataclass(slots=True)
class Ledger:
    """lost         accepted, and not there, or not settled when all had time to
    duplicated   invoices beyond one for a file, and settlements beyond one for an invoice
    recovered    there, though the client got no answer
    wrong        settled as nothing that the generator's documents are (quarantined, rejected), or the original has other bytes; or there,
                 though only half of it was sent
    unheard      settled, but no websocket told it while the phase waited for it
    """

    accepted: int = 0
    settled: int = 0
    lost: int = 0
    duplicated: int = 0
    recovered: int = 0
    wrong: int = 0
    unheard: int = 0
    drained: float = 0.0  # seconds from the last phase's end until all were settled
    surprises: list[str] = field(default_factory=list)

    def surprise(self, what: str) -> None:
        if len(self.surprises) < SHOWN:
            self.surprises.append(what)


def drain(around: Surroundings, deadline: float) -> float:
    """Waits until nothing is unsettled; gives the seconds it took, `deadline` at most."""
    began = time.monotonic()
    while time.monotonic() - began < deadline:
        if not around.ask(f"SELECT COUNT(*) FROM invoices WHERE status NOT IN ({_SETTLED})")[0][0]:
            break
        time.sleep(0.5)
    return time.monotonic() - began


def audit(around: Surroundings, phases: Sequence[Phase], deadline: float) -> Ledger:
    """Waits until nothing is unsettled, then compares."""
    ledger = Ledger(drained=drain(around, deadline))
    documents = [document for phase in phases for document in phase.documents]
    rows = around.ask(
        "SELECT i.tenant, i.id, i.status, i.reason, d.file_name, d.sha256 FROM invoices i"
        " JOIN documents d ON d.tenant = i.tenant AND d.id = i.document_id"
    )
    there = {(tenant, id): (status, reason, sha256) for tenant, id, status, reason, _, sha256 in rows}
    ends = {
        (tenant, id): times
        for tenant, id, times in around.ask(
            f"SELECT tenant, invoice_id, COUNT(*) FROM audit WHERE action IN ({_SETTLED}) GROUP BY tenant, invoice_id"
        )
    }
    ledger.accepted = len(documents)
    ledger.duplicated = sum(count - 1 for count in Counter(document.id for document in documents).values())
    ledger.unheard = sum(document.settled is None for phase in phases for document in phase.awaited())
    for document in documents:
        key = (document.tenant, document.id)
        if key not in there or there[key][0] not in SETTLED:
            ledger.lost += 1
            ledger.surprise(f"{document.file}: {there[key][0] if key in there else 'not there'}")
            continue
        status, reason, sha256 = there[key]
        ledger.settled += 1
        ledger.duplicated += max(0, ends.get(key, 0) - 1)
        if status not in ("approved", "needs_review") or sha256 != document.sha256 or not ends.get(key):
            ledger.wrong += 1
            ledger.surprise(f"{document.file}: {status} {reason or ''}{'' if sha256 == document.sha256 else ', other bytes'}")
    sent = Counter((document.tenant, document.file) for document in documents)
    abandoned = {file for phase in phases for file in phase.abandoned}
    unanswered = {(line["tenant"], line["file"]) for phase in phases for line in phase.broken}
    for name, times in Counter((tenant, file) for tenant, _, _, _, file, _ in rows).items():
        ledger.duplicated += max(0, times - 1) if name in sent else 0
        ledger.recovered += name in unanswered and name not in sent
        ledger.wrong += name[1] in abandoned
    return ledger
