"""The parent's handle on one fork server (`sandbox_server` and its like): starts it, sends it requests, notices its death, ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

import app
from app.adapters.confinement import LAYERS
from app.adapters.sandbox_server import PACKET, Cancel, Configuration, Ended, Operation, Ready, Request
from app.errors import DeadlineExceeded, Unavailable
from app.readers.limits import Limits

log = structlog.get_logger()

START = 60.0  # seconds until a server must be ready: it imports 70 MB of parsers, which took more than 20 on two cores with 15 to run
GRACE = 5.0  # seconds after the child's own deadline in which the server must have ended it
BACK_OFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds to wait before start number n of a server that keeps dying


class ForkServer:
    """One server process and the calls in flight. Restarted by the next call after it died; never while it keeps dying.

    `module` holds its `main`; `options` are for that. `dependency` is what `Unavailable` names. `environment`: besides LD_LIBRARY_PATH.
    """

    def __init__(
        self,
        kind: str,
        limits: Limits,
        module: str = "app.adapters.sandbox_server",
        dependency: str = "sandbox",
        options: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self._module = module
        self._dependency = dependency
        self._options = dict(options or {})
        self._environment = dict(environment or {})
        self.layers: tuple[str, ...] = ()
        self.told: tuple[str, ...] = ()  # what the server found out at its start
        self.pid: int | None = None
        self.starts = 0
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None
        self._ready: asyncio.Future[Ready] | None = None
        self._calls: dict[int, asyncio.Future[Ended]] = {}
        self._last_id = 0
        self._deaths = 0  # since a call last succeeded
        self._not_before = 0.0
        self._starting = asyncio.Lock()
        self._messages = msgspec.json.Decoder(Ready | Ended)

    async def run(self, operation: Operation, content: int, result: int, argument: str, pages: int = 1, nice: int = 0) -> Ended:
        """One child, from fork to its end. Raises Unavailable if there is no server or it dies. Cancelling kills the child.

        `pages`: how many it looks at; it gets the more time. `nice`: how much it gives way.
        """
        await self.up()
        self._last_id += 1
        number = self._last_id
        call: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._calls[number] = call
        ended = False
        try:
            async with asyncio.timeout(self._limits.seconds(pages)[1] + GRACE):
                await self._send(Request(number, operation, argument, pages, nice), [content, result])
                answer = await call
            ended = True
            self._deaths = 0
            return answer
        except TimeoutError as exc:
            self._kill()  # a server that does not end its children is not one to go on with
            raise DeadlineExceeded(self._dependency, "no answer from the server") from exc
        finally:
            self._calls.pop(number, None)
            if not ended and self._channel is not None:
                with suppress(OSError):
                    self._channel.send(msgspec.json.encode(Cancel(number)))

    async def up(self) -> None:
        """Returns when the server is ready, after starting it if need be. Raises Unavailable."""
        async with self._starting:
            if self._channel is not None:
                return
            if time.monotonic() < self._not_before:
                raise Unavailable(self._dependency, "its server keeps dying")
            await self._start()

    async def _start(self) -> None:
        await self._reap()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        configuration = msgspec.json.encode(Configuration(self.kind, self._limits, os.getpid(), self._options)).decode()
        # An empty environment (no credential of the service reaches a parser) and -I (nothing of the user's is imported).
        root = str(Path(app.__file__).parents[1])
        code = f"import sys; sys.path.insert(0, {root!r}); from {self._module} import main; main()"
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ} | self._environment
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-c",
                code,
                configuration,
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        except OSError as exc:
            ours.close()
            self._died()
            raise Unavailable(self._dependency, "its server cannot be started") from exc
        finally:
            theirs.close()
        self.pid, self.starts = self._process.pid, self.starts + 1
        self._channel, self._ready = ours, loop.create_future()
        loop.add_reader(ours, self._readable)
        try:
            ready = await asyncio.wait_for(asyncio.shield(self._ready), START)
            self.layers, self.told = ready.layers, ready.told
        except TimeoutError as exc:
            self._kill()
            raise DeadlineExceeded(self._dependency, "its server did not get ready") from exc
        except asyncio.CancelledError:
            self._kill()
            raise
        missing = [layer for layer in LAYERS if layer not in self.layers]
        if missing:
            log.warning("sandbox_weakened", server=self.kind, missing=missing, achieved=list(self.layers))

    async def _send(self, message: Request, handles: list[int]) -> None:
        packet = msgspec.json.encode(message)
        while True:
            if self._channel is None:
                raise Unavailable(self._dependency, "its server died")
            try:
                socket.send_fds(self._channel, [packet], handles)
                return
            except BlockingIOError:
                await asyncio.sleep(0.01)  # a full buffer of some hundred packets: the server is busy forking
            except OSError as exc:
                self._died()
                raise Unavailable(self._dependency, "its server died") from exc

    def _readable(self) -> None:
        while self._channel is not None:
            try:
                packet = self._channel.recv(PACKET)
                if not packet:
                    raise ConnectionResetError
                message = self._messages.decode(packet)
            except BlockingIOError:
                return
            except (OSError, msgspec.MsgspecError):
                self._kill()
                return
            if isinstance(message, Ready):
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(message)
            elif (call := self._calls.get(message.id)) is not None and not call.done():
                call.set_result(message)

    def _kill(self) -> None:
        """Ends the server, and with it (the kernel sees to that) its children. What is in flight fails as Unavailable."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
        self._died()

    def _died(self) -> None:
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
            self._channel = None
        self.pid = None
        self._not_before = time.monotonic() + BACK_OFF[min(self._deaths, len(BACK_OFF) - 1)]
        self._deaths += 1
        gone = Unavailable(self._dependency, "its server died")
        for future in (self._ready, *self._calls.values()):
            if future is not None and not future.done():
                future.set_exception(gone)
                future.exception()  # nobody may be waiting any more
        self._calls.clear()

    async def _reap(self) -> None:
        if self._process is not None:
            await self._process.wait()
            self._process = None

    async def close(self) -> None:
        """The closed socket ends the server and its children; it is killed if it does not."""
        if self._channel is not None:
            self._died()
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), 2)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
