"""The contract of `InvoiceStore` and `TenantInvoices`: every adapter keeps all of it."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.sql import migrate, open_invoices
from app.domain.document import BoundingBox
from app.domain.extraction import Extracted, Field
from app.domain.finding import Finding
from app.domain.invoice import Invoice, LineItem, Party, TaxBreakdown
from app.domain.record import Result
from app.domain.work import Job, Queue
from app.errors import Conflict, Refused
from app.ports import Accepted, Blob, IdempotencyKey, InvoiceFilter, InvoiceStore, Message, OutboxRow, Settlement, TenantInvoices, Upload
from tests.servers import mariadb

pytestmark = pytest.mark.timeout(600)
NOBODY = "01900000-0000-7000-8000-000000000000"
AWKWARD = ["", "x", "\0", "a\0b", "\ud800", "é" * 40, "%", "' OR 1=1 --", "x" * 100_000, NOBODY.upper()]


class Clock:
    """Time that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
        self.looks = 0  # at the outbox

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


Open = Callable[..., AbstractAsyncContextManager[InvoiceStore]]
Quiet = Callable[[InvoiceStore], Awaitable[None]]


@dataclass
class Place:
    """An empty, migrated store: `open()` opens it, as often as wanted one after the other, or at once where it is `shared`.

    `quiet` returns when all that was begun has ended, also what nobody waits for any more.
    """

    open: Open
    quiet: Quiet
    clock: Clock
    shared: bool


_migrated = b""


async def _sqlite(folder: Path, clock: Clock) -> Place:
    global _migrated
    path = folder / "invoices.db"
    url = f"sqlite+aiosqlite:///{path}"
    if not _migrated:  # half a second, once
        await migrate(url)
        _migrated = path.read_bytes()
    path.write_bytes(_migrated)
    # There is one writer: what comes last is behind whatever was begun.
    return Place(_opening(url, clock), lambda store: store.ping(), clock, shared=False)


async def _mariadb(folder: Path, clock: Clock) -> Place:
    url = await mariadb.empty()

    async def quiet(store: InvoiceStore) -> None:
        await mariadb.quiet(url, store._database)  # type: ignore[attr-defined]

    return Place(_opening(url, clock), quiet, clock, shared=True)


def _opening(url: str, clock: Clock) -> Open:
    return lambda **options: open_invoices(url, b"audit key", clock=clock, deadline=60, **options)


ADAPTERS = {"sqlite": _sqlite, "mariadb": _mariadb}


