"""Taking in goes first: who sends waits for an answer, what was taken in can wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4
"""Requests being stored at once before new work waits: fewer are stored in some milliseconds each, more wait for one another."""
PATIENCE = 0.5  # seconds: then work goes on nevertheless


class Intake:
    """Counts what is being stored, files and rows, of requests whose bodies are there: a slow sender holds up nobody."""

    def __init__(self) -> None:
        self._storing = 0
        self._room = asyncio.Event()
        self._room.set()

    @contextmanager
    def storing(self) -> Iterator[None]:
        self._storing += 1
        self._look()
        try:
            yield
        finally:
            self._storing -= 1
            self._look()

    async def room(self) -> None:
        """Returns when there is little to store, or after some patience: however much comes in, work goes on."""
        if not self._room.is_set():
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._room.wait()
            except TimeoutError:
                pass

    def _look(self) -> None:
        if self._storing > AT_ONCE:
            self._room.clear()
        else:
            self._room.set()
