"""Memory that we and a tritonserver on the same machine both see, so that a page's picture need not travel.

A region has a name only while the server opens it: after that it lives by the two mappings, and a process that is killed leaves nothing
behind. The server may still read what a call that was given up had sent: such a region rests before it is used again.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

log = structlog.get_logger(__name__)

FOLDER = Path("/dev/shm")  # where shm_open looks
LEAST = 1 << 20  # bytes of a tensor; smaller ones are quicker in the message
MOST_REGIONS = 64
REST = 60.0  # seconds; longer than any call's deadline
_STEP = 4 << 20  # sizes are rounded up to it, so that pictures of about the same size share regions


class Unsharable(Exception):
    """No region can be had: no room for it, or the server cannot open it (another user, another container)."""


class Region:
    """Of `size` bytes, known to the server as `name`."""

    def __init__(self, name: str, memory: mmap.mmap) -> None:
        self.name, self.size = name, len(memory)
        self._memory = memory

    def put(self, array: NDArray[Any]) -> None:
        np.frombuffer(self._memory, array.dtype, array.size)[:] = array.reshape(-1)


class Regions:
    """`register(name, key, size)` tells the server to open one, or raises `Unsharable`; `unregister(name)` tells it to let go of it."""

    def __init__(self, register: Callable[[str, str, int], Awaitable[None]], unregister: Callable[[str], Awaitable[None]]) -> None:
        self._register, self._unregister = register, unregister
        self._free: list[Region] = []
        self._count = 0
        self._off = False
        self._resting: set[asyncio.TimerHandle] = set()
        self._epoch = 0  # of the server: another one knows none of our regions

    async def take(self, size: int) -> tuple[Region, int] | None:
        """One that holds `size` bytes, and the epoch in which it was made; None if it cannot be had."""
        if self._off:
            return None
        for region in self._free:
            if region.size >= size:
                self._free.remove(region)
                return region, self._epoch
        if self._count >= MOST_REGIONS:
            if not self._free:
                return None
            await self._drop(self._free.pop(0))  # one that is too small
        epoch = self._epoch
        self._count += 1
        try:
            return await self._make(size), epoch
        except BaseException as exc:
            self._count -= epoch == self._epoch
            if not isinstance(exc, Unsharable):
                raise
            self._off = True
            log.warning("models.memory_not_shared", reason=str(exc))
            return None

    def give_back(self, taken: tuple[Region, int], *, answered: bool) -> None:
        """`answered`: the server has read it."""
        region, epoch = taken
        if epoch != self._epoch:
            return
        if answered:
            self._free.append(region)
            return

        def rested() -> None:
            self._resting.discard(handle)
            if epoch == self._epoch:
                self._free.append(region)

        handle = asyncio.get_running_loop().call_later(REST, rested)
        self._resting.add(handle)

    def forget(self) -> None:
        """All of them: the server does not know them any more."""
        self._epoch += 1
        self._count = 0
        self._free.clear()
        for handle in self._resting:
            handle.cancel()
        self._resting.clear()

    async def close(self) -> None:
        """The server is told of those that no call holds; no error if it is away."""
        free = list(self._free)
        self.forget()
        for region in free:
            await self._unregister(region.name)

    async def _make(self, size: int) -> Region:
        name = f"invoicestream-{secrets.token_hex(12)}"
        try:
            descriptor = os.open(FOLDER / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise Unsharable(os.strerror(exc.errno or 0)) from None
        try:
            size = -(-size // _STEP) * _STEP
            try:
                os.posix_fallocate(descriptor, 0, size)  # a full /dev/shm is found here, not by a SIGBUS
                memory = mmap.mmap(descriptor, size)
            except OSError as exc:
                raise Unsharable(os.strerror(exc.errno or 0)) from None
            await self._register(name, "/" + name, size)
            return Region(name, memory)
        finally:
            os.close(descriptor)
            os.unlink(FOLDER / name)

    async def _drop(self, region: Region) -> None:
        self._count -= 1
        await self._unregister(region.name)
