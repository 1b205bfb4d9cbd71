"""Runs payloads through a chain, and settles every delivery exactly once.

A delivery is one owned task that walks the chain. It says that there is work; which invoice that is SQL says when it is claimed, by
turns of the tenants where work piles up. The queue before a stage is the line of tasks at its gate; it is bounded because no more than
`runner.capacity` deliveries are in hand: the broker's prefetch is set from that one number. Each queue of the broker has a runner of
its own, so that its work waits at no gate for another queue's.

What ends a delivery (errors: `app/errors.py`):

    end of the chain            ack
    a step's `Move`             handed over to another queue, ack; the attempt does not count
    Unprocessable               quarantined with its reason, ack
    Conflict                    another worker has it or settled it, ack
    Unavailable                 the step's own attempts with back-off, then released and requeued; the attempt does not count
    a stage's deadline, a bug   released and requeued; the attempt counts; quarantined as parser_limit or internal_error at the limit
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import structlog

from app.domain.record import InvoiceRecord, Reason
from app.domain.work import Job, Queue
from app.errors import Conflict, DeadlineExceeded, InvoiceStreamError, Unavailable, Unprocessable
from app.failpoints import failpoint
from app.gate import Gate, Usage
from app.pipeline.lease import GaveWay, Hold
from app.pipeline.pace import Pace
from app.pipeline.stage import Chain, Step
from app.pipeline.suspects import Suspects, Turn
from app.ports import Delivery, InvoiceStore, Message, Settlement, WorkQueue
from app.tracing import Tracing

log = structlog.get_logger(__name__)
B = TypeVar("B")

ABOUT = 10.0  # seconds after its last claim that a tenant counts as being about
FULL = 0.1  # seconds between looks whether another tenant has something to do
BACK_OFF = (0.1, 2.0)  # seconds: first, and most, between a step's own attempts


class Observer(Protocol):
    """Is told of every attempt, and of every stage's beginning and end; must not raise or wait."""

    def claimed(self, job: Job) -> None: ...

    def stage_started(self, job: Job, stage: str) -> None: ...

    def stage_ended(self, job: Job, stage: str, seconds: float, error: BaseException | None) -> None: ...

    def settled(self, record: InvoiceRecord) -> None: ...


class StageDeadline(InvoiceStreamError):
    """One stage took longer on this payload than the topology allows."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The job goes on in another queue."""

    queue: Queue


class Runner(Generic[B]):
    """Walks one job of its queue through the chain; many may walk at once."""

    def __init__(self, chain: Chain[Job, B], queue: Queue, observer: Observer, tracing: Tracing) -> None:
        self.queue = queue
        self._steps = [(step, Gate(step.width.on(queue))) for step in chain.steps]
        self._observer = observer
        self._tracing = tracing

    @property
    def capacity(self) -> int:
        """Deliveries worth holding: the widest stage busy, and one more waiting for each of its places.

        More in hand would settle no more: they would only take the event loop's time from those who send and ask.
        """
        return 2 * max(step.width.on(self.queue) for step, _ in self._steps)

    async def run(self, job: Job) -> B | Moved:
        """One trace: the spans belong to the request that brought the invoice, however long ago that was."""
        payload: object = job
        failpoint(f"run {job.file_name}")
        with self._tracing.span_from(job.traceparent, "process", {"invoice.attempt": job.attempt}):
            for step, gate in self._steps:
                async with gate.enter(job.tenant):
                    with self._tracing.span(step.name):
                        payload = await self._take(step, job, payload)
                failpoint(f"{step.name}_done")
                if step.move is not None and step.move.queue != self.queue and step.move.when(payload):
                    return Moved(step.move.queue)
        return payload  # type: ignore[return-value]  # the chain's last type, by construction

    async def _take(self, step: Step, job: Job, payload: object) -> object:
        for attempt in range(1, step.attempts + 1):
            started = time.monotonic()
            self._observer.stage_started(job, step.name)
            error: BaseException | None = None
            try:
                async with asyncio.timeout(step.deadline):
                    return await step.stage(payload)
            except TimeoutError as exc:
                error = exc
                raise StageDeadline(step.name) from exc
            except Unavailable as exc:
                error = exc
                if attempt == step.attempts:
                    raise
            except BaseException as exc:
                error = exc
                raise
            finally:
                self._observer.stage_ended(job, step.name, time.monotonic() - started, error)
            await asyncio.sleep(_back_off(BACK_OFF, attempt))
        raise AssertionError("a step has at least one attempt")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    owner: str  # names this process in leases
    lease: float = 60.0  # seconds; renewed while the work goes on
    max_attempts: int = 3
    requeue: tuple[float, float] = (1.0, 60.0)  # seconds: first, and most, before a requeued delivery comes again


