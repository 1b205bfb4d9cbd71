"""One model at a tritonserver: which of its versions is believed, and what happens when it does not answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import structlog
from numpy.typing import NDArray

from app.adapters.breaker import Breaker, Watch
from app.adapters.model_repository import canary_of
from app.adapters.model_signature import DEPENDENCY, Signature, WrongAnswer
from app.adapters.triton_wire import NotLoaded, Wire
from app.errors import DeadlineExceeded, Unavailable
from app.ports import Inference

log = structlog.get_logger(__name__)

IN_FLIGHT = 64  # requests of one model; more wait their turn here, not there
PROVING = 10.0  # seconds for finding a version and asking it its canary
LOOKING = 5.0  # seconds between looks for another version
REFUSED = 30.0  # seconds until a version that answered its canary wrongly is asked again
PAUSES = (0.2, 8.0)  # seconds between two tries while the breaker is open: first, and most
STEADY = 60.0  # seconds closed after which the pauses are short again
MENDS = (3, 30.0)  # tries that fail before a model is loaded anew, and seconds between two such loads
MOST_MENDS = 3  # while the breaker is open: what does not help three times does not help


@dataclass(frozen=True, slots=True)
class Served:
    """A version that answered its canary, or has none here."""

    version: str
    signature: Signature


class ServedModel:
    """`spawn` starts a task that the adapter owns."""

    def __init__(
        self, name: str, wire: Wire, canaries: Path, watch: Watch, spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]
    ) -> None:
        self.name = name
        self.breaker = Breaker(DEPENDENCY, f"{DEPENDENCY}/{name}", watch)
        self._wire, self._canaries, self._spawn = wire, canaries, spawn
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._served: Served | None = None
        self._proving: asyncio.Task[Served] | None = None
        self._looked = 0.0
        self._refused: dict[str, float] = {}
        self._pause = PAUSES[0]
        self._closed_at = -STEADY
        self._mended_at = -MENDS[1]

    async def infer(self, tensors: Mapping[str, NDArray[Any]], deadline: float, first: bool = False) -> Inference:
        async with self._turn(deadline) as left:
            served = await self._believed(left())
            rows = served.signature.check_request(tensors)
            if served.signature.decoupled:
                raise ValueError(f"{self.name} answers piece by piece: stream it")
            try:
                answer = await self._wire.infer(self.name, served.version, tensors, left(), first)
            except NotLoaded:  # another version has taken its place
                served = await self._prove(left())
                rows = served.signature.check_request(tensors)
                answer = await self._wire.infer(self.name, served.version, tensors, left(), first)
            served.signature.check_answer(answer.tensors, rows)
            return answer

    async def stream(self, tensors: Mapping[str, NDArray[Any]], deadline: float) -> AsyncIterator[Inference]:
        async with self._turn(deadline) as left:
            served = await self._believed(left())
            rows = served.signature.check_request(tensors)
            pieces = self._wire.stream(self.name, served.version, tensors, left())
            try:
                async for piece in pieces:
                    served.signature.check_answer(piece.tensors, rows)
                    yield piece
            finally:
                await pieces.aclose()  # type: ignore[attr-defined]

    @asynccontextmanager
    async def _turn(self, deadline: float) -> AsyncIterator[Callable[[], float]]:
        """One of the places, and what is left of the deadline. What fails inside is counted; a mistake of the caller's is no failure."""
        clock = asyncio.get_running_loop().time
        end = clock() + deadline
        self.breaker.admit()
        try:
            async with asyncio.timeout_at(end):
                await self._slots.acquire()
        except TimeoutError as exc:
            raise DeadlineExceeded(DEPENDENCY, f"{self.name} had no turn in time") from exc
        try:
            self.breaker.admit()  # it may have opened meanwhile
            yield lambda: end - clock()
        except Unavailable as exc:
            if self.breaker.failed(exc.detail, at_once=isinstance(exc, WrongAnswer)):
                self._spawn(self._mend())
            raise
        else:
            self.breaker.succeeded()
        finally:
            self._slots.release()

    async def _believed(self, seconds: float) -> Served:
        if self._served is None:
            return await self._prove(seconds)
        if asyncio.get_running_loop().time() - self._looked > LOOKING and self._proving is None:
            self._looked = asyncio.get_running_loop().time()
            self._start_proving()  # for those who come later: whoever asks now does not wait
        return self._served

    async def _prove(self, seconds: float) -> Served:
        """The newest version that is loaded and answers its canary. Many may wait for one look, which goes on without them."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._proving or self._start_proving())
        except TimeoutError as exc:
            raise DeadlineExceeded(DEPENDENCY, "no answer in time") from exc

    def _start_proving(self) -> asyncio.Task[Served]:
        def ended(task: asyncio.Task[Served]) -> None:
            self._proving = None
            if not task.cancelled():
                task.exception()  # whoever waited for it was told

        self._proving = self._spawn(self._find())
        self._proving.add_done_callback(ended)
        return self._proving

    async def _find(self) -> Served:
        clock = asyncio.get_running_loop().time
        versions = await self._wire.versions_of(self.name)
        self._looked = clock()
        failure = Unavailable(DEPENDENCY, f"{self.name}: no version answers its canary")
        before = self._served
        for version in reversed(versions):
            if before is not None and before.version == version:
                return before
            if clock() - self._refused.get(version, -REFUSED) < REFUSED:
                continue
            try:
                signature, known = await examine(self._wire, self._canaries, self.name, version)
            except Unavailable as exc:
                self._refused[version], failure = clock(), exc
                log.error("models.version_refused", model=self.name, version=version, reason=exc.detail)
                continue
            log.info("models.version", model=self.name, version=version, before=before.version if before else None, canary=known)
            self._served = Served(version, signature)
            return self._served
        self._served = None
        raise failure

    async def _mend(self) -> None:
        """While the breaker is open: asks the canary again and again, and loads the model anew where nothing else helps. A server says
        READY of a model whose process has died, and does not start it again."""
        clock = asyncio.get_running_loop().time
        if clock() - self._closed_at > STEADY:
            self._pause = PAUSES[0]
        failures = mends = 0
        while self.breaker.state != "closed":
            await asyncio.sleep(self._pause * random.uniform(0.8, 1.2))
            self._pause = min(2 * self._pause, PAUSES[1])
            self.breaker.half_open()
            self._served = None
            self._refused.clear()
            try:
                await self._prove(2 * PROVING)
            except Unavailable as exc:
                self.breaker.still_open(exc.detail)
                failures += 1
                if failures >= MENDS[0] and mends < MOST_MENDS and clock() - self._mended_at >= MENDS[1]:
                    mends, self._mended_at = mends + 1, clock()
                    await self._load_anew()
            else:
                self.breaker.close()
                self._closed_at = clock()

    async def _load_anew(self) -> None:
        try:
            await self._wire.live()
            log.warning("models.load_anew", model=self.name, reason=self.breaker.why)
            await self._wire.unload(self.name)
            await self._wire.load(self.name)
        except (Unavailable, ValueError) as exc:
            log.warning("models.load_failed", model=self.name, reason=str(exc))


async def examine(wire: Wire, canaries: Path, model: str, version: str) -> tuple[Signature, bool]:
    """What a loaded version takes and gives, and whether a canary is known for it here: it was then answered as it must be.

    Raises `Unavailable`, as `WrongAnswer` where the answer is another one.
    """
    try:
        signature = await wire.signature(model, version)
        canary = await asyncio.to_thread(canary_of, canaries, model, version)
        if canary is None:
            return signature, False
        rows = signature.check_request(canary.inputs)
        if signature.decoupled:
            pieces = [piece.tensors async for piece in wire.stream(model, version, canary.inputs, PROVING)]
        else:
            pieces = [(await wire.infer(model, version, canary.inputs, PROVING)).tensors]
        for piece in pieces:
            signature.check_answer(piece, rows)
        answer = {name: np.stack([piece[name] for piece in pieces]) for name in signature.outputs} if signature.decoupled else pieces[0]
    except (ValueError, KeyError, OSError, BadZipFile) as exc:
        raise Unavailable(DEPENDENCY, f"{model} {version}: it or its canary is not understood: {exc}") from exc
    if wrong := canary.wrong(answer):
        raise WrongAnswer(DEPENDENCY, f"{model} {version} answers its canary wrongly: {wrong}")
    return signature, True
