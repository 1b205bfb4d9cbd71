"""The process that runs the models of a repository, where no tritonserver does: started by `local_models`, and talked to by `local_wire`.

It does what the server does with the same files: reads each config.pbtxt, runs VERSION/model.py of the newest version, as many instances as
are configured, each in a thread (a runtime computes outside the interpreter), and lets requests that wait be one batch. A model is
loaded when it is first asked. One thread reads the socket, so that a call that is given up is answered also while all models compute.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from google.protobuf import text_format
from google.protobuf.json_format import MessageToJson
from numpy.typing import NDArray
from tritonclient.grpc.model_config_pb2 import ModelConfig

from app.adapters import local_wire as wire
from app.adapters import python_backend
from app.adapters.confinement import die_with_parent
from app.adapters.model_repository import CONFIGURATION, models_in, newest
from app.adapters.model_signature import Signature
from app.adapters.triton_wire import signature_of

Tensors = dict[str, NDArray[Any]]
NICE = 5  # a page more is not worth that the service answers late
ASKING_OTHERS = 60.0  # seconds that a model may wait for another one


class Work:
    """A request, and where its answer goes: `piece` each part of it, `done` once, with "" or what went wrong."""

    def __init__(
        self, tensors: Tensors, expires: float, piece: Callable[[Tensors], None], done: Callable[[str], None], first: bool = False
    ) -> None:
        self.tensors, self.expires, self.first = tensors, expires, first
        self.cancelled = False
        self._piece, self._done = piece, done
        self._ended = False
        self._lock = threading.Lock()

    @property
    def rows(self) -> int:
        return next((len(tensor) for tensor in self.tensors.values()), 0)

    @property
    def kind(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Requests of one kind can be one batch."""
        return tuple((name, tensor.shape[1:]) for name, tensor in sorted(self.tensors.items()))

    @property
    def given_up(self) -> bool:
        return self.cancelled or time.monotonic() > self.expires

    def answer(self, response: python_backend.InferenceResponse) -> None:
        if (error := response.error()) is not None:
            self.done(error.message())
        elif not self._ended and not self.cancelled:
            try:
                self._piece({tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()})
            except ValueError as exc:
                self.done(f"an answer that cannot be sent: {exc}")

    def done(self, failure: str = "") -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._done(failure)


