"""Every port as a Protocol, in domain verbs. Adapters keep the promises written here; one contract suite a port proves them.

All methods may raise `Unavailable` (naming the dependency), or `DeadlineExceeded` when no answer came in time. Every call has
a deadline of its own inside the adapter.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Literal, Protocol

from numpy.typing import NDArray

from app.domain.document import Document, PagePlan, View, Words
from app.domain.record import Event, InvoiceRecord, InvoiceSummary, Reason, Result, Status
from app.domain.work import Job, Queue, Verdict


class Sandbox(Protocol):
    """Opens untrusted bytes, in a confined child process, one per call. `content` is a real file opened for reading. `tenant`: whose it
    is; who has little open does not wait for those who have much."""

    async def decode(self, content: BinaryIO, *, tenant: str = "") -> Document:
        """Raises `Unprocessable` with the reason; a child that crashed or broke a limit is `parser_limit`."""
        ...

    async def plan(self, content: BinaryIO, pages: Sequence[int], *, tenant: str = "") -> tuple[PagePlan, ...]:
        """Looks at a small picture of each of these pages (1-based) and says how it is to be read. Raises `Unprocessable`."""
        ...

    async def picture(self, content: BinaryIO, plan: PagePlan, *, tenant: str = "") -> Picture:
        """The page as planned, ready to be read. The caller closes it. Raises `Unprocessable`."""
        ...

    async def render(self, content: BinaryIO, page: int, dpi: int, view: View | None = None) -> bytes:
        """A page (1-based) as PNG, for people: in its colours, looked at through `view` if given.

        Raises `Unprocessable`, or `Refused(404)` if there is no such page.
        """
        ...

    async def ping(self) -> None:
        """Returns if a document could be opened now."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of one page in memory that this process made, never in a payload or a queue. `memory`: an open memfd that holds
    `height` rows of `width` bytes, 8-bit grey, black is 0, top row first, nothing else. `dpi` is what the plan asked for."""

    memory: int
    width: int
    height: int
    dpi: float

    def close(self) -> None:
        os.close(self.memory)


@dataclass(frozen=True, slots=True)
class PageText:
    """What an engine read on one picture. Boxes are fractions of the picture turned by `turn` quarter turns clockwise: the engine found
    that it stands upright so. `languages`: ISO 639-1, most likely first; empty if it cannot say. `engine`: name and version.
    `notes`: stable codes for `Document.notes`: "missing_language" (read as if it were written in another one)."""

    words: Words
    engine: str
    languages: tuple[str, ...] = ()
    turn: int = 0
    notes: tuple[str, ...] = ()


class OcrEngine(Protocol):
    """Reads the words on a picture of a page."""

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        """`languages`: what earlier pages of the document are written in; without them the engine finds out by a first look.
        `tenant`: whose page it is. Who has no page being read does not wait until those who have several are through.

        Raises `Unprocessable("unreadable")` for a picture on which the engine dies or takes too long, `Unavailable("ocr")` if it
        cannot read anything now.
        """
        ...

    async def ping(self) -> None:
        """Returns if a page could be read now."""
        ...


@dataclass(frozen=True, slots=True)
class Inference:
    """What a model answered. `version`: of the model that did, as the server names it."""

    tensors: Mapping[str, NDArray[Any]]
    version: str


class ModelServer(Protocol):
    """Runs the models of `triton_models/`, wherever they are held. Names, types and shapes of tensors stand in each model's README.

    Raises `Unavailable("models")` where a model cannot be asked now (nobody answers, it is not loaded, it did not answer a question
    whose answer is known), and where what it answered cannot be one: other shapes or types than it declares, or numbers that are not
    finite. A mistake of the caller's (an unknown tensor, a wrong shape) is a `ValueError`.
    """

    async def infer(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float, first: bool = False) -> Inference:
        """`deadline`: seconds, then `DeadlineExceeded`; the server is told to give it up. `first`: it goes before all that waits and is
        not, where the model's configuration has two levels of priority."""
        ...

    def stream(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float) -> AsyncIterator[Inference]:
        """Of a model that answers piece by piece, each as it comes; `deadline` is for all of them. Whoever has enough closes it; the
        server may still end the answer, for nobody."""
        ...

    async def ping(self) -> None:
        """Returns if models could be asked now."""
        ...

    async def versions(self) -> Mapping[str, tuple[str, ...]]:
        """The models that can be asked, with the versions that are loaded, newest last."""
        ...


