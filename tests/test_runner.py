"""The worker on the real store and queue, with stages made to fail: every delivery settles once, in the way its error says."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.file_blobs import FileBlobs
from app.adapters.memory_broker import MemoryEventBus, MemoryWorkQueue
from app.adapters.sql.store import open_invoices
from app.domain.extraction import Extracted
from app.domain.invoice import Invoice
from app.domain.record import SETTLED, InvoiceRecord, Result
from app.domain.work import Job
from app.errors import Unavailable, Unprocessable
from app.metrics import Metrics
from app.pipeline.outbox import Relay
from app.pipeline.progress import Progress
from app.pipeline.runner import Runner, Worker, WorkerSettings
from app.pipeline.stage import Width, first
from app.ports import InvoiceStore, Message, Settlement, Upload
from app.tracing import configure_tracing
from tests.api_host import PATIENCE, migrated

TENANT = "acme"
Behaviour = Callable[[Job], Awaitable[None]]


@dataclass
class Rig:
    """A worker whose one stage does what the test says, by file name; what it does not name succeeds."""

    store: InvoiceStore
    queue: MemoryWorkQueue
    blobs: FileBlobs
    relay: Relay
    worker: Worker
    capacity: int
    behaviours: dict[str, Behaviour]
    runs: list[str] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0

    async def send(self, *names: str) -> dict[str, str]:
        """Ids by name."""
        uploads = [Upload(name, "application/pdf", await self.blobs.put(TENANT, io.BytesIO(name.encode()))) for name in names]
        accepted = await self.store.for_tenant(TENANT).accept(uploads, "test", None, None)
        await self.relay.publish_batch()
        return {name: invoice.id for name, invoice in zip(names, accepted, strict=True)}

    async def settled(self, invoice_id: str) -> InvoiceRecord:
        async with asyncio.timeout(PATIENCE):
            while True:
                record = await self.store.for_tenant(TENANT).get(invoice_id)
                assert record is not None
                if record.status in SETTLED:
                    return record
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rig(folder: Path, *, width: int = 4, deadline: float = PATIENCE, start: bool = True) -> AsyncIterator[Rig]:
    async with (
        open_invoices(await migrated(folder), b"audit key of the tests", deadline=PATIENCE) as store,
        FileBlobs(folder / "blobs", deadline=PATIENCE) as blobs,
        MemoryWorkQueue() as queue,
        MemoryEventBus() as bus,
    ):
        await store.create_key(TENANT, frozenset(), None)
        behaviours: dict[str, Behaviour] = {}
        made: Rig

        async def stage(job: Job) -> InvoiceRecord:
            made.runs.append(job.file_name)
            made.inside += 1
            made.most_inside = max(made.most_inside, made.inside)
            try:
                if behaviour := behaviours.get(job.file_name):
                    await behaviour(job)
            finally:
                made.inside -= 1
            return await store.settle(job, Settlement("needs_review", result=Result(Extracted(Invoice(), "invoice", "text"))))

        progress = Progress(bus, Metrics())
        runner = Runner(
            first("work", stage, width=Width(width, width, 1), deadline=deadline, attempts=2), "invoices.pdf", progress, configure_tracing()
        )
        settings = WorkerSettings("test worker", requeue=(0.01, 0.05))
        worker = Worker(queue, store, [runner], progress, settings, lambda: None)
        made = Rig(store, queue, blobs, Relay(store, queue, bus), worker, runner.capacity, behaviours)
        task = asyncio.create_task(worker.run()) if start else None
        try:
            yield made
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await worker.drain(PATIENCE)


async def test_the_end_of_the_chain_settles_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as r:
        ids = await r.send("a", "b")
        assert [(await r.settled(i)).status for i in ids.values()] == ["needs_review", "needs_review"]
        assert sorted(r.runs) == ["a", "b"]


async def test_unprocessable_is_quarantined_with_its_reason_and_its_neighbour_finishes(tmp_path: Path) -> None:
    async def refuse(_: Job) -> None:
        raise Unprocessable("encrypted")

    async with rig(tmp_path) as r:
        r.behaviours["bad"] = refuse
        ids = await r.send("bad", "good")
        bad = await r.settled(ids["bad"])
        assert (bad.status, bad.reason, r.runs.count("bad")) == ("quarantined", "encrypted", 1)
        assert (await r.settled(ids["good"])).status == "needs_review"


async def test_unavailable_is_tried_again_until_it_is_back_and_costs_no_attempt(tmp_path: Path) -> None:
    left = 9

    async def away(_: Job) -> None:
        nonlocal left
        if left:
            left -= 1
            raise Unavailable("documents")

    async with rig(tmp_path) as r:
        r.behaviours["a"] = away
        record = await r.settled((await r.send("a"))["a"])
        assert (record.status, record.attempts, len(r.runs)) == ("needs_review", 1, 10)


async def test_a_bug_is_tried_three_times_then_quarantined(tmp_path: Path) -> None:
    async def bug(_: Job) -> None:
        raise KeyError("bug")

    async with rig(tmp_path) as r:
        r.behaviours["bad"] = bug
        ids = await r.send("bad", "good")
        bad = await r.settled(ids["bad"])
        assert (bad.status, bad.reason, r.runs.count("bad")) == ("quarantined", "internal_error", 3)
        assert (await r.settled(ids["good"])).status == "needs_review"


async def test_a_stage_that_never_ends_is_cut_at_its_deadline(tmp_path: Path) -> None:
    async def hang(_: Job) -> None:
        await asyncio.Event().wait()

    async with rig(tmp_path, deadline=0.05) as r:
        r.behaviours["slow"] = hang
        record = await r.settled((await r.send("slow"))["slow"])
        assert (record.status, record.reason, r.runs.count("slow")) == ("quarantined", "parser_limit", 3)


async def test_no_more_than_its_width_inside_a_stage_and_its_capacity_in_hand(tmp_path: Path) -> None:
    full, go = asyncio.Event(), asyncio.Event()

    async with rig(tmp_path, width=3) as r:

        async def wait(_: Job) -> None:
            if r.worker.in_hand >= r.capacity and r.inside == 3:
                full.set()
            await go.wait()

        names = [f"doc{n}" for n in range(60)]
        r.behaviours.update(dict.fromkeys(names, wait))
        ids = await r.send(*names)
        async with asyncio.timeout(PATIENCE):
            while r.worker.in_hand < r.capacity or r.inside < 3:
                await asyncio.sleep(0.01)
        assert r.worker.in_hand == r.capacity
        assert await r.queue.depth("invoices.pdf") == 60 - r.capacity
        go.set()
        for invoice_id in ids.values():
            await r.settled(invoice_id)
        assert r.most_inside == 3
        assert sorted(r.runs) == sorted(names)


async def test_suspects_run_alone(tmp_path: Path) -> None:
    """Claimed by a process that died: until one of them has settled, nothing else is inside."""
    async with rig(tmp_path, start=False) as r:
        suspects = await r.send("s0", "s1", "s2")
        for invoice_id in suspects.values():
            await r.store.claim(TENANT, invoice_id, "a dead process", 300)
        assert await r.store.take_over() == 3
        together: list[tuple[str, int]] = []
        company = asyncio.Event()  # two of the others were inside together

        async def look(job: Job) -> None:
            for _ in range(5):  # each waits behind every claim that was begun: any other comes in meanwhile, if it may
                await r.store.ping()
            if job.file_name in suspects:
                together.append((job.file_name, r.inside))
            elif r.inside > 1:
                company.set()
            else:
                await company.wait()

        others = [f"doc{n}" for n in range(6)]
        r.behaviours.update(dict.fromkeys([*suspects, *others], look))
        ids = await r.send(*others)
        task = asyncio.create_task(r.worker.run())
        try:
            for invoice_id in [*suspects.values(), *ids.values()]:
                record = await r.settled(invoice_id)
                assert record.status == "needs_review"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sorted(together) == [("s0", 1), ("s1", 1), ("s2", 1)]
        assert company.is_set()


async def test_a_message_told_twice_is_worked_on_once(tmp_path: Path) -> None:
    inside, go = asyncio.Event(), asyncio.Event()

    async def wait(_: Job) -> None:
        inside.set()
        await go.wait()

    async with rig(tmp_path) as r:
        r.behaviours["a"] = wait
        invoice_id = (await r.send("a"))["a"]
        async with asyncio.timeout(PATIENCE):
            await inside.wait()
        again = await r.store.unsettled(10, 0.0)
        await r.queue.publish([*again, Message("told twice", TENANT, invoice_id, queue="invoices.pdf")])
        async with asyncio.timeout(PATIENCE):
            while await r.queue.depth("invoices.pdf") or r.worker.in_hand > 1:
                await asyncio.sleep(0.01)
        go.set()
        assert (await r.settled(invoice_id)).attempts == 1
        assert r.runs == ["a"]


async def test_a_drain_gives_back_what_does_not_finish(tmp_path: Path) -> None:
    inside = asyncio.Event()

    async def hang(_: Job) -> None:
        inside.set()
        await asyncio.Event().wait()

    async with rig(tmp_path, start=False) as r:
        r.behaviours["slow"] = hang
        invoice_id = (await r.send("slow"))["slow"]
        task = asyncio.create_task(r.worker.run())
        async with asyncio.timeout(PATIENCE):
            await inside.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await r.worker.drain(0.05)
        assert r.worker.in_hand == 0
        record = await r.store.for_tenant(TENANT).get(invoice_id)
        assert record is not None
        assert (record.status, record.attempts) == ("received", 0)
        assert [m.invoice_id for m in await r.store.unsettled(10, 0.0)] == [invoice_id]


async def test_another_attempt_won(tmp_path: Path) -> None:
    """A worker that was overtaken writes nothing and says nothing."""
    async with rig(tmp_path) as r:

        async def overtaken(job: Job) -> None:
            await r.store.settle(job, Settlement("quarantined", "damaged"))

        r.behaviours["a"] = overtaken
        record = await r.settled((await r.send("a"))["a"])
        assert (record.status, record.reason) == ("quarantined", "damaged")
        async with asyncio.timeout(PATIENCE):
            while r.worker.in_hand:
                await asyncio.sleep(0.01)
        assert r.runs == ["a"]