class Worker:
    """Takes the deliveries of each runner's queue, claims them in SQL, runs them, settles them. Suspects (see `Job`) run alone."""

    def __init__(
        self,
        queue: WorkQueue,
        store: InvoiceStore,
        runners: Sequence[Runner[InvoiceRecord]],
        observer: Observer,
        settings: WorkerSettings,
        wake: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._store = store
        self._runners = {runner.queue: runner for runner in runners}
        self._observer = observer
        self._settings = settings
        self._wake = wake
        self._tasks: dict[Queue, set[asyncio.Task[None]]] = {queue: set() for queue in self._runners}
        self._in_hand: dict[tuple[Queue, str], str] = {}  # invoices and whose; a message told twice is not worked on twice
        self._usage = {queue: Usage() for queue in self._runners}  # invoices claimed
        self._about: dict[str, float] = {}  # tenants, and when something of theirs was last claimed
        # One claim at a time: whose turn it is depends on what is in hand.
        self._claiming = {queue: asyncio.Lock() for queue in self._runners}
        self.pace = Pace()
        self._asked = dict.fromkeys(self._runners, 0.0)  # when SQL last said "later"
        self._suspects = Suspects()
        self._requeued: dict[str, int] = {}  # invoice -> consecutive requeues, to space them out

    @property
    def in_hand(self) -> int:
        return sum(map(len, self._tasks.values()))

    def in_hand_of(self, queue: Queue) -> int:
        return len(self._tasks[queue])

    async def run(self) -> None:
        """Until cancelled; then no new delivery is taken, while those in hand go on: see `drain`."""
        async with asyncio.TaskGroup() as readers:
            for runner in self._runners.values():
                readers.create_task(self._read(runner), name=f"reader of {runner.queue}")

    async def _read(self, runner: Runner[InvoiceRecord]) -> None:
        tasks = self._tasks[runner.queue]
        async for delivery in self._queue.deliveries(runner.queue, runner.capacity):
            task = asyncio.create_task(self._handle(runner, delivery), name=f"delivery {delivery.message.invoice_id}")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def drain(self, deadline: float) -> None:
        """Waits for the deliveries in hand, then gives back what did not finish in `deadline` seconds."""
        if tasks := set[asyncio.Task[None]]().union(*self._tasks.values()):
            _, unfinished = await asyncio.wait(tasks, timeout=deadline)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _handle(self, runner: Runner[InvoiceRecord], delivery: Delivery) -> None:
        failpoint("delivered")
        invoice_id = delivery.message.invoice_id
        delay: float | None = 0.0  # a cancelled delivery comes again at once
        try:
            delay = await self._work(runner, delivery.message)
        except Unavailable as exc:
            log.warning("delivery.postponed", dependency=exc.dependency, invoice_id=invoice_id)
            delay = self._next_requeue(invoice_id)
        except Exception:  # a bug outside of the stages: told, and tried again later rather than at once
            log.exception("delivery.failed", invoice_id=invoice_id)
            delay = self._next_requeue(invoice_id)
        finally:
            await (delivery.ack() if delay is None else delivery.requeue(delay))
            failpoint("acked")

    async def _work(self, runner: Runner[InvoiceRecord], message: Message) -> float | None:
        """None: done with it. Else the seconds after which it shall come again."""
        job: Job | None = None
        try:
            while job is None:
                async with self._suspects.shared(runner.queue):
                    taken = await self._take(runner, message)
                    if isinstance(taken, Job):
                        job = taken
                        if not job.suspect:
                            return await self._attempt(runner, job)
                        # Its last holder died on it, perhaps because of it. It waits unclaimed, so that a death here costs it no attempt.
                        await self._store.release(job)
                if taken is None:
                    return None
                if taken == "later":
                    await asyncio.sleep(FULL)
            async with self._suspects.alone(runner.queue) as turn:
                again = await self._claim(job)
                return await self._attempt(runner, again, turn) if again else None
        finally:
            if job is not None:
                self._in_hand.pop((job.queue, job.invoice_id), None)

    async def _take(self, runner: Runner[InvoiceRecord], message: Message) -> Job | Literal["later"] | None:
        """In hand from now on. None: nothing is to be done there, or another process holds it, whose lease the sweeper watches. "later":
        only for a tenant that has enough in hand, and others are about."""
        async with self._claiming[message.queue]:
            held = (message.queue, message.invoice_id) in self._in_hand
            full = self._full(runner)
            if full is not None and time.monotonic() < self._asked[message.queue] + FULL:
                return "later"
            job = await self._store.take(message, self._settings.owner, self._settings.lease, held=held, without=full)
            if job == "later":
                self._asked[message.queue] = time.monotonic()
            if isinstance(job, Job):
                self._usage[job.queue].charge(job.tenant, 1)
                self._in_hand[job.queue, job.invoice_id] = job.tenant
                self._about[job.tenant] = time.monotonic()
                self._wake()
            return job

    def _full(self, runner: Runner[InvoiceRecord]) -> str | None:
        """The tenant that has half of the deliveries of this queue: the others are for others, while any is about. Not one of which far
        less was claimed of late than of another: that is a heap, and no flood."""
        usage, now = self._usage[runner.queue], time.monotonic()
        self._about = {each: last for each, last in self._about.items() if now - last < ABOUT}
        held = Counter(tenant for (queue, _), tenant in self._in_hand.items() if queue == runner.queue)
        for tenant, number in held.most_common(1):
            others = [usage.of(each) for each in self._about if each != tenant]
            if 2 * number >= runner.capacity and others and 2 * usage.of(tenant) >= max(others):
                return tenant
        return None

    async def _claim(self, job: Job) -> Job | None:
        """The same once more. None if it is settled or held by another meanwhile."""
        again = await self._store.claim(job.tenant, job.invoice_id, self._settings.owner, self._settings.lease, job.queue)
        if isinstance(again, str):
            return None
        self._wake()
        return again

    async def _attempt(self, runner: Runner[InvoiceRecord], job: Job, turn: Turn | None = None) -> float | None:
        with structlog.contextvars.bound_contextvars(invoice_id=job.invoice_id):
            return await self._run(runner, job, turn)

    async def _run(self, runner: Runner[InvoiceRecord], job: Job, turn: Turn | None) -> float | None:
        if job.attempt > self._settings.max_attempts:
            return await self._quarantine(job, "internal_error")
        self._observer.claimed(job)
        began = time.monotonic()
        try:
            async with Hold(self._store, job, self._settings.lease) as hold:
                if turn is not None:
                    turn.when_over(hold.give_way)
                record = await runner.run(job)
            self.pace.note(job.queue, time.monotonic() - began, moved=isinstance(record, Moved))
            if isinstance(record, Moved):
                await self._store.hand_over(job, record.queue)
                self._wake()
                return None
        except Unprocessable as exc:
            return await self._quarantine(job, exc.reason)
        except Conflict:
            log.info("delivery.superseded", attempt=job.attempt)
            return None
        except Unavailable as exc:
            log.warning("delivery.postponed", dependency=exc.dependency, timed_out=isinstance(exc, DeadlineExceeded))
            await self._store.release(job)
            return self._next_requeue(job.invoice_id)
        except GaveWay:
            await self._store.release(job)
            return 0.0
        except StageDeadline as exc:
            log.warning("stage.deadline", stage=str(exc), attempt=job.attempt)
            return await self._failed(job, "parser_limit")
        except asyncio.CancelledError:
            await self._store.release(job)
            raise
        except Exception:  # a bug: any class of error must end in a settlement, never in a lost delivery
            log.exception("delivery.failed", attempt=job.attempt)
            return await self._failed(job, "internal_error")
        self._done(record)
        return None

    async def _failed(self, job: Job, reason: Reason) -> float | None:
        if job.attempt >= self._settings.max_attempts:
            return await self._quarantine(job, reason)
        await self._store.release(job, counted=True)
        return self._next_requeue(job.invoice_id)

    async def _quarantine(self, job: Job, reason: Reason) -> float | None:
        log.info("invoice.quarantined", reason=reason, attempt=job.attempt)
        try:
            record = await self._store.settle(job, Settlement("quarantined", reason))
        except Conflict:
            log.info("delivery.superseded", attempt=job.attempt)
        else:
            self._done(record)
        return None

    def _done(self, record: InvoiceRecord) -> None:
        self._requeued.pop(record.id, None)
        self._observer.settled(record)
        self._wake()

    def _next_requeue(self, invoice_id: str) -> float:
        if len(self._requeued) > 10_000:  # bounded; forgetting only makes the next wait short
            self._requeued.clear()
        self._requeued[invoice_id] = self._requeued.get(invoice_id, 0) + 1
        return _back_off(self._settings.requeue, self._requeued[invoice_id])


def _back_off(bounds: tuple[float, float], attempt: int) -> float:
    """Exponential, with jitter so that many waiters do not come back together."""
    first, most = bounds
    return min(most, first * 2.0 ** min(attempt - 1, 20)) * random.uniform(0.5, 1.0)
