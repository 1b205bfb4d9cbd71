"""A real tritonserver misbehaves in every way that we know: calls fail typed and in time, the breaker opens, and closes by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from app.adapters.breaker import FAILURES, State
from app.adapters.triton import TritonModels
from app.errors import DeadlineExceeded, Unavailable
from app.metrics import LoopLag, Metrics
from app.ports import Inference
from tests.servers.triton import TritonServer

MODELS = Path(__file__).parent / "models"
DEADLINE = 1.0  # seconds of each call
LATE = 1.0  # seconds after it in which a call must have failed
BACK = 30.0  # seconds after the repair until the model answers again
LAG = 0.02  # seconds


@pytest.fixture(scope="module")
def server() -> Iterator[TritonServer]:
    started = TritonServer(MODELS)
    started.start()
    yield started
    started.remove()


class Watched:
    """A client, and what it saw."""

    def __init__(self, server: TritonServer, models: TritonModels, states: list[State]) -> None:
        self.server, self.models, self.states = server, models, states
        self._mood = server.repository / "double/1/mood"

    def mood(self, mood: str) -> None:
        self._mood.write_text(mood)

    async def ask(self, value: float = 1.0, deadline: float = DEADLINE) -> Inference:
        return await self.models.infer("double", {"x": np.array([[value]], np.float32)}, deadline=deadline)

    async def failures(self, times: int = 10, deadline: float = DEADLINE) -> list[Unavailable]:
        """Asks again and again, and asserts that each time it fails, in time, and answers nothing."""
        clock = asyncio.get_running_loop().time
        failed = []
        for _ in range(times):
            began = clock()
            with pytest.raises(Unavailable) as failure:
                await self.ask(deadline=deadline)
            assert clock() - began < deadline + LATE
            assert failure.value.dependency == "models"
            failed.append(failure.value)
        return failed

    async def back(self, *, supervised: bool = False) -> float:
        """The seconds until it answers again, and rightly. `supervised`: a server that died is started again, as `make triton` does."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            try:
                answer = await self.ask(21)
            except Unavailable:
                assert clock() - began < BACK
                if supervised:
                    self.server.right()
                await asyncio.sleep(0.05)
            else:
                assert answer.tensors["y"].tolist() == [[42]]
                return clock() - began

    async def fail_together(self) -> list[Unavailable]:
        """As many as open the breaker, at once: it is open afterwards, for whoever comes then."""
        failed = await asyncio.gather(*(self.failures(1) for _ in range(FAILURES)))
        assert self.opened_after(await self.failures(2)) == 0
        return [failure for (failure,) in failed]

    def opened_after(self, failed: list[Unavailable]) -> int:
        """How many calls had failed when the breaker opened."""
        return sum("left alone" not in str(failure) for failure in failed)


@asynccontextmanager
async def watching(server: TritonServer) -> AsyncIterator[Watched]:
    states: list[State] = []

    class Watch:
        def breaker(self, dependency: str, state: State) -> None:
            assert dependency.startswith("models/")
            states.append(state)

    async with TritonModels.open(server.url, server.repository, Watch()) as models:
        yield Watched(server, models, states)


@pytest.fixture
async def watched(server: TritonServer) -> AsyncIterator[Watched]:
    server.right()
    async with watching(server) as opened:
        opened.mood("")
        await opened.back()
        yield opened
        opened.mood("")
        server.right()


async def test_a_killed_server_is_found_out_at_once_and_used_again_when_it_is_back(watched: Watched) -> None:
    watched.server.kill()
    assert watched.opened_after(await watched.failures()) == FAILURES
    assert watched.states[-1] != "closed"
    watched.server.launch()  # at another process id, with nothing that it knew
    watched.server.wait_started()
    await watched.back()
    assert watched.states[-1] == "closed"


async def test_a_server_that_stands_still_costs_each_caller_its_deadline_and_no_more(watched: Watched) -> None:
    async with watching(watched.server) as fresh:
        await fresh.models.ping()  # it is connected, and does not know yet what the model takes
        watched.server.pause()
        for client in (watched, fresh):
            assert all(isinstance(failure, DeadlineExceeded) for failure in await client.fail_together())
    watched.server.resume()
    await watched.back()


async def test_who_has_time_is_told_within_five_seconds_that_the_server_stands_still(watched: Watched) -> None:
    """The next best way must be gone in time, however long a page may take."""
    clock = asyncio.get_running_loop().time
    watched.mood("slow 4")
    assert (await watched.ask(deadline=60)).tensors["y"].tolist() == [[2]]  # slow is not still
    watched.server.pause()
    began = clock()
    with pytest.raises(DeadlineExceeded):
        await watched.ask(deadline=60)
    assert clock() - began < 5
    began = clock()
    await watched.failures(2, deadline=60)  # who comes now is told so: the breaker is not open yet
    assert clock() - began < 1 and watched.states[-1] == "closed"
    watched.mood("")
    watched.server.resume()
    await watched.back()


