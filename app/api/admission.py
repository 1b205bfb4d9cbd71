"""Who may send now, and when they may expect the result. Asked before a body is read; SQL is asked at most once a second.

429 too_many_posts   the tenant has too many POSTs under way
429 backlog          what the tenant sent before takes too long, or has waited too long. Alone it may pile up much (`wait`); while others
                     are about, no more than it can have worked off soon (`shared_wait`): who floods is held back, not who comes
                     beside. From half of that on some are refused, by chance, the more the longer: so as much comes in as is
                     worked off. How long it has waited counts against `wait` alone: the oldest of a pile is old until all of it is done
503 overloaded       nothing moves: what was accepted is not even sent to be worked on
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from app.domain.work import QUEUES, Queue
from app.errors import Refused
from app.ports import InvoiceStore, Waiting

FRESH = 1.0  # seconds
ABOUT = 60.0  # seconds after its last POST that a tenant counts as being about
READ: Queue = "invoices.ocr"
LONGEST = 3600  # seconds that anybody is told to wait


class Pace(Protocol):
    def seconds(self, queue: Queue) -> float: ...

    def moved(self, queue: Queue) -> float: ...


class Admission:
    """`posts` a tenant at once; `wait`, `shared_wait` in seconds; `outbox_depth` in rows. `clock`: monotonic seconds. `chance`: 0..1."""

    def __init__(
        self,
        store: InvoiceStore,
        pace: Pace,
        *,
        posts: int,
        wait: float,
        shared_wait: float,
        outbox_depth: int,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._pace = pace
        self._posts = posts
        self._wait = wait
        self._shared_wait = shared_wait
        self._outbox_depth = outbox_depth
        self._clock = clock
        self._chance = chance
        self._under_way: Counter[str] = Counter()
        self._last: dict[str, float] = {}  # POST of each tenant
        self._waiting: Sequence[Waiting] = ()
        self._since: Counter[tuple[str, Queue]] = Counter()  # files taken in here after that was asked
        self._depth = 0
        self._asked = float("-inf")

    @contextmanager
    def under_way(self, tenant: str) -> Iterator[None]:
        """One POST, from its head to its answer. Raises `Refused(429)`."""
        if self._under_way[tenant] >= self._posts:
            raise Refused(429, "too_many_posts", f"{self._posts} requests at once; wait for their answers", retry_after=1)
        self._under_way[tenant] += 1
        try:
            yield
        finally:
            self._under_way[tenant] -= 1
            if not self._under_way[tenant]:
                del self._under_way[tenant]

    async def check(self, tenant: str) -> None:
        """Raises `Refused(429)` or `Refused(503)`; `Unavailable` when SQL cannot say."""
        now = self._clock()
        if now - self._asked >= FRESH:
            self._asked = now  # first, so that a hundred requests at once do not all ask
            self._depth = (await self._store.outbox_state()).depth
            self._waiting = await self._store.waiting()
            self._since.clear()
            self._last = {each: last for each, last in self._last.items() if now - last < ABOUT}
        if self._depth > self._outbox_depth:
            raise Refused(503, "overloaded", "too much waits to be worked on; try again later")
        takes = self._takes(tenant), self._shared_wait if self._others_about(tenant) else self._wait
        waits = max((each.oldest for each in self._waiting if each.tenant == tenant), default=0.0), self._wait
        share = (1 + self._chance()) / 2
        for wait, limit in (takes, waits):
            if wait > limit * share:
                again = max(1, min(LONGEST, math.ceil(wait - limit / 2)))
                raise Refused(429, "backlog", f"what you sent before takes some {wait:.0f} s; {limit:.0f} may be", retry_after=again)
        self._last[tenant] = now

    def took(self, tenant: str, queues: Iterable[Queue]) -> None:
        """Files of the tenant have come to these queues."""
        self._since.update((tenant, queue) for queue in queues)

    def expected(self, tenant: str, queues: Sequence[Queue]) -> int:
        """Whole seconds, one at least, until files that have just come to these queues (one at least) should all have their result: what
        waits before them, by turns of the tenants, at the pace of late."""
        return max(1, min(LONGEST, math.ceil(max(self._expected(tenant, queue, queues.count(queue)) for queue in set(queues)))))

    def _expected(self, tenant: str, queue: Queue, files: int) -> float:
        here = [each for each in self._waiting if each.queue == queue]
        own = files + self._untouched(tenant, queue)
        if not own:
            return 0.0
        before = own - 1 + sum(min(own, each.number) for each in here if each.tenant != tenant)
        at_once = max(1, sum(each.in_hand for each in here))
        seconds = self._pace.seconds(queue) * (1 + before / at_once)
        if moved := self._pace.moved(queue):
            seconds += moved * self._expected(tenant, READ, 1)
        return seconds

    def _untouched(self, tenant: str, queue: Queue) -> int:
        return self._since[tenant, queue] + sum(each.number for each in self._waiting if each.queue == queue and each.tenant == tenant)

    def _takes(self, tenant: str) -> float:
        """Seconds until all that waits of this tenant should be done, and be read where that will be found to be needed."""
        to_be_read = round(sum(self._pace.moved(queue) * self._untouched(tenant, queue) for queue in QUEUES))
        return max(self._expected(tenant, queue, to_be_read if queue == READ else 0) for queue in QUEUES)

    def _others_about(self, tenant: str) -> bool:
        return any(each != tenant for each in self._last) or any(each.tenant != tenant for each in self._waiting)
