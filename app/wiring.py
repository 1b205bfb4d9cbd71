"""The one composition root: settings in, a running service out. The only file that imports adapters; nothing connects at import."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from app.adapters.file_blobs import FileBlobs
from app.adapters.local_models import REPOSITORY, LocalModels
from app.adapters.memory_broker import MemoryEventBus, MemoryWorkQueue
from app.adapters.mongo_url import is_mongo
from app.adapters.ppocr import PpOcrEngine
from app.adapters.reading_policy import InTurn
from app.adapters.sandbox import ForkSandbox
from app.adapters.sql.migrate import migrate
from app.adapters.sql.store import check_url, open_invoices
from app.adapters.sqlite_documents import SqliteDocuments
from app.adapters.tesseract import Installation, TesseractEngine
from app.domain.record import InvoiceRecord
from app.domain.work import QUEUES
from app.errors import Misconfigured, Unavailable
from app.logs import dropped_lines
from app.metrics import LoopLag, Metrics
from app.pipeline.audit_copy import AuditCopy
from app.pipeline.dead_letters import DeadLetters
from app.pipeline.outbox import Relay, Sweeper, sweeping
from app.pipeline.progress import Progress
from app.pipeline.reconcile import Reconciler
from app.pipeline.runner import Runner, Worker, WorkerSettings
from app.pipeline.topology import Ports, topology
from app.ports import BlobStore, DocumentStore, EventBus, InvoiceStore, ModelServer, OcrEngine, Sandbox, WorkQueue
from app.settings import Ocr, Settings
from app.tracing import Tracing

if TYPE_CHECKING:
    from app.adapters.model_versions import ModelVersions

log = structlog.get_logger(__name__)
PING_DEADLINE = 2.0  # seconds
DECODES = 5  # at once: as many as the topology has on all queues, so that none waits for another queue's
# How long a busy stage thread may hold the event loop up, each time the loop gives the lock away. Measured beside one, on two cores:
# a round through a socket and a timer takes 3.4 to 4.6 ms; with Python's default of 5 ms it takes 9 to 14. CPU a document: no difference.
SWITCH_INTERVAL = 0.0005  # seconds


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: what the API and the CLI are given."""

    settings: Settings
    invoices: InvoiceStore
    blobs: BlobStore
    documents: DocumentStore
    queue: WorkQueue
    events: EventBus
    sandbox: Sandbox
    ocr: InTurn
    tesseract: TesseractEngine
    models: ModelServer | None
    relay: Relay
    sweeper: Sweeper
    worker: Worker
    metrics: Metrics
    lag: LoopLag
    draining: asyncio.Event
    _consuming: asyncio.Task[None]

    async def checks(self) -> dict[str, str]:
        """Each dependency's state: "ok", why it is not, or "limited: " and what it lacks, where it works."""
        pings = {
            "sql": self.invoices.ping,
            "blobs": self.blobs.ping,
            "documents": self.documents.ping,
            "broker": self.queue.ping,
            "sandbox": self.sandbox.ping,
            "ocr": self.ocr.ping,
        }
        if self.models is not None:
            pings["models"] = self.models.ping

        async def check(ping: object) -> str:
            try:
                async with asyncio.timeout(PING_DEADLINE):
                    await ping()  # type: ignore[operator]
            except Unavailable as exc:
                return exc.detail or "unavailable"
            except TimeoutError:
                return "no answer"
            return "ok"

        states = dict(zip(pings, await asyncio.gather(*map(check, pings.values())), strict=True))
        if states["ocr"] == "ok" and self.tesseract.missing_languages:
            states["ocr"] = f"limited: languages missing: {', '.join(self.tesseract.missing_languages)}"
        return states

    async def drain(self) -> None:
        """Not ready from now on; takes no more work and waits for what is in hand; what does not finish in time is given back."""
        self.draining.set()
        self._consuming.cancel()
        await asyncio.gather(self._consuming, return_exceptions=True)
        await self.worker.drain(self.settings.drain_seconds)


