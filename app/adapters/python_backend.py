"""What a `model.py` of a Triton repository imports as `triton_python_backend_utils`, where `local_worker` runs it instead of a server.

The part of that interface that our models use, with the names and meanings of Triton's documentation of its python backend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1
ANY_NUMPY = True  # the real one goes with NumPy 1 alone


class TritonModelException(Exception):
    """A model cannot answer."""


def _nobody(model: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    raise TritonModelException(f"nobody to ask for {model}")


ask_other: Callable[[str, dict[str, NDArray[Any]]], dict[str, NDArray[Any]]] = _nobody
"""Asks another model of the repository, from a model's thread. Set by the worker. Raises `TritonModelException`."""


class TritonError:
    def __init__(self, message: str) -> None:
        self._message = message

    def message(self) -> str:
        return self._message


class Tensor:
    def __init__(self, name: str, array: NDArray[Any]) -> None:
        self._name, self._array = name, array

    def name(self) -> str:
        return self._name

    def as_numpy(self) -> NDArray[Any]:
        return self._array

    def is_cpu(self) -> bool:
        return True


class InferenceResponse:
    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        self._tensors, self._error = list(output_tensors), error

    def output_tensors(self) -> list[Tensor]:
        return self._tensors

    def has_error(self) -> bool:
        return self._error is not None

    def error(self) -> TritonError | None:
        return self._error


class ResponseSender:
    """Of a decoupled model: `send` is told each piece, or nothing and that it was the last."""

    def __init__(self, piece: Callable[[InferenceResponse | None, bool], None], cancelled: Callable[[], bool]) -> None:
        self._piece, self._cancelled = piece, cancelled

    def send(self, response: InferenceResponse | None = None, flags: int = 0) -> None:
        self._piece(response, bool(flags & TRITONSERVER_RESPONSE_COMPLETE_FINAL))

    def is_cancelled(self) -> bool:
        return self._cancelled()


class InferenceRequest:
    """To this model, from outside; or to another one, made by this model."""

    def __init__(
        self,
        model_name: str = "",
        requested_output_names: Sequence[str] = (),
        inputs: Sequence[Tensor] = (),
        sender: ResponseSender | None = None,
    ) -> None:
        self._model, self._wanted, self._inputs, self._sender = model_name, list(requested_output_names), list(inputs), sender

    def inputs(self) -> list[Tensor]:
        return self._inputs

    def requested_output_names(self) -> list[str]:
        return self._wanted

    def get_response_sender(self) -> ResponseSender:
        if self._sender is None:
            raise TritonModelException("only a decoupled model has one")
        return self._sender

    def is_cancelled(self) -> bool:
        return self._sender is not None and self._sender.is_cancelled()

    def exec(self) -> InferenceResponse:
        try:
            answer = ask_other(self._model, {tensor.name(): tensor.as_numpy() for tensor in self._inputs})
        except TritonModelException as exc:
            return InferenceResponse(error=TritonError(str(exc)))
        return InferenceResponse([Tensor(name, answer[name]) for name in self._wanted or answer])


def get_input_tensor_by_name(request: InferenceRequest, name: str) -> Tensor | None:
    return next((tensor for tensor in request.inputs() if tensor.name() == name), None)


def get_output_tensor_by_name(response: InferenceResponse, name: str) -> Tensor | None:
    return next((tensor for tensor in response.output_tensors() if tensor.name() == name), None)


def triton_string_to_numpy(name: str) -> Any:
    from app.adapters.model_signature import DTYPES

    return np.dtype(DTYPES[name.removeprefix("TYPE_")]).type
