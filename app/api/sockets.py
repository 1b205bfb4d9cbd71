"""How many websockets are open in this process, and no more than a limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Refused
from app.metrics import Metrics


class Sockets:
    def __init__(self, limit: int, metrics: Metrics) -> None:
        self.open = 0
        self._limit = limit
        self._gauge = metrics.ws_clients

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Raises `Refused(503)` at the limit."""
        if self.open >= self._limit:
            raise Refused(503, "too_many_sockets", "try again later")
        self.open += 1
        self._gauge.set(self.open)
        try:
            yield
        finally:
            self.open -= 1
            self._gauge.set(self.open)
