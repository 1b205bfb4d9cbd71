"""What goes between `local_models` and its worker: packets that say what, each with a descriptor of memory that holds the numbers.

One SOCK_SEQPACKET socket. To the worker: `Ask` with the inputs' memory, `Cancel`. From it: `Ready` once; then for every `Ask`, in any
order, one `Piece` with memory for each answer and in the end one `Done`. Numbers lie in the memory one tensor behind the other, rows first,
each at a multiple of `ALIGNMENT`; strings as Triton writes them (length in four bytes, then bytes).
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.adapters.model_signature import DTYPES, Signature, TensorSpec

PACKET = 1 << 16  # bytes: every message fits
ALIGNMENT = 64  # bytes
GIVEN_UP = "given up"  # the failure of what was cancelled, or not begun in its time
MOST = 64 << 20  # bytes of one question or answer: what is longer is none of any model of ours
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Spec(msgspec.Struct, frozen=True, array_like=True):
    """A tensor's type (Triton's name) and shape; `size`: bytes that it takes, 0 where only its kind is meant."""

    name: str
    type: str
    shape: tuple[int, ...]
    size: int = 0


class ModelTold(msgspec.Struct, frozen=True, array_like=True):
    inputs: tuple[Spec, ...]
    outputs: tuple[Spec, ...]
    batch: int
    decoupled: bool
    optional: tuple[str, ...] = ()

    @property
    def signature(self) -> Signature:
        inputs, outputs = (
            {spec.name: TensorSpec(DTYPES[spec.type], spec.shape, spec.name in self.optional) for spec in specs}
            for specs in (self.inputs, self.outputs)
        )
        return Signature(inputs, outputs, self.batch, self.decoupled)


class Ask(msgspec.Struct, frozen=True, tag=True):
    """`expires`: on the clock that both share (CLOCK_MONOTONIC), after which nobody waits. `first`: before what is not."""

    id: int
    model: str
    expires: float
    tensors: tuple[Spec, ...]
    first: bool = False


class Cancel(msgspec.Struct, frozen=True, tag=True):
    id: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    models: dict[str, ModelTold]


class Piece(msgspec.Struct, frozen=True, tag=True):
    id: int
    version: str
    tensors: tuple[Spec, ...]


class Done(msgspec.Struct, frozen=True, tag=True):
    """`failure`: "" if it went well; else what the model, or who should run it, said."""

    id: int
    failure: str = ""


ToWorker = Ask | Cancel
FromWorker = Ready | Piece | Done


class TooMuch(ValueError):
    """More bytes than are sent."""


def told(signature: Signature) -> ModelTold:
    def specs(tensors: Mapping[str, TensorSpec]) -> tuple[Spec, ...]:
        return tuple(Spec(name, _NAMES[spec.dtype], spec.dims) for name, spec in tensors.items())

    optional = tuple(name for name, spec in signature.inputs.items() if spec.optional)
    return ModelTold(specs(signature.inputs), specs(signature.outputs), signature.batch, signature.decoupled, optional)


def write(tensors: Mapping[str, NDArray[Any]], most: int = MOST) -> tuple[int, tuple[Spec, ...]]:
    """New memory that holds them, for the caller to close. Raises `TooMuch`, and `ValueError` for a type that no model has."""
    parts: list[tuple[int, memoryview]] = []
    specs = []
    end = 0
    for name, array in tensors.items():
        if array.dtype not in _NAMES:
            raise ValueError(f"{name} is of a type that no model has: {array.dtype}")
        content = _strings(array) if array.dtype == np.object_ else np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        parts.append((end, content))
        specs.append(Spec(name, _NAMES[array.dtype], tuple(map(int, array.shape)), content.nbytes))
        end += -(-content.nbytes // ALIGNMENT) * ALIGNMENT
    if end > most:
        raise TooMuch(f"{end} bytes")
    memory = os.memfd_create("tensors", os.MFD_CLOEXEC)
    try:
        os.ftruncate(memory, end)
        for place, content in parts:
            while content.nbytes:
                written = os.pwrite(memory, content, place)
                place, content = place + written, content[written:]
    except BaseException:
        os.close(memory)
        raise
    return memory, tuple(specs)


def read(memory: int, specs: tuple[Spec, ...]) -> dict[str, NDArray[Any]]:
    """A copy of what the memory holds, read-only. Raises `ValueError` if it does not hold that."""
    size = os.fstat(memory).st_size
    content = os.pread(memory, min(size, MOST), 0)
    tensors: dict[str, NDArray[Any]] = {}
    place = 0
    for spec in specs:
        dtype = DTYPES[spec.type]
        count = math.prod(spec.shape)
        if min(spec.shape, default=1) < 0 or spec.size < 0 or place + spec.size > len(content):
            raise ValueError(f"{spec.name} does not fit")
        if dtype == np.object_:
            tensors[spec.name] = _from_strings(content[place : place + spec.size], count).reshape(spec.shape)
        elif spec.size != count * dtype.itemsize:
            raise ValueError(f"{spec.name} has another size")
        else:
            tensors[spec.name] = np.frombuffer(content, dtype, count, place).reshape(spec.shape)
        place += -(-spec.size // ALIGNMENT) * ALIGNMENT
    return tensors


def _strings(array: NDArray[Any]) -> memoryview:
    return memoryview(b"".join(struct.pack("<I", len(value)) + value for value in array.ravel().tolist()))


def _from_strings(content: bytes, count: int) -> NDArray[Any]:
    values: list[bytes] = []
    place = 0
    for _ in range(count):
        (length,) = struct.unpack_from("<I", content, place)
        values.append(content[place + 4 : place + 4 + length])
        place += 4 + length
    if place != len(content):
        raise ValueError("strings of another size")
    return np.array(values, np.object_)
