"""What an ONNX file takes and gives, and the same as Triton's configuration says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig

FREE = -1


@dataclass(frozen=True)
class TensorOf:
    """`dims` without the batch; -1 for one that is free."""

    type: str  # Triton's: "TYPE_INT64"
    dims: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    inputs: Mapping[str, TensorOf]
    outputs: Mapping[str, TensorOf]


_TYPES = {
    onnx.TensorProto.FLOAT: "TYPE_FP32",
    onnx.TensorProto.FLOAT16: "TYPE_FP16",
    onnx.TensorProto.INT64: "TYPE_INT64",
    onnx.TensorProto.INT32: "TYPE_INT32",
    onnx.TensorProto.UINT8: "TYPE_UINT8",
    onnx.TensorProto.BOOL: "TYPE_BOOL",
}


def of_onnx(file: Path) -> Signature:
    """Raises ValueError if the first axis of a tensor is not the batch's, a free one."""
    graph = onnx.load(file, load_external_data=False).graph

    def tensors(values: list[onnx.ValueInfoProto]) -> dict[str, TensorOf]:
        found = {}
        for value in values:
            held = value.type.tensor_type
            dims = [axis.dim_value if axis.HasField("dim_value") else FREE for axis in held.shape.dim]
            if not dims or dims[0] != FREE:
                raise ValueError(f"{file.name}: {value.name} has no batch")
            found[value.name] = TensorOf(_TYPES[held.elem_type], tuple(dims[1:]))
        return found

    return Signature(tensors(list(graph.input)), tensors(list(graph.output)))


def read_config(file: Path) -> ModelConfig:
    return text_format.Parse(file.read_text("utf-8"), ModelConfig())


def of_config(config: ModelConfig) -> Signature:
    def tensors(held: list[object]) -> dict[str, TensorOf]:
        return {tensor.name: TensorOf(DataType.Name(tensor.data_type), tuple(tensor.dims)) for tensor in held}

    return Signature(tensors(list(config.input)), tensors(list(config.output)))


def fitted(text: str, tensors: Mapping[str, TensorOf]) -> str:
    """A configuration's text with the dims of these tensors: nothing else differs between checkpoints of a kind."""
    for name, tensor in tensors.items():
        pattern = re.compile(rf'(name: "{re.escape(name)}"[^{{}}]*?dims: )\[[^\]]*\]')
        text, found = pattern.subn(rf"\g<1>[{', '.join(map(str, tensor.dims))}]", text)
        if not found:
            raise ValueError(f"the configuration has no tensor {name}")
    return text
