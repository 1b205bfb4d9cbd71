"""The contract of `ModelServer`. An adapter joins by one line in SERVERS. The models are those of tests/models."""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from app.adapters.local_models import LocalModels
from app.adapters.triton import TritonModels
from app.errors import DeadlineExceeded, Unavailable
from app.ports import ModelServer
from tests.servers.triton import TritonServer

MODELS = Path(__file__).parents[1] / "models"
LONG = 30.0  # seconds, for what takes a moment


@cache
def triton_server() -> TritonServer:
    server = TritonServer(MODELS)
    server.start()
    return server


@asynccontextmanager
async def triton(folder: Path) -> AsyncIterator[tuple[ModelServer, Path]]:
    server = triton_server()
    async with TritonModels.open(server.url, server.repository) as models:
        yield models, server.repository


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[tuple[ModelServer, Path]]:
    async with LocalModels.open(folder) as models:
        yield models, folder


SERVERS: dict[str, Callable[[Path], AbstractAsyncContextManager[tuple[ModelServer, Path]]]] = {"triton": triton, "local": local}


class Held:
    """`server` holds the models that stand in `repository`."""

    def __init__(self, server: ModelServer, repository: Path) -> None:
        self.server = server
        self._mood = repository / "double/1/mood"

    def mood(self, mood: str) -> None:
        """How `double` answers from now on: see its model.py."""
        self._mood.write_text(mood)

    async def double(self, *values: float, deadline: float = LONG) -> list[float]:
        answer = await self.server.infer("double", {"x": row(*values)}, deadline=deadline)
        return [float(y) for y in answer.tensors["y"][0]]


def row(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([values], np.float32)


def count(last: int, seconds: float = 0.0) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    return {"last": np.array([last], np.int64), "seconds": np.array([seconds], np.float32)}


@pytest.fixture(scope="module", autouse=True)
def started() -> None:
    """gRPC keeps some descriptors for the process from its first use on: they are there before a test looks for what it left behind."""

    async def once() -> None:
        async with TritonModels.open(triton_server().url, MODELS) as models:
            await models.ping()

    asyncio.run(once())


@pytest.fixture(params=SERVERS)
async def held(request: pytest.FixtureRequest, tmp_path: Path, nothing_leaks: None) -> AsyncIterator[Held]:
    shutil.copytree(MODELS, tmp_path / "models")
    async with SERVERS[request.param](tmp_path / "models") as (server, repository):
        opened = Held(server, repository)
        yield opened
        opened.mood("")
    gc.collect()  # gRPC closes what an error of its own still knows when that error is garbage


async def test_tensors_in_tensors_out_with_the_version_that_answered(held: Held) -> None:
    answer = await held.server.infer("double", {"x": row(1, 2.5, -3)}, deadline=LONG)
    assert answer.version == "1" and list(answer.tensors) == ["y"]
    assert answer.tensors["y"].dtype == np.float32 and answer.tensors["y"].tolist() == [[2, 5, -6]]


async def test_a_batch_is_answered_row_by_row(held: Held) -> None:
    x = np.arange(64 * 5, dtype=np.float32).reshape(64, 5)
    assert np.array_equal((await held.server.infer("double", {"x": x}, deadline=LONG)).tensors["y"], 2 * x)


@pytest.mark.parametrize("mebibytes", [0.5, 1, 12])
async def test_great_tensors_come_through_whole(held: Held, mebibytes: float) -> None:
    x = np.random.default_rng(7).random((1, int(mebibytes * (1 << 18))), np.float32)
    for wanted in (x, x[:, ::-1], x[:, :17]):  # also where the memory is shared, and used again, or not in order
        assert np.array_equal((await held.server.infer("double", {"x": wanted}, deadline=LONG)).tensors["y"], 2 * wanted)


async def test_many_at_once_each_get_their_own_answer(held: Held) -> None:
    answers = await asyncio.gather(*(held.double(n, n + 0.5) for n in range(200)))
    assert answers == [[2 * n, 2 * n + 1] for n in range(200)]


async def test_great_ones_at_once_are_not_mixed_up(held: Held) -> None:
    async def ask(n: int) -> bool:
        x = np.full((1, 300_000), n, np.float32)
        return bool((await held.server.infer("double", {"x": x}, deadline=LONG)).tensors["y"].max() == 2 * n)

    for _ in range(3):  # memory that was used by others before
        assert all(await asyncio.gather(*map(ask, range(40))))


async def test_no_answer_in_time_is_told_in_time(held: Held) -> None:
    await held.double(1)
    held.mood("slow 1.5")
    began = asyncio.get_running_loop().time()
    with pytest.raises(DeadlineExceeded):
        await held.double(1, deadline=0.3)
    assert asyncio.get_running_loop().time() - began < 1.3
    held.mood("")
    assert await held.double(4) == [8]


async def test_a_call_cancelled_in_mid_air_frees_its_place(held: Held) -> None:
    await held.double(1)
    held.mood("slow 0.5")
    calls = [asyncio.create_task(held.server.infer("double", {"x": np.ones((1, 300_000), np.float32)}, deadline=LONG)) for _ in range(80)]
    await asyncio.sleep(0)
    await held.server.ping()
    for call in calls:
        call.cancel()
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in await asyncio.gather(*calls, return_exceptions=True))
    held.mood("")
    assert await held.double(3) == [6]


