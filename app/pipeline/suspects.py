"""Who may be worked on beside whom. A job whose last holder died on it may have killed it, and may do so again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.domain.work import QUEUES, Queue


class Turn:
    """Of the one suspect that is inside. `when_over`: told once, at once if it is so already, that it must give way."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._over = False
        self._tell: Callable[[], None] | None = None

    def when_over(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        if self._over:
            tell()

    def give_way(self) -> None:
        if not self._over:
            self._over = True
            if self._tell is not None:
                self._tell()


class Suspects:
    """Of a queue many may be inside, or one suspect alone; of all queues no more than one suspect at a time.

    So of what a poison takes down with it nothing was a suspect before: it costs each of its neighbours one attempt at most. A
    suspect does not wait for the other queue's work, nor that work for it: cheap work never waits behind the reading of pages.
    Where suspects of both wait the cheaper queue's goes first, and one of the other that is inside gives way.
    Who waits to be alone holds back those of its queue that come later.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = dict.fromkeys(QUEUES, 0)
        self._waiting = dict.fromkeys(QUEUES, 0)  # to be alone
        self._alone: Turn | None = None

    @asynccontextmanager
    async def shared(self, queue: Queue) -> AsyncIterator[None]:
        if not self._open(queue):
            async with self._changed:
                await self._changed.wait_for(lambda: self._open(queue))
        self._inside[queue] += 1
        try:
            yield
        finally:
            self._inside[queue] -= 1
            if self._waiting[queue]:
                await self._notify()

    @asynccontextmanager
    async def alone(self, queue: Queue) -> AsyncIterator[Turn]:
        async with self._changed:
            self._waiting[queue] += 1
            if self._alone is not None and queue in _cheaper_than(self._alone.queue):
                self._alone.give_way()
            try:
                await self._changed.wait_for(lambda: self._empty(queue))
                turn = self._alone = Turn(queue)
            finally:
                self._waiting[queue] -= 1
                self._changed.notify_all()
        try:
            yield turn
        finally:
            self._alone = None
            await self._notify()

    def _open(self, queue: Queue) -> bool:
        return not self._waiting[queue] and (self._alone is None or self._alone.queue != queue)

    def _empty(self, queue: Queue) -> bool:
        return self._alone is None and not self._inside[queue] and not any(self._waiting[other] for other in _cheaper_than(queue))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _cheaper_than(queue: Queue) -> tuple[Queue, ...]:
    return QUEUES[: QUEUES.index(queue)]
