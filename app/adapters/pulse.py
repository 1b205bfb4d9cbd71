"""Whether who is asked is still alive: calls that wait for a peer that stands still are given up, long before their own deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app.errors import Unavailable

QUIET = 1.5  # seconds between two looks, while anything is waited for
ALIVE = 2.0  # seconds for an answer that costs the peer nothing


class Pulse:
    """`live` is asked while calls wait, and raises `Unavailable` if the peer is not; nothing is asked while none waits."""

    def __init__(self, live: Callable[[float], Awaitable[None]]) -> None:
        self._live = live
        self._waiting: set[asyncio.Timeout] = set()
        self._taking: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, call: asyncio.Timeout) -> Iterator[None]:
        """`call` has been entered, and times out when the peer stands still."""
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
                await asyncio.sleep(QUIET)
                waited = set(self._waiting)  # those that come while it is asked are for the next look
                if not waited:
                    return
                try:
                    await self._live(ALIVE)
                except Unavailable:
                    for call in waited & self._waiting:
                        call.reschedule(0)
        finally:
            self._taking = None
