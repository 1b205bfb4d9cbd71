"""Dead letters end in SQL, and `replay` brings them back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from app.adapters.file_blobs import FileBlobs
from app.adapters.memory_broker import MemoryWorkQueue
from app.adapters.sql.store import open_invoices
from app.domain.record import SETTLED, InvoiceRecord
from app.domain.work import Job
from app.errors import Unavailable
from app.pipeline import dead_letters
from app.pipeline.dead_letters import DeadLetters
from app.ports import DELIVERY_LIMIT, InvoiceStore, Message, Settlement, Upload
from app.replay import find_dead, replay
from tests.api_host import PATIENCE, migrated

TENANT = "acme"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[InvoiceStore, MemoryWorkQueue, str]]:
    async with (
        open_invoices(await migrated(folder), b"audit key of the tests", deadline=PATIENCE) as store,
        FileBlobs(folder / "blobs", deadline=PATIENCE) as blobs,
        MemoryWorkQueue() as queue,
    ):
        await store.create_key(TENANT, frozenset(), None)
        upload = Upload("a.xml", "application/xml", await blobs.put(TENANT, io.BytesIO(b"<Invoice/>")))
        (accepted,) = await store.for_tenant(TENANT).accept([upload], "test", None, None)
        yield store, queue, accepted.id


async def die(queue: MemoryWorkQueue, message: Message) -> None:
    """Readers take it and go away, until the broker has had enough."""
    await queue.publish([message])
    for _ in range(DELIVERY_LIMIT + 1):
        async with aclosing(queue.deliveries("invoices", 1)) as deliveries:
            await anext(deliveries)
    assert await queue.dead_depth() == 1


async def bury(queue: MemoryWorkQueue, store: InvoiceStore) -> list[InvoiceRecord]:
    """Until no dead letter is left. Returns what was settled."""
    told: list[InvoiceRecord] = []
    running = asyncio.create_task(DeadLetters(queue, store, "test", told.append).run())
    async with asyncio.timeout(PATIENCE):
        while await queue.dead_depth() or queue._dead._in_hand:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return told


async def record_of(store: InvoiceStore, invoice_id: str) -> InvoiceRecord:
    record = await store.for_tenant(TENANT).get(invoice_id)
    assert record is not None
    return record


async def test_a_dead_letter_quarantines_its_invoice_and_a_replay_sends_it_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, queue, invoice_id):
        await die(queue, Message("m", TENANT, invoice_id))
        (told,) = await bury(queue, store)
        record = await record_of(store, invoice_id)
        assert told == record
        assert (record.status, record.reason) == ("quarantined", "internal_error")

        dead = await find_dead(store, queue)
        assert dead.ids == {invoice_id}
        assert await replay(store, queue, dead.only(["another"])) == set()
        assert await replay(store, queue, dead.only([invoice_id])) == {invoice_id}
        assert (await record_of(store, invoice_id)).status == "received"
        assert await replay(store, queue, dead) == set()  # too late: somebody was faster
        assert (await find_dead(store, queue)).ids == set()
        assert [entry.actor for entry in await store.for_tenant(TENANT).audit(invoice_id)][-1] == "replay"


async def test_what_is_settled_or_unknown_stays_as_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, queue, invoice_id):
        job = await store.claim(TENANT, invoice_id, "worker", 60)
        assert isinstance(job, Job)
        await die(queue, Message("held", TENANT, invoice_id))
        assert await bury(queue, store) == []
        assert (await record_of(store, invoice_id)).status not in SETTLED
        settled = await store.settle(job, Settlement("quarantined", "empty"))
        await die(queue, Message("settled", TENANT, invoice_id))
        assert await bury(queue, store) == []
        await die(queue, Message("unknown", TENANT, "0" * 36))
        assert await bury(queue, store) == []
        assert await record_of(store, invoice_id) == settled
        assert (await find_dead(store, queue)).ids == set()


async def test_a_store_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "AGAIN", (0.001, 0.001))

    class Away:
        """Twice; then it is the real one."""

        def __init__(self, store: InvoiceStore) -> None:
            self.left = 2
            self._store = store

        async def claim(self, *arguments: object) -> object:
            if self.left:
                self.left -= 1
                raise Unavailable("sql")
            return await self._store.claim(*arguments)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(self._store, name)

    async with opened(tmp_path) as (store, queue, invoice_id):
        await die(queue, Message("m", TENANT, invoice_id))
        away = Away(store)
        assert len(await bury(queue, away)) == 1  # type: ignore[arg-type]
        assert away.left == 0
