"""What each way to compute the models changes: `python -m training.parity --layoutlmv3 CHECKPOINT --donut CHECKPOINT`.

On the made-up pages: how far the numbers are from torch's, and how many labels and tokens come out differently, which is what counts.
Prints the tables of docs/models-training.md. `--write` puts them there.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.triton import TritonModels
from app.errors import Unavailable
from app.models.layoutlmv3 import Reader
from app.models.page_image import framed, stretched
from deploy.tritonserver import Ports, launch
from training.checkpoints import load
from training.pages import made_up_pages
from training.runtimes import Run, Tensors, in_half, in_onnxruntime, in_openvino, in_torch
from triton_models.greedy import Unfinished, Vocabulary, generate

REPOSITORY = Path(__file__).parents[1] / "triton_models"
DOCS = Path(__file__).parents[1] / "docs/models-training.md"
DEADLINE = 60.0  # seconds
SAMPLE = 100  # steps of the decoder whose numbers are compared

Way = tuple[str, Callable[[str], Run]]


@dataclass
class Row:
    """`far`: greatest distance from torch, in deviations of the tensor's numbers. `differ`: labels or tokens, of `of`."""

    way: str
    far: dict[str, float] = field(default_factory=dict)
    differ: int = 0
    of: int = 0
    milliseconds: list[float] = field(default_factory=list)


def layoutlmv3(ways: list[Way]) -> Iterator[Row]:
    reader = Reader.load(REPOSITORY / "layoutlmv3/1")
    pages = made_up_pages()
    truth: list[Tensors] = []
    labels: list[list[str]] = []
    for way, runs in ways:
        run, row, answers, said = runs("layoutlmv3"), Row(way), [], []
        for page in pages:
            windows = list(reader.windows(page.words, page.boxes))
            asked = [
                {**window.tensors, "pixel_values": stretched(page.picture, reader.size, reader.size)[np.newaxis]} for window in windows
            ]
            answers += [_timed(run, inputs, row) for inputs in asked]
            logits = [answer["logits"] for answer in answers[-len(windows) :]]
            said.append([label.name for label in reader.label(len(page.words), windows, logits)])
        truth, labels = truth or answers, labels or said
        row.far["logits"] = max(map(_far, truth, answers, ["logits"] * len(truth)))
        row.differ = sum(ours != theirs for page, known in zip(said, labels, strict=True) for ours, theirs in zip(page, known, strict=True))
        row.of = sum(map(len, labels))
        yield row


