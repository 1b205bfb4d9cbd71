"""The queues: what must be read is handed over, holds up nothing else, keeps its lease, and its suspects run beside cheap work."""

from __future__ import annotations

import asyncio
import hashlib
import io
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.adapters.file_blobs import FileBlobs
from app.adapters.memory_broker import MemoryEventBus, MemoryWorkQueue
from app.adapters.sql.store import open_invoices, utc_now
from app.domain.extraction import Extracted
from app.domain.invoice import Invoice
from app.domain.record import SETTLED, InvoiceRecord, Result
from app.domain.work import QUEUES, Job, Queue
from app.errors import Conflict
from app.metrics import Metrics
from app.pipeline.lease import GaveWay, Hold
from app.pipeline.outbox import Relay, Sweeper
from app.pipeline.progress import Progress
from app.pipeline.runner import Runner, Worker, WorkerSettings
from app.pipeline.stage import Width, first
from app.pipeline.suspects import Suspects
from app.ports import Blob, InvoiceStore, Message, Settlement, Upload
from app.tracing import configure_tracing
from tests.api_host import PATIENCE, migrated

TENANT = "acme"
KINDS = {"jpg": "image/jpeg", "pdf": "application/pdf", "xml": "application/xml"}
Behaviour = Callable[[Job], Awaitable[None]]


@dataclass
class Rig:
    """A worker of both queues. `decode` hands over every name with "scan" in it; `read` does what the test says, by file name."""

    store: InvoiceStore
    queue: MemoryWorkQueue
    blobs: FileBlobs
    relay: Relay
    worker: Worker
    capacity: dict[Queue, int]
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    runs: list[tuple[str, Queue, str]] = field(default_factory=list)  # stage, queue, file
    inside: dict[Queue, int] = field(default_factory=lambda: dict.fromkeys(QUEUES, 0))
    most: dict[Queue, int] = field(default_factory=lambda: dict.fromkeys(QUEUES, 0))

    async def send(self, *names: str) -> dict[str, str]:
        """Ids by name."""
        uploads = [Upload(name, KINDS[name.rpartition(".")[2]], await self.blobs.put(TENANT, io.BytesIO(name.encode()))) for name in names]
        accepted = await self.store.for_tenant(TENANT).accept(uploads, "test", None, None)
        self.relay.wake()
        return {name: invoice.id for name, invoice in zip(names, accepted, strict=True)}

    async def record(self, invoice_id: str) -> InvoiceRecord:
        record = await self.store.for_tenant(TENANT).get(invoice_id)
        assert record is not None
        return record

    async def settled(self, invoice_id: str) -> InvoiceRecord:
        async with asyncio.timeout(PATIENCE):
            while (record := await self.record(invoice_id)).status not in SETTLED:
                await asyncio.sleep(0.005)
        return record

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def rig(
    folder: Path, *, lease: float = 300.0, start: bool = True, relayed: bool = True, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Rig]:
    """`clock`: the store's, by which leases end."""
    async with (
        open_invoices(await migrated(folder), b"audit key of the tests", deadline=PATIENCE, clock=clock) as store,
        FileBlobs(folder / "blobs", deadline=PATIENCE) as blobs,
        MemoryWorkQueue() as queue,
        MemoryEventBus() as bus,
    ):
        await store.create_key(TENANT, frozenset(), None)
        made: Rig

        async def decode(job: Job) -> Job:
            made.runs.append(("decode", job.queue, job.file_name))
            return job

        async def read(job: Job) -> InvoiceRecord:
            made.runs.append(("read", job.queue, job.file_name))
            made.inside[job.queue] += 1
            made.most[job.queue] = max(made.most[job.queue], made.inside[job.queue])
            try:
                if behaviour := made.behaviours.get(job.file_name):
                    await behaviour(job)
            finally:
                made.inside[job.queue] -= 1
            return await store.settle(job, Settlement("needs_review", result=Result(Extracted(Invoice(), "invoice", "text"))))

        progress = Progress(bus, Metrics())
        chain = (
            first("decode", decode, width=Width(2, pdf=2, ocr=1), deadline=PATIENCE)
            .hand_over("invoices.ocr", when=lambda job: "scan" in job.file_name)
            .then("read", read, width=Width(3, pdf=3, ocr=2), deadline=PATIENCE)
        )
        runners = [Runner(chain, name, progress, configure_tracing()) for name in QUEUES]
        relay = Relay(store, queue, bus)
        worker = Worker(queue, store, runners, progress, WorkerSettings("test worker", lease, requeue=(0.01, 0.05)), relay.wake)
        made = Rig(store, queue, blobs, relay, worker, {runner.queue: runner.capacity for runner in runners})
        tasks = [asyncio.create_task(relay.run())] if relayed else []
        if start:
            tasks.append(asyncio.create_task(worker.run()))
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await worker.drain(0.01)


