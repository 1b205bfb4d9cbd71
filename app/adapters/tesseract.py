"""The `OcrEngine` port by Tesseract: each page is read by a process group of its own, forked from a server that has its models loaded.

Whose fault it is when a page cannot be read is found out by reading a page that can be (a canary): if that fails too, the engine is
away and invoices wait for it; else the page is unreadable.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import structlog

from app.adapters.canary import CANARY_DPI, canary
from app.adapters.fork_server import ForkServer
from app.adapters.sandbox_server import Ended
from app.adapters.tesseract_wire import CODES, Answer, Task, decode
from app.errors import Unavailable, Unprocessable
from app.gate import Gate
from app.ports import PageText, Picture
from app.readers.limits import MIB, Limits
from app.readers.wire import Garbage

log = structlog.get_logger()

DEPENDENCY = "ocr"
NOT_INSTALLED = "not installed"
PAGE_LIMITS = Limits(wall_seconds=300, cpu_seconds=60, memory_bytes=1536 * MIB, open_files=64)
"""Of one page: an A4 page takes 1 s of CPU, a dense A3 one 4 s; at the lowest priority that may be minutes beside other work."""
CANARY_DEADLINE = 12.0  # seconds; as much shorter than a page's as it is easier, so that a busy machine is not taken for a bad page
RECOVERY = (1.0, 30.0)  # seconds between canaries while the engine is away: first, and most
NICE = (10, 19)
"""Pages that go first by the rule of `Gate`, and others, as in the sandbox."""
MOST_CALLS = 1_000  # pages; who sends more is told to come back
_INLINE = 64 * 1024  # bytes of answer decoded on the event loop

Outcome = Literal["read", "unreadable", "unavailable"]


class Watch(Protocol):
    """Is told what happens; must not raise or wait."""

    def page_done(self, engine: str, outcome: Outcome, seconds: float) -> None: ...

    def child_killed(self, cause: str) -> None: ...

    def fell_back(self, reason: str) -> None: ...


class _Nobody:
    def page_done(self, engine: str, outcome: Outcome, seconds: float) -> None: ...

    def child_killed(self, cause: str) -> None: ...

    def fell_back(self, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Installation:
    """Where Tesseract is: a path or a name on PATH, and its TESSDATA_PREFIX if it is not the usual one."""

    program: str = "tesseract"
    trained: str = ""


class TesseractEngine:
    """At most `width` pages at once, and more by the rule of `Gate`; further calls wait their turn. `cpu_seconds`: of all pages so
    far; `running`: pages now."""

    def __init__(self, installation: Installation, width: int, limits: Limits, watch: Watch) -> None:
        self.cpu_seconds = 0.0
        self.running = 0
        self.engine = ""  # name and version; empty until it has been started once
        self.away = ""  # why the last page had to wait for it; empty while it reads
        self.missing_languages: tuple[str, ...] = ()  # as Tesseract calls them
        self._installation = installation
        self._limits = limits
        self._watch = watch
        self._gate = Gate(width)
        self._calls = 0
        self._folder = Path(tempfile.gettempdir(), f"invoicestream-ocr-{secrets.token_hex(8)}")
        self._room = 2 * (width + 1) * 4 * limits.pixels
        self._server: ForkServer | None = None
        self._starting: asyncio.Task[ForkServer] | None = None
        self._away = ""  # why a canary was not read; empty while the engine is well
        self._not_before = 0.0
        self._pause = RECOVERY[0]
        self._examining = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        installation: Installation | None = None,
        width: int | None = None,
        limits: Limits = PAGE_LIMITS,
        watch: Watch | None = None,
    ) -> AsyncIterator[TesseractEngine]:
        """Starts nothing that must succeed: without Tesseract it opens too, and finds it once it is there. `width`: one a core."""
        engine = cls(installation or Installation(), width or os.cpu_count() or 1, limits, watch or _Nobody())
        try:
            yield engine
        finally:
            await engine._close()

    async def ping(self) -> None:
        await self._ready()

    @property
    def server_pid(self) -> int | None:
        return self._server.pid if self._server is not None else None

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        """Raises ValueError for a picture that is not what it says."""
        if picture.width <= 0 or picture.height <= 0 or os.fstat(picture.memory).st_size < picture.width * picture.height:
            raise ValueError("a picture without its pixels")
        if picture.width * picture.height > self._limits.pixels:
            raise Unprocessable("unreadable", "more pixels than are read")
        started = time.monotonic()
        outcome: Outcome = "unavailable"
        try:
            answer = await self._answer(picture, tuple(languages), tenant)
            outcome, self.away = "read", ""
        except Unprocessable:
            outcome, self.away = "unreadable", ""
            raise
        except Unavailable as exc:
            self.away = exc.detail
            raise
        finally:
            self._watch.page_done(self.engine, outcome, time.monotonic() - started)
        assert answer.words is not None
        if answer.lacking is not None:
            self._watch.fell_back("missing_language")
        notes = ("missing_language",) if answer.lacking is not None else ()
        return PageText(answer.words, self.engine, answer.languages, answer.turn, notes)

    async def _answer(self, picture: Picture, languages: tuple[str, ...], tenant: str) -> Answer:
        if self._calls >= MOST_CALLS:
            raise Unavailable(DEPENDENCY, "too many pages wait")
        self._calls += 1
        try:
            async with self._gate.enter(tenant) as inside:
                answer, failed = await self._attempt(picture, languages, NICE[inside.gives_way])
                if answer is not None:
                    return answer
                await self._examine()  # raises Unavailable if it is not the page
                raise Unprocessable("unreadable", f"the engine failed on this page: {failed}")
        finally:
            self._calls -= 1

    async def _attempt(self, picture: Picture, languages: tuple[str, ...], nice: int = 0) -> tuple[Answer | None, str]:
        """The answer, or how the child failed. Raises Unavailable."""
        server = await self._ready()
        try:
            result = os.memfd_create("answer", os.MFD_CLOEXEC)
        except OSError as exc:
            raise Unavailable(DEPENDENCY, "no memory for an answer") from exc
        self.running += 1
        try:
            task = Task(picture.width, picture.height, picture.dpi, languages)
            ended = await server.run("read", picture.memory, result, argument=msgspec.json.encode(task).decode(), nice=nice)
            self.cpu_seconds += ended.cpu
            if ended.cause == "unforked":
                raise Unavailable(DEPENDENCY, "no child could be forked")
            failed = _failure(ended, self._limits)
            answer = None if failed else await self._decoded(result)
        finally:
            self.running -= 1
            os.close(result)
        if answer is None or answer.failure is not None:
            failed = failed or (answer.failure if answer is not None and answer.failure else "garbage")
            self._watch.child_killed(f"ocr_{failed}")
            if failed == "missing":  # it was there when the server started
                await self._stop()
                raise Unavailable(DEPENDENCY, NOT_INSTALLED)
            return None, failed
        return answer, ""

    async def _decoded(self, result: int) -> Answer | None:
        size = os.fstat(result).st_size
        if not 0 < size <= self._limits.result_bytes:
            return None

        def checked() -> Answer:
            return decode(os.pread(result, size, 0), self._limits)  # a copy: nobody can change it while it is checked

        try:
            return checked() if size <= _INLINE else await asyncio.to_thread(checked)
        except Garbage:
            return None

    async def _ready(self) -> ForkServer:
        """The server, started if it is not there. Raises Unavailable, also while the engine is known to fail."""
        if self._away:
            await self._examine()
        return await self._started()

    async def _started(self) -> ForkServer:
        """Who waits no longer does not stop a start that others wait for, or will."""
        if self._server is not None and self._server.pid is not None and self.engine:
            return self._server
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(), name="start of the ocr server")
            self._starting.add_done_callback(self._start_ended)
        return await asyncio.shield(self._starting)

    def _start_ended(self, start: asyncio.Task[ForkServer]) -> None:
        self._starting = None
        if not start.cancelled():
            start.exception()  # nobody may be waiting any more

    async def _start(self) -> ForkServer:
        program = shutil.which(self._installation.program)
        if program is None:
            raise Unavailable(DEPENDENCY, NOT_INSTALLED)
        if self._server is None:
            self._server = ForkServer(
                "ocr",
                self._limits,
                "app.adapters.tesseract_server",
                DEPENDENCY,
                {"program": program, "folder": str(self._folder), "room": str(self._room), "trained": self._installation.trained},
                {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"},  # threads do not survive a fork
            )
        await self._server.up()
        version, *languages = self._server.told or ("",)
        self.engine = f"tesseract {version}"
        self.missing_languages = tuple(code for code in CODES.values() if code not in languages)
        if self.missing_languages:
            log.warning("ocr.languages_missing", languages=list(self.missing_languages))
        return self._server

    async def _examine(self) -> None:
        """Reads the canary. Raises Unavailable if it cannot be read; not more often than `RECOVERY` says."""
        async with self._examining:
            if self._away and time.monotonic() < self._not_before:
                raise Unavailable(DEPENDENCY, self._away)
            self._away, was_away = "", self._away
            picture = Picture(*canary(), CANARY_DPI)
            try:
                async with asyncio.timeout(CANARY_DEADLINE):
                    await self._started()
                    answer, failed = await self._attempt(picture, ("en",))
            except TimeoutError:
                answer, failed = None, "hangs"
            except Unavailable:
                self._away = was_away
                raise
            finally:
                picture.close()
            if answer is not None and answer.words is not None and len(answer.words):
                self._pause = RECOVERY[0]
                if was_away:
                    log.info("ocr.back")
                return
            self._away = f"fails on every page: {failed or 'reads nothing'}"
            self._not_before = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, RECOVERY[1])
            log.error("ocr.away", reason=self._away)
            raise Unavailable(DEPENDENCY, self._away)

    async def _stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        server, self._server = self._server, None
        if server is not None:
            await server.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _close(self) -> None:
        await self._stop()


def _failure(ended: Ended, limits: Limits) -> str:
    """Why a child gave no answer; empty if it did."""
    if ended.cause != "exited":
        return ended.cause
    if ended.status == 0:
        return ""
    if not os.WIFSIGNALED(ended.status):
        return "exit"
    last = os.WTERMSIG(ended.status)
    if last == signal.SIGXCPU or (last == signal.SIGKILL and ended.cpu >= limits.cpu_seconds):
        return "cpu"
    return "memory" if last == signal.SIGKILL else "crash"  # nobody else kills but the kernel when memory ends
