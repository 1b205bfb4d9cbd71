"""How long work takes, as of late: what the expected time of a result is made from."""

from __future__ import annotations

from app.domain.work import Queue

WEIGHT = 0.05  # of the newest, so that some dozens count
AT_FIRST: dict[Queue, float] = {"invoices": 0.1, "invoices.pdf": 0.3, "invoices.ocr": 3.0}  # seconds, until there is experience


class Pace:
    """Moving averages over what this process did."""

    def __init__(self) -> None:
        self._seconds = dict(AT_FIRST)
        self._moved = dict.fromkeys(AT_FIRST, 0.0)

    def note(self, queue: Queue, seconds: float, *, moved: bool) -> None:
        """`seconds` from the claim to the end. `moved`: to another queue, to be gone on with there."""
        self._seconds[queue] += WEIGHT * (seconds - self._seconds[queue])
        self._moved[queue] += WEIGHT * (moved - self._moved[queue])

    def seconds(self, queue: Queue) -> float:
        """In hand, for one invoice."""
        return self._seconds[queue]

    def moved(self, queue: Queue) -> float:
        """The share (0..1) that goes on to be read."""
        return self._moved[queue]
