"""The contract of `InvoiceStore`: whose turn it is, and what waits. The adapters are those of the other half of the contract."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from app.domain.work import Job
from app.ports import Accepted, InvoiceStore, Message, TenantInvoices, Waiting
from tests.contracts.test_invoice_store import APPROVED, AWKWARD, NOBODY, Clock, Place, accept, acme, claim, clock, place, store

__all__ = ["acme", "clock", "place", "store"]  # fixtures
pytestmark = pytest.mark.timeout(600)


async def pile(clock: Clock, tenant: TenantInvoices, name: str, number: int) -> list[Accepted]:
    """One a second, and then a while."""
    made = []
    for n in range(number):
        made.append(await accept(tenant, f"{name} {n}"))
        clock.advance(1)
    return made


def message(invoice: Accepted, tenant: str = "acme", queue: str = "invoices.pdf") -> Message:
    return Message(f"m-{invoice.id}", tenant, invoice.id, queue=queue)  # type: ignore[arg-type]


class Hand:
    """One process that takes, and what it holds."""

    def __init__(self, store: InvoiceStore, owner: str = "worker") -> None:
        self._store = store
        self._owner = owner
        self.held: set[str] = set()

    async def take(self, said: Message) -> Job | None:
        job = await self._store.take(said, self._owner, 60, held=said.invoice_id in self.held)
        assert job != "later"
        if job is not None:
            assert job.invoice_id not in self.held
            self.held.add(job.invoice_id)
        return job

    async def __call__(self, said: Message) -> str | None:
        job = await self.take(said)
        return None if job is None else job.invoice_id


@pytest.fixture
def take(store: InvoiceStore) -> Hand:
    return Hand(store)


async def test_where_nothing_piles_up_a_message_is_for_its_own_invoice(take: Hand, acme: TenantInvoices) -> None:
    first, second = await accept(acme, "1"), await accept(acme, "2")
    assert [await take(message(each)) for each in (second, first)] == [second.id, first.id]


async def test_the_tenant_with_the_fewest_in_hand_is_next_and_its_oldest_invoice(
    store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock
) -> None:
    flood = await pile(clock, acme, "flood", 5)
    others = await pile(clock, store.for_tenant("other"), "other", 2)
    # Only the flood's messages come; one has as many as the other in hand: the oldest first.
    taken = [await take(message(each)) for each in reversed(flood)]
    assert taken == [flood[0].id, others[0].id, flood[1].id, others[1].id, flood[2].id]
    assert [await take(message(each, "other")) for each in others] == [flood[3].id, flood[4].id]
    assert await take(message(flood[0])) is None


async def test_a_tenant_that_has_enough_in_hand_is_left_out(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    flood = await pile(clock, acme, "flood", 2)
    (other,) = await pile(clock, store.for_tenant("other"), "other", 1)
    job = await store.take(message(flood[0]), "worker", 60, without="acme")
    assert isinstance(job, Job) and job.invoice_id == other.id  # by the flood's own message
    for _ in range(2):
        assert await store.take(message(flood[0]), "worker", 60, without="acme") == "later"
        assert await store.take(message(other, "other"), "worker", 60, held=True, without="acme") == "later"
    just_come = await accept(acme, "just come")
    assert await store.take(message(just_come), "worker", 60, without="acme") == "later"  # its own message neither
    assert [await take(message(each)) for each in (just_come, *flood)] == [just_come.id, flood[0].id, flood[1].id]
    assert await store.take(message(flood[0]), "worker", 60, held=True, without="acme") is None  # nothing waits any more


async def test_a_queue_knows_only_its_own_work(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    flood = await pile(clock, acme, "flood", 2)
    job = await claim(store, flood[0].id)
    await store.hand_over(job, "invoices.ocr")
    clock.advance(1)
    assert await take(message(flood[0])) == flood[1].id  # it was handed over: something else is to be done here
    assert await take(message(flood[1], queue="invoices.ocr")) == flood[0].id
    assert await take(message(flood[0], queue="invoices")) is None


async def test_what_was_tried_before_goes_by_its_own_message(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    failed, waits = await pile(clock, acme, "a", 2)
    await store.release(await claim(store, failed.id), counted=True)
    clock.advance(1)
    assert await take(message(waits)) == waits.id  # the failed one has its time, and is older
    again = await take.take(message(failed))
    assert again is not None and (again.invoice_id, again.attempt) == (failed.id, 2)


async def test_what_could_not_be_tried_is_untouched_and_the_last_in_line(
    store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock
) -> None:
    first, second = await pile(clock, acme, "a", 2)
    await store.release(await claim(store, first.id))
    clock.advance(1)
    assert await take(message(first)) == second.id
    assert await take(message(second)) == first.id


async def test_a_suspect_is_taken_by_its_message_alone(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    suspect, waits = await pile(clock, acme, "a", 2)
    await claim(store, suspect.id, "dead", lease=60)
    clock.advance(61)
    assert await take(message(waits)) == waits.id
    job = await take.take(message(suspect))
    assert job is not None and (job.invoice_id, job.suspect) == (suspect.id, True)
    await store.release(job)
    assert await take(message(waits)) is None


async def test_what_the_caller_works_on_is_not_taken_again(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    first, second = await pile(clock, acme, "a", 2)
    said = message(first)
    jobs = [await store.take(said, "worker", 60, held=held) for held in (False, False, True, True)]
    # The second time it had lost the reply: nobody works on it.
    assert [job and job.invoice_id for job in jobs] == [first.id, first.id, second.id, None]


async def test_a_message_for_nothing_takes_what_waits(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    settled, first, second = await pile(clock, acme, "a", 3)
    await store.settle(await claim(store, settled.id), APPROVED)
    assert await take(message(settled)) == first.id
    assert await take(Message("m", "other", NOBODY, queue="invoices.pdf")) == second.id
    for text in AWKWARD:
        assert await take(Message("m", text, text, queue="invoices.pdf")) is None


async def test_of_many_that_take_at_once_each_has_another(place: Place, clock: Clock) -> None:
    async with place.open() as one:
        tenants = [one.for_tenant(name) for name in ("acme", "other", "third")]
        made = [each for n, tenant in enumerate(tenants) for each in await pile(clock, tenant, f"{n}", 6)]
        said = [message(each, tenant) for each, tenant in zip(made, [t for t in ("acme", "other", "third") for _ in range(6)], strict=True)]
        if place.shared:
            async with place.open() as two:
                jobs = await _all_at_once([one, two], said)
        else:
            jobs = await _all_at_once([one], said)
    assert Counter(job.invoice_id for job in jobs) == Counter(each.id for each in made)


async def _all_at_once(stores: Sequence[InvoiceStore], said: Sequence[Message]) -> list[Job]:
    takes = (stores[n % len(stores)].take(each, f"worker {n}", 60) for n, each in enumerate(said))
    return [job for job in await asyncio.gather(*takes) if job is not None]


async def test_a_take_that_is_cancelled_takes_nothing_or_all(place: Place, clock: Clock) -> None:
    async with place.open() as store:
        made = await pile(clock, store.for_tenant("acme"), "a", 8)
        tasks = [asyncio.create_task(store.take(message(each), "worker", 60)) for each in made]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await place.quiet(store)
        counts = await store.status_counts()
        taken = [end for end in ends if isinstance(end, Job)]
        assert counts["processing"] + counts["received"] == 8 and counts["processing"] >= len(taken) >= 4


async def test_what_waits_and_is_in_hand(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    assert list(await store.waiting()) == []
    first, *_ = await pile(clock, acme, "a", 3)
    (other,) = await pile(clock, store.for_tenant("other"), "b", 1)
    job = await claim(store, first.id)
    assert set(await store.waiting()) == {
        Waiting("invoices.pdf", "acme", 2, 3.0, 1),
        Waiting("invoices.pdf", "other", 1, 1.0, 0),
    }
    await store.hand_over(job, "invoices.ocr")
    held = await claim(store, other.id, tenant="other")
    clock.advance(2)
    assert set(await store.waiting()) == {
        Waiting("invoices.pdf", "acme", 2, 5.0, 0),
        Waiting("invoices.ocr", "acme", 1, 2.0, 0),
        Waiting("invoices.pdf", "other", 0, 0.0, 1),
    }
    record = await store.settle(held, APPROVED)
    await store.for_tenant("other").retry(other.id, record.version, "someone", None)
    assert Waiting("invoices.pdf", "other", 1, 0.0, 0) in await store.waiting()


async def test_what_nobody_touched_on_a_queue_that_moves_is_not_sent_again(store: InvoiceStore, acme: TenantInvoices, clock: Clock) -> None:
    untouched, failed = await pile(clock, acme, "a", 2)
    await store.release(await claim(store, failed.id), counted=True)
    clock.advance(60)
    assert [each.invoice_id for each in await store.unsettled(10, 30, ["invoices.pdf", "invoices"])] == [failed.id]
    assert [each.invoice_id for each in await store.unsettled(10, 30, ["invoices.ocr"])] == [untouched.id]


async def test_what_a_service_of_an_older_version_took_is_not_taken_again(place: Place, clock: Clock) -> None:
    async with place.open() as store:
        old, new = await pile(clock, store.for_tenant("acme"), "a", 2)
        job = await claim(store, old.id)
        await _as_an_older_version(store, old.id)
        take = Hand(store, "another")
        assert [each.number for each in await store.waiting()] == [1]
        assert await take(message(new)) == new.id
        assert await take(message(old)) is None
        await store.settle(job, APPROVED)
        assert await take(message(old)) is None


async def _as_an_older_version(store: InvoiceStore, invoice_id: str) -> None:
    """It does not know of turns."""
    statement = f"UPDATE invoices SET waiting_on = 'invoices.pdf', waiting_since = received_at WHERE id = '{invoice_id}'"
    await store._database.write(lambda connection: connection.exec_driver_sql(statement).rowcount)  # type: ignore[attr-defined]


async def test_who_is_quickly_served_does_not_keep_the_turn(store: InvoiceStore, take: Hand, acme: TenantInvoices, clock: Clock) -> None:
    """Where nothing is in hand when the next is taken, all are equal."""
    flood = await pile(clock, acme, "flood", 6)
    others = [each for name in ("b", "c") for each in await pile(clock, store.for_tenant(name), name, 2)]
    order = []
    for each in [*flood, *others]:
        job = await take.take(message(each))
        assert job is not None
        await store.settle(job, APPROVED)
        order.append(job.tenant)
    assert order == ["acme", "b", "c", "acme", "b", "c", "acme", "acme", "acme", "acme"]
