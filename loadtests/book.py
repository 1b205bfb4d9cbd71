"""What the client knows: each POST and what became of it, each result, each progress event. Written down as it happens.

An accepted document is in the journal, flushed, before it counts: what the client was promised does not depend on the service, nor on
this process living on. Lines of `journal.jsonl` (moments are seconds since 1970, `due` is when the POST should have left):

    {"what": "accepted", "id", "file", "kind", "tenant", "due", "answered", "sha256", "promised"}
    {"what": "refused",  "file", "kind", "tenant", "due", "answered", "status", "retry_after"}      429, 503, any other status
    {"what": "broken",   "file", "kind", "tenant", "due", "answered", "error"}                      no answer
    {"what": "abandoned", "file"}                                                                   half of it is sent, no more
    {"what": "settled",  "id", "status", "at", "told"}                                              `told`: the event's own `at`
    {"what": "noted", "name", "count"}                                                              at the end
"""

from __future__ import annotations

import json
import time
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loadtests.documents import File

SETTLED = frozenset(("approved", "needs_review", "rejected", "quarantined"))


@dataclass(slots=True)
class Sent:
    """An accepted document that is not settled yet. `ended` is called when it is."""

    kind: str
    tenant: str
    due: float
    ended: Callable[[], None] | None = None


class Book:
    def __init__(self, folder: Path) -> None:
        self.outstanding: dict[str, Sent] = {}
        self.notes: Counter[str] = Counter()
        self._early: dict[str, tuple[str, float, float]] = {}  # settled before the 202 was read
        self._settled: set[str] = set()
        self._folder = folder
        self._journal = (folder / "journal.jsonl").open("a")
        self._progress: dict[int, array[float]] = {}  # second: latencies

    def accepted(
        self, id: str, file: File, tenant: str, due: float, *, promised: float | None, ended: Callable[[], None] | None = None
    ) -> tuple[str, float] | None:
        """(kind, seconds) of its result, if that was told before the answer was read."""
        self._write(
            what="accepted", id=id, file=file.name, kind=file.kind, tenant=tenant, due=due, answered=time.time(), sha256=file.sha256,
            promised=promised,
        )  # fmt: skip
        self.outstanding[id] = Sent(file.kind, tenant, due, ended)
        early = self._early.pop(id, None)
        return None if early is None else self.settled(id, *early)

    def refused(self, file: File, tenant: str, due: float, status: int, retry_after: float | None) -> None:
        self._write(
            what="refused", file=file.name, kind=file.kind, tenant=tenant, due=due, answered=time.time(), status=status,
            retry_after=retry_after,
        )  # fmt: skip

    def broken(self, file: File, tenant: str, due: float, error: str) -> None:
        self._write(what="broken", file=file.name, kind=file.kind, tenant=tenant, due=due, answered=time.time(), error=error)

    def abandoned(self, file: File) -> None:
        self._write(what="abandoned", file=file.name)

    def settled(self, id: str, status: str, at: float, told: float) -> tuple[str, float] | None:
        """(kind, seconds from when it was due), the first time and once it is known to have been accepted."""
        if id in self._settled:
            self.notes["results told twice"] += 1
            return None
        sent = self.outstanding.pop(id, None)
        if sent is None:
            self._early[id] = (status, at, told)
            return None
        self._settled.add(id)
        self._write(what="settled", id=id, status=status, at=at, told=told)
        if sent.ended is not None:
            sent.ended()
        return sent.kind, at - sent.due

    def progress(self, at: float, seconds: float) -> None:
        self._progress.setdefault(int(at), array("d")).append(seconds)

    def close(self) -> None:
        for name, count in self.notes.items():
            self._write(what="noted", name=name, count=count)
        self._journal.close()
        (self._folder / "progress.json").write_text(json.dumps({second: list(values) for second, values in self._progress.items()}))

    def _write(self, **line: object) -> None:
        self._journal.write(json.dumps(line) + "\n")
        self._journal.flush()
