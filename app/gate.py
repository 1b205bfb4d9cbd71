"""The way into what only some may do at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
import math
import time
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
    """A place at a gate."""

    def __init__(self, gate: Gate, tenant: str, clock: Callable[[], float]) -> None:
        self._gate, self._tenant = gate, tenant
        self._clock, self._began = clock, clock()
        self._waits_since: float | None = None
        self._waiting = 0

    @property
    def spent(self) -> float:
        """Seconds inside, those left out in which it waited for its turn."""
        return (self._clock() if self._waits_since is None else self._waits_since) - self._began

    @property
    def gives_way(self) -> bool:
        """Now: its tenant has used more than twice what another one inside has."""
        return any(self._gate.used(self._tenant) > 2 * other for other in self._gate.used_by_others(self._tenant))

    @property
    def goes_first(self) -> bool:
        """Now: another one inside has used more than twice what its tenant has."""
        return any(other > 2 * self._gate.used(self._tenant) for other in self._gate.used_by_others(self._tenant))

    async def turn(self) -> None:
        """Between two steps of what is done inside: waits while it gives way. Several steps may wait at once."""
        if not self.gives_way:
            return
        if self._waits_since is None:
            self._waits_since = self._clock()
        self._waiting += 1
        try:
            while self.gives_way:  # noqa: ASYNC110 - what was used fades with time, and nobody tells of that
                await asyncio.sleep(LOOK)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._began += self._clock() - self._waits_since
                self._waits_since = None


class Gate:
    """`places`, and half as many more that are only for who has used less time inside of late than all others there: who comes beside a
    flood does not wait until a place is free. Of those who wait, first goes who has used least, then who came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._most = places, places + (places + 1) // 2
        self._clock = clock
        self._usage = Usage(clock)  # seconds inside, of those who have left
        self._inside: dict[str, set[Inside]] = {}
        self._waiting: dict[asyncio.Future[Inside], str] = {}  # in the order in which they came

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[Inside]:
        inside = self._let_in(tenant) if self._may(tenant) else await self._turn(tenant)
        try:
            yield inside
        finally:
            self._leave(tenant, inside)

    async def _turn(self, tenant: str) -> Inside:
        turn: asyncio.Future[Inside] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = tenant
        try:
            return await turn
        except asyncio.CancelledError:
            self._waiting.pop(turn, None)
            if not turn.cancelled():  # its turn came at the same moment
                self._leave(tenant, turn.result())
            raise

    def _let_in(self, tenant: str) -> Inside:
        inside = Inside(self, tenant, self._clock)
        self._inside.setdefault(tenant, set()).add(inside)
        return inside

    def _may(self, tenant: str) -> bool:
        number = sum(map(len, self._inside.values()))
        if number < self._places:
            return True
        others = self.used_by_others(tenant)
        return number < self._most and bool(others) and self.used(tenant) <= min(others)

    def used(self, tenant: str) -> float:
        """Seconds inside, of late."""
        return self._usage.of(tenant) + sum(each.spent for each in self._inside.get(tenant, ()))

    def used_by_others(self, tenant: str) -> list[float]:
        """Of those who are inside."""
        return [self.used(each) for each in self._inside if each != tenant]

    def _leave(self, tenant: str, inside: Inside) -> None:
        self._usage.charge(tenant, inside.spent)
        self._inside[tenant].discard(inside)
        if not self._inside[tenant]:
            del self._inside[tenant]
        if waiting := [turn for turn in self._waiting if not turn.done()]:  # some have given up, and do not know it yet
            turn = min(waiting, key=lambda each: self.used(self._waiting[each]))
            if self._may(next_tenant := self._waiting[turn]):
                del self._waiting[turn]
                turn.set_result(self._let_in(next_tenant))
