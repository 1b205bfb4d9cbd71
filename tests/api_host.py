"""The API on its real parts: SQLite store, file blobs, memory bus, relay. No pipeline: tests settle invoices themselves.

A slow disk or a busy machine is not what these tests are about: no deadline here is near what one takes.
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import uvicorn
from blockbuster import blockbuster_ctx
from fastapi import FastAPI

from app.adapters.file_blobs import FileBlobs
from app.adapters.memory_broker import MemoryEventBus, MemoryWorkQueue
from app.adapters.sql.migrate import migrate
from app.adapters.sql.store import open_invoices
from app.adapters.sqlite_documents import SqliteDocuments
from app.api.application import build_api
from app.api.context import ApiContext, ApiLimits, Readiness
from app.domain.document import BoundingBox, Document, PagePlan, View
from app.domain.extraction import Extracted, Field
from app.domain.invoice import Invoice, LineItem, Party
from app.domain.record import InvoiceRecord, Result
from app.errors import Unavailable
from app.pipeline.outbox import Relay
from app.pipeline.pace import Pace
from app.ports import InvoiceStore, Picture, Sandbox, Settlement

KEY = b"k" * 32
PATIENCE = 60.0  # seconds
RESULT = Result(
    Extracted(
        Invoice(
            number="A-1",
            issue_date=date(2026, 1, 31),
            currency="EUR",
            seller=Party(name="Nordlicht GmbH"),
            total_with_tax=Decimal("1190.00"),
            lines=(LineItem(id="1", quantity=Decimal("1E+3"), net_amount=Decimal("1000.00")),),
        ),
        "invoice",
        "text",
        {"number": Field(0.987654, "text", "candidates", 1, BoundingBox(0.123456, 0.2, 0.3, 0.4), (4, 5))},
        "en",
        (1, 2),
    ),
    (),
    {"code": "1"},
)


class AwaySandbox:
    """A sandbox that is down, for the tests that open no document."""

    async def decode(self, content: BinaryIO) -> Document:
        raise Unavailable("sandbox")

    async def plan(self, content: BinaryIO, pages: Sequence[int]) -> tuple[PagePlan, ...]:
        raise Unavailable("sandbox")

    async def picture(self, content: BinaryIO, plan: PagePlan) -> Picture:
        raise Unavailable("sandbox")

    async def render(self, content: BinaryIO, page: int, dpi: int, view: View | None = None) -> bytes:
        raise Unavailable("sandbox")


@dataclass
class Host:
    app: FastAPI
    context: ApiContext
    store: InvoiceStore
    bus: MemoryEventBus
    relay: Relay
    keys: dict[str, str]
    checks: dict[str, str] = field(default_factory=lambda: dict.fromkeys(("sql", "blobs", "broker", "documents", "sandbox"), "ok"))
    draining: bool = False

    def client(self, key: str | None = "acme", **headers: str) -> httpx.AsyncClient:
        """In this process, without a server. `key`: whose; None: nobody's."""
        if key is not None:
            headers["authorization"] = f"Bearer {self.keys[key]}"
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)

    async def send(self, content: bytes = b"<Invoice/>", key: str = "acme", name: str = "a.xml") -> str:
        async with self.client(key) as client:
            answer = await client.post("/invoices", files={"file": (name, content)})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["invoices"][0]["id"])

    async def settle(self, invoice_id: str, settlement: Settlement | None = None, tenant: str = "acme") -> InvoiceRecord:
        job = await self.store.claim(tenant, invoice_id, "test", 60)
        assert not isinstance(job, str), job
        record = await self.store.settle(job, settlement or Settlement("approved", result=RESULT))
        self.relay.wake()
        return record

    @asynccontextmanager
    async def serving(self, **options: Any) -> AsyncIterator[str]:
        """On a real server and port: "127.0.0.1:12345"."""
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(self.app, log_config=None, lifespan="off", access_log=False, timeout_graceful_shutdown=20, **options)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve([listener]))
        try:
            async with asyncio.timeout(PATIENCE):
                while not server.started:
                    await asyncio.sleep(0)
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
            listener.close()


_templates: dict[str, Path] = {}


async def migrated(folder: Path) -> str:
    """The URL of a new database; the migrations run once a test session."""
    if "db" not in _templates:
        made = tempfile.mkdtemp(prefix="invoicestream-test-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        template = Path(made) / "template.db"
        await migrate(f"sqlite+aiosqlite:///{template}")
        _templates["db"] = template
    shutil.copy(_templates["db"], folder / "invoices.db")
    return f"sqlite+aiosqlite:///{folder / 'invoices.db'}"


@asynccontextmanager
async def open_host(
    folder: Path,
    limits: ApiLimits | None = None,
    *,
    sandbox: Sandbox | None = None,
    bus: MemoryEventBus | None = None,
    clock: Callable[[], float] | None = None,
    database: str | None = None,
) -> AsyncIterator[Host]:
    """Keys: "acme" and "other" (two tenants, all scopes), "reader" and "writer" (acme, one scope each).

    `database`: the URL of a migrated one; by default a new one is made in the folder.
    """
    url = database or await migrated(folder)
    async with (
        open_invoices(url, KEY, deadline=PATIENCE) as store,
        FileBlobs(folder / "blobs", deadline=PATIENCE) as blobs,
        SqliteDocuments(folder / "documents.db") as documents,
        bus or MemoryEventBus() as bus,
    ):
        relay = Relay(store, MemoryWorkQueue(), bus)
        running = asyncio.create_task(relay.run())
        host: Host

        async def readiness() -> Readiness:
            return Readiness(host.checks, host.draining)

        context = ApiContext(
            pace=Pace(),
            invoices=store,
            blobs=blobs,
            documents=documents,
            sandbox=sandbox or AwaySandbox(),
            events=bus,
            readiness=readiness,
            tickets_key=KEY,
            wake=relay.wake,
            limits=limits or ApiLimits(),
            **({"clock": clock} if clock else {}),  # type: ignore[arg-type]
        )

        @asynccontextmanager
        async def opened(app: FastAPI) -> AsyncIterator[ApiContext]:
            yield context

        everything = frozenset(("read", "write"))
        keys = {
            "acme": (await store.create_key("acme", everything, None)).secret,
            "other": (await store.create_key("other", everything, None)).secret,
            "reader": (await store.create_key("acme", frozenset(("read",)), None)).secret,
            "writer": (await store.create_key("acme", frozenset(("write",)), None)).secret,
        }
        app = build_api(opened)
        host = Host(app, context, store, bus, relay, keys)
        try:
            async with app.router.lifespan_context(app):
                # The event loop must not block in our code, whatever a test does.
                with blockbuster_ctx("app"):
                    yield host
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def multipart(files: list[tuple[str, bytes]], boundary: bytes = b"xxBOUNDARYxx") -> tuple[bytes, dict[str, str]]:
    """A body and its Content-Type, byte for byte as given (httpx would clean the names)."""
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: application/pdf\r\n\r\n%s\r\n'
        % (boundary, name.encode("utf-8", "surrogateescape"), content)
        for name, content in files
    ]
    return b"".join(parts) + b"--%s--\r\n" % boundary, {"content-type": f"multipart/form-data; boundary={boundary.decode()}"}


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether it is this problem, whole. Says what is wrong by an assertion."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:invoicestream:problem:{code}", body
    assert body["status"] == status and body["title"] and body["instance"].startswith("/")
    assert len(body["trace_id"]) == 32
    return True
