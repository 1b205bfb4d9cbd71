"""The way into what only some may do at once, and those who wait go in by turns of their tenants."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

HALF_LIFE = 60.0  # seconds: long beside the chance by which one of two tenants who send alike has just sent more
MORE = 1.25  # times as much: a flood gets what others leave, which need not be twice as much
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

    def __init__(self, gate: Gate, tenant: str, number: int) -> None:
        self.tenant, self.number = tenant, number
        self.since = 0.0  # by the gate's clock
        self._gate = gate

    @property
    def gives_way(self) -> bool:
        """Now: its tenant has used `MORE` than another one inside has."""
        return any(self._gate.used(self.tenant) > MORE * other for other in self._gate.used_by_others(self.tenant))

    @property
    def goes_first(self) -> bool:
        """Now: another one inside has used `MORE` than its tenant has."""
        return any(other > MORE * self._gate.used(self.tenant) for other in self._gate.used_by_others(self.tenant))

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        """One of the steps of what is done inside; several may be wanted at once. Waits for its turn: see `Gate`."""
        async with self._gate.step(self):
            yield


class _Line:
    """Those who wait, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Inside] = {}

    async def wait(self, inside: Inside, give_back: Callable[[Inside], None]) -> None:
        """Until it is called. Who is cancelled at the same moment gives back what it was called to."""
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[called] = inside
        try:
            await called
        except asyncio.CancelledError:
            self._waiting.pop(called, None)
            if not called.cancelled():
                give_back(inside)
            raise

    def call(self, order: Callable[[Inside], tuple[float, ...]], may: Callable[[Inside], bool]) -> Inside | None:
        """Calls the first by `order`, if it may."""
        waiting = [called for called in self._waiting if not called.done()]  # some have given up, and do not know it yet
        if not waiting:
            return None
        called = min(waiting, key=lambda each: order(self._waiting[each]))
        if not may(self._waiting[called]):
            return None
        called.set_result(None)
        return self._waiting.pop(called)


class Gate:
    """`places`, and half as many more that are only for who has used less time inside of late than all others there: who comes beside a
    flood does not wait until a place is free. Of those who wait, first goes who has used least, then who came first.

    With `steps`, what is done inside goes in steps, so many at once of all who are inside, and what they take is what is used. Who gives
    way does none until the other one has left, for what he has begun cannot be broken off when the other one's next step is wanted. Else
    first go those of who went in first, all of them: what is begun is ended before the next, since taking all by turns makes all late.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic, *, steps: int = 0) -> None:
        self._places, self._most = places, places + (places + 1) // 2
        self._clock = clock
        self._usage = Usage(clock)  # seconds, of what has ended
        self._inside: dict[str, set[Inside]] = {}
        self._numbers = count()
        self._line, self._steps_line = _Line(), _Line()
        self._steps, self._stepping = steps, 0

    @asynccontextmanager
    async def enter(self, tenant: str) -> AsyncIterator[Inside]:
        inside = Inside(self, tenant, next(self._numbers))
        if self._may(inside):
            self._let_in(inside)
        else:
            await self._line.wait(inside, self._leave)
        try:
            yield inside
        finally:
            self._leave(inside)

    @asynccontextmanager
    async def step(self, inside: Inside) -> AsyncIterator[None]:
        if self._stepping < self._steps and not inside.gives_way:
            self._stepping += 1
        else:
            await self._steps_line.wait(inside, self._stepped)
        began = self._clock()
        try:
            yield
        finally:
            self._usage.charge(inside.tenant, self._clock() - began)
            self._stepped(inside)

    def used(self, tenant: str) -> float:
        """Seconds, of late."""
        going_on = 0.0 if self._steps else sum(self._clock() - each.since for each in self._inside.get(tenant, ()))
        return self._usage.of(tenant) + going_on

    def used_by_others(self, tenant: str) -> list[float]:
        """Of those who are inside."""
        return [self.used(each) for each in self._inside if each != tenant]

    def _let_in(self, inside: Inside) -> None:
        inside.since = self._clock()
        self._inside.setdefault(inside.tenant, set()).add(inside)

    def _may(self, inside: Inside) -> bool:
        number = sum(map(len, self._inside.values()))
        if number < self._places:
            return True
        others = self.used_by_others(inside.tenant)
        return number < self._most and bool(others) and self.used(inside.tenant) <= min(others)

    def _leave(self, inside: Inside) -> None:
        if not self._steps:
            self._usage.charge(inside.tenant, self._clock() - inside.since)
        self._inside[inside.tenant].discard(inside)
        if not self._inside[inside.tenant]:
            del self._inside[inside.tenant]
        if (called := self._line.call(lambda each: (self.used(each.tenant), each.number), self._may)) is not None:
            self._let_in(called)
        self._go_on()

    def _stepped(self, _: Inside) -> None:
        self._stepping -= 1
        self._go_on()

    def _go_on(self) -> None:
        while self._stepping < self._steps and self._steps_line.call(_order, lambda each: not each.gives_way):
            self._stepping += 1


def _order(inside: Inside) -> tuple[float, ...]:
    return inside.gives_way, not inside.goes_first, inside.number
