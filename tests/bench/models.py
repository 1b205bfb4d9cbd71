"""What batching costs and gives: `python -m tests.bench.models [MODEL ...]`. Exit 1: a wanted figure was missed.

A real tritonserver with the CPU's models, 32 requests in flight, each with one row, once with the batcher of config.pbtxt and once without
one, in turns on the same server. Mean batch and executions are the server's own statistics. `local:` beside it, with the same requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict
from numpy.typing import NDArray
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import np_to_triton_dtype

from app.adapters.local_models import LocalModels
from tests.bench.figures import Figure, machine, table
from tests.servers.triton import MODELS, TritonServer

IN_FLIGHT = 32
TURNS = 5  # of both, one after the other; the best of each is told: what else the machine does only ever makes one slower
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


def measure(models: list[str]) -> Iterator[Figure]:
    server = TritonServer()
    server.start()
    for model, (count, tensors) in questions().items():
        if models and model not in models:
            continue
        with server.client() as client:
            batched: list[float] = []
            single: list[float] = []
            cost: dict[bool, list[float]] = {True: [], False: []}  # seconds of CPU a request, with the batcher and without
            batch = 0.0
            for _ in range(TURNS):
                client.load_model(model)
                flood(client, model, tensors, IN_FLIGHT)  # what a first batch of a shape costs is paid before
                before, spent = statistics(client, model), cpu(server, model)
                batched.append(count / flood(client, model, tensors, count))
                after = statistics(client, model)
                cost[True].append((cpu(server, model) - spent) / count)
                batch = max(batch, (after[0] - before[0]) / (after[1] - before[1]))
                client.load_model(model, config=without_batcher(model))
                flood(client, model, tensors, IN_FLIGHT)
                spent = cpu(server, model)
                single.append(count / flood(client, model, tensors, count))
                cost[False].append((cpu(server, model) - spent) / count)
            yield Figure(model, "mean batch, 32 in flight", batch, "requests", MEAN_BATCH, at_least=True)
            yield Figure(model, "throughput unbatched", max(single), "requests/s")
            yield Figure(model, "throughput batched / unbatched", max(batched) / max(single), "x", THROUGHPUT, at_least=True)
            yield Figure(model, "CPU a request unbatched", 1000 * min(cost[False]), "ms")
            yield Figure(model, "CPU a request batched / unbatched", min(cost[True]) / min(cost[False]), "x")
            client.load_model(model)
        local = asyncio.run(flood_local(model, tensors, count))
        yield Figure(model, "throughput of local: / batched server", count / local / max(batched), "x")
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


def without_batcher(model: str) -> str:
    config = text_format.Parse((MODELS / model / "config.pbtxt").read_text(), ModelConfig())
    config.ClearField("dynamic_batching")
    return json.dumps(MessageToDict(config, preserving_proto_field_name=True))


def cpu(server: TritonServer, model: str) -> float:
    """Seconds of the model's process so far."""
    stub = server.stubs(model)[-1]  # the one before it may still be ending
    user, system = Path(f"/proc/{stub}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    described = machine()
    figures = list(measure(sys.argv[1:]))
    print("\n".join(f"{name}: {value}" for name, value in described.items()) + "\n\n" + table(figures))
    return 1 if any(figure.missed for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
