"""What is told while an invoice is worked on: progress events to whoever watches, and the numbers and spans of each stage."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Literal

from app.domain.record import Event, InvoiceRecord
from app.domain.work import Job
from app.errors import Unavailable
from app.metrics import Metrics
from app.ports import EventBus

Outcome = Literal["done", "failed", "retried"]


class Progress:
    """`Observer` and `PageWatcher`. Never waits: events go through a bounded queue; when it is full the new ones are dropped."""

    def __init__(self, bus: EventBus, metrics: Metrics, *, buffer: int = 1000) -> None:
        self._bus = bus
        self._metrics = metrics
        self._events: asyncio.Queue[Event] = asyncio.Queue(buffer)

    async def run(self) -> None:
        """Publishes until cancelled."""
        while True:
            event = await self._events.get()
            try:
                await self._bus.publish(event)
            except Unavailable:
                pass  # progress is told at most once

    def claimed(self, job: Job) -> None:
        if job.attempt > 1:
            self._metrics.redelivered.inc()

    def stage_started(self, job: Job, stage: str) -> None:
        self._metrics.stage_began(stage)
        self._tell(job, stage, "started")

    def stage_ended(self, job: Job, stage: str, seconds: float, error: BaseException | None) -> None:
        self._metrics.stage_ended(stage)
        outcome: Outcome = "done" if error is None else "retried" if isinstance(error, Unavailable) else "failed"
        self._metrics.stage_done(stage, "", outcome, seconds)
        self._tell(job, stage, outcome)

    def page_started(self, job: Job, page: int, pages: int) -> None:
        self._tell(job, "recognize", "page", page=page, pages=pages)

    def settled(self, record: InvoiceRecord) -> None:
        self._metrics.settled(record.status, (record.updated_at - record.received_at).total_seconds())
        if record.result is not None:
            self._metrics.confidences(record.result.extracted.fields)

    def _tell(self, job: Job, stage: str, outcome: str, **where: int) -> None:
        told = {"stage": stage, "outcome": outcome, **where}
        event = Event(job.tenant, job.invoice_id, "stage", datetime.now(UTC), attempt=job.attempt, data=told)
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            pass
