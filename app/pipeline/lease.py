"""Holding a job for longer than one lease: it is renewed as long as the work goes on, and the work ends when it is lost."""

from __future__ import annotations

import asyncio
from types import TracebackType

import structlog

from app.domain.work import Job
from app.errors import Conflict, InvoiceStreamError, Unavailable
from app.ports import InvoiceStore

log = structlog.get_logger(__name__)


class GaveWay(InvoiceStreamError):
    """The work was ended so that other work can go first."""


class Hold:
    """`async with Hold(...)`: the body works on the job. Each third of the lease it is renewed; a quick body costs a timer and no more.

    The body is cancelled, and `Conflict` raised in place of that, once another holds the job; `GaveWay` after `give_way`.
    """

    def __init__(self, store: InvoiceStore, job: Job, lease: float) -> None:
        self._store = store
        self._job = job
        self._lease = lease
        self._every = lease / 3
        self._error: InvoiceStreamError | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Hold:
        task = asyncio.current_task()
        assert task is not None, "outside of a task"
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self._every, self._due)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        ours = self._error
        self._error = GaveWay("too late")  # from here on nobody is cancelled
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        if ours is not None and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise ours from error

    def give_way(self) -> None:
        self._end(GaveWay("other work goes first"))

    def _end(self, error: InvoiceStreamError) -> None:
        if self._error is None:
            self._error = error
            self._task.cancel()

    def _due(self) -> None:
        self._renewing = asyncio.create_task(self._renew(), name=f"lease of {self._job.invoice_id}")

    async def _renew(self) -> None:
        while True:
            try:
                await self._store.renew(self._job, self._lease)
            except Conflict as exc:
                # Perhaps because the body has just settled it: then it ends by itself, before anybody is cancelled.
                await asyncio.sleep(self._every / 10)
                self._end(exc)
                return
            except Unavailable as exc:
                log.warning("lease.not_renewed", dependency=exc.dependency)  # there are two more tries before it ends
            await asyncio.sleep(self._every)