@pytest.fixture(params=ADAPTERS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return await ADAPTERS[request.param](tmp_path, Clock())


@pytest.fixture
async def store(place: Place) -> AsyncIterator[InvoiceStore]:
    async with place.open() as opened:
        yield opened


@pytest.fixture
def clock(place: Place) -> Clock:
    return place.clock


@pytest.fixture
def acme(store: InvoiceStore) -> TenantInvoices:
    return store.for_tenant("acme")


def upload(content: str = "one", name: str = "invoice.pdf") -> Upload:
    return Upload(name, "application/pdf", Blob(hashlib.sha256(content.encode()).hexdigest(), len(content)))


async def accept(tenant: TenantInvoices, content: str = "one", key: IdempotencyKey | None = None) -> Accepted:
    (accepted,) = await tenant.accept([upload(content)], "key:test", None, key)
    return accepted


async def claim(store: InvoiceStore, invoice_id: str, owner: str = "worker", lease: float = 60, tenant: str = "acme") -> Job:
    job = await store.claim(tenant, invoice_id, owner, lease)
    assert isinstance(job, Job)
    return job


def result(number: str = "R-1", total: str = "119.00", seller: str = "Müller & Söhne") -> Result:
    invoice = Invoice(
        number=number,
        issue_date=date(2026, 2, 28),
        currency="EUR",
        seller=Party(name=seller, vat_id="DE136695976"),
        total_without_tax=Decimal("100.00"),
        total_tax=Decimal("19.00"),
        total_with_tax=Decimal(total),
        tax_breakdown=(TaxBreakdown("S", Decimal("19"), Decimal("100.00"), Decimal("19.00")),),
        lines=(
            LineItem(id="1", item_name="Schraube 😀", quantity=Decimal("3"), net_price=Decimal("33.333333"), net_amount=Decimal("100.00")),
        ),
    )
    fields = {"number": Field(0.99, "text", "layout", 1, BoundingBox(0.1, 0.2, 0.3, 0.4), (4, 5))}
    return Result(
        Extracted(invoice, "invoice", "text", fields, "de", (1, 2)), (Finding("BR-CO-10", "error", "sum", ("line_total",)),), {"code": "1"}
    )


APPROVED = Settlement("approved", result=result())
REFUSED = Settlement("quarantined", reason="damaged")


async def types(tenant: TenantInvoices, invoice_id: str | None = None) -> list[str]:
    return [event.type for event in await tenant.events(invoice_id, 0, 1000)]


async def left(store: InvoiceStore, clock: Clock, limit: int = 1000, without: Collection[Queue] = ()) -> Sequence[OutboxRow]:
    """What a look at the outbox finds once every hand that it was in has had its time."""
    now = clock.now
    clock.looks += 1
    clock.advance(11 * clock.looks)
    try:
        return await store.outbox(limit, without)
    finally:
        clock.now = now


async def drain(store: InvoiceStore, clock: Clock) -> int:
    rows = await left(store, clock)
    await store.mark_published([row.id for row in rows])
    return len(rows)


# Accepting


async def test_what_was_accepted_is_received_and_told(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await acme.accept([upload("a", "ä.pdf"), upload("b", "b.xml")], "key:k", "00-aa-bb-01", None)
    assert [(a.status, a.duplicate_of) for a in accepted] == [("received", None)] * 2
    record = await acme.get(accepted[0].id)
    assert record is not None
    assert (record.tenant, record.id, record.document_id) == ("acme", accepted[0].id, accepted[0].document_id)
    assert (record.file_name, record.sha256, record.media_type) == ("ä.pdf", upload("a").blob.sha256, "application/pdf")
    assert (record.status, record.version, record.attempts, record.reason, record.result) == ("received", 1, 0, None, None)
    assert record.received_at == record.updated_at == clock.now
    rows = await left(store, clock, 10)
    assert [row.message.invoice_id for row in rows if row.message] == [a.id for a in accepted]
    assert [row.event.invoice_id for row in rows if row.event] == [a.id for a in accepted]
    assert {row.message.traceparent for row in rows if row.message} == {"00-aa-bb-01"}
    assert [e.action for e in await acme.audit(accepted[0].id)] == ["accept"]
    assert await store.is_known_blob("acme", upload("a").blob.sha256)
    assert not await store.is_known_blob("other", upload("a").blob.sha256)


async def test_ids_grow(acme: TenantInvoices) -> None:
    ids = [a.id for a in await acme.accept([upload(str(i)) for i in range(200)], "k", None, None)]
    assert ids == sorted(ids) and len(set(ids)) == 200


async def test_the_same_bytes_are_the_first_invoice(store: InvoiceStore, acme: TenantInvoices) -> None:
    first = await accept(acme)
    await store.settle(await claim(store, first.id), REFUSED)
    before = await types(acme)
    again, fresh, twin = await acme.accept([upload("one", "other name.pdf"), upload("two"), upload("two")], "k", None, None)
    assert (again.id, again.document_id, again.status, again.duplicate_of) == (first.id, first.document_id, "quarantined", first.id)
    assert (twin.id, twin.duplicate_of) == (fresh.id, fresh.id) and fresh.duplicate_of is None
    assert (await types(acme))[len(before) :] == ["received"]
    other = await accept(store.for_tenant("other"))
    assert other.duplicate_of is None and other.id != first.id


async def test_many_at_once_with_the_same_bytes_are_one_invoice(store: InvoiceStore, acme: TenantInvoices) -> None:
    answers = await asyncio.gather(*(accept(acme) for _ in range(50)))
    assert len({a.id for a in answers}) == 1
    assert [a.duplicate_of for a in answers].count(None) == 1
    assert (await store.status_counts())["received"] == 1


async def test_nothing_is_accepted_in_part(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    impossible = replace(upload("two"), blob=Blob(upload("two").blob.sha256, None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="sql"):
        await acme.accept([upload("one"), impossible], "k", None, IdempotencyKey("k", "f"))
    assert await left(store, clock, 10) == []
    assert not await store.is_known_blob("acme", upload("one").blob.sha256)
    assert await acme.begin_idempotent("k")


async def test_any_file_name_can_be_stored(acme: TenantInvoices) -> None:
    for n, name in enumerate([*AWKWARD, "😀" * 400]):
        (accepted,) = await acme.accept([upload(str(n), name)], name, name, IdempotencyKey(name, name))
        record = await acme.get(accepted.id)
        assert record is not None and "\0" not in record.file_name and record.file_name.encode() is not None
        assert len(await acme.audit(accepted.id)) == 1


# Idempotency keys


async def test_a_key_gives_its_first_answer_again(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    key = IdempotencyKey("k", "f1")
    assert await acme.begin_idempotent("k")
    first = await acme.accept([upload("a"), upload("a")], "k", None, key)
    told = len(await left(store, clock, 100))
    assert not await acme.begin_idempotent("k")
    assert await acme.accept([upload("a"), upload("a")], "k", None, key) == tuple(first)
    assert len(await left(store, clock, 100)) == told
    with pytest.raises(Refused) as refused:
        await acme.accept([upload("b")], "k", None, IdempotencyKey("k", "f2"))
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")
    assert (await accept(store.for_tenant("other"), "b", IdempotencyKey("k", "f2"))).duplicate_of is None


async def test_a_held_key_is_in_flight_for_a_minute(acme: TenantInvoices, clock: Clock) -> None:
    assert await acme.begin_idempotent("k")
    clock.advance(59)
    with pytest.raises(Refused) as refused:
        await acme.begin_idempotent("k")
    assert (refused.value.status, refused.value.code) == (409, "idempotency_in_flight")
    clock.advance(2)
    assert await acme.begin_idempotent("k")
    # The first holder comes back late: whoever accepts first gives the answer, to both.
    first = await accept(acme, "a", IdempotencyKey("k", "f"))
    assert await accept(acme, "a", IdempotencyKey("k", "f")) == first


async def test_an_abandoned_key_is_free_and_an_answered_one_is_not(acme: TenantInvoices) -> None:
    assert await acme.begin_idempotent("k")
    await acme.abandon_idempotent("k")
    assert await acme.begin_idempotent("k")
    await accept(acme, "a", IdempotencyKey("k", "f"))
    await acme.abandon_idempotent("k")
    assert not await acme.begin_idempotent("k")
    await acme.abandon_idempotent("never seen")


async def test_an_answer_is_kept_for_a_day(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    first = await accept(acme, "a", IdempotencyKey("k", "f"))
    clock.advance(24 * 3600 - 1)
    assert (await store.unsettled(10, 0))[0].invoice_id == first.id  # the sweep keeps it
    assert not await acme.begin_idempotent("k")
    clock.advance(2)
    assert (await accept(acme, "b", IdempotencyKey("k", "other"))).id != first.id


async def test_many_at_once_with_the_same_key_are_one_invoice(store: InvoiceStore, acme: TenantInvoices) -> None:
    answers = await asyncio.gather(*(accept(acme, "a", IdempotencyKey("k", "f")) for _ in range(50)))
    assert len(set(answers)) == 1 and answers[0].duplicate_of is None
    assert (await store.status_counts())["received"] == 1


async def test_one_of_many_holds_a_key(acme: TenantInvoices) -> None:
    answers = await asyncio.gather(*(acme.begin_idempotent("k") for _ in range(20)), return_exceptions=True)
    assert [a for a in answers if not isinstance(a, Refused)] == [True]


# Claiming, settling, releasing


async def test_a_claim_counts_the_attempt_and_has_what_the_work_needs(store: InvoiceStore, acme: TenantInvoices) -> None:
    (accepted,) = await acme.accept([upload("a", "a.pdf")], "k", "00-aa-bb-01", None)
    job = await claim(store, accepted.id)
    assert job == Job(
        "acme", accepted.id, accepted.document_id, upload("a").blob.sha256, "a.pdf", 2, 1, False, "00-aa-bb-01", "invoices.pdf"
    )
    record = await acme.get(accepted.id)
    assert record is not None and (record.status, record.version, record.attempts) == ("processing", 2, 1)
    assert await types(acme) == ["received", "processing"]


async def test_one_of_many_claims_wins(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    claims = await asyncio.gather(*(store.claim("acme", accepted.id, f"w{i}", 60) for i in range(50)))
    assert sum(isinstance(c, Job) for c in claims) == 1
    assert claims.count("leased") == 49


async def test_what_cannot_be_claimed(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    assert await store.claim("other", accepted.id, "w", 60) == "missing"
    assert await store.claim("acme", NOBODY, "w", 60) == "missing"
    for text in AWKWARD:
        assert await store.claim("acme", text, "w", 60) == "missing"
        assert await store.claim(text, accepted.id, "w", 60) == "missing"
    await store.settle(await claim(store, accepted.id), APPROVED)
    assert await store.claim("acme", accepted.id, "w", 60) == "settled"


async def test_after_the_lease_another_may_claim_and_it_is_a_suspect(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    stale = await claim(store, accepted.id, "a", lease=60)
    clock.advance(59)
    assert await store.claim("acme", accepted.id, "b", 60) == "leased"
    clock.advance(2)
    job = await claim(store, accepted.id, "b")
    assert (job.attempt, job.suspect) == (2, True)
    with pytest.raises(Conflict):
        await store.settle(stale, APPROVED)
    await store.release(stale)
    assert await store.claim("acme", accepted.id, "c", 60) == "leased"
    record = await store.settle(job, REFUSED)
    assert (record.status, record.reason, record.attempts) == ("quarantined", "damaged", 2)
    with pytest.raises(Conflict):
        await store.settle(stale, APPROVED)
    assert await acme.get(accepted.id) == record


async def test_the_owner_may_claim_again_what_it_holds(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    lost = await claim(store, accepted.id, "a")
    job = await claim(store, accepted.id, "a")
    assert (job.attempt, job.suspect) == (2, False)
    with pytest.raises(Conflict):
        await store.settle(lost, APPROVED)
    await store.settle(job, APPROVED)


async def test_a_settled_invoice_is_whole(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    clock.advance(3)
    record = await store.settle(job, APPROVED)
    assert (record.status, record.version, record.attempts, record.updated_at) == ("approved", 3, 1, clock.now)
    assert record.result == APPROVED.result
    assert await acme.get(accepted.id) == record
    (item,) = (await acme.list(InvoiceFilter(), None, 10)).items
    assert (item.number, item.issue_date, item.seller_name, item.currency, item.total_with_tax) == (
        "R-1",
        "2026-02-28",
        "Müller & Söhne",
        "EUR",
        "119.00",
    )
    assert await types(acme) == ["received", "processing", "approved"]
    assert [(e.seq, e.action, e.actor) for e in await acme.audit(accepted.id)] == [
        (1, "accept", "key:test"),
        (2, "approved", "worker:worker"),
    ]


async def test_a_quarantined_invoice_has_its_reason(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    await store.settle(await claim(store, accepted.id), REFUSED)
    record = await acme.get(accepted.id)
    assert record is not None and (record.status, record.reason, record.result) == ("quarantined", "damaged", None)
    event = (await acme.events(accepted.id, 0, 10))[-1]
    assert (event.type, event.attempt, event.data) == ("quarantined", 1, {"reason": "damaged"})


async def test_settling_again_after_a_lost_reply_changes_nothing(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    first = await store.settle(job, APPROVED)
    assert await store.settle(job, APPROVED) == first
    assert await types(acme) == ["received", "processing", "approved"]
    for other in (REFUSED, Settlement("approved", result=result(total="120.00")), Settlement("needs_review", result=APPROVED.result)):
        with pytest.raises(Conflict):
            await store.settle(job, other)
    assert await acme.get(accepted.id) == first
    assert len(await acme.audit(accepted.id)) == 2


async def test_many_settle_the_same_job_at_once(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    ends = await asyncio.gather(*(store.settle(job, s) for s in [APPROVED, REFUSED] * 10), return_exceptions=True)
    assert sum(isinstance(end, Conflict) for end in ends) == 10
    assert (await types(acme))[2:] in (["approved"], ["quarantined"])


async def test_a_job_of_nothing_cannot_be_settled(store: InvoiceStore) -> None:
    with pytest.raises(Conflict):
        await store.settle(Job("acme", NOBODY, NOBODY, "", "", 2, 1), APPROVED)
    await store.release(Job("acme", NOBODY, NOBODY, "", "", 2, 1))


async def test_another_tenants_job_cannot_be_settled(store: InvoiceStore, acme: TenantInvoices) -> None:
    await accept(store.for_tenant("other"))
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    with pytest.raises(Conflict):
        await store.settle(replace(job, tenant="other"), APPROVED)
    await store.release(replace(job, tenant="other"))
    assert await store.claim("acme", accepted.id, "w2", 60) == "leased"


async def test_a_released_attempt_does_not_count(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    await store.release(job)
    record = await acme.get(accepted.id)
    assert record is not None and (record.status, record.attempts) == ("received", 0)
    with pytest.raises(Conflict):
        await store.settle(job, APPROVED)
    again = await claim(store, accepted.id, "other")
    assert (again.attempt, again.suspect) == (1, False)
    with pytest.raises(Conflict):
        await store.settle(job, APPROVED)
    await store.release(again, counted=True)
    await store.release(again, counted=True)
    assert (await claim(store, accepted.id)).attempt == 2


async def test_a_released_suspect_stays_one(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    await claim(store, accepted.id, "dead", lease=60)
    clock.advance(61)
    suspect = await claim(store, accepted.id)
    await store.release(suspect)
    assert (await claim(store, accepted.id)).suspect


# Queues and long work


async def sent_work(store: InvoiceStore, clock: Clock) -> list[Message]:
    return [row.message for row in await left(store, clock) if row.message is not None]


async def test_work_is_sent_to_the_queue_where_it_belongs(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    picture = Upload("a.jpg", "image/jpeg", Blob(hashlib.sha256(b"picture").hexdigest(), 7))
    exact = Upload("a.xml", "application/xml", Blob(hashlib.sha256(b"xml").hexdigest(), 3))
    file, scan, xml = await acme.accept([upload("file"), picture, exact], "k", None, None)
    wanted = {file.id: "invoices.pdf", scan.id: "invoices.ocr", xml.id: "invoices"}
    assert {message.invoice_id: message.queue for message in await sent_work(store, clock)} == wanted
    assert {message.invoice_id: message.queue for message in await store.unsettled(10, 0)} == wanted
    for invoice_id, queue in wanted.items():
        job = await claim(store, invoice_id)
        assert job.queue == queue
        record = await store.settle(job, REFUSED)
        await drain(store, clock)
        await acme.retry(invoice_id, record.version, "key:test", None)
        assert [message.queue for message in await sent_work(store, clock)] == [queue]


async def test_work_that_is_handed_over_is_sent_to_the_other_queue_and_counts_no_attempt(
    store: InvoiceStore, acme: TenantInvoices, clock: Clock
) -> None:
    (accepted,) = await acme.accept([upload()], "k", "00-aa-bb-01", None)
    await drain(store, clock)
    job = await claim(store, accepted.id)
    assert job.queue == "invoices.pdf"
    await drain(store, clock)
    clock.advance(5)
    await store.hand_over(job, "invoices.ocr")
    (message,) = await sent_work(store, clock)
    assert (message.tenant, message.invoice_id, message.traceparent, message.queue) == ("acme", accepted.id, "00-aa-bb-01", "invoices.ocr")
    record = await acme.get(accepted.id)
    assert record is not None and (record.status, record.attempts, record.updated_at) == ("received", 0, clock.now)
    assert list(await store.unsettled(10, 1)) == []  # it was sent just now
    assert await store.claim("acme", accepted.id, "w", 60, "invoices.pdf") == "moved"
    again = await store.claim("acme", accepted.id, "w", 60, "invoices.ocr")
    assert isinstance(again, Job) and (again.attempt, again.suspect, again.queue) == (1, False, "invoices.ocr")
    for stale in (job, replace(again, attempt=2)):
        with pytest.raises(Conflict):
            await store.hand_over(stale, "invoices.pdf")
    with pytest.raises(Conflict):
        await store.settle(job, APPROVED)
    assert len(await sent_work(store, clock)) == 1
    await store.release(again)
    (message,) = await store.unsettled(10, 0)
    assert message.queue == "invoices.ocr"


async def test_one_of_many_that_hand_over_does_so(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    job = await claim(store, (await accept(acme)).id)
    await drain(store, clock)
    ends = await asyncio.gather(*(store.hand_over(job, "invoices.ocr") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(end, Conflict) for end in ends) == 19
    assert len(await sent_work(store, clock)) == 1


async def test_a_suspect_that_could_be_handed_over_is_none_there(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    await claim(store, accepted.id, "dead", lease=60)
    clock.advance(61)
    suspect = await claim(store, accepted.id)
    assert suspect.suspect and suspect.attempt == 2
    await store.hand_over(suspect, "invoices.ocr")
    job = await claim(store, accepted.id)
    assert (job.suspect, job.attempt) == (False, 2)


async def test_a_message_sent_again_has_the_same_id_until_something_changes(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme)
    (first,), (second,) = await store.unsettled(10, 0), await store.unsettled(10, 0)
    assert first == second
    await store.release(await claim(store, accepted.id))
    (third,) = await store.unsettled(10, 0)
    assert third.id != first.id


async def test_a_renewed_lease_lives_on_and_the_job_can_be_settled(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id, "a", lease=60)
    for _ in range(5):
        clock.advance(40)
        await store.renew(job, 60)
        assert await store.claim("acme", accepted.id, "b", 60) == "leased"
        assert list(await store.unsettled(10, 0)) == []
    before = await acme.get(accepted.id)
    assert before is not None and (before.version, before.attempts) == (2, 1)
    assert (await store.settle(job, APPROVED)).status == "approved"
    with pytest.raises(Conflict):
        await store.renew(job, 60)


async def test_a_lost_lease_is_not_renewed(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    stale = await claim(store, accepted.id, "a", lease=60)
    clock.advance(61)
    await store.renew(stale, 60)  # nobody took it meanwhile
    clock.advance(61)
    await claim(store, accepted.id, "b", lease=60)
    for lost in (stale, replace(stale, tenant="other")):
        with pytest.raises(Conflict):
            await store.renew(lost, 3600)
    clock.advance(61)
    await claim(store, accepted.id, "c")


async def test_awkward_values_can_be_stored(store: InvoiceStore, acme: TenantInvoices) -> None:
    invoice = Invoice(
        number="\ud800\0" + "9" * 300,
        currency="x" * 40,
        issue_date=date(9999, 12, 31),
        seller=Party(name="\0" + "😀" * 300),
        total_with_tax=Decimal("1E+308"),
        total_tax=Decimal("NaN"),
        amount_due=Decimal("1.123456789012345"),
        lines=tuple(LineItem(item_name="x" * 5000, quantity=Decimal(n)) for n in range(300)),
    )
    found = (Finding("r" * 100, "error", "\ud800" * 1000, tuple(f"lines.{n}.net_amount" for n in range(300))),)
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    await store.settle(job, Settlement("needs_review", result=Result(Extracted(invoice, "invoice", "text"), found)))
    record = await acme.get(accepted.id)
    assert record is not None and record.result is not None
    kept = record.result.extracted.invoice
    assert kept == replace(invoice, number="?\0" + "9" * 300, total_tax=kept.total_tax)
    (item,) = (await acme.list(InvoiceFilter(), None, 10)).items
    assert item.total_with_tax is None and len(item.number or "") == 254


# Retry


async def test_retry_begins_again(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    settled = await store.settle(await claim(store, accepted.id), APPROVED)
    await drain(store, clock)
    record = await acme.retry(accepted.id, settled.version, "key:person", "00-cc-dd-01")
    assert record is not None
    assert (record.status, record.version, record.attempts, record.result) == ("received", settled.version + 1, 0, None)
    assert await acme.get(accepted.id) == record
    rows = await left(store, clock, 10)
    assert [bool(row.message) for row in rows].count(True) == 1 and [row.event.type for row in rows if row.event] == ["received"]
    (item,) = (await acme.list(InvoiceFilter(), None, 10)).items
    assert (item.number, item.total_with_tax) == (None, None)
    job = await claim(store, accepted.id)
    assert (job.attempt, job.suspect, job.traceparent) == (1, False, "00-cc-dd-01")
    again = await store.settle(job, Settlement("needs_review", result=result(number="R-2")))
    assert again.version == settled.version + 3
    assert [e.action for e in await acme.audit(accepted.id)] == ["accept", "approved", "retry", "needs_review"]


async def test_retry_of_what_cannot_be(store: InvoiceStore, acme: TenantInvoices) -> None:
    assert await acme.retry(NOBODY, 1, "k", None) is None
    for text in AWKWARD:
        assert await acme.retry(text, 1, "k", None) is None
    accepted = await accept(acme)
    with pytest.raises(Refused) as refused:
        await acme.retry(accepted.id, 1, "k", None)
    assert (refused.value.status, refused.value.code) == (409, "not_settled")
    job = await claim(store, accepted.id)
    with pytest.raises(Refused):
        await acme.retry(accepted.id, 2, "k", None)
    settled = await store.settle(job, REFUSED)
    for version in (0, -1, settled.version - 1, settled.version + 1, 1 << 80):
        with pytest.raises(Conflict):
            await acme.retry(accepted.id, version, "k", None)
    assert await store.for_tenant("other").retry(accepted.id, settled.version, "k", None) is None
    ends = await asyncio.gather(*(acme.retry(accepted.id, settled.version, "k", None) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(end, Conflict) for end in ends) == 9


# Outbox, sweeper, leases


async def test_the_outbox_is_emptied_in_order_and_events_stay(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    assert (await store.outbox_state()).depth == 0 and (await store.outbox_state()).oldest_age == 0
    await accept(acme, "a")
    clock.advance(5)
    await accept(acme, "b")
    await accept(acme, "c")
    clock.advance(2)
    state = await store.outbox_state()
    assert (state.depth, state.oldest_age) == (3, 7.0)
    rows = await left(store, clock, 2)
    assert [row.id for row in rows] == sorted(row.id for row in rows) and len(rows) == 2
    assert all(row.message and row.event and row.event.id == row.id for row in rows)
    await store.mark_published([row.id for row in rows])
    assert [row.id for row in await left(store, clock, 10)] == [rows[-1].id + 1]
    await store.mark_published([rows[-1].id + 1, rows[0].id, 999_999])
    await store.mark_published([])
    assert await left(store, clock, 10) == []
    assert (await store.outbox_state()).depth == 0
    assert await types(acme) == ["received"] * 3
    newest = (await acme.events(None, 0, 10))[-1].id or 0
    await accept(acme, "d")
    assert min(row.id for row in await left(store, clock, 10)) > newest


async def test_a_look_may_leave_queues_out(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    held = await accept(acme, "a")
    await acme.accept([replace(upload("b"), media_type="application/xml"), upload("c")], "k", None, None)
    await store.claim("acme", held.id, "worker", 60)  # an event without a message
    rows = await left(store, clock)
    assert [row.message.queue if row.message else None for row in rows] == ["invoices.pdf", "invoices", "invoices.pdf", None]
    assert [row.id for row in await left(store, clock, 2, without=["invoices.pdf", "invoices.ocr"])] == [rows[1].id, rows[3].id]
    assert [row.id for row in await left(store, clock, without=("invoices",))] == [rows[0].id, rows[2].id, rows[3].id]


async def test_what_was_committed_is_handed_over_once_as_it_stands_in_the_outbox(
    store: InvoiceStore, acme: TenantInvoices, clock: Clock
) -> None:
    one, two = await acme.accept([upload("a"), upload("b")], "k", "00-aa-bb-01", IdempotencyKey("k", "f"))
    assert await left(store, clock, 10) == store.committed()
    assert store.committed() == []
    await acme.accept([upload("a"), upload("b")], "k", None, IdempotencyKey("k", "f"))  # the first answer again
    assert store.committed() == []
    await store.settle(await claim(store, one.id), APPROVED)
    settled = await store.settle(await claim(store, two.id), REFUSED)
    with pytest.raises(Conflict):
        await acme.retry(two.id, settled.version - 1, "k", None)
    await acme.retry(two.id, settled.version, "k", "00-cc-dd-01")
    handed = store.committed()
    assert [row.event.type for row in handed if row.event] == ["processing", "approved", "processing", "quarantined", "received"]
    assert list(handed) == (await left(store, clock, 10))[2:]


async def test_events_are_read_on_from_any_place(store: InvoiceStore, acme: TenantInvoices) -> None:
    one, two = await accept(acme, "a"), await accept(acme, "b")
    await store.settle(await claim(store, one.id), APPROVED)
    everything = await acme.events(None, 0, 100)
    assert [e.id for e in everything] == sorted(e.id or 0 for e in everything)
    assert [e.type for e in everything if e.invoice_id == one.id] == ["received", "processing", "approved"]
    middle = everything[1].id or 0
    assert await acme.events(None, middle, 100) == everything[2:]
    assert await acme.events(None, 0, 2) == everything[:2]
    assert [e.invoice_id for e in await acme.events(two.id, 0, 100)] == [two.id]
    assert list(await store.for_tenant("other").events(None, 0, 100)) == []
    assert list(await store.for_tenant("other").events(one.id, 0, 100)) == []
    assert list(await acme.events(None, 1 << 70, 10)) == [] and len(await acme.events(None, -(1 << 70), 1 << 70)) == 4
    for text in AWKWARD:
        assert list(await acme.events(text, 0, 10)) == []


async def test_the_sweeper_finds_what_nobody_holds(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    waiting, held, done = [await accept(acme, c) for c in "abc"]
    await store.settle(await claim(store, done.id), APPROVED)
    await claim(store, held.id, lease=100)
    assert list(await store.unsettled(10, 30)) == []
    clock.advance(31)
    found = await store.unsettled(10, 30)
    assert [(m.tenant, m.invoice_id) for m in found] == [("acme", waiting.id)]
    assert list(await store.unsettled(10, 30)) == []
    clock.advance(100)
    found = await store.unsettled(10, 30)
    assert {m.invoice_id for m in found} == {waiting.id, held.id} and len({m.id for m in found}) == 2
    assert len(await store.unsettled(1, 0)) == 1


async def test_the_only_process_takes_over_every_lease_and_another_voids_none(
    place: Place, store: InvoiceStore, acme: TenantInvoices, clock: Clock
) -> None:
    waiting, held = await accept(acme, "a"), await accept(acme, "b")
    job = await claim(store, held.id, "dead", lease=3600)
    assert await store.take_over() == (0 if place.shared else 1)
    assert await store.take_over() == 0
    if place.shared:
        assert await store.claim("acme", held.id, "alive", 60) == "leased"
        await store.renew(job, 60)
        clock.advance(61)
    assert {m.invoice_id for m in await store.unsettled(10, 0)} == {waiting.id, held.id}
    assert (await claim(store, held.id, "alive")).suspect
    assert not (await claim(store, waiting.id, "alive")).suspect


async def test_taking_over_frees_the_keys_of_requests_that_must_have_died(
    place: Place, store: InvoiceStore, acme: TenantInvoices, clock: Clock
) -> None:
    assert await acme.begin_idempotent("dead")
    answered = await accept(acme, "a", IdempotencyKey("done", "f"))
    await store.take_over()
    if place.shared:
        with pytest.raises(Refused):
            await acme.begin_idempotent("dead")
        clock.advance(61)
    assert await acme.begin_idempotent("dead")
    assert not await acme.begin_idempotent("done")
    assert await accept(acme, "a", IdempotencyKey("done", "f")) == answered


async def test_status_counts(store: InvoiceStore, acme: TenantInvoices) -> None:
    for content in "abc":
        accepted = await accept(acme, content)
    await store.settle(await claim(store, accepted.id), APPROVED)
    counts = await store.status_counts()
    assert counts == {"received": 2, "processing": 0, "approved": 1, "needs_review": 0, "rejected": 0, "quarantined": 0}
    await store.ping()


# Listing


async def test_listing_pages_are_complete_and_newest_first(acme: TenantInvoices, clock: Clock) -> None:
    made = []
    for batch in range(4):  # several at one moment, so that pages part them
        clock.advance(1)
        made += [a.id for a in await acme.accept([upload(f"{batch}-{n}") for n in range(5)], "k", None, None)]
    for size in (1, 3, 7, 20, 50):
        seen, cursor = [], None
        while True:
            page = await acme.list(InvoiceFilter(), cursor, size)
            assert len(page.items) <= size
            seen += [item.id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == made[::-1]
    page = await acme.list(InvoiceFilter(), None, 3)
    late = await accept(acme, "late")
    rest = await acme.list(InvoiceFilter(), page.next_cursor, 100)
    assert late.id not in [item.id for item in rest.items] and len(rest.items) == 17
    assert len((await acme.list(InvoiceFilter(), None, 10**12)).items) == 21


async def test_listing_filters(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    begin = clock.now
    for content, number, seller in (("a", "R-1", "Größe_1 AG"), ("b", "R-2", "100% Öl")):
        accepted = await accept(acme, content)
        await store.settle(await claim(store, accepted.id), Settlement("approved", result=result(number=number, seller=seller)))
        clock.advance(10)
    await accept(acme, "c")

    async def numbers(**wanted: object) -> list[str | None]:
        return [item.number for item in (await acme.list(InvoiceFilter(**wanted), None, 10)).items]  # type: ignore[arg-type]

    assert await numbers() == [None, "R-2", "R-1"]
    assert await numbers(status="approved") == ["R-2", "R-1"]
    assert await numbers(number="R-1") == ["R-1"]
    assert await numbers(number="r-1") == []
    assert await numbers(seller="GRÖSSE") == ["R-1"]
    assert await numbers(seller="öl") == ["R-2"]
    assert await numbers(seller="%") == ["R-2"]
    assert await numbers(seller="_") == ["R-1"]
    assert await numbers(received_from=begin + timedelta(seconds=10)) == [None, "R-2"]
    assert await numbers(received_to=begin + timedelta(seconds=10)) == ["R-1"]
    assert await numbers(seller="öl", number="R-1") == []
    last, first = datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))), datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    assert await numbers(received_from=last) == await numbers(received_to=first) == []
    assert len(await numbers(received_from=first, received_to=last)) == 3
    for text in AWKWARD[2:5] + AWKWARD[7:]:
        assert await numbers(number=text) == await numbers(seller=text) == await numbers(status=text) == []


async def test_a_cursor_of_others_is_refused(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    for tenant in (acme, store.for_tenant("other")):
        await tenant.accept([upload("a"), upload("b")], "k", None, None)
    mine = (await acme.list(InvoiceFilter(), None, 1)).next_cursor
    theirs = (await store.for_tenant("other").list(InvoiceFilter(), None, 1)).next_cursor
    assert mine and theirs
    forged = [mine[:i] + ("A" if mine[i] != "A" else "B") + mine[i + 1 :] for i in range(len(mine))]
    for cursor in (theirs, mine[:-1], mine[:-4], mine + "A", mine + "=", "AAAA", *forged, *AWKWARD):
        with pytest.raises(Refused) as refused:
            await acme.list(InvoiceFilter(), cursor, 1)
        assert (refused.value.status, refused.value.code) == (400, "bad_cursor"), cursor


# Tenants and keys


async def test_no_method_reaches_another_tenant(store: InvoiceStore, acme: TenantInvoices) -> None:
    accepted = await accept(acme, "a", IdempotencyKey("k", "f"))
    settled = await store.settle(await claim(store, accepted.id), APPROVED)
    other = store.for_tenant("other")
    assert await other.get(accepted.id) is None
    assert list((await other.list(InvoiceFilter(), None, 10)).items) == []
    assert list(await other.audit(accepted.id)) == []
    assert await other.retry(accepted.id, settled.version, "k", None) is None
    await other.abandon_idempotent("k")
    assert await other.begin_idempotent("k")
    assert not await acme.begin_idempotent("k")
    assert await acme.get(accepted.id) == settled
    for name in ("", "Acme", "a/b", "a.b", "-a", "a" * 65, "é", "a\0", "a\n"):
        with pytest.raises(ValueError):
            store.for_tenant(name)


async def test_unknown_ids_are_not_there(acme: TenantInvoices) -> None:
    for text in [NOBODY, *AWKWARD]:
        assert await acme.get(text) is None
        assert list(await acme.audit(text)) == []


async def test_a_key_opens_its_tenant_only_while_it_lives(store: InvoiceStore, clock: Clock) -> None:
    key = await store.create_key("acme", frozenset({"read", "write"}), clock.now + timedelta(hours=1))
    assert key.secret.startswith(f"is_{key.key_id}_") and key.secret not in repr(key)
    principal = await store.authenticate(key.secret)
    assert principal is not None
    assert (principal.tenant, principal.key_id, principal.scopes) == ("acme", key.key_id, frozenset({"read", "write"}))
    wrong = key.secret[:-1] + ("A" if key.secret[-1] != "A" else "B")
    for secret in (wrong, key.secret + "A", key.secret[3:], key.key_id, key.secret.upper(), *AWKWARD):
        assert await store.authenticate(secret) is None
    clock.advance(3599)
    assert await store.authenticate(key.secret) is not None
    clock.advance(1)
    assert await store.authenticate(key.secret) is None


async def test_a_revoked_key_is_dead(place: Place) -> None:
    async with place.open() as store:
        key = await store.create_key("acme", frozenset(), None)
        kept = await store.create_key("acme", frozenset(), None)
        assert await store.authenticate(key.secret) is not None
        async with place.open(beside=True) as other:
            assert await other.revoke_key(key.key_id)
            assert not await other.revoke_key(key.key_id)
        place.clock.advance(5)
        assert await store.authenticate(key.secret) is None
        assert await store.authenticate(kept.secret) is not None
        assert await store.revoke_key(kept.key_id)
        assert await store.authenticate(kept.secret) is None
        for text in AWKWARD:
            assert not await store.revoke_key(text)


async def test_a_ticket_is_used_once_by_one_of_many(place: Place, store: InvoiceStore, clock: Clock) -> None:
    key = await store.create_key("acme", frozenset({"read"}), clock.now + timedelta(hours=1))
    principal = await store.authenticate(key.secret)
    assert principal is not None
    until = clock.now + timedelta(minutes=1)
    async with place.open(beside=True) as other:  # another replica, or a command beside the one service
        first = await asyncio.gather(*(each.use_ticket(principal, "nonce", until) for each in [store, other] * 10))
        assert first.count(True) == 1 and first.count(False) == 19
        assert await other.use_ticket(principal, "another", until)
        assert not await store.use_ticket(principal, "another", until)
    clock.advance(59)
    await store.unsettled(0, 0)  # what the sweeper calls
    assert not await store.use_ticket(principal, "nonce", until)
    assert await store.use_ticket(principal, "third", until)


async def test_a_ticket_is_worth_what_its_key_is(place: Place, store: InvoiceStore, clock: Clock) -> None:
    key = await store.create_key("acme", frozenset({"read"}), clock.now + timedelta(hours=1))
    principal = await store.authenticate(key.secret)
    assert principal is not None and await store.is_valid(principal)
    until = clock.now + timedelta(hours=2)
    for wrong in (replace(principal, tenant="other"), replace(principal, key_id="nobody"), replace(principal, key_id="\0")):
        assert not await store.use_ticket(wrong, "n", until)
    clock.advance(3600)
    assert not await store.use_ticket(principal, "n", until) and not await store.is_valid(principal)
    clock.advance(-3600)
    assert await store.use_ticket(principal, "n", until)
    async with place.open(beside=True) as other:
        assert await other.revoke_key(key.key_id)
    assert not await store.use_ticket(principal, "m", until)  # at once, whatever is remembered of the key
    clock.advance(5)
    assert not await store.is_valid(principal)


async def test_no_key_for_an_impossible_tenant(store: InvoiceStore) -> None:
    for tenant, scopes in (("Acme", frozenset[str]()), ("", frozenset()), ("acme", frozenset({"a b"})), ("acme", frozenset({"\ud800"}))):
        with pytest.raises(Refused):
            await store.create_key(tenant, scopes, None)


# Broken calls


async def test_a_cancelled_call_is_whole_or_nothing(place: Place, store: InvoiceStore, acme: TenantInvoices) -> None:
    chance = random.Random(7)
    for n in range(60):
        accepted = await accept(acme, f"first {n}")

        async def whole(n: int = n, accepted: Accepted = accepted) -> None:
            await acme.accept([upload(f"a{n}"), upload(f"b{n}")], "k", None, IdempotencyKey(f"k{n}", "f"))
            await store.settle(await claim(store, accepted.id), APPROVED)

        task = asyncio.ensure_future(whole())
        for _ in range(chance.randrange(40)):  # reading takes a while, more or less as long as a part of a write
            await store.outbox_state()
        for _ in range(chance.randrange(8)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await place.quiet(store)
        known = {c: await store.is_known_blob("acme", upload(f"{c}{n}").blob.sha256) for c in "ab"}
        assert len(set(known.values())) == 1
        assert await acme.begin_idempotent(f"k{n}") is not known["a"]
        record = await acme.get(accepted.id)
        assert record is not None
        told = await types(acme, accepted.id)
        assert told == ["received", "processing", "approved"][: record.version]
        assert len(await acme.audit(accepted.id)) == (2 if record.status == "approved" else 1)
        assert (record.result is not None) == (record.status == "approved")


async def test_a_cancelled_hand_over_is_whole_or_nothing(place: Place, store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    chance = random.Random(11)
    for n in range(30):
        job = await claim(store, (await accept(acme, f"{n}")).id)
        await drain(store, clock)
        task = asyncio.ensure_future(store.hand_over(job, "invoices.ocr"))
        for _ in range(chance.randrange(12)):
            await store.outbox_state()
        for _ in range(chance.randrange(8)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await place.quiet(store)
        record = await acme.get(job.invoice_id)
        assert record is not None
        moved = [message.queue for message in await sent_work(store, clock)] == ["invoices.ocr"]
        assert (record.status, record.attempts) == (("received", 0) if moved else ("processing", 1))


async def test_what_was_committed_is_there_after_opening_again(place: Place) -> None:
    async with place.open() as store:
        accepted = await accept(store.for_tenant("acme"))
        record = await store.settle(await claim(store, accepted.id), APPROVED)
    async with place.open() as store:
        assert await store.for_tenant("acme").get(accepted.id) == record
        assert (await accept(store.for_tenant("acme"))).duplicate_of == accepted.id


# Several invoices in one file


async def of_document(tenant: TenantInvoices, document_id: str) -> list[str]:
    return sorted(item.id for item in (await tenant.list(InvoiceFilter(document_id=document_id), None, 100)).items)


async def test_a_split_makes_the_others_once_whoever_says_it_again(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    assert job.pages is None
    await drain(store, clock)
    ranges = [(1, 2), (3, 3), (4, 6)]
    await asyncio.gather(*(store.split(job, ranges) for _ in range(5)))
    ids = await of_document(acme, accepted.document_id)
    assert len(ids) == 3 and ids[0] == accepted.id  # the first of the file stays the first
    work = {row.message.invoice_id for row in await left(store, clock) if row.message}
    assert work == set(ids[1:])
    assert [await types(acme, invoice_id) for invoice_id in ids[1:]] == [["received"], ["received"]]
    assert [entry.action for entry in await acme.audit(ids[1])] == ["split"]
    jobs = [await claim(store, invoice_id) for invoice_id in ids[1:]]
    assert [(each.pages, each.document_id, each.attempt) for each in jobs] == [((3, 3), job.document_id, 1), ((4, 6), job.document_id, 1)]
    assert (await accept(acme)).duplicate_of == accepted.id


async def test_pages_stay_through_another_attempt_a_refusal_and_a_retry(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    await store.split(job, [(1, 2), (3, 3)])
    await store.release(job)
    again = await claim(store, accepted.id)
    assert again.pages == (1, 2)
    assert (await store.settle(again, REFUSED)).pages == (1, 2)
    record = await acme.get(accepted.id)
    assert record is not None and record.pages == (1, 2)
    await acme.retry(accepted.id, record.version, "key:test", None)
    assert (await claim(store, accepted.id)).pages == (1, 2)
    assert len(await of_document(acme, accepted.document_id)) == 2


async def test_who_no_longer_holds_it_splits_nothing(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    accepted = await accept(acme)
    job = await claim(store, accepted.id)
    for stale in (replace(job, version=job.version + 1), replace(job, attempt=2), replace(job, invoice_id=NOBODY)):
        with pytest.raises(Conflict):
            await store.split(stale, [(1, 1), (2, 2)])
    await store.settle(job, APPROVED)
    with pytest.raises(Conflict):
        await store.split(job, [(1, 1), (2, 2)])
    assert await of_document(acme, accepted.document_id) == [accepted.id]
    assert await of_document(store.for_tenant("other"), accepted.document_id) == []
    assert await of_document(acme, "no id") == []
