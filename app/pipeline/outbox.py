"""The outbox relay and the sweeper: SQL is the truth, and these two keep everyone else told of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from app.domain.work import QUEUES, Queue
from app.errors import Unavailable
from app.failpoints import failpoint
from app.ports import BlobStore, EventBus, InvoiceStore, Message, OutboxRow, OutboxState, WorkQueue

log = structlog.get_logger(__name__)
MOST_TOLD = 20_000  # rows remembered while the broker is away; what is beyond may be told twice
AT_ONCE = 200  # messages that a sweep sends
MOST_AT_START = 5_000  # of them; what is more comes with the later sweeps
Stuck = dict[Queue, Unavailable]  # queues that took nothing, and what they said


class Relay:
    """Publishes what transactions left in the outbox, at least once each.

    What this process commits is handed over in memory and published at once; what was published is marked together each `every`
    seconds: an invoice costs no look at SQL and no transaction of its own. What is left of a crash, an error or another process
    is found by a look at SQL, each `every` seconds too.
    """

    def __init__(self, store: InvoiceStore, queue: WorkQueue, bus: EventBus, *, batch: int = 200, every: float = 1.0) -> None:
        self._store = store
        self._queue = queue
        self._bus = bus
        self._batch = batch
        self._every = every
        self._news = asyncio.Event()
        self._unmarked: set[int] = set()  # published
        self._just_marked: set[int] = set()  # a look may find a row before it is handed over
        self._told: OrderedDict[int, None] = OrderedDict()  # their events, not yet their messages

    def wake(self) -> None:
        """Something was committed; without it the relay looks by itself each `every` seconds."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        pause, due = self._every, loop.time()
        try:
            while True:
                self._news.clear()
                stuck: Stuck = {}
                try:
                    await self._publish(self._store.committed(), stuck)
                    if loop.time() >= due or len(self._unmarked) >= self._batch:
                        await self._publish_all(stuck)
                        pause, due = self._every, loop.time() + self._every
                    _raise_first(stuck)
                except Unavailable as exc:
                    log.warning("outbox.waiting", dependency=exc.dependency, queues=sorted(stuck))
                    with suppress(Unavailable):
                        await self._mark()  # what other queues took
                    pause, due = min(10.0, pause * 2), 0.0  # what was handed over is found by the look
                    await self._go_on_without(stuck, loop.time() + pause)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._news.wait()
        finally:
            with suppress(Unavailable):  # then they are published again, by the next process
                await self._mark()

    async def publish_batch(self) -> int:
        """Publishes and marks what was handed over and all that looks at SQL find. Returns how many rows these found.

        Raises `Unavailable` if a queue takes nothing, but not before everything for the others is sent.
        """
        stuck: Stuck = {}
        found = await self._publish_all(stuck)
        _raise_first(stuck)
        return found

    async def _publish_all(self, stuck: Stuck) -> int:
        await self._publish(self._store.committed(), stuck)
        await self._mark()
        found = 0
        while True:
            # A queue that takes nothing is left out of the next look: its rows may be the oldest, and more than a look finds.
            rows = await self._store.outbox(self._batch, without=tuple(stuck))
            found += len(rows)
            await self._publish(rows, stuck)
            await self._mark()
            if len(rows) < self._batch:
                return found

    async def _publish(self, rows: Sequence[OutboxRow], stuck: Stuck) -> None:
        """Events first: a broker that takes no messages keeps nobody here from seeing what happened. Nothing is sent to a queue that
        is stuck; one that takes nothing is so from then on, and keeps nothing back from the others."""
        new = self._new(rows)
        if not new:
            return
        await self._tell(new)
        by_queue: dict[Queue | None, list[OutboxRow]] = {}
        for row in new:
            by_queue.setdefault(row.message.queue if row.message else None, []).append(row)
        sent = [(queue, rows) for queue, rows in by_queue.items() if queue not in stuck]
        failures = await asyncio.gather(*(self._send(rows) for _, rows in sent))
        stuck.update({queue: failure for (queue, _), failure in zip(sent, failures, strict=True) if queue and failure})

    async def _send(self, rows: Sequence[OutboxRow]) -> Unavailable | None:
        """All of one queue, or none with a message."""
        try:
            if messages := [row.message for row in rows if row.message]:
                await self._queue.publish(messages)
        except Unavailable as exc:
            return exc
        failpoint("published_not_marked")
        self._unmarked.update(row.id for row in rows)
        for row in rows:
            self._told.pop(row.id, None)
        return None

    async def _tell(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            if row.event and row.id not in self._told:
                await self._bus.publish(row.event)
                self._told[row.id] = None
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)

    async def _go_on_without(self, stuck: Stuck, until: float) -> None:
        """What happens here meanwhile is seen here at once, and sent unless its queue is stuck: news must not hurry what is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while True:
                    await self._news.wait()
                    self._news.clear()
                    await self._publish(self._store.committed(), stuck)

    def _new(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        return [row for row in rows if row.id not in self._unmarked and row.id not in self._just_marked]

    async def _mark(self) -> None:
        if marked := set(self._unmarked):
            await self._store.mark_published(marked)
            self._unmarked -= marked
            self._just_marked = marked


def _raise_first(stuck: Stuck) -> None:
    for failure in stuck.values():
        raise failure


@dataclass(frozen=True, slots=True)
class SweeperSettings:
    every: float = 10.0  # seconds between looks at unsettled work
    silent_for: float = 60.0  # seconds since a message was last sent, before it is sent again
    blobs_every: float = 3600.0
    blob_age: timedelta = timedelta(hours=1)  # a blob younger than this may belong to a POST in progress


def sweeping(lease: float) -> SweeperSettings:
    """What fits leases of so many seconds: work whose lease has run out is sent again within about another one."""
    usual = SweeperSettings()
    return replace(usual, every=min(usual.every, lease / 2), silent_for=min(usual.silent_for, lease))


class Sweeper:
    """Sends again the work that nobody holds, whatever became of its message, and removes blobs that no document names."""

    def __init__(self, store: InvoiceStore, queue: WorkQueue, blobs: BlobStore, settings: SweeperSettings | None = None) -> None:
        self._store = store
        self._queue = queue
        self._blobs = blobs
        self._settings = settings or SweeperSettings()
        self.outbox_state = OutboxState(0, 0.0)
        self.depths = dict.fromkeys(QUEUES, 0)  # messages that wait in the broker
        self.dead_depth = 0  # dead letters there

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        blobs_due = loop.time()
        while True:
            try:
                await self.sweep_work(self._settings.silent_for)
                self.outbox_state = await self._store.outbox_state()
                self.dead_depth = await self._queue.dead_depth()
                if loop.time() >= blobs_due:
                    await self.sweep_blobs(datetime.now(UTC) - self._settings.blob_age)
                    blobs_due = loop.time() + self._settings.blobs_every
            except Unavailable as exc:
                log.warning("sweeper.waiting", dependency=exc.dependency)
            await asyncio.sleep(self._settings.every)

    async def sweep_all(self) -> int:
        """At the start: sends everything again that nobody holds, so that nothing waits behind what a broker forgot. Returns how much."""
        known: set[str] = set()
        moving = await self._moving()
        while len(known) < MOST_AT_START:
            messages = await self._store.unsettled(AT_ONCE, 0.0, moving)
            new = [message for message in messages if message.id not in known]
            await self._send(new)
            known.update(message.id for message in new)
            if len(new) < AT_ONCE:  # the longest silent come first: one that comes again shows that all have been sent
                break
        return len(known)

    async def sweep_work(self, silent_for: float) -> int:
        """Returns how many messages were sent again."""
        messages = await self._store.unsettled(AT_ONCE, silent_for, await self._moving())
        await self._send(messages)
        return len(messages)

    async def _moving(self) -> list[Queue]:
        """Queues where messages wait: each of them will find an invoice that nobody has touched. What of those may lack one is sent
        again when all the others are through: else a long queue would be sent again and again."""
        for name in QUEUES:
            self.depths[name] = await self._queue.depth(name)
        return [name for name in QUEUES if self.depths[name]]

    async def _send(self, messages: Sequence[Message]) -> None:
        if messages:
            await self._queue.publish(messages)
            log.info("sweeper.resent", count=len(messages))

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
