"""LayoutLMv3 and Donut as they stand in `triton_models/`: what torch said of the made-up pages when they were exported (tests/golden) is
what every way to run them says, label for label and token for token."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig

from app.adapters.local_models import LocalModels
from app.adapters.triton import TritonModels
from app.errors import Unavailable
from app.models.asking import answer_of, labels_of, pieces_of
from app.models.donut_sequence import Value, to_sequence
from app.models.layoutlmv3 import Reader
from app.models.page_image import framed, stretched
from app.ports import ModelServer
from tests.servers.triton import MODELS, TritonServer
from training.layoutlmv3.pages import taught_pages
from training.layoutlmv3.spans import Count, counted
from training.pages import MadeUpPage, made_up_pages
from triton_models.greedy import Vocabulary, generate

GOLDEN = Path(__file__).parent / "golden"
GRAPHS = ("layoutlmv3", "donut_encoder", "donut_decoder")
LONG = 60.0  # seconds, for what takes less than one


@cache
def pages() -> list[MadeUpPage]:
    return made_up_pages()


def golden(model: str) -> list[list[Any]]:
    return json.loads((GOLDEN / f"{model}.json").read_text("utf-8"))


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary.load(MODELS / "donut/1/vocabulary.json")


@cache
def reader() -> Reader:
    return Reader.load(MODELS / "layoutlmv3/1")


@cache
def session(model: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(MODELS / model / "1/model.onnx"), options, providers=["CPUExecutionProvider"])


@asynccontextmanager
async def local() -> AsyncIterator[ModelServer]:
    async with LocalModels.open(MODELS) as models:
        yield models


@cache
def triton_server() -> TritonServer:
    server = TritonServer(MODELS, models=(*GRAPHS, "donut"))
    server.start()
    return server


@asynccontextmanager
async def triton() -> AsyncIterator[ModelServer]:
    async with TritonModels.open(triton_server().url, MODELS) as models:
        yield models


SERVERS: dict[str, Callable[[], AbstractAsyncContextManager[ModelServer]]] = {"local": local, "triton": triton}


@pytest.fixture(params=SERVERS)
async def models(request: pytest.FixtureRequest) -> AsyncIterator[ModelServer]:
    async with SERVERS[request.param]() as server:
        yield server


async def test_every_word_has_the_label_that_torch_gave_it(models: ModelServer) -> None:
    for page, known in zip(pages(), golden("layoutlmv3"), strict=True):
        labels = await labels_of(models, reader(), page.words, page.boxes, page.picture, deadline=LONG)
        assert [label.name for label in labels] == known


def test_most_values_are_found_in_families_that_were_not_taught() -> None:
    """On made-up invoices of the layouts that training never draws; docs/models-training.md has what it finds elsewhere, which is less."""
    count = Count()
    for index in range(12):
        for page in taught_pages(21, index, "held-out"):
            windows = list(reader().windows(page.words, page.boxes))
            pixel_values = stretched(page.picture, reader().size, reader().size)[np.newaxis]
            logits = [session("layoutlmv3").run(["logits"], {**window.tensors, "pixel_values": pixel_values})[0] for window in windows]
            count += counted([label.name for label in reader().label(len(page.words), windows, logits)], page.labels)
    assert count.f1() >= 0.75


async def test_donut_writes_the_pages_token_for_token(models: ModelServer) -> None:
    size = (vocabulary().height, vocabulary().width)
    for page, known in zip(pages(), golden("donut"), strict=True):
        pieces = [piece async for piece in pieces_of(models, page.picture, size, deadline=LONG)]
        assert [piece.token for piece in pieces] == known
        assert "".join(piece.text for piece in pieces) == to_sequence(page.answer)
        assert {piece.version for piece in pieces} == {"1"}


async def test_donut_gives_the_page_as_json(models: ModelServer) -> None:
    size = (vocabulary().height, vocabulary().width)
    assert await answer_of(models, pages()[0].picture, size, deadline=LONG) == as_read(pages()[0].answer)


async def test_donut_streams_and_can_be_left(models: ModelServer) -> None:
    """What was left costs nothing more: the next page has its whole answer."""
    size = (vocabulary().height, vocabulary().width)
    stream = pieces_of(models, pages()[0].picture, size, deadline=LONG)
    first = [(await anext(stream)).token for _ in range(3)]
    await stream.aclose()  # type: ignore[attr-defined]
    assert first == golden("donut")[0][:3]
    assert await answer_of(models, pages()[1].picture, size, deadline=LONG) == as_read(pages()[1].answer)


async def test_an_answer_without_an_end_is_an_error(tmp_path: Path) -> None:
    """At `local:`, on a copy whose answers may not be longer than those of the pages are."""
    repository = tmp_path / "models"
    for model in ("donut", "donut_encoder", "donut_decoder"):
        shutil.copytree(MODELS / model, repository / model)
    file = repository / "donut/1/vocabulary.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"most": 20}), "utf-8")
    size = (vocabulary().height, vocabulary().width)
    said = []
    async with LocalModels.open(repository) as models:
        with pytest.raises(Unavailable, match="no end within 20 tokens"):
            async for piece in pieces_of(models, pages()[0].picture, size, deadline=LONG):
                said.append(piece.token)  # noqa: PERF401 - it raises
    assert said == golden("donut")[0][:19]


def test_the_pair_in_this_process_writes_the_same_tokens() -> None:
    def encode(pixel_values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        (cross,) = session("donut_encoder").run(["cross"], {"pixel_values": pixel_values})
        return cross

    def step(input_ids: Any, past: Any, cross: Any) -> Any:
        return session("donut_decoder").run(["logits", "present"], {"input_ids": input_ids, "past": past, "cross": cross})

    for page, known in zip(pages(), golden("donut"), strict=True):
        pixel_values = framed(page.picture, vocabulary().height, vocabulary().width)
        with closing(generate(encode, step, pixel_values, vocabulary())) as tokens:
            assert [token.id for token in tokens] == known


def test_the_page_decides_what_donut_writes() -> None:
    """Else it would have learned one text by heart, and not pages."""
    assert len({tuple(tokens) for tokens in golden("donut")}) == len(pages())


@pytest.mark.parametrize("model", GRAPHS)
def test_both_configurations_say_what_the_graph_takes(model: str) -> None:
    types = {"tensor(int64)": "TYPE_INT64", "tensor(uint8)": "TYPE_UINT8", "tensor(float)": "TYPE_FP32"}
    graph = session(model)
    sides = [(graph.get_inputs(), "input"), (graph.get_outputs(), "output")]
    for file in ("config.pbtxt", "configs/gpu.pbtxt"):
        config = configuration(model, file)
        assert config.name == model and config.max_batch_size > 0
        for tensors, side in sides:
            assert {tensor.name: (DataType.Name(tensor.data_type), list(tensor.dims)) for tensor in getattr(config, side)} == {
                tensor.name: (types[tensor.type], [size if isinstance(size, int) else -1 for size in tensor.shape[1:]])
                for tensor in tensors
            }


@pytest.mark.parametrize("model", GRAPHS)
def test_weights_are_small(model: str) -> None:
    assert (MODELS / model / "1/model.onnx").stat().st_size <= (10_000_000 if model == "layoutlmv3" else 5_000_000)


def test_words_come_back_from_their_tokens() -> None:
    for page in pages():
        (window,) = reader().windows(page.words, page.boxes)
        used = int(window.tensors["attention_mask"].sum())
        tokens = window.tensors["input_ids"][0, 1 : used - 1].tolist()
        assert reader().tokenizer.decode(tokens).split() == [re.sub("[0-9]", "0", word) for word in page.words]


def configuration(model: str, file: str) -> ModelConfig:
    return text_format.Parse((MODELS / model / file).read_text("utf-8"), ModelConfig())


def as_read(value: Value) -> Any:
    """A list of one comes back as its item: the form cannot tell."""
    if isinstance(value, dict):
        return {key: as_read(held) for key, held in value.items()}
    if isinstance(value, list):
        return as_read(value[0]) if len(value) == 1 else [as_read(held) for held in value]
    return value
