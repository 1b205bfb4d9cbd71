"""The `ModelServer` port without a server: a worker process of this one runs the same repository's files (`local_worker`).

    infer ► looks at the question ► a place ► memory for it ► the worker: batches, model.py ► the answer is looked at

The worker is started by the first call and again after it died. What hangs is found out by calls that nobody waits for any more: one that
the worker has not settled `GRACE` after it was told to give it up ends the worker, and with it what it hung in.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from numpy.typing import NDArray

import app
from app.adapters import local_wire as wire
from app.adapters.model_repository import missing, models_in, newest
from app.adapters.model_signature import DEPENDENCY, Signature, WrongAnswer
from app.errors import DeadlineExceeded, Unavailable
from app.ports import Inference

REPOSITORY = Path(app.__file__).parents[1] / "triton_models"
START = 60.0  # seconds until a worker must be ready: it loads no model before it is asked
GRACE = 10.0  # seconds: more than a batch takes that others wait for
BACK_OFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds to wait before start number n of a worker that keeps dying
IN_FLIGHT = 64  # calls; further ones wait for a place, within their deadlines
MOST_PIECES = 4096  # of one answer that wait to be taken
_INLINE = 256 * 1024  # bytes that are copied or looked at on the event loop, in less than a millisecond; more in a thread


class _Call:
    """`pieces` come from the worker, then `None` or an error. `abandoned`: nobody waits; its place is free when the worker settles it."""

    __slots__ = ("abandoned", "pieces", "settled")

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[tuple[wire.Piece, int] | Exception | None] = asyncio.Queue(MOST_PIECES)
        self.settled = self.abandoned = False


class LocalModels:
    """See the head of this file. For telemetry: `pid` of the worker that runs, `starts` so far."""

    def __init__(self, repository: Path, grace: float) -> None:
        self.pid: int | None = None
        self.starts = 0
        self._repository = repository.absolute()
        self._grace = grace
        self._models: dict[str, Signature] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None
        self._ready: asyncio.Future[wire.Ready] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._calls: dict[int, _Call] = {}
        self._last_id = 0
        self._deaths = 0  # since a call last succeeded
        self._not_before = 0.0
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._decoder = msgspec.msgpack.Decoder(wire.FromWorker)

    @classmethod
    @asynccontextmanager
    async def open(cls, repository: Path = REPOSITORY, grace: float = GRACE) -> AsyncIterator[LocalModels]:
        """Starts nothing yet, and needs nothing to be there yet."""
        models = cls(repository, grace)
        try:
            yield models
        finally:
            await models._close()

    async def infer(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float, first: bool = False) -> Inference:
        async with _within(deadline):
            signature, rows = await self._look(model, tensors, decoupled=False)
            async with self._calling(model, tensors, deadline, first) as call:
                answer = await self._piece(call, signature, rows)
                if answer is None:
                    raise WrongAnswer(DEPENDENCY, f"{model} answered nothing")
                return answer

    async def stream(self, model: str, tensors: Mapping[str, NDArray[Any]], *, deadline: float) -> AsyncIterator[Inference]:
        end = time.monotonic() + deadline
        async with _within(deadline):
            signature, rows = await self._look(model, tensors, decoupled=True)
        async with self._calling(model, tensors, end - time.monotonic()) as call:
            while True:
                async with _within(end - time.monotonic()):
                    answer = await self._piece(call, signature, rows)
                if answer is None:
                    return
                yield answer

    async def ping(self) -> None:
        """A worker that was never needed is not started for this."""
        if not await asyncio.to_thread(self._repository.is_dir):
            raise Unavailable(DEPENDENCY, f"there is no model repository at {self._repository}")
        if absent := await asyncio.to_thread(missing, self._repository):
            raise Unavailable(DEPENDENCY, f"weights are missing: {', '.join(absent)}; `make weights` puts them there")
        if self.starts:
            await self._up()

    async def versions(self) -> Mapping[str, tuple[str, ...]]:
        def look() -> Mapping[str, tuple[str, ...]]:
            if not self._repository.is_dir():
                return {}
            unfilled = {name.partition("/")[0] for name in missing(self._repository)}
            found = {folder.name: newest(folder) for folder in models_in(self._repository) if folder.name not in unfilled}
            return {name: (version,) for name, version in found.items() if version is not None}

        return await asyncio.to_thread(look)

    async def _look(self, model: str, tensors: Mapping[str, NDArray[Any]], *, decoupled: bool) -> tuple[Signature, int]:
        await self._up()
        if model not in self._models:
            raise Unavailable(DEPENDENCY, f"there is no model {model}")
        signature = self._models[model]
        if signature.decoupled != decoupled:
            raise ValueError(f"{model} answers {'piece by piece' if signature.decoupled else 'at once'}")
        return signature, signature.check_request(tensors)

    @asynccontextmanager
    async def _calling(self, model: str, tensors: Mapping[str, NDArray[Any]], seconds: float, first: bool = False) -> AsyncIterator[_Call]:
        """One call, from its place to its end. Left early, the worker is told to give it up; its place is free when it has."""
        expires = time.monotonic() + seconds
        async with _within(seconds):
            await self._places.acquire()
        self._last_id += 1
        number, call = self._last_id, _Call()
        try:
            async with _within(expires - time.monotonic()):
                memory, specs = await _written(tensors)
                self._calls[number] = call
                try:
                    await self._send(wire.Ask(number, model, expires, specs, first), memory)
                finally:
                    os.close(memory)
            yield call
        finally:
            self._left(number, call)

    def _left(self, number: int, call: _Call) -> None:
        if call.settled or number not in self._calls:
            self._calls.pop(number, None)
            self._places.release()
        else:
            call.abandoned = True
            with suppress(OSError):
                if self._channel is not None:
                    self._channel.send(msgspec.msgpack.encode(wire.Cancel(number)))
            asyncio.get_running_loop().call_later(self._grace, self._overdue, number, self.starts)
        while not call.pieces.empty():
            if isinstance(piece := call.pieces.get_nowait(), tuple):
                os.close(piece[1])

    def _overdue(self, number: int, start: int) -> None:
        if number in self._calls and start == self.starts:
            self._kill("it hangs")

    async def _piece(self, call: _Call, signature: Signature, rows: int) -> Inference | None:
        """The next answer of a call, believed; None at its end."""
        what = await call.pieces.get()
        if isinstance(what, Exception):
            raise what
        if what is None:
            return None
        piece, memory = what

        def believed() -> dict[str, NDArray[Any]]:
            try:
                tensors = wire.read(memory, piece.tensors)
            except (ValueError, KeyError) as exc:
                raise WrongAnswer(DEPENDENCY, "the worker's answer does not fit") from exc
            finally:
                os.close(memory)
            signature.check_answer(tensors, rows)
            return tensors

        size = sum(spec.size for spec in piece.tensors)
        tensors = believed() if size <= _INLINE else await asyncio.to_thread(believed)
        self._deaths = 0
        return Inference(tensors, piece.version)

    async def _up(self) -> None:
        """Returns when a worker is ready, started if need be: by a task of its own, so that no caller's deadline ends it."""
        if self._channel is not None and self._ready is not None and self._ready.done():
            return
        if self._starting is None or self._starting.done():
            if time.monotonic() < self._not_before:
                raise Unavailable(DEPENDENCY, "the worker keeps dying")
            self._starting = asyncio.create_task(self._start(), name="models worker")
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may be waiting
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        await self._reap()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        root = str(Path(app.__file__).parents[1])
        code = f"import sys; sys.path.insert(0, {root!r}); from app.adapters.local_worker import main; main()"
        # No credential of the service reaches the worker; one thread where a library would take all cores.
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ} | {"OMP_NUM_THREADS": "1"}
        argument = json.dumps([str(self._repository), os.getpid()])
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-c",
                code,
                argument,
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        except OSError as exc:
            ours.close()
            self._died("the worker cannot be started")
            raise Unavailable(DEPENDENCY, "the worker cannot be started") from exc
        finally:
            theirs.close()
        loop = asyncio.get_running_loop()
        self.pid, self.starts = self._process.pid, self.starts + 1
        self._channel, self._ready = ours, loop.create_future()
        loop.add_reader(ours, self._readable)
        try:
            ready = await asyncio.wait_for(asyncio.shield(self._ready), START)
        except TimeoutError as exc:
            self._kill("it did not get ready")
            raise DeadlineExceeded(DEPENDENCY, "the worker did not get ready") from exc
        except asyncio.CancelledError:
            self._kill("closed")
            raise
        self._models = {name: told.signature for name, told in ready.models.items()}

    async def _send(self, message: wire.ToWorker, memory: int) -> None:
        packet = msgspec.msgpack.encode(message)
        while True:
            if self._channel is None:
                raise Unavailable(DEPENDENCY, "the worker died")
            try:
                socket.send_fds(self._channel, [packet], [memory])
                return
            except BlockingIOError:
                await asyncio.sleep(0.005)  # a full buffer: of a worker that stands still
            except OSError as exc:
                self._died("it is gone")
                raise Unavailable(DEPENDENCY, "the worker died") from exc

    def _readable(self) -> None:
        while self._channel is not None:
            try:
                packet, memories, _, _ = socket.recv_fds(self._channel, wire.PACKET, 1)
                if not packet:
                    self._kill("it is gone")
                    return
                self._told(self._decoder.decode(packet), memories)
            except BlockingIOError:
                return
            except (OSError, msgspec.MsgspecError):
                self._kill("it says what nobody understands")
                return

    def _told(self, message: wire.FromWorker, memories: list[int]) -> None:
        call = None if isinstance(message, wire.Ready) else self._calls.get(message.id)
        if isinstance(message, wire.Ready):
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(message)
        elif isinstance(message, wire.Piece):
            (memory,) = memories
            if call is None or call.abandoned or call.pieces.full():
                os.close(memory)
            else:
                call.pieces.put_nowait((message, memory))
        elif call is not None:
            late = message.failure == wire.GIVEN_UP
            failed = DeadlineExceeded(DEPENDENCY, "no answer in time") if late else Unavailable(DEPENDENCY, message.failure)
            self._settle(message.id, call, failed if message.failure else None)

    def _settle(self, number: int, call: _Call, outcome: Exception | None) -> None:
        if call.abandoned:
            del self._calls[number]
            self._places.release()
        elif not call.settled:
            call.settled = True
            if call.pieces.full():
                outcome = Unavailable(DEPENDENCY, "nobody took the answers")
                if isinstance(piece := call.pieces.get_nowait(), tuple):
                    os.close(piece[1])
            call.pieces.put_nowait(outcome)

    def _kill(self, why: str) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
        self._died(why)

    def _died(self, why: str) -> None:
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None
        self.pid = None
        self._not_before = time.monotonic() + BACK_OFF[min(self._deaths, len(BACK_OFF) - 1)]
        self._deaths += 1
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(Unavailable(DEPENDENCY, f"the worker died: {why}"))
            self._ready.exception()
        for number, call in list(self._calls.items()):
            self._settle(number, call, Unavailable(DEPENDENCY, f"the worker died: {why}"))

    async def _reap(self) -> None:
        if self._process is not None:
            await self._process.wait()
            self._process = None

    async def _close(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self._kill("closed")
        await self._reap()


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            yield
    except TimeoutError as exc:
        raise DeadlineExceeded(DEPENDENCY, "no answer in time") from exc


async def _written(tensors: Mapping[str, NDArray[Any]]) -> tuple[int, tuple[wire.Spec, ...]]:
    """See `local_wire.write`. Raises ValueError for what is too much for one call."""
    if sum(array.nbytes for array in tensors.values()) <= _INLINE:
        return wire.write(tensors)
    writing = asyncio.ensure_future(asyncio.to_thread(wire.write, tensors))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        writing.add_done_callback(_throw_away)
        raise


def _throw_away(writing: asyncio.Future[tuple[int, tuple[wire.Spec, ...]]]) -> None:
    if not writing.cancelled() and writing.exception() is None:
        os.close(writing.result()[0])
