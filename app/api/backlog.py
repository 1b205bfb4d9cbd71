"""Whether the stream keeps up. Asked before a body is read; SQL is asked at most once a second."""

from __future__ import annotations

import time

from app.errors import Refused
from app.ports import InvoiceStore

FRESH = 1.0  # seconds


class Backlog:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._depth = 0
        self._asked = float("-inf")

    async def refuse_if_full(self, invoices: InvoiceStore) -> None:
        """Raises `Refused(503)` while more than the limit waits in the outbox, `Unavailable` when SQL cannot say."""
        now = time.monotonic()
        if now - self._asked >= FRESH:
            self._asked = now  # first, so that a hundred requests at once do not all ask
            self._depth = (await invoices.outbox_state()).depth
        if self._depth > self._limit:
            raise Refused(503, "overloaded", "too much waits to be worked on; try again later")
