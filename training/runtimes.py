"""The ways to compute a graph: each gives a function from tensors by name to tensors by name. One thread each, so that figures compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime
import openvino
import torch
from numpy.typing import NDArray
from onnxruntime.transformers.float16 import convert_float_to_float16
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

from training.embedder_graph import EPSILON, HEADS, LAYERS, WIDTH
from training.graphs import Graph

Tensors = Mapping[str, NDArray[Any]]
Run = Callable[[Tensors], Tensors]


def in_torch(graph: Graph) -> Run:
    def run(inputs: Tensors) -> Tensors:
        with torch.no_grad():
            # A copy: torch warns of memory that is not its to write.
            answer = graph(*(torch.from_numpy(np.array(inputs[name])) for name in graph.names_in))
        answers = answer if isinstance(answer, tuple) else (answer,)
        return {name: tensor.numpy() for name, tensor in zip(graph.names_out, answers, strict=True)}

    return run


def embedder_in_torch(weights: Path) -> Run:
    """transformers' own encoder with the package's weights (safetensors), and the mean of a text's tokens at length 1."""
    config = BertConfig(
        hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=4 * WIDTH, layer_norm_eps=EPSILON
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    held = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("pooler.") and "position_ids" not in name}
    model.load_state_dict(held)

    def run(inputs: Tensors) -> Tensors:
        ids, mask = (torch.from_numpy(np.array(inputs[name])) for name in ("input_ids", "attention_mask"))
        with torch.no_grad():
            tokens = model(input_ids=ids, attention_mask=mask).last_hidden_state
            total = (tokens * mask[..., None]).sum(dim=1)
            return {"embedding": torch.nn.functional.normalize(total, dim=1).numpy()}

    return run


def in_onnxruntime(model: Path | bytes) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, dict(inputs)), strict=True))


def in_half(model: Path) -> Run:
    """Weights and arithmetic in half precision, what goes in and out as before. As near to a GPU's engine as a CPU comes: its sums are kept
    in single precision where ONNX Runtime has no kernel for halves."""
    return in_onnxruntime(convert_float_to_float16(onnx.load(model), keep_io_types=True).SerializeToString())


def in_openvino(model: Path, precision: Literal["f32", "bf16", ""], *, kernels_kept: bool = False) -> Run:
    """`precision` "": OpenVINO's own choice, bf16 on a processor that computes in it.

    `kernels_kept`: as it comes, OpenVINO keeps what it made for one shape for others like it. OpenVINO 2026.4 then answers wrongly for
    every `past` of 15 tokens and more, once it was asked with none.
    """
    core = openvino.Core()
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    if not kernels_kept:
        settings["CPU_RUNTIME_CACHE_CAPACITY"] = "0"
    if precision:
        settings["INFERENCE_PRECISION_HINT"] = precision
    compiled = core.compile_model(core.read_model(model), "CPU", settings)

    def run(inputs: Tensors) -> Tensors:
        answer = compiled(dict(inputs))
        return {name: np.array(answer[output]) for output in compiled.outputs for name in output.names}

    return run
