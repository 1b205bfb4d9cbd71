"""What is told while an invoice is worked on: progress events to whoever watches, and the numbers and spans of each stage."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import structlog

from app.domain.record import Event
from app.domain.work import Job
from app.errors import Unavailable, Unprocessable
from app.ports import EventBus

log = structlog.get_logger(__name__)


class StageNumbers(Protocol):
    """What the metrics of a stage must offer (`app.metrics`)."""

    def stage_started(self, stage: str) -> None: ...

    def stage_ended(self, stage: str, seconds: float, outcome: str) -> None: ...

    def settled(self, state: str) -> None: ...


class Progress:
    """An `Observer` that never waits: events go through a bounded queue; when it is full the oldest news matter least, so new ones drop."""

    def __init__(self, bus: EventBus, numbers: StageNumbers, *, buffer: int = 1000) -> None:
        self._bus = bus
        self._numbers = numbers
        self._events: asyncio.Queue[Event] = asyncio.Queue(buffer)

    async def run(self) -> None:
        """Publishes until cancelled."""
        while True:
            event = await self._events.get()
            try:
                await self._bus.publish(event)
            except Unavailable:
                pass  # progress is told at most once

    def stage_started(self, job: Job, stage: str) -> None:
        self._numbers.stage_started(stage)
        self._tell(job, stage, "started")

    def stage_ended(self, job: Job, stage: str, seconds: float, error: BaseException | None) -> None:
        outcome = "done" if error is None else "refused" if isinstance(error, Unprocessable) else "failed"
        self._numbers.stage_ended(stage, seconds, outcome)
        self._tell(job, stage, outcome)

    def settled(self, job: Job, status: str) -> None:
        self._numbers.settled(status)

    def _tell(self, job: Job, stage: str, outcome: str) -> None:
        event = Event(job.tenant, job.invoice_id, "stage", datetime.now(UTC), attempt=job.attempt, data={"stage": stage, "outcome": outcome})
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            pass
