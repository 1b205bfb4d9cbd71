"""`local:`'s worker process: killed, hanging, never answering; besides what the contract of `ModelServer` asks (tests/contracts)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from app.adapters import local_models
from app.adapters.local_models import LocalModels
from app.errors import DeadlineExceeded, Misconfigured, Unavailable
from app.wiring import open_models
from tests.servers.stopped import wait_stopped

MODELS = Path(__file__).parent / "models"
LONG = 30.0


@pytest.fixture
def grace() -> float:
    return local_models.GRACE


@pytest.fixture
async def models(tmp_path: Path, grace: float) -> AsyncIterator[LocalModels]:
    shutil.copytree(MODELS, tmp_path / "models")
    async with LocalModels.open(tmp_path / "models", grace) as opened:
        yield opened


def mood(tmp_path: Path, mood: str) -> None:
    (tmp_path / "models/double/1/mood").write_text(mood)


async def double(models: LocalModels, *values: float, deadline: float = LONG) -> list[float]:
    answer = await models.infer("double", {"x": np.array([values], np.float32)}, deadline=deadline)
    return [float(y) for y in answer.tensors["y"][0]]


async def test_nothing_is_started_before_it_is_needed(models: LocalModels) -> None:
    await models.ping()
    assert await models.versions() == {"counting": ("1",), "double": ("1",)} and models.starts == 0
    assert await double(models, 2) == [4] and models.starts == 1


async def test_a_worker_that_is_killed_fails_its_calls_at_once_and_is_started_again(models: LocalModels, tmp_path: Path) -> None:
    assert await double(models, 1) == [2]
    assert models.pid is not None
    mood(tmp_path, "slow 20")
    calls = [asyncio.create_task(double(models, n)) for n in range(3)]
    await asyncio.sleep(0)  # they are on their way
    await models.ping()
    os.kill(models.pid, signal.SIGKILL)
    for call in calls:
        with pytest.raises(Unavailable, match="died"):
            await asyncio.wait_for(call, 5)
    mood(tmp_path, "")
    assert await double(models, 3) == [6] and models.starts == 2


async def test_a_model_that_takes_the_worker_down_is_unavailable_and_does_so_less_and_less_often(
    models: LocalModels, tmp_path: Path
) -> None:
    mood(tmp_path, "die")
    failures = 0
    while models.starts < 2 or failures < 3:
        with pytest.raises(Unavailable):
            await double(models, 1)
        failures += 1
        assert failures < 100
    assert models.starts == 2  # the third start waits a second
    mood(tmp_path, "")
    async with asyncio.timeout(30):
        while True:
            try:
                assert await double(models, 1) == [2]
                break
            except Unavailable:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("grace", [0.3])
async def test_a_worker_that_stands_still_is_replaced(models: LocalModels) -> None:
    assert await double(models, 1) == [2]
    pid = models.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_stopped(pid)
    with pytest.raises(DeadlineExceeded):
        await double(models, 1, deadline=0.2)
    async with asyncio.timeout(10):
        while models.pid == pid:
            await asyncio.sleep(0.02)
    assert await double(models, 5) == [10]


@pytest.mark.parametrize("grace", [1.0])
async def test_a_model_that_hangs_is_found_out_and_another_that_is_only_slow_is_not(models: LocalModels, tmp_path: Path) -> None:
    await double(models, 1)
    mood(tmp_path, "slow 0.5")
    with pytest.raises(DeadlineExceeded):
        await double(models, 1, deadline=0.1)
    mood(tmp_path, "")
    assert await double(models, 1) == [2] and models.starts == 1
    mood(tmp_path, "slow 600")
    with pytest.raises(DeadlineExceeded):
        await double(models, 1, deadline=0.1)
    mood(tmp_path, "")
    with pytest.raises(Unavailable, match="hangs"):
        await double(models, 1)
    assert await double(models, 1) == [2] and models.starts == 2


async def test_calls_that_are_given_up_give_their_places_back(models: LocalModels, tmp_path: Path) -> None:
    await double(models, 1)
    mood(tmp_path, "slow 0.3")
    for _ in range(3):
        calls = [asyncio.create_task(double(models, n)) for n in range(local_models.IN_FLIGHT)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in await asyncio.gather(*calls, return_exceptions=True))
    mood(tmp_path, "")
    answers = await asyncio.gather(*(double(models, n) for n in range(2 * local_models.IN_FLIGHT)))
    assert answers == [[2 * n] for n in range(2 * local_models.IN_FLIGHT)]


async def test_a_stream_that_is_left_ends(models: LocalModels) -> None:
    def count(last: int, seconds: float) -> dict[str, np.ndarray]:
        return {"last": np.array([last], np.int64), "seconds": np.array([seconds], np.float32)}

    pieces = models.stream("counting", count(1000, 0.05), deadline=60)
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    assert len([piece async for piece in models.stream("counting", count(3, 0), deadline=20)]) == 3  # it counts one at a time


async def test_the_worker_ends_with_the_service(tmp_path: Path) -> None:
    async with LocalModels.open(MODELS) as models:
        await double(models, 1)
        pid = models.pid
        assert pid is not None and Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


async def test_requests_that_wait_become_one_batch(tmp_path: Path) -> None:
    repository = tmp_path / "models"
    shutil.copytree(MODELS, repository)
    # The same model, telling how many requests it was given at once.
    (repository / "double/1/model.py").write_text(
        "import time, numpy as np, triton_python_backend_utils as pb_utils\n"
        "class TritonPythonModel:\n"
        "    def execute(self, requests):\n"
        "        time.sleep(0.1)\n"
        "        xs = [pb_utils.get_input_tensor_by_name(request, 'x').as_numpy() for request in requests]\n"
        "        return [pb_utils.InferenceResponse([pb_utils.Tensor('y', np.full_like(x, len(requests)))]) for x in xs]\n"
    )
    async with LocalModels.open(repository) as models:
        await double(models, 1)
        together = await asyncio.gather(*(double(models, n) for n in range(32)))
        assert max(n for (n,) in together) >= 16
        # Others in between do not split them, and what has another shape is never in the same batch.
        mixed = await asyncio.gather(*(double(models, *range(1 + n % 2)) for n in range(32)))
        assert all(answer[0] <= 16 for answer in mixed) and max(answer[0] for answer in mixed) >= 8


async def test_the_url_chooses(tmp_path: Path) -> None:
    async with open_models("none") as nobody:
        assert nobody is None
    async with open_models(f"local:{MODELS}") as models:
        assert models is not None and set(await models.versions()) == {"counting", "double"}
    async with open_models(f"local:{tmp_path}/nowhere") as models:
        assert models is not None and await models.versions() == {}
        with pytest.raises(Unavailable, match="no model repository"):
            await models.ping()
    for url in ("local:relative", "http://127.0.0.1:8000", "nonsense"):
        with pytest.raises(Misconfigured, match="INFERENCE_URL"):
            open_models(url)