@asynccontextmanager
async def open_service(settings: Settings, tracing: Tracing) -> AsyncIterator[Service]:
    """Opens the adapters that the URLs choose, takes over what an earlier process left, and runs the stream until the exit.

    Raises `Misconfigured` for an unknown URL or a data folder in use, `Unavailable` when a store cannot be opened.
    """
    async with AsyncExitStack() as stack:
        stores = settings.stores
        sys.setswitchinterval(SWITCH_INTERVAL)
        # One for each queue: stages are pure Python, more would only take the interpreter from the event loop more often.
        threads = {queue: ThreadPoolExecutor(1, thread_name_prefix=f"stage {queue}") for queue in QUEUES}
        for executor in threads.values():
            stack.callback(executor.shutdown, wait=False, cancel_futures=True)
        metrics = Metrics()

        await migrate(stores.sql_url)
        invoices = await stack.enter_async_context(open_invoices(stores.sql_url, settings.secrets.audit))
        blobs = await stack.enter_async_context(open_blobs(stores.blobs_url))
        documents = await stack.enter_async_context(open_documents(stores.documents_url))
        opening_queue, opening_bus = _broker(stores.broker_url, metrics)
        queue = await stack.enter_async_context(opening_queue)
        bus = await stack.enter_async_context(opening_bus)
        sandbox = await stack.enter_async_context(ForkSandbox.open(DECODES, on_killed=metrics.child_killed))
        metrics.sandbox_level.set(sandbox.level)
        readers = settings.ocr.width or len(os.sched_getaffinity(0))
        tesseract = await stack.enter_async_context(
            TesseractEngine.open(Installation(settings.ocr.tesseract, settings.ocr.trained), readers, watch=metrics)
        )

        models = await stack.enter_async_context(open_models(settings.inference.url, metrics))
        ocr = await _reading(settings.ocr, readers, tesseract, models, metrics, stack)

        if taken := await invoices.take_over():
            log.info("service.took_over", count=taken)

        progress = Progress(bus, metrics)
        relay = Relay(invoices, queue, bus)
        sweeper = Sweeper(invoices, queue, blobs, sweeping(settings.lease_seconds))
        metrics.watch_outbox(lambda: sweeper.outbox_state)
        metrics.watch_dropped_lines(dropped_lines)
        runners = [
            Runner(
                topology(Ports(sandbox, ocr, blobs, documents, invoices, threads[name], progress, readers, settings.sure)),
                name,
                progress,
                tracing,
            )
            for name in QUEUES
        ]
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        worker = Worker(queue, invoices, runners, progress, WorkerSettings(owner, settings.lease_seconds), relay.wake)
        for each in QUEUES:
            metrics.watch_queue(each, partial(sweeper.depths.__getitem__, each), partial(worker.in_hand_of, each))
        metrics.watch_dead_letters(lambda: sweeper.dead_depth)
        lag = LoopLag(metrics)

        def settled(record: InvoiceRecord) -> None:
            progress.settled(record)
            relay.wake()

        dead_letters = DeadLetters(queue, invoices, owner, settled)

        tasks = await stack.enter_async_context(_owned_tasks())
        for name, run in (
            ("relay", relay.run),
            ("sweeper", sweeper.run),
            ("progress", progress.run),
            ("loop lag", lag.run),
            ("dead letters", dead_letters.run),
            ("audit copy", AuditCopy(invoices, documents).run),
        ):
            tasks.create(name, run())
        consuming = tasks.create("worker", worker.run())
        with suppress(Unavailable):  # then it is for the later sweeps
            await sweeper.sweep_all()  # an in-process broker has forgotten everything; others are told twice, which is harmless
        service = Service(
            settings,
            invoices,
            blobs,
            documents,
            queue,
            bus,
            sandbox,
            ocr,
            tesseract,
            models,
            relay,
            sweeper,
            worker,
            metrics,
            lag,
            asyncio.Event(),
            consuming,
        )
        stack.push_async_callback(service.drain)
        # What lives as long as the process is not looked at again: a full collection holds the loop for some milliseconds, not for 100.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        yield service


