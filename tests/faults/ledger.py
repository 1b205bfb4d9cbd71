"""The ledger of one fault: what the client was promised, beside what the service shows afterwards, over REST only."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from tests.faults.journal import Entry
from tests.service import SETTLED, Client


@dataclass(slots=True)
class Row:
    """`attempts`: POSTs sent. `acknowledged`: files answered 202. `settled`: of those, the ones that ended.

    lost         acknowledged, and not settled when all had time to
    duplicated   invoices, or ends, beyond one for a file
    recovered    not acknowledged at first, but accepted: told by a repetition, or found in the listing
    unexpected   anything else that should not be: see `surprises`
    """

    fault: str
    kills: int = 0
    ready: float = 0.0  # seconds until the service was ready again, the longest
    attempts: int = 0
    acknowledged: int = 0
    settled: int = 0
    lost: int = 0
    duplicated: int = 0
    recovered: int = 0
    unexpected: int = 0
    drained: float = 0.0  # seconds from then until all were settled
    surprises: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.unexpected)

    def surprise(self, what: str) -> None:
        self.unexpected += 1
        self.surprises.append(what)


def drain(client: Client, names: set[str], deadline: float) -> list[dict[str, str]]:
    """The listed invoices of these files once all are settled, or as they are when the deadline has passed."""
    ends = time.monotonic() + deadline
    while True:
        mine = [invoice for invoice in client.listing() if invoice["file"] in names]
        if all(invoice["status"] in SETTLED for invoice in mine) or time.monotonic() > ends:
            return mine
        time.sleep(0.1)


def audit(row: Row, client: Client, entries: Mapping[str, Entry], poison: Iterable[str] = (), deadline: float = 60.0) -> None:
    """Fills the row. Looks at every invoice: its state, its original's bytes, and how often it was told to have ended."""
    began = time.monotonic()
    listed = drain(client, set(entries), deadline)
    row.drained = time.monotonic() - began
    found = Counter(invoice["file"] for invoice in listed)
    row.duplicated += sum(max(0, count - entries[name].invoices) for name, count in found.items())
    poisonous = set(poison)
    for entry in entries.values():
        row.attempts += entry.attempts
        row.recovered += entry.recovered or (entry.id is None and entry.name in found)
        for status in entry.refused:
            if status not in (409, 503):
                row.surprise(f"{entry.name}: POST answered {status}")
        if entry.id is not None:
            row.acknowledged += 1
            if client.call("GET", f"/invoices/{entry.id}").status != 200:
                row.lost += 1
                row.surprises.append(f"{entry.name}: {entry.id} is not there")
        if entry.name in found and found[entry.name] < entry.invoices:
            row.lost += entry.invoices - found[entry.name]
            row.surprises.append(f"{entry.name}: {found[entry.name]} of its {entry.invoices} invoices are there")
    for invoice in listed:
        entry = entries[invoice["file"]]
        acknowledged = entry.id == invoice["id"]
        if entry.id is not None and not acknowledged and entry.invoices == 1:
            row.surprise(f"{entry.name}: listed as {invoice['id']}, acknowledged as {entry.id}")
        if invoice["status"] not in SETTLED:
            row.lost += acknowledged
            row.surprises.append(f"{entry.name}: still {invoice['status']}")
            row.unexpected += not acknowledged
            continue
        row.settled += acknowledged
        wanted = ("quarantined", "internal_error") if entry.name in poisonous else (None, None)
        got = (invoice["status"], invoice["reason"])
        if got != wanted and (entry.name in poisonous or invoice["status"] not in ("approved", "needs_review")):
            row.surprise(f"{entry.name}: {got[0]} {got[1] or ''}")
        ends = [event["type"] for event in client.call("GET", f"/invoices/{invoice['id']}/events").json()["events"]]
        row.duplicated += max(0, sum(kind in SETTLED for kind in ends) - 1)
        if not any(kind in SETTLED for kind in ends):
            row.surprise(f"{entry.name}: settled without an event")
        original = client.call("GET", f"/invoices/{invoice['id']}/original")
        if hashlib.sha256(original.body).hexdigest() != entry.sha256:
            row.surprise(f"{entry.name}: the original has other bytes")


def heading(kind: type[Row] = Row) -> str:
    return "| " + " | ".join(name.ljust(_WIDE) if name == "fault" else name for name in _columns(kind)) + " |"


def line(row: Row) -> str:
    cells = []
    for name in _columns(type(row)):
        value = getattr(row, name)
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        cells.append(text.ljust(_WIDE) if name == "fault" else text.rjust(len(name)))
    return "| " + " | ".join(cells) + " |"


_WIDE = 34


def _columns(kind: type[Row]) -> list[str]:
    return [column.name for column in fields(kind) if column.name not in ("surprises", "notes")]
