"""`triton_models/` itself: what its files promise each other, and what its models answer, wherever they run."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig

from app.adapters.local_models import LocalModels
from app.adapters.model_repository import SUMS, Canary, missing, models_in
from app.adapters.model_signature import DTYPES
from app.ocr.detection import to_search
from app.ocr.recognition import HEIGHT, WIDTHS
from deploy import tritonserver
from tests.servers.triton import MODELS, TritonServer, shared_server

ROOT = Path(__file__).parents[1]
OURS = ("embedder", "text_detection", "text_recognition")
each_model = pytest.mark.parametrize("name", OURS)


def configuration(name: str, file: str = "config.pbtxt") -> ModelConfig:
    return text_format.Parse((MODELS / name / file).read_text(), ModelConfig())


@pytest.fixture(scope="module")
def server() -> Iterator[TritonServer]:
    yield shared_server()


def test_the_weights_are_those_that_are_known() -> None:
    lines = (MODELS / SUMS).read_text().splitlines()
    assert len(lines) == 4 and missing(MODELS) == []
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((MODELS / name).read_bytes()).hexdigest() == digest, name


@each_model
def test_the_configuration_is_that_of_the_graph(name: str) -> None:
    """Names, types and dimensions of the tensors are those of the ONNX graph, behind the dimension of the batch."""
    probe = (
        "import sys, openvino; model = openvino.Core().read_model(sys.argv[1])\n"
        "for side, ports in (('in', model.inputs), ('out', model.outputs)):\n"
        "    for port in ports:\n"
        "        dims = [-1 if dim.is_dynamic else dim.get_length() for dim in port.partial_shape]\n"
        "        print(side, port.any_name, port.element_type.to_dtype(), *dims)\n"
    )  # in a process of its own: what it loads stays out of this one
    command = [sys.executable, "-c", probe, str(MODELS / name / "1/model.onnx")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.split("\n")
    graph = {tuple(line.split()[:2]): line.split()[2:] for line in told if line}
    config = configuration(name)
    assert config.name == name and config.max_batch_size >= 8
    said = {}
    for side, tensors in (("in", config.input), ("out", config.output)):
        for tensor in tensors:
            kind = DTYPES[DataType.Name(tensor.data_type).removeprefix("TYPE_")]
            said[side, tensor.name] = [f"{kind}", "-1", *map(str, tensor.dims)]
    assert said == graph


@each_model
def test_the_gpus_model_has_the_same_signature(name: str) -> None:
    cpu, gpu = configuration(name), configuration(name, "configs/gpu.pbtxt")
    assert gpu.platform == "tensorrt_plan" and cpu.backend == "python"
    for config in (cpu, gpu):
        for field in ("backend", "platform", "instance_group", "parameters"):
            config.ClearField(field)
    assert cpu == gpu


@pytest.mark.parametrize("name", sorted(file.parents[1].name for file in MODELS.glob("*/configs/gpu.pbtxt")))
def test_an_engine_is_built_for_every_shape_that_is_asked(name: str) -> None:
    config = configuration(name, "configs/gpu.pbtxt")
    shapes = profiles(name)
    assert shapes.keys() == {tensor.name for tensor in config.input}
    for tensor in config.input:
        least, usual, most = (shapes[tensor.name][kind] for kind in ("min", "opt", "max"))
        assert (least[0], most[0]) == (1, config.max_batch_size)
        assert all(a <= b <= c for a, b, c in zip(least, usual, most, strict=True))
        assert all(
            size in (-1, low) and (size == -1 or low == high) for size, low, high in zip(tensor.dims, least[1:], most[1:], strict=True)
        )


def test_pages_and_lines_of_any_size_fit_the_engines() -> None:
    """A long narrow page, a wide one, a speck; the narrowest and the widest line."""
    pages = [to_search(np.full(size, 255, np.uint8), 200)[0].shape for size in ((9_000, 900), (900, 9_000), (5_000, 5_000), (1, 1))]
    for shapes, asked in (
        (profiles("text_detection"), pages),
        (profiles("text_recognition"), [(HEIGHT, WIDTHS[0]), (HEIGHT, WIDTHS[-1])]),
    ):
        least, most = shapes["image"]["min"][1:], shapes["image"]["max"][1:]
        assert all(low <= size <= high for shape in asked for low, size, high in zip(least, shape, most, strict=True))


def profiles(name: str) -> dict[str, dict[str, list[int]]]:
    shapes: dict[str, dict[str, list[int]]] = json.loads((MODELS / name / "configs/profiles.json").read_text("utf-8"))
    return shapes


@each_model
def test_the_page_of_a_model_names_its_tensors(name: str) -> None:
    page = (MODELS / name / "README.md").read_text()
    config = configuration(name)
    for tensor in (*config.input, *config.output):
        dims = ", ".join(str(dim) if dim > 0 else "." for dim in tensor.dims)
        row = next(line for line in page.splitlines() if line.startswith(f"| `{tensor.name}`"))
        assert DataType.Name(tensor.data_type).removeprefix("TYPE_") in row
        assert row.split("|")[3].count(",") == len(tensor.dims), dims


@each_model
def test_the_server_gives_the_golden_values(server: TritonServer, name: str) -> None:
    canary = Canary.of(MODELS / name)
    assert canary is not None
    with server.client() as client:
        assert tritonserver.wrong(client, name, canary) == ""
        spoiled = {
            key: tensor if name == "embedder" and key != "input_ids" else tensor[..., ::-1].copy() for key, tensor in canary.inputs.items()
        }
        assert tritonserver.wrong(client, name, Canary(spoiled, canary.outputs)) != ""  # it can tell


@each_model
async def test_the_local_worker_gives_the_golden_values(name: str) -> None:
    canary = Canary.of(MODELS / name)
    assert canary is not None
    async with LocalModels.open() as models:
        answer = await models.infer(name, canary.inputs, deadline=60)
    assert canary.wrong(answer.tensors) == "" and answer.version == "1"


async def test_server_and_worker_agree_on_more_than_the_golden_values(server: TritonServer) -> None:
    random = np.random.default_rng(6)
    questions = {
        "text_detection": {"image": random.integers(0, 256, (2, 96, 128), np.uint8)},
        "text_recognition": {"image": random.integers(0, 256, (5, 48, 256), np.uint8)},
        "embedder": {
            "input_ids": random.integers(1000, 30_000, (3, 17)),
            "attention_mask": (np.arange(17) < [[17], [9], [1]]).astype(np.int64),
        },
    }
    async with LocalModels.open() as models:
        for name, tensors in questions.items():
            local = (await models.infer(name, tensors, deadline=60)).tensors
            with server.client() as client:
                assert tritonserver.wrong(client, name, Canary(tensors, local)) == "", name


def test_no_runtime_of_models_is_loaded_where_pdfs_are_read() -> None:
    probe = "import sys, app.readers.pdf; sys.exit(any(name.split('.')[0] in ('onnxruntime', 'openvino') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT, timeout=60).returncode == 0


def test_filling_fetches_nothing_where_the_weights_are_there() -> None:
    """What the Makefile asks before it fills."""
    assert subprocess.run(["sha256sum", "--check", "--status", SUMS], cwd=MODELS, timeout=60).returncode == 0


def test_models_are_those_that_stand_in_the_repository() -> None:
    assert set(OURS) <= {folder.name for folder in models_in(MODELS)}