async def test_who_goes_first_waits_for_no_more_than_what_is_being_computed(held: Held) -> None:
    await held.double(1)
    held.mood("slow 0.1")
    # Of many widths, so that no two are one batch.
    others = [asyncio.create_task(held.double(*range(width), deadline=LONG)) for width in range(2, 18)]
    await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
    answer = await held.server.infer("double", {"x": row(4)}, deadline=LONG, first=True)
    assert answer.tensors["y"].tolist() == [[8]]
    assert sum(task.done() for task in others) <= 6  # else it would be all sixteen
    assert await asyncio.gather(*others) == [[2 * n for n in range(width)] for width in range(2, 18)]


async def test_a_model_that_is_not_there_is_unavailable(held: Held) -> None:
    with pytest.raises(Unavailable) as missing:
        await held.server.infer("nobody", {"x": row(1)}, deadline=LONG)
    assert missing.value.dependency == "models" and not isinstance(missing.value, DeadlineExceeded)


@pytest.mark.parametrize(
    "tensors",
    [
        {"z": row(1)},
        {},
        {"x": row(1), "z": row(1)},
        {"x": row(1).astype(np.float64)},
        {"x": np.array([1], np.float32)},
        {"x": np.ones((65, 1), np.float32)},
        {"x": np.ones((0, 1), np.float32)},
    ],
    ids=["unknown", "missing", "too many", "type", "rank", "batch", "no rows"],
)
async def test_a_question_that_cannot_be_one_is_the_callers_mistake(held: Held, tensors: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    for _ in range(7):  # however often: it is no failure of the model
        with pytest.raises(ValueError):
            await held.server.infer("double", tensors, deadline=LONG)
    assert await held.double(1) == [2]


@pytest.mark.parametrize("mood", ["nan", "rank", "batch", "type", "none", "huge", "error"])
async def test_an_answer_that_cannot_be_one_is_nobodys_answer(held: Held, mood: str) -> None:
    await held.double(1)
    held.mood(mood)
    with pytest.raises(Unavailable) as wrong:
        await held.double(1)
    assert wrong.value.dependency == "models"


async def test_pieces_come_one_by_one(held: Held) -> None:
    pieces = [piece async for piece in held.server.stream("counting", count(5), deadline=LONG)]
    assert [int(piece.tensors["n"][0]) for piece in pieces] == [1, 2, 3, 4, 5] and {piece.version for piece in pieces} == {"1"}


async def test_the_first_piece_does_not_wait_for_the_last(held: Held) -> None:
    began = asyncio.get_running_loop().time()
    pieces = held.server.stream("counting", count(30, 0.1), deadline=LONG)
    first = await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    assert int(first.tensors["n"][0]) == 1 and asyncio.get_running_loop().time() - began < 2.5


async def test_a_stream_that_is_closed_early_is_in_nobodys_way(held: Held) -> None:
    for wait in (0.02, 0.0, 0.0, 0.0):  # also while piece follows on piece: the server must not be disturbed at it
        pieces = held.server.stream("counting", count(50, wait), deadline=LONG)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
    assert len([piece async for piece in held.server.stream("counting", count(3), deadline=LONG)]) == 3  # it counts one at a time


async def test_a_streams_deadline_is_for_all_pieces(held: Held) -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(DeadlineExceeded):
        async for _ in held.server.stream("counting", count(40, 0.05), deadline=0.6):
            pass
    assert asyncio.get_running_loop().time() - began < 1.6


async def test_streams_of_the_wrong_model_or_question_are_mistakes(held: Held) -> None:
    with pytest.raises(ValueError):
        await held.server.infer("counting", count(1), deadline=LONG)
    with pytest.raises(ValueError):
        await anext(held.server.stream("counting", {"last": np.array([1], np.int64)}, deadline=LONG))


async def test_what_is_loaded_is_told(held: Held) -> None:
    await held.server.ping()
    assert await held.server.versions() == {"counting": ("1",), "double": ("1",)}