class Hosted:
    """One model: its requests in order, and a thread for each instance."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.configuration = text_format.Parse((folder / CONFIGURATION).read_text("utf-8"), ModelConfig())
        self.signature: Signature = signature_of(self.configuration)
        self.version = newest(folder) or ""
        self._batches = self.configuration.HasField("dynamic_batching") and self.signature.batch > 0
        self._levels = self._batches and self.configuration.dynamic_batching.priority_levels > 1
        self._waiting: deque[Work] = deque()
        self._some = threading.Condition()
        self._started = False

    def submit(self, work: Work) -> None:
        with self._some:
            if not self._started:
                self._started = True
                count = max((group.count for group in self.configuration.instance_group), default=1) or 1
                for number in range(count):
                    threading.Thread(target=self._serve, name=f"{self._folder.name} {number}", daemon=True).start()
            if work.first and self._levels:
                self._waiting.insert(sum(each.first for each in self._waiting), work)
            else:
                self._waiting.append(work)
            self._some.notify()

    def give_up(self, work: Work) -> None:
        """Answers at once if it has not begun; else its model is told, or what it says is thrown away."""
        work.cancelled = True
        with self._some:
            try:
                self._waiting.remove(work)
            except ValueError:
                return
        work.done(wire.GIVEN_UP)

    def _serve(self) -> None:
        """An instance: loaded for the first batch, and if that fails again for the next."""
        model: Any = None
        while True:
            batch = self._next()
            try:
                if model is None:
                    model = self._load()
                self._run(model, batch)
            except Exception as exc:
                what = f"{type(exc).__name__}: {exc}"
                for work in batch:
                    work.done(f"cannot be loaded: {what}" if model is None else what)

    def _next(self) -> list[Work]:
        """The requests that are computed next: the first that waits, and those that can be in one batch with it."""
        while True:
            with self._some:
                while not self._waiting:
                    self._some.wait()
                first = self._waiting.popleft()
                late = first.given_up  # looked at once: time goes on
                batch = [] if late else [first, *self._joining(first)]
            if not late:
                return batch
            first.done(wire.GIVEN_UP)

    def _joining(self, first: Work) -> list[Work]:
        """Takes what can be in one batch with it out of those that wait."""
        joining: list[Work] = []
        if self._batches:
            kind, room = first.kind, self.signature.batch - first.rows
            for work in list(self._waiting):
                if work.first != first.first and self._levels:
                    continue  # nobody who goes first waits for more than what he asked
                if work.rows <= room and not work.given_up and work.kind == kind:
                    self._waiting.remove(work)
                    joining.append(work)
                    room -= work.rows
        return joining

    def _run(self, model: Any, batch: list[Work]) -> None:
        if self.signature.decoupled:
            (work,) = batch
            model.execute([self._request(work, _sender(work))])
            return  # it says itself when it is done, perhaps later
        responses = model.execute([self._request(work, None) for work in batch])
        if len(responses) != len(batch):
            raise RuntimeError(f"{len(responses)} answers to {len(batch)} requests")
        for work, response in zip(batch, responses, strict=True):
            work.answer(response)
            work.done()

    def _request(self, work: Work, sender: python_backend.ResponseSender | None) -> python_backend.InferenceRequest:
        inputs = [python_backend.Tensor(name, tensor) for name, tensor in work.tensors.items()]
        return python_backend.InferenceRequest(self._folder.name, list(self.signature.outputs), inputs, sender)

    def _load(self) -> Any:
        """A new instance, as the server makes one: its folder is where it imports from."""
        folder = self._folder / self.version
        arguments = {
            "model_config": MessageToJson(self.configuration, preserving_proto_field_name=True),
            "model_repository": str(self._folder),
            "model_version": self.version,
            "model_name": self._folder.name,
            "model_instance_kind": "CPU",
        }
        with _importing:
            spec = importlib.util.spec_from_file_location(f"models.{self._folder.name}.v{self.version}", folder / "model.py")
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.path.insert(0, str(folder))
            try:
                spec.loader.exec_module(module)
            finally:
                sys.path.remove(str(folder))
        model = module.TritonPythonModel()
        if hasattr(model, "initialize"):
            model.initialize(arguments)
        return model


_importing = threading.Lock()


def _sender(work: Work) -> python_backend.ResponseSender:
    def piece(response: python_backend.InferenceResponse | None, last: bool) -> None:
        if response is not None:
            work.answer(response)
        if last:
            work.done()

    return python_backend.ResponseSender(piece, lambda: work.given_up)


class Worker:
    def __init__(self, channel: socket.socket, repository: Path) -> None:
        self._channel = channel
        self._models = {folder.name: Hosted(folder) for folder in models_in(repository)}
        self._works: dict[int, tuple[Hosted, Work]] = {}
        python_backend.ask_other = self._ask_other

    def run(self) -> None:
        """Until the other side is gone."""
        self._send(wire.Ready({name: wire.told(model.signature) for name, model in self._models.items()}))
        decoder = msgspec.msgpack.Decoder(wire.ToWorker)
        while True:
            packet, memories, _, _ = socket.recv_fds(self._channel, wire.PACKET, 1)
            if not packet:
                return
            message = decoder.decode(packet)
            if isinstance(message, wire.Cancel):
                if (known := self._works.get(message.id)) is not None:
                    known[0].give_up(known[1])
            else:
                self._asked(message, memories[0])

    def _asked(self, ask: wire.Ask, memory: int) -> None:
        number = ask.id
        model = self._models[ask.model]

        def piece(tensors: Tensors) -> None:
            answer, specs = wire.write(tensors)
            try:
                self._send(wire.Piece(number, model.version, specs), answer)
            finally:
                os.close(answer)

        def done(failure: str) -> None:
            self._works.pop(number, None)
            self._send(wire.Done(number, failure[:500]))

        try:
            tensors = wire.read(memory, ask.tensors)
        finally:
            os.close(memory)
        work = Work(tensors, ask.expires, piece, done, ask.first)
        self._works[number] = (model, work)
        model.submit(work)

    def _ask_other(self, name: str, tensors: Tensors) -> Tensors:
        answered = threading.Event()
        pieces: list[Tensors] = []
        failures: list[str] = []
        if (model := self._models.get(name)) is None:
            raise python_backend.TritonModelException(f"no model {name}")

        def done(failure: str) -> None:
            failures.append(failure)
            answered.set()

        work = Work(tensors, time.monotonic() + ASKING_OTHERS, pieces.append, done, first=True)  # a model waits for it
        try:
            model.signature.check_request(tensors)
        except ValueError as exc:
            raise python_backend.TritonModelException(str(exc)) from exc
        model.submit(work)
        if not answered.wait(ASKING_OTHERS):
            model.give_up(work)
            raise python_backend.TritonModelException(f"{name} did not answer")
        if failures[0] or not pieces:
            raise python_backend.TritonModelException(failures[0] or f"{name} answered nothing")
        return pieces[0]

    def _send(self, message: wire.FromWorker, memory: int | None = None) -> None:
        packet = msgspec.msgpack.encode(message)
        try:
            socket.send_fds(self._channel, [packet], [] if memory is None else [memory])
        except OSError:
            os._exit(0)  # nobody is there any more


def main() -> None:
    repository, parent = json.loads(sys.argv[1])
    die_with_parent(parent)
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the service ends in order, and this process with it
    sys.modules["triton_python_backend_utils"] = python_backend
    np.seterr(all="ignore")
    Worker(socket.socket(fileno=0), Path(repository)).run()
    os._exit(0)  # whatever its models are computing


if __name__ == "__main__":
    main()