class PageWatcher(Protocol):
    """Is told what `recognize` does with a document, while it does it; must not raise or wait."""

    def page_started(self, job: Job, page: int, pages: int) -> None:
        """`page` (1-based) of the document's `pages` is being read from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: str  # hex
    size: int  # bytes


class BlobStore(Protocol):
    """Originals, content-addressed per tenant: writing the same bytes twice is one blob."""

    async def put(self, tenant: str, content: BinaryIO) -> Blob:
        """Durable when it returns (file and folder synced). A reader never sees a part of a blob."""
        ...

    async def open(self, tenant: str, sha256: str) -> BinaryIO:
        """A real file (`fileno()`), read-only; the caller closes it. Raises FileNotFoundError."""
        ...

    async def delete(self, tenant: str, sha256: str, written_before: datetime | None = None) -> None:
        """No error if it is not there. `written_before`: only if it was not put again since (a sweeper's look at SQL may be old)."""
        ...

    def stored_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        """(tenant, sha256) of the blobs written before `moment`: what the sweeper compares with SQL."""
        ...

    async def missing(self, tenant: str, sha256s: Collection[str]) -> set[str]:
        """Which of these are not there."""
        ...

    async def ping(self) -> None:
        """Returns if a blob could be written now."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What travels through the broker: a hint that there is work. Unknown fields are ignored by readers (`v` names the envelope).

    `queue`: where it is put; it stays there when it is requeued.
    """

    id: str
    tenant: str
    invoice_id: str
    traceparent: str | None = None
    queue: Queue = "invoices"
    v: int = 1


DELIVERY_LIMIT = 50
"""How often a message may be left unsettled before it is a dead letter. High: the real limit is the attempts that SQL counts."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A message that could not be understood, without what it says. `queue`: where it was found."""

    id: str
    queue: str
    size: int


class Delivery(Protocol):
    """One message in hand. Exactly one of the two is called, once; neither raises because the broker is away: the message then comes
    again, as it does when its reader ended or lost the connection."""

    @property
    def message(self) -> Message: ...

    async def ack(self) -> None: ...

    async def requeue(self, delay: float) -> None:
        """Comes again after `delay` seconds, or up to some times as many; 0: at once, after all that waits."""
        ...


class WorkQueue(Protocol):
    """The queues of `app.domain.work.QUEUES`; what waits in one of them never holds up another."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Each to its queue. Returns once the broker has taken responsibility for all of them.

        When it raises, some of them may be in. The same message may come more than once, whoever published it again: who works
        on it asks SQL whether it is still to be done.
        """
        ...

    def deliveries(self, queue: Queue, prefetch: int) -> AsyncIterator[Delivery]:
        """Ends when cancelled. At most `prefetch` deliveries are unsettled at once. Unsettled ones come again to another reader.

        A broker that goes away does not end it: it goes on when the broker is back, also on a queue that was deleted meanwhile.
        """
        ...

    def dead_letters(self) -> AsyncIterator[Delivery]:
        """Messages that were left behind unsettled more than `DELIVERY_LIMIT` times: whoever takes them dies. One at a time; a requeued
        one comes again from here."""
        ...

    async def parked(self, limit: int) -> Sequence[Parked]:
        """Messages that nobody here understood, oldest first; they stay where they are."""
        ...

    async def unpark(self, ids: Collection[str] | None = None) -> int:
        """Sends parked messages (None: all) again to the queue they came from. Returns how many."""
        ...

    async def depth(self, queue: Queue) -> int:
        """Messages that wait or are delayed, not those in hand."""
        ...

    async def dead_depth(self) -> int:
        """Dead letters that wait, and parked messages."""
        ...

    async def ping(self) -> None: ...


class EventBus(Protocol):
    """Live events, to every replica. At most once: who needs certainty reads the store's events."""

    async def publish(self, event: Event) -> None:
        """Never waits, neither for a slow subscriber nor for the broker. While the broker is away only this process is told."""
        ...

    def subscribe(self, tenant: str, invoice_id: str | None) -> AbstractAsyncContextManager[Subscription]:
        """One invoice's events, or all of the tenant's."""
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Events of other processes may be missing here. Nothing is missing of the durable ones up to `after` (None: since when is not
    known); who reads the store's events from there has them all."""

    after: int | None


class Subscription(Protocol):
    """A bounded buffer. Iteration ends with `lagged` set when the subscriber was too slow and was dropped."""

    lagged: bool

    def __aiter__(self) -> AsyncIterator[Event | Gap]: ...


class DocumentStore(Protocol):
    """Snapshots (readings, raw extractions) and the audit copy. Keys are the writer's, so that writing again changes nothing."""

    async def save(self, tenant: str, key: str, body: bytes) -> None:
        """JSON bytes under `invoice:version:attempt`. Durable when it returns. The same key again is a success and keeps the first."""
        ...

    async def load(self, tenant: str, key: str) -> bytes | None: ...

    def saved_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        """(tenant, key) of all that was saved before `moment`: a tenant's together, by key."""
        ...

    async def missing(self, tenant: str, keys: Collection[str]) -> set[str]:
        """Which of these are not there."""
        ...

    async def delete(self, tenant: str, key: str) -> None:
        """No error if it is not there."""
        ...

    async def ping(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """One received file whose blob is durable."""

    file_name: str
    media_type: str
    blob: Blob


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a POST answers for one file. `duplicate_of`: these bytes were there before; `id` is then that first invoice's."""

    id: str
    document_id: str
    status: Status
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    key: str
    fingerprint: str  # SHA-256 over the body's files, in order


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a key of one tenant."""

    tenant: str
    key_id: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    status: Status | None = None
    number: str | None = None
    seller: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    items: Sequence[InvoiceSummary]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    seq: int  # 1, 2, 3 ... within the invoice
    at: datetime
    action: str
    actor: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit table whole, as JSON: what the audit copy keeps under `key`."""

    invoice_id: str
    seq: int
    at: datetime
    body: bytes

    @property
    def key(self) -> str:
        return f"audit:{self.invoice_id}:{self.seq:06}"


@dataclass(frozen=True, slots=True)
class Named:
    """What SQL says of an invoice about the other stores: its blob, a snapshot for each of its results, the length of its chain.

    `snapshots`: the key of each, and the version of the invoice that it made.
    """

    tenant: str
    invoice_id: str
    version: int
    sha256: str
    audit_seq: int
    snapshots: Mapping[str, int]


class TenantInvoices(Protocol):
    """One tenant's invoices; no method can reach another tenant's."""

    async def accept(
        self, uploads: Sequence[Upload], actor: str, traceparent: str | None, idempotency: IdempotencyKey | None
    ) -> Sequence[Accepted]:
        """Document, invoice, idempotency key, outbox, event and first audit row of each upload, in ONE transaction; durable on return.

        The same key and fingerprint: the first answer again, nothing written. Raises `Refused(422, "idempotency_key_reused")` for
        the same key with another fingerprint.
        """
        ...

    async def begin_idempotent(self, key: str) -> bool:
        """Before the body is read, so its fingerprint is not known yet. True: the key is new and is now held as in flight.

        False: the key has its answer; `accept` gives it again, or refuses another fingerprint. Raises
        `Refused(409, "idempotency_in_flight")` while another request holds it. A hold expires after a minute and is only advice:
        `accept` alone decides, whoever holds the key.
        """
        ...

    async def abandon_idempotent(self, key: str) -> None:
        """The request that held the key failed: it may be used again. Does nothing to a key that has its answer."""
        ...

    async def get(self, invoice_id: str) -> InvoiceRecord | None: ...

    async def list(self, filter: InvoiceFilter, cursor: str | None, limit: int) -> Listing:
        """Newest first. Raises `Refused(400, "bad_cursor")` for a cursor that this store did not make for this tenant."""
        ...

    async def events(self, invoice_id: str | None, after: int, limit: int) -> Sequence[Event]:
        """Durable events with an id greater than `after`, oldest first; of one invoice or of all.

        Nothing comes later with a smaller id than what was read: the last id is where to go on.
        """
        ...

    async def retry(self, invoice_id: str, expected_version: int, actor: str, traceparent: str | None) -> InvoiceRecord | None:
        """A settled invoice becomes `received` again, attempts 0, with outbox, event and audit. None if there is none.

        Raises `Conflict` for another version, `Refused(409, "not_settled")` while it is worked on.
        """
        ...

    async def audit(self, invoice_id: str) -> Sequence[AuditEntry]:
        """The verified chain. Raises ValueError if it does not verify."""
        ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one attempt ended: a result with its verdict, or a reason for quarantine. What is no invoice has both: its findings say why."""

    status: Verdict
    reason: Reason | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """`message` for the work queue, `event` for the bus: one of them, or both."""

    id: int
    message: Message | None = None
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class OutboxState:
    depth: int
    oldest_age: float  # seconds; 0 when empty


@dataclass(frozen=True, slots=True)
class NewKey:
    """Shown once. `secret` is the whole key as the caller sends it: `is_<key_id>_<random>`."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An invoice that is quarantined because of us (`internal_error`): it may do better another time."""

    tenant: str
    invoice_id: str
    version: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A tenant's work on one queue. `number`: invoices that nobody has touched; `oldest`: how many seconds the first of them waits."""

    queue: Queue
    tenant: str
    number: int = 0
    oldest: float = 0.0
    in_hand: int = 0


class InvoiceStore(Protocol):
    """SQL: the truth."""

    @property
    def shared(self) -> bool:
        """Whether other service processes may be at work on it too. Then events are heard in another order than that of their ids,
        and only `events` has them in order."""
        ...

    def for_tenant(self, tenant: str) -> TenantInvoices: ...

    async def authenticate(self, secret: str) -> Principal | None:
        """None for an unknown, expired or revoked key. Only hashes are stored; a revocation works within 5 s."""
        ...

    async def create_key(self, tenant: str, scopes: frozenset[str], expires_at: datetime | None) -> NewKey:
        """Makes the tenant too if it is new."""
        ...

    async def revoke_key(self, key_id: str) -> bool: ...

    async def is_valid(self, principal: Principal) -> bool:
        """Whether the key is neither expired nor revoked; a revocation works within 5 s."""
        ...

    async def use_ticket(self, principal: Principal, nonce: str, expires_at: datetime) -> bool:
        """Whether this is its first use, in whatever process, and the key that asked for it is still valid. Remembered until it expires.

        When this raises, it may be used up.
        """
        ...

    async def claim(
        self, tenant: str, invoice_id: str, owner: str, lease: float, queue: Queue | None = None
    ) -> Job | Literal["settled", "leased", "missing", "moved"]:
        """Counts the attempt and takes a lease of `lease` seconds, committed before it returns: one winner among many callers.

        "leased" while another owner's lease lives; the owner's own lease does not bar it (it lost the reply, or could not release).
        "moved" if `queue` is given and the work has been handed over to another one.
        """
        ...

    async def take(
        self, message: Message, owner: str, lease: float, *, held: bool = False, without: str | None = None
    ) -> Job | Literal["later"] | None:
        """Claims, as `claim` does, what is to be done next on the message's queue: one invoice for each message that comes.

        It is the message's own if that was tried before or has only just come. Where work piles up it may be another one that nobody
        has touched: the oldest of the tenant that has the fewest in hand; of equals, whose turn it was not. None: nothing there is to be
        done. `held`: the caller is at work on the message's own. `without`: nothing of this tenant now, "later" if nothing else is to
        be done than its. Raises `Unavailable` when others were faster again and again.
        """
        ...

    async def renew(self, job: Job, lease: float) -> None:
        """The lease ends `lease` seconds from now. Raises `Conflict` when the job is no longer the holder: its work is in vain."""
        ...

    async def hand_over(self, job: Job, queue: Queue) -> None:
        """Gives the lease back, and says that the work belongs to `queue` and sends it there: one transaction, the attempt not counted.

        Raises `Conflict` when the job is no longer the holder: nothing is written.
        """
        ...

    async def split(self, job: Job, ranges: Sequence[tuple[int, int]]) -> None:
        """The job's invoice is on the first of these ranges of pages (two at least, in order); for each other one a new invoice of the same
        document is `received`, with outbox, event and first audit row: one transaction. A later attempt at any of them has its pages in
        its job.

        Raises `Conflict` when the job is no longer the holder: nothing is written. The same again (a reply was lost) is a success and
        makes nothing twice.
        """
        ...

    async def settle(self, job: Job, settlement: Settlement) -> InvoiceRecord:
        """Compare-and-set on the job's version and attempt; result, lines, tax, findings, audit, event in one transaction.

        Raises `Conflict` when the job is no longer the holder: nothing is written. Settling the same job the same way twice
        (a reply was lost) is a success.
        """
        ...

    async def release(self, job: Job, *, counted: bool = False) -> None:
        """Gives the lease back without settling. No error if it is not ours any more. What has never failed is untouched again.

        `counted`: whether the attempt stays counted (the work failed) or not (a dependency was away).
        """
        ...

    def committed(self) -> Sequence[OutboxRow]:
        """The outbox rows that calls of this store have committed since it was last asked, so that nobody need look for them.

        Only a hint: what a cancelled or late call committed, or too many at once, is found by `outbox` alone.
        """
        ...

    async def outbox(self, limit: int, without: Collection[Queue] = ()) -> Sequence[OutboxRow]:
        """The oldest unpublished rows that are in no relay's hand, whoever committed them. They are in the caller's hand now.
        `without`: but not those with a message for these queues.

        Where a store is one process's own, nothing else has a hand: it is told all of them, each time. Where several share one, a
        row is in the hand of the process that committed it, then of whoever was told it, for 10 seconds each: so each is
        published once, but for a process that died or a broker that was away.
        """
        ...

    async def mark_published(self, ids: Collection[int]) -> None: ...

    async def outbox_state(self) -> OutboxState: ...

    async def unsettled(self, limit: int, older_than: float, without: Collection[Queue] = ()) -> Sequence[Message]:
        """Work that nobody holds: not settled, no live lease, its last message at least `older_than` seconds old. Marks it as sent now.
        `without`: but not what nobody has touched on these queues."""
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """What waits and what is in hand, of all tenants."""
        ...

    async def take_over(self) -> int:
        """At the start of a process. Where it is the only one of its store: every lease is void, every idempotency key in flight free.

        Where others may be alive on the same store it voids nothing: leases and holds end by themselves. Returns how many leases
        it voided.
        """
        ...

    async def given_up(self, limit: int) -> Sequence[GivenUp]:
        """Of all tenants, the longest waiting first."""
        ...

    async def is_known_blob(self, tenant: str, sha256: str) -> bool: ...

    async def named(self, after: tuple[str, str], limit: int) -> Sequence[Named]:
        """All invoices of all tenants by (tenant, id), those after this one."""
        ...

    async def named_of(self, tenant: str, invoice_ids: Collection[str]) -> Sequence[Named]:
        """Of these, those that there are."""
        ...

    async def audit_rows(self, tenant: str, invoice_ids: Collection[str]) -> Sequence[AuditRow]:
        """The chains of these as they are, not verified, also of invoices that were erased; in order of invoice and seq."""
        ...

    async def result(self, tenant: str, invoice_id: str, version: int) -> Result | None:
        """What the settlement found that made this version."""
        ...

    async def changed(self, after: int, limit: int) -> Sequence[tuple[int, str, str]]:
        """(event id, tenant, invoice id) of the durable events after this one, oldest first; with a negative `limit` the newest before
        it, newest first. On a database with several writers an id may be committed after a greater one."""
        ...

    async def status_counts(self) -> dict[str, int]: ...

    async def ping(self) -> None: ...
