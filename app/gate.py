"""The way into what only some may do at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

HALF_LIFE = 20.0  # seconds after which what was used counts half


class Usage:
    """The place-seconds that each tenant has used of late: one place held for one second is one, and counts half after `HALF_LIFE`.

    Who floods has used much, whatever it sends; who sends little has not, also if it comes in a heap.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.held: Counter[str] = Counter()
        self._clock = clock
        self._used: dict[str, tuple[float, float]] = {}  # and when that was

    def take(self, tenant: str) -> None:
        self._settle(tenant)
        self.held[tenant] += 1

    def give_back(self, tenant: str) -> None:
        self._settle(tenant)
        self.held[tenant] -= 1
        if not self.held[tenant]:
            del self.held[tenant]
            self._used = {each: used for each, used in self._used.items() if self.held[each] or self.of(each) > 0.001}

    def of(self, tenant: str) -> float:
        """With `held` places all the while, use grows by `held` a second and fades: u' = held - u ln 2 / HALF_LIFE."""
        used, since = self._used.get(tenant, (0.0, 0.0))
        fade, most = math.exp2((since - self._clock()) / HALF_LIFE), self.held[tenant] * HALF_LIFE / math.log(2)
        return most + (used - most) * fade

    def _settle(self, tenant: str) -> None:
        self._used[tenant] = (self.of(tenant), self._clock())


class Gate:
    """`places`, and half as many more that are only for who has used less of late than all others inside: who comes beside a flood does
    not wait until a place is free. Of those who wait, first goes who is of the tenant that has used least, then who came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._most = places, places + (places + 1) // 2
        self._usage = Usage(clock)
        self._waiting: dict[asyncio.Future[None], str] = {}  # in the order in which they came

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[Callable[[], bool]]:
        """What is yielded says, whenever it is asked, whether it goes before others inside: none of them is of a tenant that has used
        less of late."""
        if self._may(tenant):
            self._usage.take(tenant)
        else:
            await self._turn(tenant)
        try:
            yield lambda: self._used_least(tenant)
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
        number = self._usage.held.total()
        if number < self._places:
            return True
        return number < self._most and bool(self._usage.held.keys() - {tenant}) and self._used_least(tenant)

    def _used_least(self, tenant: str) -> bool:
        own = self._usage.of(tenant)
        return all(own <= self._usage.of(each) for each in self._usage.held if each != tenant)

    def _leave(self, tenant: str) -> None:
        self._usage.give_back(tenant)
        if waiting := [turn for turn in self._waiting if not turn.done()]:  # some have given up, and do not know it yet
            turn = min(waiting, key=lambda each: self._usage.of(self._waiting[each]))
            if self._may(next_tenant := self._waiting[turn]):
                del self._waiting[turn]
                self._usage.take(next_tenant)
                turn.set_result(None)
