"""Files through the whole stream without a server: a throwaway store in a temporary folder, the same topology, nothing left behind."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.api.uploads import media_type_of
from app.domain.extraction import SURE
from app.domain.record import SETTLED, InvoiceRecord
from app.errors import Unavailable, Unprocessable
from app.ports import Gap, InvoiceFilter, TenantInvoices, Upload
from app.readers.sniff import HEAD
from app.settings import Inference, Ocr, Settings, Telemetry
from app.tracing import configure_tracing
from app.wiring import Service, open_service

TENANT = "local"
AHEAD = 64  # files accepted before the first of them is told
PATIENCE = 1.0  # seconds between looks at what an invoice may be waiting for


@dataclass(frozen=True, slots=True)
class Processed:
    """One file's invoice. `record` is None when the file itself could not be read; `duplicate_of` names an earlier file's invoice."""

    path: Path
    record: InvoiceRecord | None
    duplicate_of: str | None = None


def files_in(paths: Sequence[Path]) -> list[Path]:
    """Files as given, folders as the files below them in name order, hidden ones left out. Raises FileNotFoundError."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts))
            found.extend(sorted(inside))
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(path)
    return found


async def process(
    files: Sequence[Path], telemetry: Telemetry, ocr: Ocr | None = None, inference: Inference | None = None, sure: float = SURE
) -> AsyncIterator[Processed]:
    """Yields one `Processed` for each invoice, one at least a file, in input order, as soon as it and those before it are settled.

    Raises `Unavailable`, also for a file that waits for an engine to read its pictures: here nobody would put that right.
    """
    with tempfile.TemporaryDirectory(prefix="invoicestream-") as folder:
        settings = Settings.embedded(Path(folder), telemetry=telemetry, ocr=ocr, inference=inference, sure=sure)
        async with open_service(settings, configure_tracing()) as service:
            await service.invoices.create_key(TENANT, frozenset(), None)
            settled = _Settled(service)
            watching = asyncio.create_task(settled.watch(), name="settled")
            try:
                accepted: asyncio.Queue[tuple[Path, str | None, str | None] | None] = asyncio.Queue(AHEAD)
                intake = asyncio.create_task(_accept_all(service, files, accepted), name="intake")
                while (item := await accepted.get()) is not None:
                    path, invoice_id, duplicate_of = item
                    record = await _settled(settled.record(invoice_id), service) if invoice_id else None
                    yield Processed(path, record, duplicate_of)
                    if record is not None and duplicate_of is None:
                        async for other in _others(service, settled, record):
                            yield Processed(path, other)
                await intake
            finally:
                watching.cancel()
                intake.cancel()
                await asyncio.gather(watching, intake, return_exceptions=True)


async def _others(service: Service, settled: _Settled, first: InvoiceRecord) -> AsyncIterator[InvoiceRecord]:
    """The other invoices of the file, in the order of its pages. They are in the store before the first of them is settled."""
    told = {first.id}
    while True:
        listing = await service.invoices.for_tenant(TENANT).list(InvoiceFilter(document_id=first.document_id), None, 1000)
        waiting = sorted({summary.id for summary in listing.items} - told)
        if not waiting:
            return
        for invoice_id in waiting:
            if (record := await _settled(settled.record(invoice_id), service)) is not None:
                yield record
        told.update(waiting)


async def _settled(record: Coroutine[Any, Any, InvoiceRecord | None], service: Service) -> InvoiceRecord | None:
    waiting = asyncio.create_task(record)
    try:
        while not (await asyncio.wait((waiting,), timeout=PATIENCE))[0]:
            if service.ocr.away:
                raise Unavailable("ocr", service.ocr.away)
        return waiting.result()
    finally:
        waiting.cancel()


async def _accept_all(service: Service, files: Sequence[Path], accepted: asyncio.Queue[tuple[Path, str | None, str | None] | None]) -> None:
    try:
        for path in files:
            try:
                content = await asyncio.to_thread(path.open, "rb")
            except OSError:
                await accepted.put((path, None, None))
                continue
            with content:
                media_type = _media_type(await asyncio.to_thread(content.read, HEAD))
                content.seek(0)
                blob = await service.blobs.put(TENANT, content)
            upload = Upload(path.name, media_type, blob)
            (answer,) = await service.invoices.for_tenant(TENANT).accept([upload], "cli", None, None)
            service.relay.wake()
            await accepted.put((path, answer.id, answer.duplicate_of))
    finally:
        await accepted.put(None)


def _media_type(head: bytes) -> str:
    """Here nothing is refused before it is stored, so that every file ends with its reason."""
    try:
        return media_type_of(head)
    except Unprocessable:
        return "application/octet-stream"


class _Settled:
    """Knows which invoices are settled, from the durable events; the bus only says when to look."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._invoices: TenantInvoices = service.invoices.for_tenant(TENANT)
        self._known: dict[str, asyncio.Event] = {}

    async def record(self, invoice_id: str) -> InvoiceRecord | None:
        await self._known.setdefault(invoice_id, asyncio.Event()).wait()
        return await self._invoices.get(invoice_id)

    async def watch(self) -> None:
        """Until cancelled."""
        news = asyncio.Event()
        listening = asyncio.create_task(self._listen(news), name="listening")
        after = 0
        try:
            while True:
                news.clear()
                events = await self._invoices.events(None, after, 500)
                for event in events:
                    after = event.id or after
                    if event.type in SETTLED:
                        self._known.setdefault(event.invoice_id, asyncio.Event()).set()
                if not events:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            await news.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, news: asyncio.Event) -> None:
        while True:  # again after having been dropped as too slow
            async with self._service.events.subscribe(TENANT, None) as events:
                async for event in events:
                    if isinstance(event, Gap) or event.type in SETTLED:
                        news.set()
