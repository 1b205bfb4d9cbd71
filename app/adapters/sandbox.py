"""The `Sandbox` port: each document is opened by a child of a fork server, and nothing that comes back is trusted.

Three servers: one that has loaded the XML reader alone (a fork of it costs a third), one with the PDF reader too, and, from the first
picture or scan on, one that has NumPy, OpenCV and Pillow as well.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import BinaryIO, Literal

import msgspec

from app.adapters.confinement import LAYERS
from app.adapters.fork_server import ForkServer
from app.adapters.sandbox_server import Ended
from app.domain.document import Document, PagePlan, View
from app.errors import Refused, Unavailable, Unprocessable
from app.gate import Gate
from app.ports import Picture
from app.readers import wire
from app.readers.limits import Limits
from app.readers.sniff import HEAD, Kind, sniff
from app.readers.tasks import Action, ServerKind, Task

PATIENCE = 60.0  # seconds that a call waits for its turn: three children in a row that take all their time
NICE: dict[Action, tuple[int, int]] = {"decode": (9, 12), "render": (9, 12), "plan": (10, 17), "picture": (10, 17)}
"""Who goes first by the rule of `Gate`, and others: documents that need no recognition get past those that do, and who sends little past
who sends much."""
_INLINE = 64 * 1024  # bytes of answer decoded on the event loop, in about 1 ms; larger ones go to a thread
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")  # a process with more cannot be forked safely


class ForkSandbox:
    """The `Sandbox` port. At most `width` children decode at once, half as many render, and half as many make pictures to read;
    further calls wait.

    For telemetry: `level` (how many of confinement.LAYERS hold, in all servers), `missing` (the others), `killed` (children that
    did not end well, by cause: "cpu", "wall", "memory", "crash", "exit", "garbage"; `on_killed` is told each as it happens),
    `cpu_seconds` (of all children so far), `largest` (bytes of memory that one of them had), `running`, `restarts`.
    """

    def __init__(self, width: int, limits: Limits, on_killed: Callable[[str], None] = lambda cause: None) -> None:
        self.killed: Counter[str] = Counter()
        self.cpu_seconds = 0.0
        self.largest = 0
        self.running = 0
        self._limits = limits
        self._on_killed = on_killed
        # Three queues: a person who looks at a page does not wait behind documents that take their whole 20 seconds, and an e-invoice
        # not behind scans.
        half = max(width // 2, 1)
        pictures = Gate(half)
        self._gates: dict[Action, Gate] = {"decode": Gate(width), "render": Gate(half), "plan": pictures, "picture": pictures}
        self._servers: dict[ServerKind, ForkServer] = {
            "xml": ForkServer("xml", limits),
            "pdf": ForkServer("pdf", limits),
            "pixels": ForkServer("pixels", limits, environment=_ONE_THREAD),
        }

    @classmethod
    @asynccontextmanager
    async def open(
        cls, width: int = 4, limits: Limits | None = None, on_killed: Callable[[str], None] = lambda cause: None
    ) -> AsyncIterator[ForkSandbox]:
        """The XML and PDF servers are ready when it is entered, all gone with their children when it is left. Raises Unavailable."""
        sandbox = cls(width, limits or Limits(), on_killed)
        try:
            await _all(*(sandbox._servers[kind].up() for kind in _AT_ONCE))
            yield sandbox
        finally:
            await _all(*(server.close() for server in sandbox._servers.values()))

    async def ping(self) -> None:
        """The servers run; a dead one is started, unless it keeps dying."""
        await _all(*(server.up() for server in self._servers.values() if server.kind in _AT_ONCE or server.starts))

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(layer for layer in LAYERS if any(layer not in server.layers for server in self._servers.values() if server.starts))

    @property
    def level(self) -> int:
        return len(LAYERS) - len(self.missing)

    @property
    def restarts(self) -> int:
        return sum(max(server.starts - 1, 0) for server in self._servers.values())

    def server_pid(self, kind: ServerKind) -> int | None:
        return self._servers[kind].pid

    async def decode(self, content: BinaryIO, *, tenant: str = "") -> Document:
        kind = await asyncio.to_thread(_kind, content.fileno(), self._limits)
        answer = await self._ask(Task("decode", kind), content.fileno(), tenant)
        if answer.document is None:
            raise Unprocessable("parser_limit", _ELSE)
        return answer.document

    async def plan(self, content: BinaryIO, pages: Sequence[int], *, tenant: str = "") -> tuple[PagePlan, ...]:
        kind = await asyncio.to_thread(_kind, content.fileno(), self._limits)
        answer = await self._ask(Task("plan", kind, pages=tuple(pages)), content.fileno(), tenant)
        if answer.plans is None or [plan.number for plan in answer.plans] != list(pages):
            raise Unprocessable("parser_limit", _ELSE)
        return answer.plans

    async def picture(self, content: BinaryIO, plan: PagePlan, *, tenant: str = "") -> Picture:
        kind = await asyncio.to_thread(_kind, content.fileno(), self._limits)
        memory = await self._run(Task("picture", kind, plan=plan), content.fileno(), tenant)
        try:
            width, height = await asyncio.to_thread(self._rows, memory)
            read_only = os.open(f"/proc/self/fd/{memory}", os.O_RDONLY | os.O_CLOEXEC)  # can be mapped shared on every kernel
        finally:
            os.close(memory)
        return Picture(read_only, width, height, plan.dpi)

    async def render(self, content: BinaryIO, page: int, dpi: int, view: View | None = None) -> bytes:
        kind = await asyncio.to_thread(_kind, content.fileno(), self._limits)
        if kind == "xml" or not 1 <= page <= self._limits.pages:
            raise Refused(404, "no_such_page")
        answer = await self._ask(Task("render", kind, page=page, dpi=dpi, view=view), content.fileno())
        if answer.no_such_page:
            raise Refused(404, "no_such_page")
        if answer.png is None:
            raise Unprocessable("parser_limit", _ELSE)
        return answer.png

    async def _ask(self, task: Task, content: int, tenant: str = "") -> wire.Answer:
        """The child's answer, unless it is a refusal. Raises Unprocessable, Unavailable."""
        result = await self._run(task, content, tenant)
        try:
            return _told(await self._read(result))
        finally:
            os.close(result)

    async def _run(self, task: Task, content: int, tenant: str) -> int:
        """What a child wrote who ended well: an open memfd, for the caller to close. Raises Unprocessable, Unavailable."""
        async with AsyncExitStack() as place:
            try:
                async with asyncio.timeout(PATIENCE):
                    inside = await place.enter_async_context(self._gates[task.action].enter(tenant))
            except TimeoutError as exc:
                raise Unavailable("sandbox", "all children are busy") from exc
            return await self._child(task, content, NICE[task.action][inside.gives_way])

    async def _child(self, task: Task, content: int, nice: int) -> int:
        try:
            result = os.memfd_create("answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except OSError as exc:
            raise Unavailable("sandbox", "no memory for an answer") from exc
        self.running += 1
        well = False
        try:
            argument = msgspec.json.encode(task).decode()
            ended = await self._servers[task.server].run("open", content, result, argument, max(len(task.pages), 1), nice)
            self._count(ended)
            if ended.cause == "unforked":
                raise Unavailable("sandbox", "no child could be forked")
            if ended.cause != "exited" or ended.status != 0:
                raise Unprocessable("parser_limit", self._why(ended))
            well = True
            return result
        finally:
            self.running -= 1
            if not well:
                os.close(result)

    async def _read(self, result: int) -> wire.Answer:
        size = os.fstat(result).st_size
        if not 0 < size <= self._limits.result_bytes:
            raise Unprocessable("parser_limit", "size of the answer")

        def checked() -> wire.Answer:
            return wire.decode(os.pread(result, size, 0), self._limits)  # a copy: nobody can change it while it is checked

        try:
            return checked() if size <= _INLINE else await asyncio.to_thread(checked)
        except wire.Garbage as exc:
            raise self._garbage() from exc

    def _rows(self, memory: int) -> tuple[int, int]:
        """Width and height of the picture in `memory`, after all else was cut off and the rest sealed. In a thread: it may be large."""
        try:
            # Refused by the kernel while anybody could still write through a mapping; nobody can write to it afterwards.
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW)
            size = os.fstat(memory).st_size
            end = os.pread(memory, min(size, wire.TRAILER), max(size - wire.TRAILER, 0))
            answer, spoken = wire.decode_behind_rows(end, self._limits)
            width, height = _told(answer).picture or (0, 0)
            if width * height != size - spoken or width == 0:
                raise wire.Garbage("size")
            os.truncate(memory, width * height)
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        except (wire.Garbage, OSError) as exc:
            raise self._garbage() from exc
        return width, height

    def _garbage(self) -> Unprocessable:
        self._note("garbage")
        return Unprocessable("parser_limit", "the reader's answer is not valid")

    def _count(self, ended: Ended) -> None:
        self.cpu_seconds += ended.cpu
        self.largest = max(self.largest, ended.memory)
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


_AT_ONCE: tuple[ServerKind, ...] = ("xml", "pdf")
_ELSE = "the reader answered something else"


def _told(answer: wire.Answer) -> wire.Answer:
    """Raises Unprocessable for a refusal."""
    if answer.refused is not None:
        raise Unprocessable(answer.refused, answer.detail)
    return answer


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
