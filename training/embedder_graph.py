"""Writes `triton_models/embedder/1/model.onnx`: the sentence encoder all-MiniLM-L6-v2 as a graph that holds no weights.

A BERT encoder of six layers (Devlin et al., 2019; Wang et al., "MiniLM", 2020), the mean over a text's tokens, at length 1. Its weights are
external data (ONNX): for each of them the graph names a place in model.safetensors, the file that the package brings, whose tensors lie
there as little-endian numbers behind a header. So filling the model is copying that file, and no numbers are in this repository.

    python -m training.embedder_graph        (needs `onnx`, and the filled model)
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parents[1] / "triton_models/embedder/1"
WEIGHTS = "model.safetensors"
LAYERS, HEADS, WIDTH, HEAD = 6, 12, 384, 32
EPSILON = 1e-12  # layer_norm_eps of the checkpoint
OPSET, IR = 17, 8


class Graph:
    """Nodes in order. Each method adds some and returns the name of what comes out."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        with open(FOLDER / WEIGHTS, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self._header = json.loads(file.read(length))
        self._data = 8 + length

    def weight(self, name: str) -> str:
        entry = self._header[name]
        if name not in {tensor.name for tensor in self.initializers}:
            assert entry["dtype"] == "F32"
            start, end = entry["data_offsets"]
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=entry["shape"], data_location=TensorProto.EXTERNAL)
            for key, value in (("location", WEIGHTS), ("offset", self._data + start), ("length", end - start)):
                tensor.external_data.add(key=key, value=str(value))
            self.initializers.append(tensor)
        return name

    def constant(self, name: str, value: object, type: type = np.float32) -> str:
        if name not in {tensor.name for tensor in self.initializers}:
            self.initializers.append(numpy_helper.from_array(np.asarray(value, type), name))
        return name

    def node(self, operator: str, inputs: list[str], **attributes: object) -> str:
        out = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [out], **attributes))
        return out

    def linear(self, x: str, name: str) -> str:
        weights = self.node("Transpose", [self.weight(f"{name}.weight")], perm=[1, 0])
        return self.node("Add", [self.node("MatMul", [x, weights]), self.weight(f"{name}.bias")])

    def norm(self, x: str, name: str) -> str:
        return self.node("LayerNormalization", [x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")], axis=-1, epsilon=EPSILON)

    def heads(self, x: str, order: list[int]) -> str:
        """[n, s, WIDTH] in parts for each head, in the order that is wanted of [n, s, head, part]."""
        return self.node("Transpose", [self.node("Reshape", [x, self.constant("split", [0, 0, HEADS, HEAD], np.int64)])], perm=order)

    def gelu(self, x: str) -> str:
        spread = self.node("Erf", [self.node("Div", [x, self.constant("sqrt_2", np.sqrt(2))])])
        return self.node("Mul", [self.node("Mul", [x, self.constant("half", 0.5)]), self.node("Add", [spread, self.constant("one", 1)])])


def build() -> onnx.ModelProto:
    g = Graph()
    # Numbers for positions are the first of their table, as many as there are tokens; every token is of the first segment.
    length = g.node("Slice", [g.node("Shape", ["input_ids"]), *(g.constant(n, [v], np.int64) for n, v in (("first", 1), ("second", 2)))])
    positions = g.node("Slice", [g.weight("embeddings.position_embeddings.weight"), g.constant("zero", [0], np.int64), length])
    segment = g.node("Gather", [g.weight("embeddings.token_type_embeddings.weight"), g.constant("no", 0, np.int64)])
    words = g.node("Gather", [g.weight("embeddings.word_embeddings.weight"), "input_ids"])
    x = g.norm(g.node("Add", [g.node("Add", [words, positions]), segment]), "embeddings.LayerNorm")

    mask = g.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    missing = g.node("Mul", [g.node("Sub", [g.constant("one", 1), mask]), g.constant("never", -10_000)])
    missing = g.node("Unsqueeze", [missing, g.constant("axes_1_2", [1, 2], np.int64)])
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        query, key, value = (g.linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        scores = g.node("MatMul", [g.heads(query, [0, 2, 1, 3]), g.heads(key, [0, 2, 3, 1])])
        scores = g.node("Add", [g.node("Div", [scores, g.constant("sqrt_head", np.sqrt(HEAD))]), missing])
        seen = g.node("MatMul", [g.node("Softmax", [scores], axis=-1), g.heads(value, [0, 2, 1, 3])])
        seen = g.node("Reshape", [g.node("Transpose", [seen], perm=[0, 2, 1, 3]), g.constant("join", [0, 0, WIDTH], np.int64)])
        x = g.norm(g.node("Add", [g.linear(seen, f"{layer}.attention.output.dense"), x]), f"{layer}.attention.output.LayerNorm")
        inner = g.gelu(g.linear(x, f"{layer}.intermediate.dense"))
        x = g.norm(g.node("Add", [g.linear(inner, f"{layer}.output.dense"), x]), f"{layer}.output.LayerNorm")

    # The mean over the tokens of the text; the length of a sum is that of a mean but for a factor, which the length takes out.
    plane = g.node("Unsqueeze", [mask, g.constant("axis_2", [2], np.int64)])
    total = g.node("ReduceSum", [g.node("Mul", [x, plane]), g.constant("first", [1], np.int64)], keepdims=0)
    size = g.node("ReduceL2", [total], axes=[1], keepdims=1)
    g.nodes.append(helper.make_node("Div", [total, g.node("Max", [size, g.constant("least", 1e-12)])], ["embedding"]))

    ids, attention = (helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "s"]) for name in ("input_ids", "attention_mask"))
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", WIDTH])
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", [ids, attention], [out], g.initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="")


def main() -> None:
    (FOLDER / "model.onnx").write_bytes(build().SerializeToString(deterministic=True))
    onnx.checker.check_model(FOLDER / "model.onnx")


if __name__ == "__main__":
    main()
