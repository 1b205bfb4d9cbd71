"""What every contract asks besides its promises: nothing is left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
async def nothing_leaks() -> AsyncIterator[None]:
    """Tasks and file descriptors after the adapter was closed are those from before it was opened."""
    await asyncio.to_thread(lambda: None)  # the loop's own executor exists from here on
    tasks, descriptors = asyncio.all_tasks(), _descriptors()
    yield
    async with asyncio.timeout(60):
        while asyncio.all_tasks() - tasks - {asyncio.current_task()} or _descriptors() - descriptors:
            await asyncio.sleep(0)


def _descriptors() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            continue  # the listing's own
    return {target for target in found if not target.startswith("/proc/")}