def check(settings: Settings) -> None:
    """Raises `Misconfigured` for a URL that no adapter takes. Opens nothing."""
    check_url(settings.stores.sql_url)
    open_blobs(settings.stores.blobs_url)
    open_documents(settings.stores.documents_url)
    _broker(settings.stores.broker_url, Metrics())
    open_models(settings.inference.url)


@asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[InvoiceStore]:
    """The store alone, beside a service that may be running: for keys."""
    async with open_invoices(settings.stores.sql_url, settings.secrets.audit, beside=True) as invoices:
        yield invoices


@asynccontextmanager
async def open_broker(settings: Settings) -> AsyncIterator[WorkQueue]:
    """The work queue alone. An embedded broker is in the process of the service: from here it is empty."""
    opening, _ = _broker(settings.stores.broker_url, Metrics())
    async with opening as queue:
        yield queue


@asynccontextmanager
async def open_replay(settings: Settings) -> AsyncIterator[tuple[InvoiceStore, WorkQueue]]:
    """The store and the broker, beside a service that may be running."""
    async with open_keys(settings) as invoices, open_broker(settings) as queue:
        yield invoices, queue


@asynccontextmanager
async def open_reading(settings: Settings) -> AsyncIterator[InvoiceStore]:
    """The store alone, for looking: nothing is written, also while a service runs."""
    async with open_invoices(settings.stores.sql_url, settings.secrets.audit, read_only=True) as invoices:
        yield invoices


@asynccontextmanager
async def open_reconciler(settings: Settings, *, repair: bool = False) -> AsyncIterator[Reconciler]:
    """Beside a service that may be running. SQL is only read."""
    stores = settings.stores
    async with open_reading(settings) as invoices, open_blobs(stores.blobs_url) as blobs, open_documents(stores.documents_url) as documents:
        yield Reconciler(invoices, blobs, documents, repair)


@dataclass(frozen=True, slots=True)
class Copying:
    """What a copy goes between, and the SQL store that says what is copied, if one is to say."""

    from_blobs: BlobStore
    to_blobs: BlobStore
    from_documents: DocumentStore
    to_documents: DocumentStore
    named_by: InvoiceStore | None


@asynccontextmanager
async def open_copying(settings: Settings, blobs: tuple[str, str], documents: tuple[str, str], *, named: bool) -> AsyncIterator[Copying]:
    """URLs from and to. Beside a service that may be running on either. SQL is only read."""
    async with AsyncExitStack() as stack:
        from_blobs, to_blobs = [await stack.enter_async_context(open_blobs(url)) for url in blobs]
        from_documents, to_documents = [await stack.enter_async_context(open_documents(url)) for url in documents]
        named_by = await stack.enter_async_context(open_reading(settings)) if named else None
        yield Copying(from_blobs, to_blobs, from_documents, to_documents, named_by)


def open_blobs(url: str) -> AbstractAsyncContextManager[BlobStore]:
    if is_mongo(url, "BLOBS_URL"):
        from app.adapters.mongo_blobs import GridFsBlobs  # here, so that what is embedded does not pay for a driver

        return GridFsBlobs(url)
    return FileBlobs(_path(url, "file", "BLOBS_URL"))


def open_documents(url: str) -> AbstractAsyncContextManager[DocumentStore]:
    if is_mongo(url, "DOCUMENTS_URL"):
        from app.adapters.mongo_documents import MongoDocuments

        return MongoDocuments(url)
    return SqliteDocuments(_path(url, "sqlite", "DOCUMENTS_URL"))