async def test_a_stream_that_is_left_is_not_cancelled(watched: Watched) -> None:
    """The server dies of that, now and then. What it sends after the first piece is for nobody."""
    answer = {"last": np.array([30], np.int64), "seconds": np.array([0.02], np.float32)}
    async with watching(watched.server) as fresh:
        pieces = fresh.models.stream("counting", answer, deadline=30)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        whole = [piece async for piece in fresh.models.stream("counting", answer, deadline=30)]  # it counts one at a time
    assert len(whole) == 30 and not (watched.server.repository / "counting/1/cancelled").exists()


async def test_the_loop_is_free_while_nothing_answers(watched: Watched) -> None:
    lag = LoopLag(Metrics(), interval=0.005)
    watching = asyncio.create_task(lag.run())
    page = np.zeros((1, 1_000_000), np.float32)
    watched.server.pause()
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        calls = [watched.models.infer("double", {"x": page}, deadline=DEADLINE) for _ in range(8)]
        assert all(isinstance(failure, DeadlineExceeded) for failure in await asyncio.gather(*calls, return_exceptions=True))
        assert clock() - began < DEADLINE + LATE
        assert lag.p(0.99) <= LAG
    finally:
        watched.server.resume()
        watching.cancel()
    await watched.back()


async def test_a_dead_stub_whose_model_says_ready_is_loaded_anew(watched: Watched) -> None:
    (stub,) = watched.server.stubs("double")
    os.kill(stub, signal.SIGKILL)
    await watched.fail_together()
    await watched.back(supervised=True)  # once in some hundred times the server dies with its stub
    assert watched.server.stubs("double") != [stub]


@pytest.mark.parametrize("mood", ["nan", "rank", "batch", "type", "none", "huge"])
async def test_one_wrong_answer_is_enough(watched: Watched, mood: str) -> None:
    watched.mood(mood)
    assert watched.opened_after(await watched.failures(3, deadline=10)) == 1  # 200 MB take their time
    watched.mood("")
    await watched.back()


async def test_wrong_values_in_right_shapes_are_found_before_the_first_use(watched: Watched) -> None:
    """Nothing but the canary can tell: a new client, as after a restart of ours, believes nothing before it."""
    watched.mood("values")
    async with watching(watched.server) as fresh:
        await fresh.failures(3)
        watched.mood("")
        await fresh.back()


async def test_ten_times_slower_than_the_deadline_is_as_good_as_gone(watched: Watched) -> None:
    watched.mood(f"slow {DEADLINE * 1.5}")
    await watched.fail_together()
    watched.mood("")
    await watched.back()


async def test_a_new_version_is_used_without_a_restart_and_a_broken_one_never(watched: Watched) -> None:
    two, three = (watched.server.repository / f"double/{version}" for version in (2, 3))
    _copy(watched, two)
    _copy(watched, three, "values")  # it loads, and answers wrongly
    answered: set[str] = set()
    ended = asyncio.Event()

    async def use() -> None:
        while not ended.is_set():
            answer = await watched.ask(3)
            assert answer.tensors["y"].tolist() == [[6]]
            answered.add(answer.version)
            await asyncio.sleep(0.001)

    users = [asyncio.create_task(use()) for _ in range(4)]
    try:
        with watched.server.client() as client:
            await asyncio.to_thread(client.load_model, "double", config=_policy(1, 3))
            await _until(lambda: _asked(watched, "3"), users)
            assert answered == {"1"}
            await asyncio.to_thread(client.load_model, "double", config=_policy(2))
            await _until(lambda: "2" in answered, users)
            await asyncio.to_thread(client.load_model, "double", config=_policy(1))
            answered.clear()
            await _until(lambda: "1" in answered, users)
    finally:
        ended.set()
        await asyncio.gather(*users)  # not one call failed
        shutil.rmtree(two)
        shutil.rmtree(three)
    assert set(watched.states) == {"closed"}


def _copy(watched: Watched, to: Path, mood: str = "") -> None:
    shutil.copytree(watched.server.repository / "double/1", to)
    (to / "mood").write_text(mood)


def _policy(*versions: int) -> str:
    listed = ",".join(map(str, versions))
    return (
        '{"backend":"python","max_batch_size":64,"input":[{"name":"x","data_type":"TYPE_FP32","dims":[-1]}],'
        '"output":[{"name":"y","data_type":"TYPE_FP32","dims":[-1]}],"version_policy":{"specific":{"versions":[' + listed + "]}}}"
    )


def _asked(watched: Watched, version: str) -> bool:
    """Whether this version has been asked anything."""
    with watched.server.client() as client:
        return bool(client.get_inference_statistics("double", version).model_stats[0].inference_stats.success.count)


async def _until(done: Callable[[], bool], users: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(BACK):
        while not done():
            assert not any(user.done() for user in users), [user.exception() for user in users if user.done()]
            await asyncio.sleep(0.02)
