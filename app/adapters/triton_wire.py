"""What is said to a tritonserver and what it says, by gRPC; the one place where errors of its library become ours."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what its C core would print is told by our own errors

import grpc
from google.protobuf.json_format import MessageToDict
from tritonclient.grpc import InferInput, InferResult, model_config_pb2
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from app.adapters.model_signature import DEPENDENCY, DTYPES, Signature, TensorSpec, WrongAnswer
from app.adapters.pulse import Pulse
from app.adapters.shared_memory import LEAST, Region, Regions, Unsharable
from app.adapters.triton_stream import LEFT, Readings
from app.errors import DeadlineExceeded, Misconfigured, Unavailable
from app.ports import Inference

ASKING = 5.0  # seconds for a question about models, not to them
LOADING = 120.0  # seconds: an engine of gigabytes comes from a disk
FIRST = 1  # the highest priority; 0 is the model's own default
GRACE = 0.25  # seconds after the deadline that gRPC keeps, if it does not
ANSWER = 64 << 20  # bytes: what is longer is no answer of any model of ours, and is refused by its length, unread
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", 256 << 20),
    ("grpc.max_receive_message_length", ANSWER),
    # A server that was started again is found within a second; the defaults took five. The least is also what an attempt may take.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A peer that is gone without a word, while something is asked of it. Only then, and not often: servers take pings for abuse.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.use_local_subchannel_pool", 1),
)
_LOCAL = ("127.0.0.1", "localhost", "::1")
_NAMES = {dtype: name.replace("STRING", "BYTES") for name, dtype in DTYPES.items()}


class NotLoaded(Unavailable):
    """The server does not have this model, or this version of it, now."""


class _RegionUnknown(Exception):
    """The server is another one than that which was told of our memory."""


@cache
def _keep_grpc() -> None:
    """Its asyncio side for as long as the process lives. It would end with the last channel, and that may be found to be garbage while
    its own lock is held: then nothing moves any more."""
    grpc.aio.init_grpc_aio()


class Wire:
    """To one server, from one event loop. `url`: `triton://host:port`; `?shared_memory=off` where the host is this one by name only."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. Raises `Misconfigured`."""
        _keep_grpc()
        host, port, shared = address_of(url)
        self._client = InferenceServerClient(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", channel_args=list(OPTIONS))
        self._regions = Regions(self._register, self._unregister) if shared else None
        self._pulse = Pulse(self.live)
        self._readings = Readings()

    async def close(self) -> None:
        await self._pulse.close()
        await self._readings.close()
        if self._regions is not None:
            with suppress(Unavailable):
                await self._regions.close()
        await self._client.close()

    async def infer(self, model: str, version: str, tensors: Mapping[str, NDArray[Any]], seconds: float, first: bool = False) -> Inference:
        """Raises `NotLoaded`, `DeadlineExceeded`, `WrongAnswer`, `Unavailable`, or `ValueError` for what the server calls our mistake."""
        end = asyncio.get_running_loop().time() + seconds
        try:
            return await self._infer(model, version, tensors, seconds, first, self._regions)
        except _RegionUnknown:
            if self._regions is not None:
                self._regions.forget()
            return await self._infer(model, version, tensors, end - asyncio.get_running_loop().time(), first, None)

    async def _infer(
        self, model: str, version: str, tensors: Mapping[str, NDArray[Any]], seconds: float, first: bool, regions: Regions | None
    ) -> Inference:
        end = asyncio.get_running_loop().time() + seconds
        async with _asking(seconds, self._pulse), _inputs(tensors, regions) as (inputs, answered):
            left = max(0.001, end - asyncio.get_running_loop().time())  # the server may have been told of new memory first
            priority = FIRST if first else 0
            result = await self._client.infer(model, inputs, model_version=version, priority=priority, client_timeout=left)
            answered()
        return _inference(result)

    async def stream(self, model: str, version: str, tensors: Mapping[str, NDArray[Any]], seconds: float) -> AsyncIterator[Inference]:
        """As `infer`, piece by piece. Left early, or late, the server ends its answer all the same: see `triton_stream`."""
        end = asyncio.get_running_loop().time() + seconds

        async def question() -> AsyncIterator[dict[str, Any]]:
            yield {"model_name": model, "inputs": [_input(name, array) for name, array in tensors.items()], "model_version": version}

        async with self._readings.of(self._client.stream_infer(question(), stream_timeout=seconds + LEFT)) as reading:
            while (left := end - asyncio.get_running_loop().time()) > 0:
                async with _asking(left, self._pulse):
                    result = await reading.next()
                if result is None:
                    return
                if result.get_response().outputs:  # the end of the pieces may come as one of its own, without any
                    yield _inference(result)
            raise DeadlineExceeded(DEPENDENCY, "no end in time")

    async def live(self, seconds: float = ASKING) -> None:
        async with _asking(seconds):
            if not await self._client.is_server_live(client_timeout=seconds):
                raise Unavailable(DEPENDENCY, "the server is not live")

    async def versions_of(self, model: str) -> tuple[str, ...]:
        """Those that are loaded, newest last. Raises `NotLoaded` if there are none."""
        async with _asking(ASKING):
            return newest_last((await self._client.get_model_metadata(model, client_timeout=ASKING)).versions)

    async def index(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Model ► version ► (state, why) of all that the server's repository knows; a model that was never loaded has no versions."""
        async with _asking(ASKING):
            answer = await self._client.get_model_repository_index(client_timeout=ASKING)
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for each in answer.models:
            versions = found.setdefault(each.name, {})
            if each.version:
                versions[each.version] = (each.state, each.reason)
        return found

    async def signature(self, model: str, version: str) -> Signature:
        async with _asking(ASKING):
            config = (await self._client.get_model_config(model, version, client_timeout=ASKING)).config
        return signature_of(config)

    async def load(self, model: str, versions: Sequence[str] | None = None) -> None:
        """Loads what the server's disk holds, these `versions` (as long as the server runs) or those that its config.pbtxt names.

        Those that are loaded and unchanged stay. One that cannot be loaded leaves all as it was, and raises `Unavailable`.
        """
        async with _asking(LOADING):
            config = None
            if versions is not None:
                answer = await self._client.get_model_config(model, client_timeout=ASKING)
                told = MessageToDict(answer.config, preserving_proto_field_name=True)
                config = json.dumps(told | {"version_policy": {"specific": {"versions": [int(version) for version in versions]}}})
            try:
                await self._client.load_model(model, config=config, client_timeout=LOADING)
            except InferenceServerException as exc:
                if "load failed" not in str(exc.message()) and exc.status() != "StatusCode.INVALID_ARGUMENT":
                    raise
                raise Unavailable(DEPENDENCY, f"{model} cannot be loaded: {_short(exc.message())}") from None

    async def unload(self, model: str) -> None:
        async with _asking(LOADING):
            await self._client.unload_model(model, client_timeout=LOADING)

    async def _register(self, name: str, key: str, size: int) -> None:
        """Raises `Unsharable` where the server cannot open it."""
        async with _asking(ASKING):
            try:
                await self._client.register_system_shared_memory(name, key, size, client_timeout=ASKING)
            except InferenceServerException as exc:
                if str(exc.status()).removeprefix("StatusCode.") in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
                    raise
                raise Unsharable(_short(str(exc.message()))) from None

    async def _unregister(self, name: str) -> None:
        async with _asking(ASKING):
            await self._client.unregister_system_shared_memory(name, client_timeout=ASKING)


def address_of(url: str) -> tuple[str, int, bool]:
    """(host, port, whether its memory may be ours). Raises `Misconfigured`."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    try:
        port = parts.port
    except ValueError:
        port = None
    shared = query.get("shared_memory", ["on"])
    if parts.scheme != "triton" or not parts.hostname or not port or parts.path not in ("", "/") or shared not in (["on"], ["off"]):
        raise Misconfigured("INVOICESTREAM_INFERENCE_URL: triton://host:port[?shared_memory=off]")
    return parts.hostname, port, shared == ["on"] and parts.hostname in _LOCAL


def newest_last(versions: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=int))


def signature_of(config: Any) -> Signature:
    """Of a `ModelConfig` message."""

    def specs(tensors: Any) -> dict[str, TensorSpec]:
        return {
            each.name: TensorSpec(
                DTYPES[model_config_pb2.DataType.Name(each.data_type).removeprefix("TYPE_")],
                tuple(each.reshape.shape if each.HasField("reshape") else each.dims),
                getattr(each, "optional", False),
            )
            for each in tensors
        }

    return Signature(specs(config.input), specs(config.output), config.max_batch_size, config.model_transaction_policy.decoupled)


@asynccontextmanager
async def _asking(seconds: float, pulse: Pulse | None = None) -> AsyncIterator[None]:
    """Whatever is asked of the server inside ends within the deadline, in an error of ours if it failed. What may take its time is given
    up earlier where the server has no pulse."""
    try:
        async with asyncio.timeout(max(0.0, seconds) + GRACE) as call:
            with pulse.watching(call) if pulse else nullcontext():
                yield
    except TimeoutError as exc:
        raise DeadlineExceeded(DEPENDENCY, "no answer in time") from exc
    except InferenceServerException as exc:
        raise _error(str(exc.status()), str(exc.message())) from exc
    except grpc.RpcError as exc:  # of a stream: the library leaves it as it comes
        raise _error(str(exc.code()), str(exc.details())) from exc


def _error(status: str, message: str) -> Exception:
    match status.removeprefix("StatusCode."):
        case "DEADLINE_EXCEEDED":
            return DeadlineExceeded(DEPENDENCY, "no answer in time")
        case _ if "nable to find shared memory region" in message:
            return _RegionUnknown()
        case "INVALID_ARGUMENT":
            return ValueError(_short(message))
        case "RESOURCE_EXHAUSTED" if "larger than max" in message:
            return WrongAnswer(DEPENDENCY, f"an answer of more than {ANSWER >> 20} MiB")
        case _ if "unknown model" in message:
            return NotLoaded(DEPENDENCY, _short(message))
        case "UNAVAILABLE":
            return Unavailable(DEPENDENCY, "nobody answers there")
        case _:
            return Unavailable(DEPENDENCY, _short(message))


def _short(message: str) -> str:
    """The first line that says something; a traceback of the server's is in its log."""
    return next((line.strip()[:200] for line in message.splitlines() if line.strip()), "no reason given")


@asynccontextmanager
async def _inputs(
    tensors: Mapping[str, NDArray[Any]], regions: Regions | None
) -> AsyncIterator[tuple[list[InferInput], Callable[[], None]]]:
    """As they are sent, and what is to be called when the server is done with them."""
    taken: list[tuple[Region, int]] = []
    answered = False

    def done() -> None:
        nonlocal answered
        answered = True

    try:
        inputs = []
        for name, array in tensors.items():
            region = await regions.take(array.nbytes) if regions and array.nbytes >= LEAST and array.dtype != np.object_ else None
            if region is not None:
                taken.append(region)
            inputs.append(_input(name, array, region[0] if region else None))
        yield inputs, done
    finally:
        for each in taken:
            assert regions is not None
            regions.give_back(each, answered=answered)


def _input(name: str, array: NDArray[Any], region: Region | None = None) -> InferInput:
    made = InferInput(name, array.shape, _NAMES[array.dtype])
    if region is None:
        made.set_data_from_numpy(array)
    else:
        region.put(array)
        made.set_shared_memory(region.name, array.nbytes)
    return made


def _inference(result: InferResult) -> Inference:
    """Views on the message, read-only. Raises `WrongAnswer` for what is no tensor."""
    message = result.get_response()
    try:
        tensors = {output.name: result.as_numpy(output.name) for output in message.outputs}
    except (ValueError, TypeError, struct.error) as exc:
        raise WrongAnswer(DEPENDENCY, "an output that is no tensor") from exc
    if any(array is None for array in tensors.values()):
        raise WrongAnswer(DEPENDENCY, "an output that is no tensor")
    return Inference(tensors, message.model_version)
