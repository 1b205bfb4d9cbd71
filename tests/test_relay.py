"""The relay on the real store, queue and bus: what was committed is published, whether it was handed over or has to be looked for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.adapters.memory_broker import MemoryEventBus, MemoryWorkQueue
from app.adapters.sql.migrate import migrate
from app.adapters.sql.store import SqlInvoices, open_invoices
from app.domain.record import Event
from app.errors import Unavailable
from app.pipeline.outbox import Relay, SweeperSettings, sweeping
from app.ports import Blob, Settlement, Upload

TENANT = "acme"
NEVER = 1000.0  # seconds between looks at SQL: after the first there is no other


@dataclass
class Rig:
    store: SqlInvoices
    queue: MemoryWorkQueue
    bus: MemoryEventBus
    told: list[Event] = field(default_factory=list)

    async def accept(self, *contents: str, media_type: str = "application/pdf") -> list[str]:
        uploads = [Upload(c, media_type, Blob(hashlib.sha256(c.encode()).hexdigest(), 1)) for c in contents]
        return [accepted.id for accepted in await self.store.for_tenant(TENANT).accept(uploads, "test", None, None)]

    async def unmarked(self) -> list[str]:
        return [row.event.invoice_id for row in await self.store.outbox(1000) if row.event]

    async def until_told(self, *events: tuple[str, str]) -> None:
        """Until exactly these (invoice, type) were told, in this order."""
        async with asyncio.timeout(10):
            while [(event.invoice_id, event.type) for event in self.told] != list(events):
                await asyncio.sleep(0.01)

    async def all_marked(self) -> None:
        async with asyncio.timeout(10):
            while await self.unmarked():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rig(folder: Path, capacity: int = 1000) -> AsyncIterator[Rig]:
    url = f"sqlite+aiosqlite:///{folder}/invoices.db"
    await migrate(url)
    async with open_invoices(url, b"audit key of the tests") as store, MemoryEventBus() as bus:
        await store.create_key(TENANT, frozenset(), None)
        async with MemoryWorkQueue(capacity, deadline=0.02) as queue, bus.subscribe(TENANT, None) as events:
            made = Rig(store, queue, bus)

            async def listen() -> None:
                async for event in events:
                    made.told.append(event)

            listening = asyncio.create_task(listen())
            try:
                yield made
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_committed_here_is_published_without_a_look_and_marked_when_the_relay_ends(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        relay = Relay(r.store, r.queue, r.bus, every=NEVER)
        async with running(relay):
            (first,) = await r.accept("a")  # perhaps found by the look at the start
            relay.wake()
            await r.until_told((first, "received"))
            (second,) = await r.accept("b")
            relay.wake()
            await r.until_told((first, "received"), (second, "received"))
            assert second in await r.unmarked()
            assert await r.queue.depth("invoices.pdf") == 2
        assert await r.unmarked() == []


async def test_what_nobody_handed_over_is_found_and_marked(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        one, two = await r.accept("a", "b")
        r.store.committed()  # as if the process that committed them had died
        async with running(Relay(r.store, r.queue, r.bus, every=0.05)):
            await r.until_told((one, "received"), (two, "received"))
            await r.all_marked()
            (three,) = await r.accept("c")
            r.store.committed()
            await r.until_told(*((i, "received") for i in (one, two, three)))


async def test_what_was_handed_over_and_is_found_too_is_published_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        relay = Relay(r.store, r.queue, r.bus)
        (one,) = await r.accept("a")
        job = await r.store.claim(TENANT, one, "test", 60)
        assert not isinstance(job, str)
        await r.store.settle(job, Settlement("quarantined", "damaged"))
        assert await relay.publish_batch() == 0  # all were handed over: none was left to be found
        assert await relay.publish_batch() == 0
        await r.until_told((one, "received"), (one, "processing"), (one, "quarantined"))
        assert await r.unmarked() == []


async def test_a_full_queue_holds_rows_back_and_loses_none(tmp_path: Path) -> None:
    async with rig(tmp_path, capacity=1) as r:
        relay = Relay(r.store, r.queue, r.bus, every=0.02)
        sent = [(await r.accept(content))[0] for content in "abc"]
        async with running(relay):
            relay.wake()
            seen: list[str] = []
            async with asyncio.timeout(20):
                async for delivery in r.queue.deliveries("invoices.pdf", 1):
                    seen.append(delivery.message.invoice_id)
                    await delivery.ack()
                    if set(seen) == set(sent):
                        break
            await r.all_marked()
        assert {event.invoice_id for event in r.told} == set(sent)


async def test_a_full_queue_keeps_nothing_out_of_another_and_all_is_told_once(tmp_path: Path) -> None:
    async with rig(tmp_path, capacity=1) as r:
        relay = Relay(r.store, r.queue, r.bus)
        (fits,) = await r.accept("a")
        await relay.publish_batch()
        (late,) = await r.accept("b")
        (xml,) = await r.accept("c", media_type="application/xml")
        for _ in range(3):
            with pytest.raises(Unavailable):
                await relay.publish_batch()
        async with running(Relay(r.store, r.queue, MemoryEventBus())), asyncio.timeout(10):
            while xml in await r.unmarked():
                await asyncio.sleep(0.01)
        await r.until_told((fits, "received"), (late, "received"), (xml, "received"))
        async with aclosing(r.queue.deliveries("invoices", 1)) as deliveries:
            delivery = await anext(deliveries)
            assert delivery.message.invoice_id == xml
            await delivery.ack()
        assert await r.queue.depth("invoices") == 0  # it was sent once
        async with aclosing(r.queue.deliveries("invoices.pdf", 1)) as deliveries:
            await (await anext(deliveries)).ack()
            await relay.publish_batch()
        assert await r.unmarked() == []
        await r.until_told((fits, "received"), (late, "received"), (xml, "received"))


async def test_a_queue_that_takes_nothing_hides_nothing_from_a_look_though_its_rows_are_the_oldest(tmp_path: Path) -> None:
    async with rig(tmp_path, capacity=1) as r:
        await r.accept(*"abcdefg")
        (xml,) = await r.accept("h", media_type="application/xml")
        r.store.committed()  # as if the process that committed them had died
        with pytest.raises(Unavailable):
            await Relay(r.store, r.queue, r.bus, batch=3).publish_batch()
        assert xml not in await r.unmarked() and await r.queue.depth("invoices") == 1
        assert len(await r.unmarked()) == 7


async def test_what_comes_while_one_queue_takes_nothing_is_sent_to_the_others_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path, capacity=1) as r:
        relay = Relay(r.store, r.queue, r.bus, every=NEVER)  # and so long it waits before it tries the full queue again
        await r.accept("a", "b")
        async with running(relay):
            relay.wake()
            await asyncio.wait_for(_told(r, 2), 10)
            await r.accept("c", media_type="application/xml")
            relay.wake()
            async with asyncio.timeout(10), aclosing(r.queue.deliveries("invoices", 1)) as deliveries:
                await (await anext(deliveries)).ack()


async def _told(r: Rig, count: int) -> None:
    while len(r.told) < count:
        await asyncio.sleep(0.01)


async def test_what_happens_while_the_broker_is_away_is_told_here_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path, capacity=1) as r:
        relay = Relay(r.store, r.queue, r.bus, every=NEVER)  # and so long it waits before it tries again
        await r.accept("a", "b")
        async with running(relay):
            relay.wake()
            async with asyncio.timeout(10):
                while len(r.told) < 2:
                    await asyncio.sleep(0.01)
            (late,) = await r.accept("c")
            relay.wake()
            async with asyncio.timeout(10):
                while r.told[-1].invoice_id != late:
                    await asyncio.sleep(0.01)
            assert late in await r.unmarked()


def test_work_whose_lease_has_run_out_is_found_within_another_one() -> None:
    usual = SweeperSettings()
    assert sweeping(300.0) == usual
    for lease in (3.0, 10.0, 60.0):
        fits = sweeping(lease)
        assert fits.silent_for <= lease and fits.every <= lease / 2
        assert (fits.blobs_every, fits.blob_age) == (usual.blobs_every, usual.blob_age)
