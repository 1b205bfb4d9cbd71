"""Whether who is asked is still alive: calls that wait for a peer that stands still are given up, long before their own deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app.errors import Unavailable

QUIET = 1.0  # seconds between two looks, while anything is waited for
ALIVE = 2.0  # seconds for an answer that costs the peer nothing
AGAIN = 0.2  # seconds between two looks at a peer that stands still


class Pulse:
    """`live` is asked while calls wait, and raises `Unavailable` if the peer is not. From then on it is asked until the peer is alive
    again, and nobody else is kept waiting meanwhile; else nothing is asked while no call waits."""

    def __init__(self, live: Callable[[float], Awaitable[None]]) -> None:
        self._live = live
        self._waiting: set[asyncio.Timeout] = set()
        self._taking: asyncio.Task[None] | None = None
        self._missed: Unavailable | None = None

    @contextmanager
    def watching(self, call: asyncio.Timeout) -> Iterator[None]:
        """`call` has been entered, and times out when the peer stands still. Raises `Unavailable` where that is known already."""
        if self._missed is not None:
            raise Unavailable(self._missed.dependency, f"no pulse: {self._missed.detail}") from self._missed
        self._waiting.add(call)
        if self._taking is None:
            self._taking = asyncio.create_task(self._take())
        try:
            yield
        finally:
            self._waiting.discard(call)

    async def close(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)

    async def _take(self) -> None:
        try:
            while True:
                await asyncio.sleep(AGAIN if self._missed else QUIET)
                if not self._waiting and self._missed is None:
                    return
                try:
                    await self._live(ALIVE)
                except Unavailable as exc:
                    self._missed = exc
                    for call in self._waiting:
                        if not call.expired():  # by itself, just now
                            call.reschedule(0)
                else:
                    self._missed = None
        finally:
            self._taking = self._missed = None
