"""y = 2 x, in the mood that the file `mood` beside this one names: what a test needs of a server that misbehaves."""

import os
import time
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils

MOOD = Path(__file__).with_name("mood")


class TritonPythonModel:
    def initialize(self, args):
        if _mood() == "broken":
            raise RuntimeError("this version cannot be loaded")

    def execute(self, requests):
        mood, _, argument = _mood().partition(" ")
        if mood == "slow":
            time.sleep(float(argument))
        if mood == "die":
            os._exit(1)
        return [_answer(request, mood) for request in requests]


def _answer(request, mood):
    y = 2 * pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
    if mood == "error":
        return pb_utils.InferenceResponse(error=pb_utils.TritonError("no"))
    if mood == "none":
        return pb_utils.InferenceResponse(output_tensors=[])
    wrong = {
        "nan": lambda: np.full_like(y, np.nan),
        "rank": lambda: y[0],
        "batch": lambda: np.concatenate([y, y]),
        "type": lambda: y.astype(np.int32),
        "values": lambda: y + 1,
        "short": lambda: y[:, :3],  # right, as long as the canary, and next to nothing: for measuring the way there
        "huge": lambda: np.zeros((len(y), 50_000_000 // len(y)), np.float32),
    }
    return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("y", wrong.get(mood, lambda: y)())])


def _mood():
    return MOOD.read_text() if MOOD.exists() else ""
