"""The `OcrEngine` port by EasyOCR, where a user has installed it (`pip install easyocr`) and has its weights; it is no dependency of ours.

It runs in a process of its own, which is started by the first page: it takes torch with it, a gigabyte of memory, and seconds to import.
The process reads a task as one line of JSON, the pixels from the caller's memory, and answers with one line of JSON. A process that
dies, or takes too long, is ended; the next page starts another.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec

import msgspec

from app.errors import DeadlineExceeded, Unavailable, Unprocessable
from app.gate import Gate
from app.ports import PageText, Picture
from app.readers.limits import Limits
from app.readers.tsv import Seen, sensible, words_of
from app.readers.written_in import language_of

DEPENDENCY = "ocr"
PAGE_SECONDS = 300.0  # on one core beside other work an A4 page took 85
LONGEST_ANSWER = 4 * 1024 * 1024  # bytes


class Task(msgspec.Struct, frozen=True):
    """`memory`: a file that holds the pixels as in `Picture`. `languages`: ISO 639-1."""

    memory: str
    width: int
    height: int
    languages: tuple[str, ...]


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """Some words in a row: the box around them in pixels, and how sure they are, 0..1."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float


class Answer(msgspec.Struct, frozen=True):
    version: str
    pieces: tuple[Piece, ...] = ()
    failure: str = ""


class EasyOcrEngine:
    """One page at a time. `weights`: the folder of its models, "" for its own; nothing is ever downloaded."""

    def __init__(self, weights: str = "", limits: Limits | None = None) -> None:
        self._weights = weights
        self._limits = limits or Limits()
        self._gate = Gate(1)
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, weights: str = "") -> AsyncIterator[EasyOcrEngine]:
        """Starts nothing: without EasyOCR it opens too."""
        engine = cls(weights)
        try:
            yield engine
        finally:
            await engine._end()

    async def ping(self) -> None:
        if find_spec("easyocr") is None:
            raise Unavailable(DEPENDENCY, "EasyOCR is not installed")

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        """Raises ValueError for a picture that is not what it says."""
        size = picture.width * picture.height
        if picture.width <= 0 or picture.height <= 0 or os.fstat(picture.memory).st_size < size:
            raise ValueError("a picture without its pixels")
        if size > self._limits.pixels:
            raise Unprocessable("unreadable", "more pixels than are read")
        async with self._gate.enter(tenant):
            await self.ping()
            answer = await self._ask(Task(f"/proc/{os.getpid()}/fd/{picture.memory}", picture.width, picture.height, tuple(languages)))
        if answer.failure:
            raise Unavailable(DEPENDENCY, f"EasyOCR: {answer.failure}")
        seen = [word for number, piece in enumerate(answer.pieces) for word in _words(piece, number)]
        words = words_of(sensible(seen)[: self._limits.words_on_page], picture.width, picture.height, self._limits.word_length)
        found = tuple(languages[:1]) or tuple(filter(None, (language_of(words.texts),)))
        return PageText(words, f"easyocr {answer.version}", found)

    async def _ask(self, task: Task) -> Answer:
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                process = await self._started()
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(msgspec.json.encode(task) + b"\n")
                await process.stdin.drain()
                return msgspec.json.decode(await process.stdout.readuntil(b"\n"), type=Answer)
        except TimeoutError as exc:
            await self._end()
            raise DeadlineExceeded(DEPENDENCY, "EasyOCR is too slow") from exc
        except (OSError, EOFError, asyncio.LimitOverrunError, msgspec.MsgspecError) as exc:
            await self._end()
            raise Unavailable(DEPENDENCY, f"EasyOCR ended ({type(exc).__name__})") from exc
        except asyncio.CancelledError:  # its answer would be taken for the next page's
            await self._end()
            raise

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.adapters.easyocr_worker", self._weights),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_ANSWER,
                start_new_session=True,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def _words(piece: Piece, number: int) -> list[Seen]:
    """Of a piece, by the number of their letters: EasyOCR does not say where one word ends."""
    texts = piece.text.split()
    letters = len(" ".join(texts))
    if not texts or not (0 <= piece.x0 <= piece.x1 and 0 <= piece.y0 <= piece.y1 and 0 <= piece.confidence <= 1):
        return []
    words, at = [], 0
    for text in texts:
        x0 = piece.x0 + (piece.x1 - piece.x0) * at / letters
        x1 = piece.x0 + (piece.x1 - piece.x0) * (at + len(text)) / letters
        words.append(Seen(text, round(x0), round(piece.y0), round(x1), round(piece.y1), number, 100 * piece.confidence))
        at += len(text) + 1
    return words
