"""What each way to compute the models changes: `python -m training.parity --layoutlmv3 CHECKPOINT --donut CHECKPOINT`.

On made-up pages: how far the numbers are from torch's (of PP-OCR, which comes as ONNX: from ONNX Runtime's), and how many labels, tokens,
words and neighbours come out differently, which is what counts. Prints the tables of docs/models-training.md. `--write` puts them there.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from app.adapters.triton import TritonModels
from app.errors import Unavailable
from deploy.tritonserver import Ports, launch
from training.checkpoints import load
from training.compared import REPOSITORY, Row, Way, donut, embedder, layoutlmv3, text
from training.runtimes import Run, embedder_in_torch, in_half, in_onnxruntime, in_openvino, in_torch

DOCS = Path(__file__).parents[1] / "docs/models-training.md"
DEADLINE = 60.0  # seconds


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


def table(title: str, unit: str, of_ways: Iterable[Row]) -> str:
    rows = list(of_ways)
    columns = list(rows[0].far)
    head = ["computed by", *(f"`{name}` from {rows[0].way}" for name in columns), f"{unit} that differ", "ms a call, median"]
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

    packaged = ("text_detection", "text_recognition", "embedder")

    def computed(served_by: str, on_triton: Callable[[str], Run]) -> list[Way]:
        return [
            ("ONNX Runtime", lambda model: in_onnxruntime(file(model))),
            ("OpenVINO, f32", lambda model: in_openvino(file(model), "f32")),
            ("OpenVINO, f32, keeping its kernels", lambda model: in_openvino(file(model), "f32", kernels_kept=True)),
            ("OpenVINO, bf16", lambda model: in_openvino(file(model), "bf16")),
            ("OpenVINO, its own choice of precision", lambda model: in_openvino(file(model), "")),
            ("ONNX Runtime, fp16 graph", lambda model: in_half(file(model))),
            (f"Triton (python backend, {served_by})", on_triton),
        ]

    with ExitStack() as stack:
        on_triton = stack.enter_context(triton((*graphs, *packaged)))
        ours: list[Way] = [("torch", lambda model: in_torch(graphs[model])), *computed("ONNX Runtime", on_triton)]
        theirs = computed("OpenVINO, as configured", on_triton)
        in_bert: Way = ("torch", lambda model: embedder_in_torch(REPOSITORY / model / "1/model.safetensors"))
        tables = [
            table("layoutlmv3", "labels", layoutlmv3(ours)),
            table("donut_encoder + donut_decoder", "tokens", donut(ours)),
            table("text_detection + text_recognition", "words", text(theirs)),
            table("embedder", "nearest neighbours", embedder([in_bert, *theirs])),
        ]
    told = "\n\n".join(tables)
    print(told)
    if given.write:
        held = DOCS.read_text("utf-8")
        between = re.compile(r"(<!-- parity -->\n).*?(\n<!-- /parity -->)", re.DOTALL)
        DOCS.write_text(between.sub(lambda found: found[1] + told + found[2], held), "utf-8")


if __name__ == "__main__":
    main()
