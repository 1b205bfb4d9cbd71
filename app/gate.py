"""The way into what only some may do at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LOOK = 0.05  # seconds between two looks whether one's turn has come: use changes with time
HALF_LIFE = 20.0  # seconds
FORGOTTEN = 0.001


class Usage:
    """What each tenant has used of late, of whatever is counted; what was used a `HALF_LIFE` ago counts half."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[str, tuple[float, float]] = {}  # and when that was

    def charge(self, tenant: str, amount: float) -> None:
        self._used[tenant] = (self.of(tenant) + amount, self._clock())
        self._used = {each: used for each, used in self._used.items() if self.of(each) > FORGOTTEN}

    def of(self, tenant: str) -> float:
        used, since = self._used.get(tenant, (0.0, 0.0))
        return used * math.exp2((since - self._clock()) / HALF_LIFE)


class Inside:
    """A place at a gate. `waited`: seconds in there that were spent waiting for others."""

    def __init__(self, gate: Gate, tenant: str) -> None:
        self.waited = 0.0
        self._gate, self._tenant = gate, tenant

    @property
    def goes_first(self) -> bool:
        """Now: nobody inside is of a tenant that has used less of late."""
        return self._gate.used_least(self._tenant)

    async def turn(self) -> None:
        """Returns as soon as it goes first: between two steps of what is done inside, for who has used less."""
        while not self.goes_first:
            self.waited += LOOK
            await asyncio.sleep(LOOK)


class Gate:
    """`places`, and half as many more that are only for who has used less time inside of late than all others there: who comes beside a
    flood does not wait until a place is free. Of those who wait, first goes who has used least, then who came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._most = places, places + (places + 1) // 2
        self._clock = clock
        self._usage = Usage(clock)
        self._held: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}  # in the order in which they came

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[Inside]:
        if self._may(tenant):
            self._held[tenant] += 1
        else:
            await self._turn(tenant)
        inside, began = Inside(self, tenant), self._clock()
        try:
            yield inside
        finally:
            self._usage.charge(tenant, max(0.0, self._clock() - began - inside.waited))
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
        number = self._held.total()
        if number < self._places:
            return True
        return number < self._most and bool(self._held.keys() - {tenant}) and self.used_least(tenant)

    def used_least(self, tenant: str) -> bool:
        own = self._usage.of(tenant)
        return all(own <= self._usage.of(each) for each in self._held if each != tenant)

    def _leave(self, tenant: str) -> None:
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
        if waiting := [turn for turn in self._waiting if not turn.done()]:  # some have given up, and do not know it yet
            turn = min(waiting, key=lambda each: self._usage.of(self._waiting[each]))
            if self._may(next_tenant := self._waiting[turn]):
                del self._waiting[turn]
                self._held[next_tenant] += 1
                turn.set_result(None)
