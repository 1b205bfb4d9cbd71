"""What the API is given at start-up; it reads no settings and opens nothing itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from starlette.requests import HTTPConnection

from app.api.admission import Admission, Pace
from app.api.sockets import Sockets
from app.api.tickets import Tickets
from app.metrics import Metrics
from app.ports import BlobStore, DocumentStore, EventBus, InvoiceStore, Sandbox

MIB = 1024 * 1024
REQUIRED = frozenset(("sql", "blobs"))
"""Without these nothing can be accepted; the stream outlives the absence of any other."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`checks`: dependency -> "ok", why it is not, or "limited: " and what it lacks, where it works. `draining`: no more work is
    taken, the process is about to end."""

    checks: Mapping[str, str]
    draining: bool = False

    @property
    def down(self) -> list[str]:
        return [name for name, state in self.checks.items() if state != "ok" and not state.startswith("limited: ")]

    @property
    def ready(self) -> bool:
        return not self.draining and not REQUIRED.intersection(self.down)


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """Bytes and seconds. `origins`: the web origins whose pages may open a websocket."""

    request_bytes: int = 100 * MIB
    file_bytes: int = 25 * MIB
    files: int = 50
    spool_bytes: int = MIB  # of one file in memory; the rest goes to an unnamed file in `spool_folder`
    spool_folder: Path | None = None  # None: the system's
    body_idle: float = 15.0
    body_total: float = 300.0
    outbox_depth: int = 10_000  # beyond it the stream does not keep up, and a POST is told to come back
    posts: int = 32  # of one tenant at once
    wait: float = 3600.0  # of what a tenant sent, before it is told to come back; `shared_wait` while others are about
    shared_wait: float = 15.0
    origins: frozenset[str] = frozenset()
    sockets: int = 1_000
    socket_message_bytes: int = 4 * 1024  # clients have nothing to say
    heartbeat: float = 20.0
    send_deadline: float = 10.0
    ticket_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ApiContext:
    """`wake` tells the outbox relay that there is something to publish. `clock`: seconds since the epoch."""

    invoices: InvoiceStore
    blobs: BlobStore
    documents: DocumentStore
    sandbox: Sandbox
    events: EventBus
    readiness: Callable[[], Awaitable[Readiness]]
    tickets_key: bytes = field(repr=False)
    wake: Callable[[], None]
    pace: Pace
    limits: ApiLimits = ApiLimits()
    clock: Callable[[], float] = time.time
    metrics: Metrics = field(default_factory=Metrics)
    tickets: Tickets = field(init=False)
    admission: Admission = field(init=False)
    sockets: Sockets = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tickets", Tickets(self.tickets_key, self.limits.ticket_seconds, self.clock, self.invoices.use_ticket))
        limits = self.limits
        admission = Admission(
            self.invoices,
            self.pace,
            posts=limits.posts,
            wait=limits.wait,
            shared_wait=limits.shared_wait,
            outbox_depth=limits.outbox_depth,
        )
        object.__setattr__(self, "admission", admission)
        object.__setattr__(self, "sockets", Sockets(self.limits.sockets, self.metrics))


def context_of(connection: HTTPConnection) -> ApiContext:
    return cast(ApiContext, connection.app.state.context)
