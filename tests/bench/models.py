"""What batching costs and gives: `python -m tests.bench.models [MODEL ...]`. Exit 1: a wanted figure was missed.

A real tritonserver with the CPU's models, 32 requests in flight, each with one row: to the model as it is, and to a twin of it without a
batcher, in turns on the same server. Mean batch and executions are the server's own statistics. `local:` beside it, with the same requests.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from google.protobuf import text_format
from numpy.typing import NDArray
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import np_to_triton_dtype

from app.adapters.local_models import LocalModels
from tests.bench.figures import Figure, machine, table
from tests.servers.triton import MODELS, TritonServer

IN_FLIGHT = 32
TURNS = 5  # of both, one after the other; the best of each is told, as what else the machine does only ever makes one slower
MEAN_BATCH, THROUGHPUT = 4.0, 0.95  # wanted: at least

Tensors = dict[str, NDArray[Any]]


def questions() -> dict[str, tuple[int, Tensors]]:
    """How many requests a turn is, and one of them."""
    random = np.random.default_rng(11)
    return {
        "text_recognition": (96, {"image": random.integers(0, 256, (1, 48, 320), np.uint8)}),
        "embedder": (256, {"input_ids": random.integers(1000, 30_000, (1, 32)), "attention_mask": np.ones((1, 32), np.int64)}),
        "text_detection": (32, {"image": random.integers(0, 256, (1, 608, 416), np.uint8)}),
    }


@dataclass(frozen=True, slots=True)
class Compared:
    """`batch`: rows an execution. `batched`, `single`: requests/s, the best of all turns. `cost_*`: seconds of CPU a request, the least."""

    batch: float
    batched: float
    single: float
    cost_batched: float
    cost_single: float

    @property
    def throughput(self) -> float:
        """Batched / unbatched."""
        return self.batched / self.single


def with_twins(models: Sequence[str]) -> TritonServer:
    """Not started: a server with these models and their twins."""
    server = TritonServer(MODELS, [*models, *map(twin, models)])
    for model in models:
        shutil.copytree(server.repository / model, server.repository / twin(model), copy_function=os.link)
        config = text_format.Parse((MODELS / model / "config.pbtxt").read_text(), ModelConfig())
        config.ClearField("dynamic_batching")
        config.name = twin(model)
        file = server.repository / twin(model) / "config.pbtxt"
        file.unlink()
        file.write_text(text_format.MessageToString(config))
    return server


def twin(model: str) -> str:
    return f"{model}_unbatched"


def compare(server: TritonServer, model: str, turns: int, most: int = 256) -> Compared:
    """`most`: requests a turn."""
    count, tensors = questions()[model]
    count = min(count, most)
    rates: dict[str, list[float]] = {model: [], twin(model): []}
    costs: dict[str, list[float]] = {model: [], twin(model): []}
    with server.client() as client:
        for name in rates:
            flood(client, name, tensors, IN_FLIGHT)  # what a first batch of a shape costs is paid before
        before = statistics(client, model)
        for turn in range(turns):
            for name in list(rates)[:: 1 if turn % 2 else -1]:
                spent = cpu(server, name)
                rates[name].append(count / flood(client, name, tensors, count))
                costs[name].append((cpu(server, name) - spent) / count)
        after = statistics(client, model)
    batch = (after[0] - before[0]) / (after[1] - before[1])
    return Compared(batch, max(rates[model]), max(rates[twin(model)]), min(costs[model]), min(costs[twin(model)]))


def measure(models: Sequence[str]) -> Iterator[Figure]:
    server = with_twins(models)
    server.start()
    for model in models:
        found = compare(server, model, TURNS)
        yield Figure(model, "mean batch, 32 in flight", found.batch, "requests", MEAN_BATCH, at_least=True)
        yield Figure(model, "throughput unbatched", found.single, "requests/s")
        yield Figure(model, "throughput batched / unbatched", found.throughput, "x", THROUGHPUT, at_least=True)
        yield Figure(model, "CPU a request unbatched", 1000 * found.cost_single, "ms")
        yield Figure(model, "CPU a request batched / unbatched", found.cost_batched / found.cost_single, "x")
        count, tensors = questions()[model]
        local = asyncio.run(flood_local(model, tensors, count))
        yield Figure(model, "throughput of local: / batched server", count / local / found.batched, "x")
    server.remove()


def flood(client: triton.InferenceServerClient, model: str, tensors: Tensors, count: int) -> float:
    """Seconds for `count` requests, `IN_FLIGHT` at once."""
    inputs = []
    for name, tensor in tensors.items():
        inputs.append(triton.InferInput(name, list(tensor.shape), np_to_triton_dtype(tensor.dtype)))
        inputs[-1].set_data_from_numpy(tensor)
    places = threading.Semaphore(IN_FLIGHT)
    failures: list[object] = []

    def answered(result: object, error: object) -> None:
        if error is not None:
            failures.append(error)
        places.release()

    began = time.perf_counter()
    for _ in range(count):
        places.acquire()
        client.async_infer(model, inputs, answered)
    for _ in range(IN_FLIGHT):
        places.acquire()
    if failures:
        raise RuntimeError(f"{model}: {failures[0]}")
    return time.perf_counter() - began


async def flood_local(model: str, tensors: Tensors, count: int) -> float:
    async with LocalModels.open() as models:
        places = asyncio.Semaphore(IN_FLIGHT)

        async def ask() -> None:
            async with places:
                await models.infer(model, tensors, deadline=120)

        await asyncio.gather(*(ask() for _ in range(IN_FLIGHT)))
        began = time.perf_counter()
        await asyncio.gather(*(ask() for _ in range(count)))
        return time.perf_counter() - began


def statistics(client: triton.InferenceServerClient, model: str) -> tuple[int, int]:
    """Rows and executions so far."""
    (stats,) = client.get_inference_statistics(model).model_stats
    return stats.inference_count, stats.execution_count


def cpu(server: TritonServer, model: str) -> float:
    """Seconds of the model's process so far."""
    (stub,) = server.stubs(model)
    user, system = Path(f"/proc/{stub}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    described = machine()
    figures = list(measure(sys.argv[1:] or list(questions())))
    print("\n".join(f"{name}: {value}" for name, value in described.items()) + "\n\n" + table(figures))
    return 1 if any(figure.missed for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
