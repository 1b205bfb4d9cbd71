"""What a tritonserver answers piece by piece, read to its end whoever may have left.

Such a call must not be cancelled while the server is at it: tritonserver 2.51 may then use what it has freed already, and dies, with all
that others had asked it (once in some hundred streams; triton-inference-server/server #8034 is such a race). So who leaves early, or has no
more time, leaves the reading to a task, and the server ends its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
from tritonclient.grpc import InferResult
from tritonclient.utils import InferenceServerException

MOST_PIECES = 4096  # of one answer that wait to be taken
LEFT = 60.0  # seconds that an answer may still take after nobody waits for it; then it is cancelled all the same
CLOSING = 5.0  # seconds of that at the end of the service

Piece: TypeAlias = InferResult | Exception | None  # None: the end


class Reading:
    """One answer. Its pieces are taken by `next`, until `leave`."""

    def __init__(self, call: AsyncIterator[tuple[InferResult | None, InferenceServerException | None]]) -> None:
        self._call = call
        self._pieces: asyncio.Queue[Piece] = asyncio.Queue(MOST_PIECES)
        self._left = False

    async def run(self) -> None:
        try:
            async for result, error in self._call:
                await self._tell(error or result)
        except (grpc.RpcError, InferenceServerException) as exc:
            await self._tell(exc)
        else:
            await self._tell(None)

    async def next(self) -> InferResult | None:
        """Raises what the server, or the way to it, answered instead: `InferenceServerException` or `grpc.RpcError`."""
        piece = await self._pieces.get()
        if isinstance(piece, Exception):
            raise piece
        return piece

    def leave(self) -> None:
        self._left = True
        while not self._pieces.empty():  # also lets go who waits to put another one there
            self._pieces.get_nowait()

    async def _tell(self, piece: Piece) -> None:
        if not self._left:
            await self._pieces.put(piece)


class Readings:
    """All answers that one client reads, and those that it has left."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def of(self, call: AsyncIterator[tuple[InferResult | None, InferenceServerException | None]]) -> AsyncIterator[Reading]:
        reading = Reading(call)
        task = asyncio.create_task(reading.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            yield reading
        finally:
            reading.leave()

    async def close(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
