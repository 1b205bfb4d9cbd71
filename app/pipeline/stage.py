"""A stage is what is done; a `Step` adds where it runs and how much of it: width, deadline, attempts. A `Chain` is typed end to end.

    chain = first("decode", Decode(sandbox), width=Width(2, 2, 1), deadline=30).then("extract", in_thread(extract), width=..., deadline=9)

A wrong order of stages is a type error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from app.domain.work import Queue

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)


class Stage(Protocol[A_contra, B_co]):
    """Turns one payload into the next, or raises an error of `app.errors`. Never blocks the event loop."""

    async def __call__(self, payload: A_contra, /) -> B_co: ...


@dataclass(frozen=True, slots=True)
class Width:
    """Payloads of each queue that a stage takes at once. They have places of their own: none waits for another queue's."""

    invoices: int
    pdf: int
    ocr: int

    def on(self, queue: Queue) -> int:
        match queue:
            case "invoices":
                return self.invoices
            case "invoices.pdf":
                return self.pdf
            case "invoices.ocr":
                return self.ocr


@dataclass(frozen=True, slots=True)
class Move:
    """What is so goes on in another queue, from the start of the chain; there it passes."""

    queue: Queue
    when: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """`deadline`: seconds for one attempt. `attempts`: tries on `Unavailable`, before it is requeued. `move`: asked of what comes out."""

    name: str
    stage: Callable[[Any], Awaitable[Any]]
    width: Width
    deadline: float
    attempts: int
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Chain(Generic[A, B]):
    steps: tuple[Step, ...]

    def then(self, name: str, stage: Stage[B, C], *, width: Width, deadline: float, attempts: int = 1) -> Chain[A, C]:
        return Chain((*self.steps, Step(name, stage, width, deadline, attempts)))

    def hand_over(self, queue: Queue, *, when: Callable[[B], bool]) -> Chain[A, B]:
        """From here on only in `queue`, when it is so. What was done up to here is done again there."""
        *before, last = self.steps
        return Chain((*before, replace(last, move=Move(queue, when))))


def first(name: str, stage: Stage[A, B], *, width: Width, deadline: float, attempts: int = 1) -> Chain[A, B]:
    return Chain((Step(name, stage, width, deadline, attempts),))


def in_thread(function: Callable[[A], B], executor: ThreadPoolExecutor) -> Stage[A, B]:
    """Runs pure Python work off the loop. For work on trusted, already decoded values only: untrusted bytes go to the sandbox."""

    async def stage(payload: A, /) -> B:
        return await asyncio.get_running_loop().run_in_executor(executor, function, payload)

    return stage
