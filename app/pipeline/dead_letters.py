"""Dead letters settle SQL: nothing that the broker gave up on is unknown there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from app.domain.record import InvoiceRecord
from app.errors import Conflict, Unavailable
from app.ports import InvoiceStore, Message, Settlement, WorkQueue

log = structlog.get_logger(__name__)
LEASE = 60.0  # seconds
AGAIN = (1.0, 30.0)  # seconds: first, and most, before a store that is away is asked again


class DeadLetters:
    """Takes what was delivered again and again and never settled, and quarantines the invoice as `internal_error`, unless it is settled
    or somebody works on it. `settled` is told of each. A person may retry it, or `invoicestream replay`."""

    def __init__(self, queue: WorkQueue, store: InvoiceStore, owner: str, settled: Callable[[InvoiceRecord], None]) -> None:
        self._queue = queue
        self._store = store
        self._owner = f"{owner}:dead"  # not the worker's: a claim must not take over what this very process works on
        self._settled = settled

    async def run(self) -> None:
        """Until cancelled."""
        async for delivery in self._queue.dead_letters():
            pause, most = AGAIN
            while True:
                try:
                    await self._settle(delivery.message)
                    break
                except Unavailable as exc:
                    log.warning("dead_letter.waiting", dependency=exc.dependency)
                    await asyncio.sleep(pause)
                    pause = min(most, 2 * pause)
            await delivery.ack()

    async def _settle(self, message: Message) -> None:
        job = await self._store.claim(message.tenant, message.invoice_id, self._owner, LEASE)
        if isinstance(job, str):
            log.info("dead_letter.dropped", invoice_id=message.invoice_id, because=job)  # "leased": the sweeper watches the lease
            return
        log.warning("dead_letter.quarantined", invoice_id=message.invoice_id, attempt=job.attempt)
        try:
            record = await self._store.settle(job, Settlement("quarantined", "internal_error"))
        except Conflict:
            return  # somebody was faster
        self._settled(record)
