"""A stage is what is done; a `Step` adds where it runs and how much of it: width, deadline, attempts. A `Chain` is typed end to end.

    chain = first("decode", Decode(sandbox), width=4, deadline=30).then("extract", in_thread(extract), width=2, deadline=20)

A wrong order of stages is a type error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)


class Stage(Protocol[A_contra, B_co]):
    """Turns one payload into the next, or raises an error of `app.errors`. Never blocks the event loop."""

    async def __call__(self, payload: A_contra, /) -> B_co: ...


@dataclass(frozen=True, slots=True)
class Step:
    """`width`: payloads at once. `deadline`: seconds for one attempt. `attempts`: tries on `Unavailable`, before it is requeued."""

    name: str
    stage: Callable[[Any], Awaitable[Any]]
    width: int
    deadline: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Chain(Generic[A, B]):
    steps: tuple[Step, ...]

    def then(self, name: str, stage: Stage[B, C], *, width: int, deadline: float, attempts: int = 1) -> Chain[A, C]:
        return Chain((*self.steps, Step(name, stage, width, deadline, attempts)))


def first(name: str, stage: Stage[A, B], *, width: int, deadline: float, attempts: int = 1) -> Chain[A, B]:
    return Chain((Step(name, stage, width, deadline, attempts),))


def in_thread(function: Callable[[A], B], executor: ThreadPoolExecutor) -> Stage[A, B]:
    """Runs pure Python work off the loop. For work on trusted, already decoded values only: untrusted bytes go to the sandbox."""

    async def stage(payload: A, /) -> B:
        return await asyncio.get_running_loop().run_in_executor(executor, function, payload)

    return stage
