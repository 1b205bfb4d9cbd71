"""`invoicestream doctor`: what this service needs, looked at one by one, with what to do where something is missing."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from app.domain.work import QUEUES
from app.errors import InvoiceStreamError, Misconfigured, Unavailable
from app.settings import Settings

CANARY_DEADLINE = 60.0  # seconds: a model that is asked for the first time is loaded then
LEAST_FREE = 1 << 30  # bytes; an original is kept for every document


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


async def examine(settings: Settings) -> list[Check]:
    """Never raises for what it looks for; every failure says what to do."""
    return [
        _python(),
        _disk(settings.stores.data),
        await _attempt("sandbox", _sandbox),
        await _attempt("ocr", lambda: _ocr(settings)),
        await _attempt("models", lambda: _models(settings)),
        await _attempt("sql", lambda: _sql(settings)),
        await _attempt("documents", lambda: _documents(settings)),
        await _attempt("blobs", lambda: _blobs(settings)),
        await _attempt("broker", lambda: _broker(settings)),
        await _attempt("stream", _stream),
    ]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), f"{version} (3.11 or newer is needed)")


def _disk(data: Path) -> Check:
    there = next(p for p in (data, *data.parents) if p.exists())
    free = shutil.disk_usage(there).free
    return Check("disk", free > LEAST_FREE, f"{free / (1 << 30):.1f} GiB free at {there}")


async def _attempt(name: str, look: Callable[[], Awaitable[str]]) -> Check:
    try:
        return Check(name, True, await look())
    except (InvoiceStreamError, OSError) as exc:
        return Check(name, False, str(exc))


async def _sandbox() -> str:
    from app.adapters.sandbox import ForkSandbox

    async with ForkSandbox.open() as sandbox:
        await sandbox.ping()
        missing = sandbox.missing
        if missing:
            raise Unavailable("sandbox", f"works, but this kernel or container withholds: {', '.join(missing)}")
        return f"level {sandbox.level}: namespaces, Landlock, seccomp and resource limits hold"


async def _ocr(settings: Settings) -> str:
    from app.adapters.canary import CANARY_DPI, canary
    from app.adapters.tesseract import Installation, TesseractEngine
    from app.ports import Picture

    async with TesseractEngine.open(Installation(settings.ocr.tesseract, settings.ocr.trained)) as engine:
        picture = Picture(*canary(), CANARY_DPI)
        try:
            words = len((await engine.read(picture, ("en",))).words)
        except Unavailable as exc:
            raise Unavailable("ocr", f"{exc.detail}. {_install('')}") from exc
        finally:
            picture.close()
        if engine.missing_languages:
            raise Unavailable("ocr", f"{engine.engine} lacks languages. {_install(*engine.missing_languages)}")
        if not words:
            raise Unavailable("ocr", f"{engine.engine} reads nothing on a page that is easy to read")
        return f"{engine.engine} reads, in all languages that we know"


def _install(*languages: str) -> str:
    packages = " ".join(f"tesseract-ocr-{language}" if language else "tesseract-ocr" for language in languages)
    return f"Scans and photos wait for it: apt-get install {packages}, or set INVOICESTREAM_TESSERACT"


async def _models(settings: Settings) -> str:
    """Each model is asked what is known."""
    from app.adapters.local_models import REPOSITORY
    from app.adapters.model_repository import Canary
    from app.wiring import open_models

    async with open_models(settings.inference.url) as models:
        if models is None:
            return "none: INVOICESTREAM_INFERENCE_URL says so"
        await models.ping()
        right = []
        for name in sorted(await models.versions()):
            if (canary := Canary.of(REPOSITORY / name)) is not None:
                answer = await models.infer(name, canary.inputs, deadline=CANARY_DEADLINE)
                if wrong := canary.wrong(answer.tensors):
                    raise Unavailable("models", f"{name} answers wrongly: {wrong}")
                right.append(f"{name} {answer.version}")
        return f"{', '.join(right) or 'none is known'}: {'right answers' if right else 'nothing was asked'}"


async def _sql(settings: Settings) -> str:
    from app.wiring import open_reading

    if settings.stores.sql_url.startswith("sqlite") and not (Path(settings.stores.data) / "invoices.db").exists():
        return "no store yet: the first start makes one"
    async with open_reading(settings) as invoices:
        state = await invoices.outbox_state()
        counts = await invoices.status_counts()
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "empty"
    return f"{told}; outbox {state.depth}"


async def _documents(settings: Settings) -> str:
    from app.wiring import open_documents

    if not settings.stores.documents_url.startswith("mongodb"):
        return "in a file of ours"
    async with open_documents(settings.stores.documents_url) as documents:
        await documents.ping()
    return "MongoDB answers"


async def _blobs(settings: Settings) -> str:
    from app.wiring import open_blobs

    if not settings.stores.blobs_url.startswith("mongodb"):
        return "in a folder of ours"
    async with open_blobs(settings.stores.blobs_url) as blobs:
        await blobs.ping()
    return "MongoDB answers"


async def _broker(settings: Settings) -> str:
    from app.wiring import open_broker

    if settings.stores.broker_url == "memory://":
        return "in the service's own process"
    async with open_broker(settings) as queue:
        await queue.ping()
        waiting = sum([await queue.depth(name) for name in QUEUES])
        dead = await queue.dead_depth()
    return f"{waiting} messages wait" + (f"; {dead} are dead: see `invoicestream replay --list`" if dead else "")


async def _stream() -> str:
    """A made-up invoice through the whole stream on a throwaway store."""
    from app.process import process
    from app.samples import make_samples
    from app.settings import Telemetry

    with tempfile.TemporaryDirectory(prefix="invoicestream-") as folder:
        samples = make_samples(Path(folder))
        chosen = [next(p for p in samples if p.suffix == ".xml"), next(p for p in samples if p.suffix == ".pdf")]
        async for done in process(chosen, Telemetry(log_level="critical")):
            if done.record is None or done.record.status != "approved":
                raise Misconfigured(f"a sample invoice did not come out: {done.record.reason if done.record else 'unreadable'}")
    return "two sample invoices came out approved"
