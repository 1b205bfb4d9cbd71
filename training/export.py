"""A Hugging Face checkpoint into a model repository: `python -m training.export --checkpoint PATH --to DIR [--version N]`.

Each graph is written as ONNX and compared with torch at the smallest, the usual and the greatest shape it must take; the figures are
printed, and one that is out of bounds ends the export. What of a model's folder does not depend on the weights comes from
`triton_models/`; its configuration is given the checkpoint's dims, and the shapes that an engine must be built for go beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime
import torch

from app.adapters.model_repository import CANARY, Canary
from training.checkpoints import load
from training.graphs import Graph
from training.signature import fitted, of_config, of_onnx, read_config

TEMPLATES = Path(__file__).parents[1] / "triton_models"
OPSET = 17
SEED = 6
SMALL = 1000  # numbers: what is smaller is not worth a node
CLOSE = 1e-3
"""Most that a number may differ from torch's, in deviations of the tensor: both compute in single precision, in another order."""


def export(checkpoint: str, to: Path, version: int = 1, task: str | None = None, most: int | None = None) -> list[Path]:
    """Gives the files of the graphs. Raises ValueError for a checkpoint without a place, ArithmeticError for a graph unlike torch."""
    exportable = load(checkpoint, task, most)
    files = []
    for graph in exportable.graphs:
        folder = _prepared(to, graph.name, version)
        file = folder / str(version) / "model.onnx"
        write_onnx(graph, file)
        signature = of_onnx(file)
        tensors = {**signature.inputs, **signature.outputs}
        for name in ("config.pbtxt", "configs/gpu.pbtxt"):
            (folder / name).write_text(fitted((folder / name).read_text("utf-8"), tensors), "utf-8")
        batch = read_config(folder / "config.pbtxt").max_batch_size
        (folder / "configs/profiles.json").write_text(_json(profiles(graph, batch)), "utf-8")
        for shape, difference in parity(graph, file, batch).items():
            print(f"{graph.name} {shape}: {difference:.1e} from torch")
            if not difference <= CLOSE:
                raise ArithmeticError(f"{graph.name} answers {difference:.1e} from torch at {shape}")
        save_canary(canary(graph, file), folder, version)
        print(f"{graph.name}: {file.stat().st_size / 1e6:.2f} MB, {sum(p.numel() for p in graph.parameters()):,} parameters")
        files.append(file)
    for model, beside in exportable.beside.items():
        folder = to / model if (to / model / str(version)).is_dir() else _prepared(to, model, version)
        for name, held in beside.items():
            text = held if isinstance(held, str) else json.dumps(held, ensure_ascii=False, indent=0)
            (folder / str(version) / name).write_text(text + "\n", "utf-8")
    if (folder := to / "donut").is_dir() and len(exportable.graphs) == 2:
        page = of_config(read_config(to / "donut_encoder/config.pbtxt")).inputs["pixel_values"]
        config = folder / "config.pbtxt"
        config.write_text(fitted(config.read_text("utf-8"), {"pixel_values": page}), "utf-8")
    return files


def _prepared(to: Path, model: str, version: int) -> Path:
    """The model's folder with all that does not depend on the weights. Versions that are there stay."""
    template, folder = TEMPLATES / model, to / model
    programs = [(source, folder / str(version) / source.name) for source in (template / "1").glob("*.py")]
    others = [(template / name, folder / name) for name in ("config.pbtxt", "README.md", "configs/gpu.pbtxt")]
    for source, target in (*programs, *others):
        if source.exists() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (folder / str(version)).mkdir(parents=True, exist_ok=True)
    return folder


def newest(folder: Path) -> int:
    """The newest version in a model's folder."""
    return max(int(held.name) for held in folder.iterdir() if held.name.isdigit())


def save_canary(known: Canary, folder: Path, version: int) -> None:
    """The model's canary is that of its newest version; where there are several, each has its own as well."""
    others = [held for held in folder.iterdir() if held.name.isdigit() and held.name != str(version)]
    for held in others:
        if (folder / CANARY).exists() and not (held / CANARY).exists():
            shutil.copyfile(folder / CANARY, held / CANARY)
    if others:
        known.save(folder / str(version))
    if version == newest(folder):
        known.save(folder)