def open_models(url: str, metrics: Metrics | None = None) -> AbstractAsyncContextManager[ModelServer | None]:
    if url == "none":
        return nullcontext()
    if url.startswith("triton:"):
        from app.adapters.triton import TritonModels  # here: gRPC takes 0.3 s of every other start

        return TritonModels.open(url, REPOSITORY, metrics)
    scheme, _, path = url.partition(":")
    if scheme != "local" or (path and not Path(path).is_absolute()):
        raise Misconfigured("INVOICESTREAM_INFERENCE_URL: only local:, local:/path, triton://host:port and none are known")
    return LocalModels.open(Path(path) if path else REPOSITORY)


@asynccontextmanager
async def open_model_versions(url: str, repository: Path | None = None) -> AsyncIterator[ModelVersions]:
    """Of the tritonserver at `url`, which starts from `repository`. Raises `Misconfigured`: only a server has versions to choose from."""
    from app.adapters.model_versions import ModelVersions
    from app.adapters.triton_wire import Wire

    if not url.startswith("triton:"):
        raise Misconfigured(
            "INVOICESTREAM_INFERENCE_URL names no tritonserver (triton://host:port; `make triton` starts one): without one the newest"
            " version of a model is used from the service's next start"
        )
    wire = Wire(url)
    try:
        yield ModelVersions(wire, repository or REPOSITORY)
    finally:
        await wire.close()


async def _reading(
    ocr: Ocr, width: int, tesseract: TesseractEngine, models: ModelServer | None, watch: Metrics, stack: AsyncExitStack
) -> InTurn:
    """The engines in the order of the settings; PP-OCR only where there are models. Raises `Misconfigured` where nobody is left."""
    engines: list[OcrEngine] = []
    for name in ocr.engines:
        if name == "tesseract":
            engines.append(tesseract)
        elif name == "easyocr":
            from app.adapters.easyocr import EasyOcrEngine  # a user's own

            engines.append(await stack.enter_async_context(EasyOcrEngine.open(ocr.easyocr)))
        elif models is not None:
            engines.append(PpOcrEngine(models, width, watch=watch))
    if not engines:
        raise Misconfigured("INVOICESTREAM_OCR_ENGINES: ppocr alone needs INVOICESTREAM_INFERENCE_URL")
    return InTurn(engines, watch)


def _path(url: str, scheme: str, name: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme != scheme or not parts.path or parts.netloc:
        raise Misconfigured(f"INVOICESTREAM_{name}: only {scheme}:///path and mongodb://host/database are known")
    # SQLAlchemy's way of writing an absolute path has a slash more.
    return Path("/" + parts.path.lstrip("/"))


def _broker(url: str, metrics: Metrics) -> tuple[AbstractAsyncContextManager[WorkQueue], AbstractAsyncContextManager[EventBus]]:
    if url == "memory://":
        return MemoryWorkQueue(), MemoryEventBus()
    from app.adapters.rabbitmq_connection import address_of  # here: the library takes 0.15 s of every other start
    from app.adapters.rabbitmq_events import RabbitEventBus
    from app.adapters.rabbitmq_queue import RabbitWorkQueue

    address = address_of(url)
    return RabbitWorkQueue(address, returned=metrics.publish_returned.inc), RabbitEventBus(address)


class _Tasks:
    """The service's own tasks. One that ends by an error ends the process: a stream without its relay is no stream."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    def create(self, name: str, run: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(run, name=name)  # type: ignore[arg-type]
        task.add_done_callback(self._ended)
        self.tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("task.died", task=task.get_name(), exc_info=error)
            os.kill(os.getpid(), 15)  # the supervisor starts us again; SQL knows what was in hand


@asynccontextmanager
async def _owned_tasks() -> AsyncIterator[_Tasks]:
    tasks = _Tasks()
    try:
        yield tasks
    finally:
        for task in tasks.tasks:
            task.cancel()
        await asyncio.gather(*tasks.tasks, return_exceptions=True)
