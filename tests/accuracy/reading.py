"""The words of documents as the product reads them: the stages `decode`, `preprocess` and `recognize` on the real sandbox and engines,
one page at a time, so that what each document cost is known. What was read may be kept in a folder: reading is 97 % of the work.

A kept reading is found again by the SHA-256 of the file, of the sources and weights that read it, and by the engines' names.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from app.adapters.file_blobs import FileBlobs
from app.adapters.local_models import REPOSITORY
from app.adapters.model_repository import SUMS
from app.adapters.ppocr import PpOcrEngine
from app.adapters.reading_policy import InTurn
from app.adapters.sandbox import ForkSandbox
from app.adapters.tesseract import Installation, TesseractEngine
from app.domain.document import Document
from app.domain.work import Job
from app.errors import Misconfigured, Unavailable, Unprocessable
from app.ports import OcrEngine, PageText, Picture
from app.settings import inference_from_environ, ocr_from_environ
from app.stages.decode import Decode
from app.stages.preprocess import Preprocess
from app.stages.recognize import Recognize
from app.wiring import open_models
from tests.bench.processes import usage

APP = Path(__file__).parents[2] / "app"
READS = ("domain/document.py", "readers", "ocr", "adapters/ppocr.py", "adapters/reading_policy.py", "stages/recognize.py")
"""What decides which words are read; of `adapters` all that is named after Tesseract too."""
TENANT = "accuracy"
PATIENCE = 600.0  # seconds for an engine's answer: a machine that is busy is no reason to let another engine read


class Read(msgspec.Struct, frozen=True):
    """`document` with all its words, or why there are none (`refused`, one of the product's reasons). CPU seconds of all that was done,
    and of the engines alone, in this process and all below it."""

    document: Document | None
    refused: str | None
    cpu: float
    engines_cpu: float


def engines_asked() -> tuple[str, ...]:
    """Those of the settings: who reads first, and who next."""
    return ocr_from_environ().engines


async def read_all(paths: Sequence[Path], kept: Path | None = None, engines: Sequence[str] | None = None) -> dict[Path, Read]:
    """Each document once; those that `kept` has are not read again. Raises `Unavailable` where an engine cannot be had."""
    names = tuple(engines or engines_asked())
    known: dict[Path, Read] = {}
    places: dict[Path, Path] = {}
    for path in paths:
        if kept:
            places[path] = kept / f"{_digest(path)}-{_reader(names)}.msgpack"
            if places[path].exists():
                known[path] = msgspec.msgpack.decode(places[path].read_bytes(), type=Read)
    missing = [path for path in paths if path not in known]
    if missing:
        if kept:
            kept.mkdir(parents=True, exist_ok=True)
        async with open_reader(names) as reader:
            await reader.read(missing[0])  # what is loaded once is no document's
            for count, path in enumerate(missing, 1):
                known[path] = await reader.read(path)
                if kept:
                    unfinished = places[path].with_suffix(f".{os.getpid()}")
                    unfinished.write_bytes(msgspec.msgpack.encode(known[path]))
                    unfinished.replace(places[path])
                if sys.stderr.isatty():
                    print(f"\rread {count}/{len(missing)}", end="", file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
    return known


@dataclass
class _Metered:
    """An engine, and the CPU that it took."""

    engine: OcrEngine
    cpu: float = field(default=0.0)

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        began = usage(os.getpid()).cpu
        try:
            return await self.engine.read(picture, languages, tenant=tenant)
        finally:
            self.cpu += usage(os.getpid()).cpu - began

    async def ping(self) -> None:
        await self.engine.ping()


@dataclass(frozen=True)
class Reader:
    """What reads documents, and shows their pages."""

    sandbox: ForkSandbox
    blobs: FileBlobs
    ocr: _Metered

    async def read(self, path: Path) -> Read:
        decode, preprocess = Decode(self.sandbox, self.blobs), Preprocess(self.sandbox, self.blobs)
        recognize = Recognize(self.sandbox, self.ocr, self.blobs, self, at_once=1)
        before, engines_before = usage(os.getpid()).cpu, self.ocr.cpu
        refused: str | None = None
        document: Document | None = None
        with path.open("rb") as content:
            blob = await self.blobs.put(TENANT, content)
        job = Job(TENANT, path.stem, path.stem, blob.sha256, path.name, 1, 1)
        try:
            document = (await recognize(await preprocess(await decode(job)))).document
        except Unprocessable as exc:
            refused = exc.reason
        return Read(document, refused, usage(os.getpid()).cpu - before, self.ocr.cpu - engines_before)

    def page_started(self, job: Job, page: int, pages: int) -> None:
        pass


@asynccontextmanager
async def open_reader(engines: Iterable[str]) -> AsyncIterator[Reader]:
    """The engines in turn, as the settings and `docs/ocr_engines.md` name them."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="accuracy-"))
        blobs = await stack.enter_async_context(FileBlobs(Path(folder)))
        sandbox = await stack.enter_async_context(ForkSandbox.open(1))
        opened: list[OcrEngine] = []
        for name in engines:
            if name == "tesseract":
                asked = ocr_from_environ()
                opened.append(await stack.enter_async_context(TesseractEngine.open(Installation(asked.tesseract, asked.trained), 1)))
            elif name == "ppocr":
                models = await stack.enter_async_context(open_models(inference_from_environ().url))
                if models is None:
                    raise Unavailable("models", "none are set")
                opened.append(PpOcrEngine(models, 1, call_seconds=PATIENCE))
            else:
                raise Misconfigured(f"accuracy is measured with ppocr and tesseract, not with {name}")
        yield Reader(sandbox, blobs, _Metered(InTurn(opened)))


def read(paths: Sequence[Path], kept: Path | None = None, engines: Sequence[str] | None = None) -> Mapping[Path, Read]:
    return asyncio.run(read_all(paths, kept, engines))


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@cache
def _reader(engines: tuple[str, ...]) -> str:
    """Of all that decides which words are read."""
    sources = [APP / name for name in READS]
    files = [file for source in sources for file in (sorted(source.rglob("*.py")) if source.is_dir() else [source])]
    files += [*sorted((APP / "adapters").glob("tesseract*.py")), REPOSITORY / SUMS]
    digest = hashlib.sha256("+".join(engines).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
