"""Writes the `canary.npz` of the models whose weights come from packages: a small question each, and what plain ONNX Runtime answers to it.

They are the golden values of the tests, too. What other runtimes answer may differ by `TOLERANCE` (`app/adapters/model_repository.py`).

    python -m training.canaries
"""

from __future__ import annotations

import os
import sys
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.adapters.canary import canary
from app.adapters.local_models import REPOSITORY
from app.adapters.model_repository import Canary

LINE = (48, 208)  # of text_recognition's: height, and a width in which the words fit
PAGE = (64, 160)  # of text_detection's: multiples of 32
TOKENS = [101, 9046, 2193, 1012, 1017, 2420, 6535, 3076, 102]  # "invoice number. 3 days net income", with what a text begins and ends with


def words() -> NDArray[np.uint8]:
    """The picture that says "Invoice total"."""
    memory, width, height = canary()
    try:
        return np.frombuffer(os.pread(memory, width * height, 0), np.uint8).reshape(height, width)
    finally:
        os.close(memory)


def questions() -> dict[str, dict[str, NDArray[Any]]]:
    picture = words()
    page = np.full(PAGE, 255, np.uint8)
    small = cv2.resize(picture, (PAGE[1] - 8, 38), interpolation=cv2.INTER_AREA)
    page[13 : 13 + small.shape[0], 4 : 4 + small.shape[1]] = small
    line = cv2.resize(picture, (LINE[1], LINE[0]), interpolation=cv2.INTER_AREA)
    ids = np.array([TOKENS], np.int64)
    return {
        "text_detection": {"image": page[None]},
        "text_recognition": {"image": line[None]},
        "embedder": {"input_ids": ids, "attention_mask": np.ones_like(ids)},
    }


def main() -> None:
    for name, inputs in questions().items():
        graph = REPOSITORY / name / "1/model.onnx"
        session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
        outputs = [output.name for output in session.get_outputs()]
        answers = dict(zip(outputs, session.run(outputs, dict(inputs)), strict=True))
        Canary(inputs, answers).save(REPOSITORY / name)
        sys.stdout.write(f"{name}: {', '.join(f'{key} {value.shape}' for key, value in answers.items())}\n")


if __name__ == "__main__":
    main()
