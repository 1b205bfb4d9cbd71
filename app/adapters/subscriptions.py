"""Subscriptions to live events inside one process: what every event bus hands out, however events come to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from app.domain.record import Event
from app.errors import Unavailable
from app.ports import Gap


class BufferedSubscription:
    """Events in the order they were told. No more than `limit` wait: progress gives way to the rest, and where there is none left to do so,
    all are dropped, `lagged` is set and iteration ends."""

    def __init__(self, limit: int) -> None:
        self.lagged = False
        self._limit = limit
        self._events: deque[Event | Gap] = deque()
        self._ended = False
        self._wake = asyncio.Event()

    def offer(self, event: Event | Gap) -> None:
        if self._ended:
            return
        if len(self._events) >= self._limit:
            if _is_progress(event):
                return
            if not self._make_room():
                self.lagged = True
                self.end()
                return
        self._events.append(event)
        self._wake.set()

    def _make_room(self) -> bool:
        for place, waiting in enumerate(self._events):
            if _is_progress(waiting):
                del self._events[place]
                return True
        return False

    def end(self) -> None:
        self._ended = True
        self._events.clear()
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Event | Gap]:
        while not self._ended:
            if self._events:
                yield self._events.popleft()
            else:
                self._wake.clear()
                await self._wake.wait()


def _is_progress(event: Event | Gap) -> bool:
    """It is told at most once, so it may as well not be told."""
    return isinstance(event, Event) and event.id is None


class Subscriptions:
    """All of one process. Telling costs the same however slow the subscribers are. `buffer`: events that may wait for one of them."""

    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        self._topics: dict[tuple[str, str | None], set[BufferedSubscription]] = {}
        self.closed = False

    def __len__(self) -> int:
        return sum(map(len, self._topics.values()))

    def tell(self, event: Event) -> None:
        for topic in ((event.tenant, event.invoice_id), (event.tenant, None)):
            for subscription in self._topics.get(topic, ()):
                subscription.offer(event)

    def tell_gap(self, gap: Gap) -> None:
        for subscription in self._all():
            subscription.offer(gap)

    def close(self) -> None:
        """Ends every subscription."""
        self.closed = True
        for subscription in self._all():
            subscription.end()

    @asynccontextmanager
    async def subscribe(self, tenant: str, invoice_id: str | None) -> AsyncIterator[BufferedSubscription]:
        if self.closed:
            raise Unavailable("broker", "closed")
        topic = (tenant, invoice_id)
        subscription = BufferedSubscription(self._buffer)
        self._topics.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            subscription.end()
            subscriptions = self._topics[topic]
            subscriptions.discard(subscription)
            if not subscriptions:
                del self._topics[topic]

    def _all(self) -> Iterator[BufferedSubscription]:
        for subscriptions in self._topics.values():
            yield from subscriptions