@asynccontextmanager
async def running(r: Rig) -> AsyncIterator[None]:
    task = asyncio.create_task(r.worker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def waits_for(event: asyncio.Event) -> Behaviour:
    async def wait(_: Job) -> None:
        await event.wait()

    return wait


async def test_what_must_be_read_is_handed_over_and_starts_again_there(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        ids = await r.send("scan.pdf", "text.pdf", "photo.jpg")
        records = {name: await r.settled(invoice_id) for name, invoice_id in ids.items()}
        assert {name: (record.status, record.attempts) for name, record in records.items()} == dict.fromkeys(ids, ("needs_review", 1))
        assert [run for run in r.runs if run[2] == "scan.pdf"] == [
            ("decode", "invoices.pdf", "scan.pdf"),
            ("decode", "invoices.ocr", "scan.pdf"),
            ("read", "invoices.ocr", "scan.pdf"),
        ]
        assert [run[1] for run in r.runs if run[2] == "text.pdf"] == ["invoices.pdf", "invoices.pdf"]
        assert [run[1] for run in r.runs if run[2] == "photo.jpg"] == ["invoices.ocr", "invoices.ocr"]
        await r.until(lambda: r.worker.in_hand == 0)
        assert [await r.queue.depth(name) for name in QUEUES] == [0, 0, 0]
        told = [event.type for event in await r.store.for_tenant(TENANT).events(ids["scan.pdf"], 0, 100)]
        assert told == ["received", "processing", "processing", "needs_review"]


async def test_cheap_work_never_waits_behind_what_is_read(tmp_path: Path) -> None:
    """Reading stands still, with all that it may have in hand; then PDFs do too; everything else goes on."""
    async with rig(tmp_path) as r:
        go = asyncio.Event()
        scans = [f"scan{n}.{'jpg' if n % 2 else 'pdf'}" for n in range(20)]
        r.behaviours.update(dict.fromkeys(scans, waits_for(go)))
        scan_ids = await r.send(*scans)
        await r.until(lambda: r.inside["invoices.ocr"] == 2)
        others = await r.send(*(f"text{n}.pdf" for n in range(20)))
        for invoice_id in others.values():
            await r.settled(invoice_id)
        async with asyncio.timeout(PATIENCE):
            while await r.queue.depth("invoices.ocr") < 16:  # the relay may be slower
                await asyncio.sleep(0.005)
        assert r.worker.in_hand_of("invoices.ocr") == r.capacity["invoices.ocr"] == 4
        assert await r.queue.depth("invoices.ocr") == 16
        await r.until(lambda: r.worker.in_hand_of("invoices.pdf") == 0)
        slow = [f"slow{n}.pdf" for n in range(20)]
        r.behaviours.update(dict.fromkeys(slow, waits_for(go)))
        slow_ids = await r.send(*slow)
        await r.until(lambda: r.worker.in_hand_of("invoices.pdf") == r.capacity["invoices.pdf"] == 6)
        for invoice_id in (await r.send(*(f"{n}.xml" for n in range(20)))).values():
            await r.settled(invoice_id)
        go.set()
        for invoice_id in [*scan_ids.values(), *slow_ids.values()]:
            await r.settled(invoice_id)
        assert r.most["invoices.ocr"] == 2


async def test_a_message_for_the_queue_that_it_left_is_dropped(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        go = asyncio.Event()
        r.behaviours["scan.pdf"] = waits_for(go)
        invoice_id = (await r.send("scan.pdf"))["scan.pdf"]
        await r.until(lambda: r.inside["invoices.ocr"] == 1)
        await r.queue.publish([Message("told late", TENANT, invoice_id, queue="invoices.pdf")])
        assert await r.queue.depth("invoices.pdf") == 1
        async with asyncio.timeout(PATIENCE):
            while await r.queue.depth("invoices.pdf") or r.worker.in_hand_of("invoices.pdf"):
                await asyncio.sleep(0.005)
        go.set()
        assert (await r.settled(invoice_id)).attempts == 1
        assert len([run for run in r.runs if run[0] == "read"]) == 1


async def test_a_drain_gives_back_what_is_read_to_its_queue(tmp_path: Path) -> None:
    async with rig(tmp_path, start=False) as r:
        r.behaviours["scan.pdf"] = waits_for(asyncio.Event())
        async with running(r):
            invoice_id = (await r.send("scan.pdf"))["scan.pdf"]
            await r.until(lambda: r.inside["invoices.ocr"] == 1)
        await r.worker.drain(0.02)
        assert r.worker.in_hand == 0
        record = await r.record(invoice_id)
        assert (record.status, record.attempts) == ("received", 0)
        assert [message.queue for message in await r.store.unsettled(10, 0.0)] == ["invoices.ocr"]


async def test_at_the_start_all_that_waits_is_sent_again_once(tmp_path: Path) -> None:
    """More than one sweep sends: nothing may wait a minute behind what an in-process broker forgot."""
    async with rig(tmp_path, start=False, relayed=False) as r:
        count = {"invoices": 30, "invoices.pdf": 130, "invoices.ocr": 330}
        kinds = {"invoices": "application/xml", "invoices.pdf": "application/pdf", "invoices.ocr": "image/png"}
        uploads = [
            Upload(f"{n}", kinds[name], Blob(hashlib.sha256(f"{name}{n}".encode()).hexdigest(), 1))
            for name in QUEUES
            for n in range(count[name])
        ]
        await r.store.for_tenant(TENANT).accept(uploads, "test", None, None)
        sweeper = Sweeper(r.store, r.queue, r.blobs)
        assert await sweeper.sweep_all() == 490
        assert {name: await r.queue.depth(name) for name in QUEUES} == count
        assert await sweeper.sweep_work(60.0) == 0


async def test_what_is_told_of_pages_and_queues(tmp_path: Path) -> None:
    metrics = Metrics()
    async with rig(tmp_path) as r, MemoryEventBus() as bus, bus.subscribe(TENANT, "i") as events:
        progress = Progress(bus, metrics)
        telling = asyncio.create_task(progress.run())
        progress.page_started(Job(TENANT, "i", "d", "", "scan.tiff", 2, 1), 3, 12)
        async with asyncio.timeout(PATIENCE):
            event = await anext(aiter(events))
        telling.cancel()
        assert (event.type, event.id, event.attempt) == ("stage", None, 1)
        assert event.data == {"stage": "recognize", "outcome": "page", "page": 3, "pages": 12}

        go = asyncio.Event()
        sweeper = Sweeper(r.store, r.queue, r.blobs)
        for name in QUEUES:
            metrics.watch_queue(name, partial(sweeper.depths.__getitem__, name), partial(r.worker.in_hand_of, name))
        names = [f"scan{n}.jpg" for n in range(9)]
        r.behaviours.update(dict.fromkeys(names, waits_for(go)))
        await r.send(*names)
        await r.until(lambda: r.worker.in_hand_of("invoices.ocr") == 4)
        sweeping = asyncio.create_task(sweeper.run())
        await r.until(lambda: sweeper.depths["invoices.ocr"] == 5)
        sweeping.cancel()
        told = metrics.render().decode().splitlines()
        assert {line for line in told if line.startswith("queue_")} == {
            'queue_depth{queue="invoices"} 0.0',
            'queue_depth{queue="invoices.pdf"} 0.0',
            'queue_depth{queue="invoices.ocr"} 5.0',
            'queue_in_hand{queue="invoices"} 0.0',
            'queue_in_hand{queue="invoices.pdf"} 0.0',
            'queue_in_hand{queue="invoices.ocr"} 4.0',
        }


# Leases


async def test_long_work_keeps_its_lease(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)  # stands still until each renewal is seen

    def leased_until() -> str:
        with closing(sqlite3.connect(tmp_path / "invoices.db", PATIENCE)) as reading:
            (until,) = reading.execute("SELECT lease_until FROM invoices").fetchone()
        return str(until)

    async with rig(tmp_path, lease=0.3, clock=lambda: now) as r:
        go = asyncio.Event()
        r.behaviours["scan.jpg"] = waits_for(go)
        invoice_id = (await r.send("scan.jpg"))["scan.jpg"]
        await r.until(lambda: r.inside["invoices.ocr"] == 1)
        for _ in range(5):  # more than three leases
            before = leased_until()
            now += timedelta(seconds=0.2)
            await r.until(lambda before=before: leased_until() != before)  # type: ignore[misc]
            assert await r.store.claim(TENANT, invoice_id, "another", 60) == "leased"
            assert list(await r.store.unsettled(10, 0.0)) == []
        go.set()
        assert (await r.settled(invoice_id)).attempts == 1


async def test_work_on_what_another_holds_is_ended(tmp_path: Path) -> None:
    async with rig(tmp_path, lease=0.3) as r:
        ended = asyncio.Event()

        async def endless(job: Job) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        r.behaviours["scan.jpg"] = endless
        invoice_id = (await r.send("scan.jpg"))["scan.jpg"]
        await r.until(lambda: r.inside["invoices.ocr"] == 1)
        assert await r.store.take_over() == 1  # another process took it for dead
        job = await r.store.claim(TENANT, invoice_id, "another", 60)
        assert isinstance(job, Job)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
        await r.until(lambda: r.worker.in_hand == 0)
        assert [run[0] for run in r.runs] == ["decode", "read"]
        assert (await r.store.settle(job, Settlement("quarantined", "damaged"))).attempts == 2


async def test_a_hold_that_ends_well_is_not_taken_for_lost(tmp_path: Path) -> None:
    """The renewal that finds the job settled by the very work it belongs to must not end that work."""
    async with rig(tmp_path, start=False) as r:
        invoice_id = (await r.send("scan.jpg"))["scan.jpg"]
        job = await r.store.claim(TENANT, invoice_id, "w", 60)
        assert isinstance(job, Job)
        tried = asyncio.Event()

        class Store:
            async def renew(self, job: Job, lease: float) -> None:
                try:
                    await r.store.renew(job, lease)
                finally:
                    tried.set()

        async with Hold(Store(), job, 0.3):
            record = await r.store.settle(job, Settlement("quarantined", "damaged"))
            await tried.wait()  # it found another version
        assert record.status == "quarantined"
        with pytest.raises(Conflict):
            async with Hold(r.store, job, 0.03):
                await asyncio.Event().wait()


async def test_giving_way_ends_the_body_alone(tmp_path: Path) -> None:
    async with rig(tmp_path, start=False) as r:
        invoice_id = (await r.send("scan.jpg"))["scan.jpg"]
        job = await r.store.claim(TENANT, invoice_id, "w", 60)
        assert isinstance(job, Job)
        with pytest.raises(GaveWay):
            async with Hold(r.store, job, 60) as hold:
                asyncio.get_running_loop().call_soon(hold.give_way)
                await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0
        async with Hold(r.store, job, 60) as hold:
            pass
        hold.give_way()
        await asyncio.sleep(0)  # a cancellation would come here


# Suspects


async def vanished(r: Rig, *names: str) -> dict[str, str]:
    """Accepted, and claimed by a process that died."""
    ids = await r.send(*names)
    for invoice_id in ids.values():
        await r.store.claim(TENANT, invoice_id, "a dead process", 300)
    await r.store.take_over()
    return ids


async def test_while_a_suspect_is_read_cheap_work_goes_on(tmp_path: Path) -> None:
    async with rig(tmp_path, start=False) as r:
        go = asyncio.Event()
        suspects = await vanished(r, "s0.jpg", "s1.jpg")
        scans = [f"scan{n}.jpg" for n in range(4)]
        r.behaviours.update(dict.fromkeys([*suspects, *scans], waits_for(go)))
        async with running(r):
            await r.until(lambda: r.inside["invoices.ocr"] == 1)
            later = await r.send(*scans)
            for invoice_id in (await r.send("a.pdf", "b.pdf")).values():
                await r.settled(invoice_id)
            assert r.inside["invoices.ocr"] == 1  # alone in its queue
            go.set()
            for invoice_id in [*suspects.values(), *later.values()]:
                await r.settled(invoice_id)
        assert {(await r.record(invoice_id)).attempts for invoice_id in suspects.values()} == {2}


async def test_a_cheap_suspect_goes_first_and_alone(tmp_path: Path) -> None:
    """A suspect that is being read gives way, and loses no attempt; suspects of both queues are never inside together."""
    async with rig(tmp_path, start=False, relayed=False) as r:
        together: list[tuple[str, int, int]] = []
        first_time = True
        go = asyncio.Event()

        async def slow(job: Job) -> None:
            nonlocal first_time
            if first_time:
                first_time = False
                await asyncio.Event().wait()  # until it must give way
            await go.wait()

        async def look(job: Job) -> None:
            await asyncio.sleep(0.02)
            together.append((job.file_name, r.inside["invoices.pdf"], r.inside["invoices.ocr"]))

        ids = await vanished(r, "s0.jpg", "c0.pdf", "c1.pdf")
        r.behaviours.update({"s0.jpg": slow, "c0.pdf": look, "c1.pdf": look})
        async with running(r):
            await r.queue.publish([Message("s0", TENANT, ids["s0.jpg"], queue="invoices.ocr")])
            await r.until(lambda: r.inside["invoices.ocr"] == 1)
            await r.queue.publish([Message(name, TENANT, ids[f"{name}.pdf"], queue="invoices.pdf") for name in ("c0", "c1")])
            for name in ("c0.pdf", "c1.pdf"):
                assert (await r.settled(ids[name])).attempts == 2
            go.set()
            assert (await r.settled(ids["s0.jpg"])).attempts == 2
        assert sorted(together) == [("c0.pdf", 1, 0), ("c1.pdf", 1, 0)]
        assert [run[2] for run in r.runs if run[0] == "read"].count("s0.jpg") == 2


async def test_a_turn_that_is_over_before_it_is_asked_says_so() -> None:
    suspects, told = Suspects(), asyncio.Event()

    async def cheap() -> None:
        async with suspects.alone("invoices.pdf"):
            pass

    async with suspects.alone("invoices.ocr") as turn:
        waiting = asyncio.create_task(cheap())
        await asyncio.sleep(0)
        turn.when_over(told.set)
        assert told.is_set()
        assert not waiting.done()
    async with asyncio.timeout(PATIENCE):
        await waiting