@dataclass
class _Steps:
    """A decoder's steps as `generate` asks for them, kept."""

    decoder: Run
    row: Row
    questions: list[Tensors] = field(default_factory=list)
    answers: list[Tensors] = field(default_factory=list)

    def __call__(self, input_ids: NDArray[Any], past: NDArray[Any], cross: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        self.questions.append({"input_ids": input_ids, "past": past, "cross": cross})
        self.answers.append(_timed(self.decoder, self.questions[-1], self.row))
        return self.answers[-1]["logits"], self.answers[-1]["present"]


def donut(ways: list[Way]) -> Iterator[Row]:
    vocabulary = Vocabulary.load(REPOSITORY / "donut/1/vocabulary.json")
    pages = [framed(page.picture, vocabulary.height, vocabulary.width) for page in made_up_pages()]
    truth: list[Tensors] = []
    tokens: list[list[int]] = []
    sample: list[tuple[Tensors, Tensors]] = []
    for way, runs in ways:
        encoder, row = runs("donut_encoder"), Row(way)
        encoded = [encoder({"pixel_values": page[np.newaxis]}) for page in pages]
        steps = _Steps(runs("donut_decoder"), row)
        said: list[list[int]] = []
        for answer, page in zip(encoded, pages, strict=True):
            said.append([])
            with suppress(Unfinished):  # then all that it said differs
                said[-1].extend(token.id for token in generate(partial(_known, answer["cross"]), steps, page, vocabulary))
        if not tokens:
            truth, tokens = encoded, said
            # Steps of torch's, asked of the others as they were: one token that differs would be counted again in all that follow.
            sample = list(zip(steps.questions, steps.answers, strict=True))[:: max(1, len(steps.answers) // SAMPLE)]
        row.far["cross"] = max(_far(known, answer, "cross") for known, answer in zip(truth, encoded, strict=True))
        row.far["logits"] = max(_far(known, steps.decoder(question), "logits") for question, known in sample)
        row.differ = sum(_edits(ours, theirs) for ours, theirs in zip(said, tokens, strict=True))
        row.of = sum(map(len, tokens))
        yield row


def _known(cross: NDArray[Any], _: NDArray[Any]) -> NDArray[Any]:
    return cross


def _timed(run: Run, inputs: Tensors, row: Row) -> Tensors:
    started = time.perf_counter()
    answer = run(inputs)
    row.milliseconds.append(1000 * (time.perf_counter() - started))
    return answer


def _far(truth: Tensors, answer: Tensors, name: str) -> float:
    return float(np.abs(truth[name] - answer[name]).max() / truth[name].std())


def _edits(ours: list[int], theirs: list[int]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(theirs) + 1))
    for i, one in enumerate(ours, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(theirs, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (one != other))
    return row[-1]


@contextmanager
def triton(models: Sequence[str]) -> Iterator[Callable[[str], Run]]:
    """A real server on this machine, with these models, until the end."""
    ports = Ports(*_free_ports(3))
    process = launch(REPOSITORY, ports, subprocess.DEVNULL, models)
    try:
        with asyncio.Runner() as loop:
            opened = TritonModels.open(f"triton://127.0.0.1:{ports.grpc}", REPOSITORY)
            server = loop.run(opened.__aenter__())
            loop.run(_loaded(server, set(models)))
            yield lambda model: lambda inputs: loop.run(server.infer(model, inputs, deadline=DEADLINE)).tensors
            loop.run(opened.__aexit__(None, None, None))
    finally:
        process.terminate()
        process.wait()


async def _loaded(server: TritonModels, models: set[str]) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            with suppress(Unavailable):
                if models <= (await server.versions()).keys():
                    return
            await asyncio.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in held]


def table(title: str, unit: str, rows: list[Row]) -> str:
    columns = list(rows[0].far)
    head = ["computed by", *(f"`{name}` from torch" for name in columns), f"{unit} that differ", "ms a call, median"]
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        far = ["" if row is rows[0] else f"{row.far[name]:.1e}" for name in columns]
        differ = "" if row is rows[0] else f"{row.differ} of {row.of}"
        lines.append("| " + " | ".join([row.way, *far, differ, f"{np.median(row.milliseconds):.2f}"]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.parity", description=__doc__.partition("\n")[0])
    parser.add_argument("--layoutlmv3", required=True, metavar="CHECKPOINT")
    parser.add_argument("--donut", required=True, metavar="CHECKPOINT")
    parser.add_argument("--write", action="store_true", help=f"into {DOCS.name}")
    given = parser.parse_args()
    graphs = {graph.name: graph for checkpoint in (given.layoutlmv3, given.donut) for graph in load(checkpoint).graphs}

    def file(model: str) -> Path:
        return REPOSITORY / model / "1/model.onnx"

    with ExitStack() as stack:
        on_triton = stack.enter_context(triton(tuple(graphs)))
        ways: list[Way] = [
            ("torch", lambda model: in_torch(graphs[model])),
            ("ONNX Runtime", lambda model: in_onnxruntime(file(model))),
            ("OpenVINO, f32", lambda model: in_openvino(file(model), "f32")),
            ("OpenVINO, f32, keeping its kernels", lambda model: in_openvino(file(model), "f32", kernels_kept=True)),
            ("OpenVINO, bf16", lambda model: in_openvino(file(model), "bf16")),
            ("OpenVINO, its own choice of precision", lambda model: in_openvino(file(model), "")),
            ("ONNX Runtime, fp16 graph", lambda model: in_half(file(model))),
            ("Triton (python backend, ONNX Runtime)", on_triton),
        ]
        tables = [
            table("layoutlmv3", "labels", list(layoutlmv3(ways))),
            table("donut_encoder + donut_decoder", "tokens", list(donut(ways))),
        ]
    text = "\n\n".join(tables)
    print(text)
    if given.write:
        held = DOCS.read_text("utf-8")
        between = re.compile(r"(<!-- parity -->\n).*?(\n<!-- /parity -->)", re.DOTALL)
        DOCS.write_text(between.sub(lambda found: found[1] + text + found[2], held), "utf-8")


if __name__ == "__main__":
    main()
