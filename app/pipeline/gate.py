"""The way into a stage: so many at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Of those who wait, first goes who is of the tenant with the fewest inside, then who came first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._inside: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}  # in the order in which they came

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[None]:
        if self._free:
            self._take(tenant)
        else:
            await self._turn(tenant)
        try:
            yield
        finally:
            self._leave(tenant)

    async def _turn(self, tenant: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = tenant
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.pop(turn, None) is None:  # its turn came at the same moment
                self._leave(tenant)
            raise

    def _take(self, tenant: str) -> None:
        self._free -= 1
        self._inside[tenant] += 1

    def _leave(self, tenant: str) -> None:
        self._free += 1
        self._inside[tenant] -= 1
        if not self._inside[tenant]:
            del self._inside[tenant]
        if self._waiting:
            turn = min(self._waiting, key=lambda each: self._inside[self._waiting[each]])
            self._take(self._waiting.pop(turn))
            turn.set_result(None)
