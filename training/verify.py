"""Whether a model repository's graphs are fit for the server: `python -m training.verify [REPOSITORY] [--model NAME]`. Needs no GPU.

Of each model that has a `configs/profiles.json`: the graph is valid ONNX; constants fold (as TensorRT will fold them) and nothing of the
answer changes; both configurations say what the graph takes and gives; every free axis has a range in the profiles, every fixed one its
size, and the greatest batch is the configuration's; at the smallest, usual and greatest shape the answers of the optimised, the plain and
the folded graph are finite and alike; the canary is answered rightly. What is left is what only a GPU can show: that TensorRT builds it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_graphsurgeon as gs
import onnxruntime
from numpy.typing import NDArray
from polygraphy.backend.onnx import fold_constants, infer_shapes
from polygraphy.logger import G_LOGGER

from app.adapters.model_repository import Canary
from training.export import newest
from training.signature import FREE, Signature, of_config, of_onnx, read_config

REPOSITORY = Path(__file__).parents[1] / "triton_models"
CLOSE = 1e-3  # between two ways to compute the same graph, in deviations of what the canary answers
UNFIT = {"If", "Loop", "Scan", "NonZero", "SequenceConstruct", "Optional"}
"""Operators whose outputs' shapes depend on values, or that branch: an engine with them is slow or not to be had."""
MIB = 1024 * 1024

Tensors = Mapping[str, NDArray[Any]]
Profiles = Mapping[str, Mapping[str, list[int]]]


def verify(folder: Path, version: int) -> Iterator[str]:
    """What is found, line by line. Raises `Unfit` at the first that is wrong."""
    file = folder / str(version) / "model.onnx"
    onnx.checker.check_model(str(file), full_check=True)
    model = onnx.load(file)
    operators = {node.op_type for node in model.graph.node}
    require(not operators & UNFIT, f"operators without fixed shapes: {', '.join(sorted(operators & UNFIT))}")
    yield f"valid, opset {model.opset_import[0].version}, {len(model.graph.node)} nodes, {file.stat().st_size / MIB:.2f} MiB"

    signature = of_onnx(file)
    batches = set()
    for name in ("config.pbtxt", "configs/gpu.pbtxt"):
        config = read_config(folder / name)
        require(of_config(config) == signature, f"{name} says {of_config(config)}, the graph {signature}")
        require(config.name == folder.name, f"{name} is called {config.name}")
        batches.add(config.max_batch_size)
    require(len(batches) == 1, "the two configurations differ in max_batch_size")
    yield "both configurations say what the graph takes and gives"

    profiles: Profiles = json.loads((folder / "configs/profiles.json").read_text("utf-8"))
    check_profiles(profiles, signature, batches.pop())
    yield "every free axis is in the profiles"

    folded = fold_constants(infer_shapes(onnx.load(file)), error_ok=False)
    onnx.checker.check_model(gs.export_onnx(gs.import_onnx(folded).cleanup().toposort()))
    yield f"folds to {len(folded.graph.node)} nodes"

    known = Canary.of(file.parent) or Canary.of(folder)
    require(known is not None, "no canary")
    assert known is not None
    graph = folded.SerializeToString()
    ways = {"optimised": lambda: _run(str(file)), "plain": lambda: _run(str(file), optimised=False), "folded": lambda: _run(graph)}
    for way, made in ways.items():
        require(not (wrong := known.wrong(made()(known.inputs))), f"canary, {way}: {wrong}")
    deviations = {name: float(tensor.std()) for name, tensor in known.outputs.items()}
    for kind in ("min", "opt", "max"):
        inputs = {name: _repeated(tensor, profiles[name][kind]) for name, tensor in known.inputs.items()}
        answers = {way: made()(inputs) for way, made in ways.items()}  # one after another: a greatest batch takes gigabytes
        worst = max(_difference(answers["optimised"], answers[way], deviations) for way in ways)
        shapes = ", ".join(f"{name} {'x'.join(map(str, profiles[name][kind]))}" for name in profiles)
        require(worst <= CLOSE, f"at {shapes} two ways to compute the graph differ by {worst:.1e}")
        yield f"{kind} ({shapes}): finite, alike to {worst:.0e}"


class Unfit(Exception):
    pass


def require(held: bool, otherwise: str) -> None:
    if not held:
        raise Unfit(otherwise)


def check_profiles(profiles: Profiles, signature: Signature, max_batch: int) -> None:
    """Raises `Unfit`."""
    require(set(profiles) == set(signature.inputs), f"profiles of {sorted(profiles)}, inputs {sorted(signature.inputs)}")
    for name, tensor in signature.inputs.items():
        shapes = [profiles[name][kind] for kind in ("min", "opt", "max")]
        require(all(len(shape) == 1 + len(tensor.dims) for shape in shapes), f"{name}: profiles of another rank")
        require(shapes[0][0] == 1 and shapes[2][0] == max_batch, f"{name}: batches of 1 to {max_batch} must fit the profiles")
        for axis, (least, usual, most) in enumerate(zip(*shapes, strict=True)):
            require(least <= usual <= most, f"{name}, axis {axis}: {least}, {usual}, {most} do not rise")
            if axis and tensor.dims[axis - 1] != FREE:
                require(least == most == tensor.dims[axis - 1], f"{name}, axis {axis} is {tensor.dims[axis - 1]}, not {least} to {most}")


def _run(model: str | bytes, *, optimised: bool = True) -> Callable[[Tensors], Tensors]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # what a layer took is free for the next
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, dict(inputs)), strict=True))


def _repeated(tensor: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """The tensor over and over along each axis, up to the shape: what stands beside what stays so, as in the pictures and sentences it is
    meant for. Of what is larger the beginning; zeros where it is empty."""
    if not tensor.size:
        return np.zeros(shape, tensor.dtype)
    for axis, length in enumerate(shape):
        tensor = tensor.take(np.arange(length), axis, mode="wrap")
    return tensor


def _difference(one: Tensors, other: Tensors, deviations: Mapping[str, float]) -> float:
    """The greatest, in deviations of what the canary answers: those of an answer of its own would be next to nothing for a blank page."""
    worst = 0.0
    for name, tensor in one.items():
        require(bool(np.isfinite(tensor).all() and np.isfinite(other[name]).all()), f"{name} is not finite")
        worst = max(worst, float(np.abs(tensor - other[name]).max(initial=0.0)) / deviations[name])
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.verify", description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path, nargs="?", default=REPOSITORY)
    parser.add_argument("--model", action="append", help="only this one (default: all that have profiles)")
    parser.add_argument("--version", type=int, help="default: the newest")
    given = parser.parse_args()
    folders = sorted(file.parents[1] for file in given.repository.glob("*/configs/profiles.json"))
    chosen = [folder for folder in folders if not given.model or folder.name in given.model]
    if not chosen:
        print("training.verify: no such model", file=sys.stderr)
        return 2
    G_LOGGER.module_severity = G_LOGGER.ERROR
    onnxruntime.set_default_logger_severity(3)
    failed = False
    for folder in chosen:
        version = given.version or newest(folder)
        try:
            for line in verify(folder, version):
                print(f"{folder.name}/{version}: {line}")
        except (Unfit, ValueError, OSError, onnx.checker.ValidationError) as exc:
            print(f"{folder.name}/{version}: UNFIT: {exc}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
