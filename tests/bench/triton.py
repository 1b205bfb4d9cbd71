"""`python -m tests.bench.triton [--quick]`: what it costs that a tritonserver holds the models. Exit 1 if a wanted figure was missed.

The same graph, runtime and number of threads, in this process and at a private tritonserver on this machine, in turn; the median of
each, and of the ratios of neighbours. Then pages in flight at once, with the event loop watched while they are sent.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict
from tritonclient.grpc.model_config_pb2 import ModelConfig

from app.adapters import python_backend
from app.adapters.triton import TritonModels
from app.metrics import LoopLag, Metrics
from app.ports import ModelServer
from tests.bench.figures import Figure, machine, table
from tests.bench.processes import usage
from tests.servers.triton import MODELS, TritonServer

PART = "triton"
DOUBLING = Path(__file__).parents[1] / "models"
SIZES = {"page to be searched": (1184, 832), "page at 200 dpi": (2336, 1664)}  # pixels, rows first, a byte each
PAGE_BYTES = 2336 * 1664
WAYS = (("shared memory", ""), ("message", "?shared_memory=off"))
CALLS = 25  # of each way in a turn: CPU is counted in steps of 10 ms
LINE = (1, 48, 640)  # a line to be read
IN_FLIGHT = (1, 8, 32)
DEADLINE = 60.0  # seconds
RATIO = 1.15
LAG = 20.0  # ms


def measure(quick: bool) -> Iterator[Figure]:
    server = TritonServer(DOUBLING)
    server.start()
    try:
        yield from asyncio.run(_transport(server, 1 if quick else 8))
    finally:
        server.remove()
    server = TritonServer(MODELS, ["text_detection", "text_recognition"])
    server.start()
    try:
        yield from asyncio.run(_measure(server, 3 if quick else 9, 8 if quick else 32))
    finally:
        server.remove()


async def _transport(server: TritonServer, turns: int) -> list[Figure]:
    """A page's bytes to a model that answers with three numbers: what is left is the way there. Both ways in turn; CPU is of the client
    and of all that the server is."""
    page = np.ones((1, PAGE_BYTES // 4), np.float32)
    (server.repository / "double/1/mood").write_text("short")
    async with AsyncExitStack() as stack:
        ways = {name: await stack.enter_async_context(TritonModels.open(server.url + query, server.repository)) for name, query in WAYS}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        spent = dict.fromkeys(ways, 0.0)
        lag = {name: LoopLag(Metrics(), interval=0.005) for name in ways}
        for turn in range(turns + 1):  # the first is for warming up
            for name, models in ways.items():

                def ask(models: ModelServer = models) -> Awaitable[object]:
                    return models.infer("double", {"x": page}, deadline=DEADLINE)

                if not turn:
                    await ask()
                    continue
                before = usage(os.getpid()).cpu
                async with _watched(lag[name]):
                    taken[name] += [await _timed(ask) for _ in range(CALLS)]
                spent[name] += usage(os.getpid()).cpu - before
    figures = []
    for name in ways:
        figures += [
            Figure(PART, f"a page's {PAGE_BYTES / 1e6:.1f} MB by {name}", median(taken[name]) * 1000, "ms"),
            Figure(PART, f"by {name}: CPU, client and server", 1000 * spent[name] / (turns * CALLS), "ms"),
            Figure(PART, f"by {name}: loop lag p99", lag[name].p(0.99) * 1000, "ms", LAG),
        ]
    return figures


async def _measure(server: TritonServer, pairs: int, pages: int) -> list[Figure]:
    figures: list[Figure] = []
    detect, read = _in_process("text_detection"), _in_process("text_recognition")
    chance = np.random.default_rng(6)
    async with TritonModels.open(server.url, server.repository) as models:
        async with TritonModels.open(f"{server.url}?shared_memory=off", server.repository) as by_message:
            for name, size in SIZES.items():
                page = chance.integers(0, 255, (1, *size), np.uint8)
                figures += await _compare(name, "text_detection", page, detect, models, by_message, pairs)
            line = chance.integers(0, 255, LINE, np.uint8)
            figures += await _compare("line", "text_recognition", line, read, models, by_message, pairs)
        page = chance.integers(0, 255, (1, *SIZES["page to be searched"]), np.uint8)
        for in_flight in IN_FLIGHT:
            figures += await _flood(server, models, page, in_flight, max(pages, in_flight))
    return figures


async def _compare(
    name: str,
    model: str,
    image: np.ndarray[Any, Any],
    local: Callable[[dict[str, Any]], Any],
    models: ModelServer,
    by_message: ModelServer,
    pairs: int,
) -> list[Figure]:
    question = {"image": image}
    here: list[float] = []
    shared: list[float] = []
    sent: list[float] = []
    for _ in range(pairs + 1):  # the first is for warming up
        here.append(await _timed(lambda: asyncio.to_thread(local, question)))
        shared.append(await _timed(lambda: models.infer(model, question, deadline=DEADLINE)))
        sent.append(await _timed(lambda: by_message.infer(model, question, deadline=DEADLINE)))
    ratios = [there / itself for there, itself in zip(shared[1:], here[1:], strict=True)]
    return [
        Figure(PART, f"{name}: in process", median(here[1:]) * 1000, "ms"),
        Figure(PART, f"{name}: tritonserver", median(shared[1:]) * 1000, "ms"),
        Figure(PART, f"{name}: ratio", median(ratios), "x", RATIO),
        Figure(PART, f"{name}: tritonserver, no memory shared", median(sent[1:]) * 1000, "ms"),
    ]


async def _flood(server: TritonServer, models: ModelServer, page: np.ndarray[Any, Any], in_flight: int, pages: int) -> list[Figure]:
    waiting = iter(range(pages))

    async def send() -> None:
        for _ in waiting:
            await models.infer("text_detection", {"image": page}, deadline=DEADLINE)

    before = await asyncio.to_thread(_batches, server)
    began = time.monotonic()
    async with _watched(LoopLag(Metrics(), interval=0.005)) as lag:
        await asyncio.gather(*(send() for _ in range(in_flight)))
    seconds = time.monotonic() - began
    after = await asyncio.to_thread(_batches, server)
    return [
        Figure(PART, f"{in_flight} pages in flight: pages", pages / seconds, "/s"),
        Figure(PART, f"{in_flight} pages in flight: mean batch", (after[0] - before[0]) / max(1, after[1] - before[1]), ""),
        Figure(PART, f"{in_flight} pages in flight: loop lag p99", lag.p(0.99) * 1000, "ms", LAG),
    ]


def _batches(server: TritonServer) -> tuple[int, int]:
    """Questions answered so far, and batches run."""
    with server.client() as client:
        statistics = client.get_inference_statistics("text_detection").model_stats[0]
        return statistics.inference_count, statistics.execution_count


@asynccontextmanager
async def _watched(lag: LoopLag) -> AsyncIterator[LoopLag]:
    task = asyncio.create_task(lag.run())
    try:
        yield lag
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return time.perf_counter() - began


def _in_process(model: str) -> Callable[[dict[str, Any]], Any]:
    """What the model's `model.py` calls at the server, by the same lines."""
    sys.modules["triton_python_backend_utils"] = python_backend
    spec = importlib.util.spec_from_file_location("onnx_model", MODELS / "onnx_model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    configuration = text_format.Parse((MODELS / model / "config.pbtxt").read_text(), ModelConfig())
    instance = module.TritonPythonModel()
    told = json.dumps(MessageToDict(configuration, preserving_proto_field_name=True))
    instance.initialize({"model_config": told, "model_repository": str(MODELS / model), "model_version": "1"})
    run: Callable[[dict[str, Any]], Any] = instance.run
    return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.triton", description="A tritonserver beside the same models in process.")
    parser.add_argument("--quick", action="store_true", help="a few questions only; nothing is judged")
    arguments = parser.parse_args()
    described = machine()
    figures = list(measure(arguments.quick))
    print("\n".join(f"{name}: {value}" for name, value in described.items()) + "\n\n" + table(figures))
    return 0 if arguments.quick or not any(figure.missed for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
