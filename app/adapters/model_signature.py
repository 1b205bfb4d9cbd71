"""What a model takes and gives, and whether a question or an answer is of that kind: nobody believes an answer before it was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import Unavailable

DEPENDENCY = "models"
# Triton's names in config.pbtxt, without "TYPE_". Strings are arrays of bytes objects.
DTYPES = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "STRING": np.dtype(np.object_),
}


class WrongAnswer(Unavailable):
    """A model answered what cannot be an answer: whatever else it says is not to be believed either."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """`dims`: -1 for any; without the batch's axis where the model has one."""

    dtype: np.dtype[Any]
    dims: tuple[int, ...]
    optional: bool = False

    def flaw(self, array: NDArray[Any], batched: bool) -> str:
        """Why `array` is none of these, "" if it is."""
        if array.dtype != self.dtype:
            return f"is {array.dtype}, not {self.dtype}"
        dims = (-1, *self.dims) if batched else self.dims
        if array.ndim != len(dims) or any(want not in (-1, has) for want, has in zip(dims, array.shape, strict=True)):
            return f"has shape {list(array.shape)}, not {list(dims)}"
        return ""


@dataclass(frozen=True, slots=True)
class Signature:
    """`batch`: most rows in one request, 0 where the first axis is no batch. `decoupled`: it answers piece by piece."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    batch: int = 0
    decoupled: bool = False

    def check_request(self, tensors: Mapping[str, NDArray[Any]]) -> int:
        """Returns how many rows the batch has, 0 without one. Raises `ValueError`."""
        if unknown := tensors.keys() - self.inputs.keys():
            raise ValueError(f"no such input: {', '.join(sorted(unknown))}")
        if missing := [name for name, spec in self.inputs.items() if name not in tensors and not spec.optional]:
            raise ValueError(f"input missing: {', '.join(missing)}")
        for name, array in tensors.items():
            if flaw := self.inputs[name].flaw(array, bool(self.batch)):
                raise ValueError(f"input {name} {flaw}")
        if not self.batch:
            return 0
        rows = [int(array.shape[0]) for array in tensors.values()]
        if len(set(rows)) != 1 or not 1 <= rows[0] <= self.batch:
            raise ValueError(f"a batch has 1 to {self.batch} rows, the same in all inputs, not {rows}")
        return rows[0]

    def check_answer(self, tensors: Mapping[str, NDArray[Any]], rows: int) -> None:
        """`rows`: of the question's batch. Raises `WrongAnswer`."""
        if tensors.keys() != self.outputs.keys():
            raise WrongAnswer(DEPENDENCY, f"outputs {sorted(tensors)}, not {sorted(self.outputs)}")
        for name, array in tensors.items():
            if flaw := self.outputs[name].flaw(array, bool(self.batch)):
                raise WrongAnswer(DEPENDENCY, f"output {name} {flaw}")
            if not array.size:
                raise WrongAnswer(DEPENDENCY, f"output {name} is empty")
            if self.batch and array.shape[0] != rows:
                raise WrongAnswer(DEPENDENCY, f"output {name} has {array.shape[0]} rows for {rows}")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise WrongAnswer(DEPENDENCY, f"output {name} holds numbers that are not finite")
