"""The outbox relay and the sweeper: SQL is the truth, and these two keep everyone else told of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from app.domain.work import QUEUES
from app.errors import Unavailable
from app.failpoints import failpoint
from app.ports import BlobStore, EventBus, InvoiceStore, OutboxState, WorkQueue

log = structlog.get_logger(__name__)


class Relay:
    """Publishes what a transaction left in the outbox, oldest first, at least once each.

    `pace`: the least seconds between two looks, so that under load one look serves many invoices; the first after a rest is at once.
    """

    def __init__(
        self, store: InvoiceStore, queue: WorkQueue, bus: EventBus, *, batch: int = 200, idle: float = 1.0, pace: float = 0.05
    ) -> None:
        self._store = store
        self._queue = queue
        self._bus = bus
        self._batch = batch
        self._idle = idle
        self._pace = pace
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is something in the outbox; without it the relay looks by itself each `idle` seconds."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause = self._idle
        while True:
            self._news.clear()
            try:
                published = await self.publish_batch()
                pause = self._idle
                if published == self._batch:
                    continue
                if published:
                    await asyncio.sleep(self._pace)
            except Unavailable as exc:
                log.warning("outbox.waiting", dependency=exc.dependency)
                pause = min(10.0, pause * 2)
                await asyncio.sleep(pause)  # news must not hurry a dependency that is away
                continue
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def publish_batch(self) -> int:
        """Returns how many rows were published and marked."""
        rows = await self._store.outbox(self._batch)
        if not rows:
            return 0
        await self._queue.publish([row.message for row in rows if row.message])
        for row in rows:
            if row.event:
                await self._bus.publish(row.event)
        failpoint("published_not_marked")
        await self._store.mark_published([row.id for row in rows])
        return len(rows)


@dataclass(frozen=True, slots=True)
class SweeperSettings:
    every: float = 10.0  # seconds between looks at unsettled work
    silent_for: float = 60.0  # seconds since a message was last sent, before it is sent again
    blobs_every: float = 3600.0
    blob_age: timedelta = timedelta(hours=1)  # a blob younger than this may belong to a POST in progress


class Sweeper:
    """Sends again the work that nobody holds, whatever became of its message, and removes blobs that no document names."""

    def __init__(self, store: InvoiceStore, queue: WorkQueue, blobs: BlobStore, settings: SweeperSettings | None = None) -> None:
        self._store = store
        self._queue = queue
        self._blobs = blobs
        self._settings = settings or SweeperSettings()
        self.outbox_state = OutboxState(0, 0.0)
        self.depths = dict.fromkeys(QUEUES, 0)  # messages that wait in the broker

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        blobs_due = loop.time()
        while True:
            try:
                await self.sweep_work(self._settings.silent_for)
                self.outbox_state = await self._store.outbox_state()
                for name in QUEUES:
                    self.depths[name] = await self._queue.depth(name)
                if loop.time() >= blobs_due:
                    await self.sweep_blobs(datetime.now(UTC) - self._settings.blob_age)
                    blobs_due = loop.time() + self._settings.blobs_every
            except Unavailable as exc:
                log.warning("sweeper.waiting", dependency=exc.dependency)
            await asyncio.sleep(self._settings.every)

    async def sweep_work(self, silent_for: float) -> int:
        """Returns how many messages were sent again."""
        messages = await self._store.unsettled(200, silent_for)
        if messages:
            await self._queue.publish(messages)
            log.info("sweeper.resent", count=len(messages))
        return len(messages)

    async def sweep_blobs(self, before: datetime) -> int:
        """Returns how many orphans were removed."""
        orphans = 0
        async for tenant, sha256 in self._blobs.stored_before(before):
            if not await self._store.is_known_blob(tenant, sha256):
                await self._blobs.delete(tenant, sha256, written_before=before)
                orphans += 1
        if orphans:
            log.info("sweeper.orphans", count=orphans)
        return orphans
