"""The `Sandbox` port: each document is opened by a child of a fork server, and nothing that comes back is trusted.

Two servers run: one that has loaded the XML reader alone (a fork of it costs a third), and one with the PDF reader too.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import BinaryIO, Literal

from app.adapters.confinement import LAYERS
from app.adapters.fork_server import ForkServer
from app.adapters.sandbox_server import Ended, Operation
from app.domain.document import Document
from app.errors import Refused, Unavailable, Unprocessable
from app.readers import wire
from app.readers.limits import Limits
from app.readers.sniff import HEAD, Kind, sniff

PATIENCE = 60.0  # seconds that a call waits for its turn: three children in a row that take all their time
_INLINE = 64 * 1024  # bytes of answer decoded on the event loop, in about 1 ms; larger ones go to a thread


class ForkSandbox:
    """The `Sandbox` port. At most `width` children decode at once and half as many render; further calls wait.

    For telemetry: `level` (how many of confinement.LAYERS hold, in both servers), `missing` (the others), `killed` (children that
    did not end well, by cause: "cpu", "wall", "memory", "crash", "exit", "garbage"; `on_killed` is told each as it happens),
    `cpu_seconds` (of all children so far), `running`, `restarts`.
    """

    def __init__(self, width: int, limits: Limits, on_killed: Callable[[str], None] = lambda cause: None) -> None:
        self.killed: Counter[str] = Counter()
        self.cpu_seconds = 0.0
        self.running = 0
        self._limits = limits
        self._on_killed = on_killed
        # Two queues: a person who looks at a page does not wait behind documents that take their whole 20 seconds.
        self._decodes, self._renders = asyncio.Semaphore(width), asyncio.Semaphore(max(width // 2, 1))
        self._servers: dict[Kind, ForkServer] = {"xml": ForkServer("xml", limits), "pdf": ForkServer("pdf", limits)}

    @classmethod
    @asynccontextmanager
    async def open(
        cls, width: int = 4, limits: Limits | None = None, on_killed: Callable[[str], None] = lambda cause: None
    ) -> AsyncIterator[ForkSandbox]:
        """Both servers are ready when it is entered, gone with all their children when it is left. Raises Unavailable."""
        sandbox = cls(width, limits or Limits(), on_killed)
        servers = sandbox._servers.values()
        try:
            await _all(*(server.up() for server in servers))
            yield sandbox
        finally:
            await _all(*(server.close() for server in servers))

    async def ping(self) -> None:
        """Both servers run; a dead one is started, unless it keeps dying."""
        await _all(*(server.up() for server in self._servers.values()))

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(layer for layer in LAYERS if any(layer not in server.layers for server in self._servers.values()))

    @property
    def level(self) -> int:
        return len(LAYERS) - len(self.missing)

    @property
    def restarts(self) -> int:
        return sum(max(server.starts - 1, 0) for server in self._servers.values())

    def server_pid(self, kind: Kind) -> int | None:
        return self._servers[kind].pid

    async def decode(self, content: BinaryIO) -> Document:
        kind = await asyncio.to_thread(_kind, content.fileno(), self._limits)
        answer = await self._ask(kind, kind, content.fileno(), 1, 72)
        if answer.document is None:
            raise Unprocessable("parser_limit", "the reader answered something else")
        return answer.document

    async def render(self, content: BinaryIO, page: int, dpi: int) -> bytes:
        if await asyncio.to_thread(_kind, content.fileno(), self._limits) != "pdf" or not 1 <= page <= self._limits.pages:
            raise Refused(404, "no_such_page")
        answer = await self._ask("pdf", "render", content.fileno(), page, dpi)
        if answer.no_such_page:
            raise Refused(404, "no_such_page")
        if answer.png is None:
            raise Unprocessable("parser_limit", "the reader answered something else")
        return answer.png

    async def _ask(self, kind: Kind, operation: Operation, content: int, page: int, dpi: int) -> wire.Answer:
        """The child's answer, unless it is a refusal. Raises Unprocessable, Unavailable."""
        free = self._renders if operation == "render" else self._decodes
        try:
            async with asyncio.timeout(PATIENCE):
                await free.acquire()
        except TimeoutError as exc:
            raise Unavailable("sandbox", "all children are busy") from exc
        try:
            result = os.memfd_create("answer", os.MFD_CLOEXEC)
        except OSError as exc:
            free.release()
            raise Unavailable("sandbox", "no memory for an answer") from exc
        self.running += 1
        try:
            ended = await self._servers[kind].run(operation, content, result, page, dpi)
            self._count(ended)
            if ended.cause == "unforked":
                raise Unavailable("sandbox", "no child could be forked")
            if ended.cause != "exited" or ended.status != 0:
                raise Unprocessable("parser_limit", self._why(ended))
            answer = await self._read(result)
        finally:
            self.running -= 1
            os.close(result)
            free.release()
        if answer.refused is not None:
            raise Unprocessable(answer.refused, answer.detail)
        return answer

    async def _read(self, result: int) -> wire.Answer:
        size = os.fstat(result).st_size
        if not 0 < size <= self._limits.result_bytes:
            raise Unprocessable("parser_limit", "size of the answer")

        def checked() -> wire.Answer:
            return wire.decode(os.pread(result, size, 0), self._limits)  # a copy: nobody can change it while it is checked

        try:
            return checked() if size <= _INLINE else await asyncio.to_thread(checked)
        except wire.Garbage as exc:
            self._note("garbage")
            raise Unprocessable("parser_limit", "the reader's answer is not valid") from exc

    def _count(self, ended: Ended) -> None:
        self.cpu_seconds += ended.cpu
        if ended.cause != "exited":
            self._note(ended.cause)
        elif ended.status != 0:
            self._note(self._why(ended))

    def _note(self, cause: str) -> None:
        self.killed[cause] += 1
        self._on_killed(cause)

    def _why(self, ended: Ended) -> Literal["wall", "cpu", "memory", "crash", "exit"]:
        if ended.cause == "wall":
            return "wall"
        if not os.WIFSIGNALED(ended.status):
            return "exit"
        last = os.WTERMSIG(ended.status)
        if last == signal.SIGXCPU or (last == signal.SIGKILL and ended.cpu >= self._limits.cpu_seconds):
            return "cpu"
        return "memory" if last == signal.SIGKILL else "crash"  # nobody else kills but the kernel when memory ends


def _kind(content: int, limits: Limits) -> Kind:
    """In a thread: it reads the file. Only compares its first bytes; parsing is the child's.

    Raises ValueError for a file that is open for writing too: the child could change the original.
    """
    if fcntl.fcntl(content, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
        raise ValueError("not read-only")
    kind = sniff(os.pread(content, HEAD, 0))
    if os.fstat(content).st_size > limits.file_bytes:
        raise Unprocessable("too_large", f"over {limits.file_bytes} bytes")
    return kind


async def _all(*awaitables: Awaitable[None]) -> None:
    """Waits for every one of them, then raises the first exception, if any."""
    for outcome in await asyncio.gather(*awaitables, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