def write_onnx(graph: Graph, file: Path) -> None:
    torch.manual_seed(SEED)
    _, usual, _ = graph.free_lengths()
    # An example of no or of one token would be a special case that tracing takes for all.
    example = graph.inputs(2, usual)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it takes as a constant; the check at other shapes finds those
        outputs = graph(*example.values())
        torch.onnx.export(
            graph,
            tuple(example.values()),
            str(file),
            input_names=list(graph.names_in),
            output_names=list(graph.names_out),
            dynamic_axes={name: dict(axes) for name, axes in graph.axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    _declare_outputs(graph, file, outputs if isinstance(outputs, tuple) else (outputs,))
    model = onnx.load(file)
    store_in_halves(model)
    onnx.save(model, file)


def _declare_outputs(graph: Graph, file: Path, outputs: tuple[torch.Tensor, ...]) -> None:
    """Shape inference gives up on some: what is not free has the size that it has in the example."""
    model = onnx.load(file)
    for value, tensor in zip(model.graph.output, outputs, strict=True):
        axes = graph.axes.get(value.name, {})
        for index, dim in enumerate(value.type.tensor_type.shape.dim):
            dim.Clear()
            if index in axes:
                dim.dim_param = axes[index]
            else:
                dim.dim_value = tensor.shape[index]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)


def store_in_halves(model: onnx.ModelProto) -> None:
    """Weights that half precision holds exactly, as it does those of a checkpoint saved in it, are stored in it; a Cast gives them back.
    The file is half as large and no number another: runtimes fold the Casts when they load."""
    casts = []
    for weights in model.graph.initializer:
        if weights.data_type != onnx.TensorProto.FLOAT or math.prod(weights.dims) < SMALL:
            continue
        exact = onnx.numpy_helper.to_array(weights)
        halves = exact.astype(np.float16)
        if np.array_equal(halves.astype(np.float32), exact):
            name = weights.name
            weights.CopyFrom(onnx.numpy_helper.from_array(halves, f"{name}.half"))
            casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def profiles(graph: Graph, max_batch: int) -> dict[str, dict[str, list[int]]]:
    """Shapes, batch first, that an engine is built for: smallest, usual, greatest of each input."""
    lengths = graph.free_lengths()
    batches = (1, min(4, max_batch), max_batch)
    shapes: dict[str, dict[str, list[int]]] = {name: {} for name in graph.names_in}
    for kind, batch, length in zip(("min", "opt", "max"), batches, lengths, strict=True):
        for name, tensor in graph.inputs(batch, length).items():
            shapes[name][kind] = list(tensor.shape)
    return shapes


def parity(graph: Graph, file: Path, max_batch: int) -> dict[str, float]:
    """How far ONNX Runtime's answers are from torch's, most of all numbers of all outputs, in deviations, for each shape."""
    torch.manual_seed(SEED + 1)
    session = session_of(file)
    smallest, usual, greatest = graph.free_lengths()
    found = {}
    for batch, length in dict.fromkeys(((1, smallest), (min(2, max_batch), usual), (1, greatest), (min(2, max_batch), smallest + 1))):
        if length > greatest:
            continue
        example = graph.inputs(batch, length)
        with torch.no_grad():
            expected = graph(*example.values())
        expected = expected if isinstance(expected, tuple) else (expected,)
        got = session.run(None, {name: tensor.numpy() for name, tensor in example.items()})
        found[f"batch {batch}, length {length}"] = max(
            float(np.abs(ours - theirs.numpy()).max() / max(float(theirs.numpy().std()), 1e-6))
            for ours, theirs in zip(got, expected, strict=True)
        )
    return found


def canary(graph: Graph, file: Path) -> Canary:
    torch.manual_seed(SEED + 2)
    smallest, _, _ = graph.free_lengths()
    inputs = {name: tensor.numpy() for name, tensor in graph.inputs(1, max(smallest, 1)).items()}
    session = session_of(file)
    names = [output.name for output in session.get_outputs()]
    return Canary(inputs, dict(zip(names, session.run(names, inputs), strict=True)))


def session_of(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _json(shapes: Mapping[str, Mapping[str, list[int]]]) -> str:
    lines = (f'  "{name}": {json.dumps(kinds)}' for name, kinds in shapes.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__.partition("\n")[0])
    parser.add_argument("--checkpoint", required=True, help="folder, or name on the hub, of a Donut or a LayoutLMv3ForTokenClassification")
    parser.add_argument("--to", type=Path, required=True, help="the model repository")
    parser.add_argument("--version", type=int, default=1, help="number of the version that is written (default: 1)")
    parser.add_argument("--task", help='of a Donut: the token that asks for the task, such as "<s_cord-v2>"')
    parser.add_argument("--most", type=int, help="of a Donut: tokens of an answer, at most")
    given = parser.parse_args()
    try:
        export(given.checkpoint, given.to, given.version, given.task, given.most)
    except (ValueError, ArithmeticError, OSError) as exc:
        print(f"training.export: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
