"""The `ModelServer` port by a tritonserver.

    infer ► the model's breaker ► one of its places ► its version in use ► the wire ► the answer is looked at
            (breaker.py)          (served_model.py)                      (triton_wire.py) (model_signature.py)

A version is in use once it has answered its canary (its `canary.npz`), and each call names it: a newer one that is being loaded is asked
nothing but its canary. What fails five times in a row, or answers wrongly once, is left alone until its canary is right again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from app.adapters.breaker import State, Watch
from app.adapters.model_signature import DEPENDENCY
from app.adapters.served_model import ServedModel
from app.adapters.triton_wire import Wire, newest_last
from app.errors import Unavailable
from app.ports import Inference


class _Nobody:
    def breaker(self, dependency: str, state: State) -> None: ...


class TritonModels:
    """See the head of this file. `canaries`: a model repository, of which only the canaries are read."""

    def __init__(self, wire: Wire, canaries: Path, watch: Watch) -> None:
        self._wire, self._canaries, self._watch = wire, canaries, watch
        self._models: dict[str, ServedModel] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, canaries: Path, watch: Watch | None = None) -> AsyncIterator[TritonModels]:
        """`url`: `triton://host:port`. A server that is away is no error. Raises `Misconfigured`."""
        models = cls(Wire(url), canaries, watch or _Nobody())
        try:
            yield models
        finally:
            await models._close()

    async def infer(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float, first: bool = False) -> Inference:
        return await self._model(model).infer(tensors, deadline, first)

    def stream(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float) -> AsyncIterator[Inference]:
        return self._model(model).stream(tensors, deadline)

    async def ping(self) -> None:
        await self._wire.live()
        if left_alone := sorted(name for name, model in self._models.items() if model.breaker.state != "closed"):
            raise Unavailable(DEPENDENCY, f"no answers from {', '.join(left_alone)}")

    async def versions(self) -> Mapping[str, tuple[str, ...]]:
        index = await self._wire.index()
        ready = {model: [v for v, (state, _) in versions.items() if state == "READY"] for model, versions in index.items()}
        return {model: newest_last(versions) for model, versions in ready.items() if versions}

    def _model(self, name: str) -> ServedModel:
        if name not in self._models:
            self._models[name] = ServedModel(name, self._wire, self._canaries, self._watch, self._spawn)
        return self._models[name]

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()
