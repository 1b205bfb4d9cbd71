"""The way into what only some may do at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """`places`, and half as many more that are only for tenants with no more inside than another one: who comes beside a flood does not
    wait until a place is free. Of those who wait, first goes who is of the tenant with the fewest inside, then who came first."""

    def __init__(self, places: int) -> None:
        self._places, self._most = places, places + (places + 1) // 2
        self._inside: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}  # in the order in which they came

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[bool]:
        """Whether it goes before others: nobody of the tenant was inside before, or fewer than of another one."""
        if self._may(tenant):
            self._inside[tenant] += 1
        else:
            await self._turn(tenant)
        try:
            yield self._inside[tenant] == 1 or self._inside[tenant] <= self._most_of_others(tenant)
        finally:
            self._leave(tenant)

    async def _turn(self, tenant: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = tenant
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting.pop(turn, None)
            if not turn.cancelled():  # its turn came at the same moment
                self._leave(tenant)
            raise

    def _may(self, tenant: str) -> bool:
        number = self._inside.total()
        return number < self._places or (number < self._most and self._inside[tenant] <= self._most_of_others(tenant))

    def _most_of_others(self, tenant: str) -> int:
        """-1 where nobody else is inside."""
        return max((number for each, number in self._inside.items() if each != tenant), default=-1)

    def _leave(self, tenant: str) -> None:
        self._inside[tenant] -= 1
        if not self._inside[tenant]:
            del self._inside[tenant]
        if waiting := [turn for turn in self._waiting if not turn.done()]:  # some have given up, and do not know it yet
            turn = min(waiting, key=lambda each: self._inside[self._waiting[each]])
            if self._may(next_tenant := self._waiting[turn]):
                del self._waiting[turn]
                self._inside[next_tenant] += 1
                turn.set_result(None)
