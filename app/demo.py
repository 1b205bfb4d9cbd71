"""`make run`: the project's own samples, sent through the real API as a user would, and what to try next."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.domain.record import SETTLED
from app.samples import make_samples
from app.settings import Settings
from app.wiring import Service

TENANT = "demo"


async def development_key(service: Service, settings: Settings) -> str:
    """The same key at every start: kept in the data folder, mode 0600, for this development service only."""
    file = settings.stores.data / "development.key"
    if file.exists() and await service.invoices.authenticate(key := file.read_text().strip()):
        return key
    key = (await service.invoices.create_key(TENANT, frozenset(("read", "write")), None)).secret
    with os.fdopen(os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as made:
        made.write(key)
    return key


async def run_demo(settings: Settings, server: uvicorn.Server, app: FastAPI) -> None:
    """Waits for the server, posts the samples, prints each as it settles, then what to try next."""
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.05)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    key = await development_key(app.state.service, settings)
    client = _Client(host, port, key)
    with tempfile.TemporaryDirectory(prefix="invoicestream-") as folder:
        samples = await asyncio.to_thread(make_samples, Path(folder))
        _print(f"\nInvoiceStream serves on {client.base}. {len(samples)} sample documents go through:\n")
        ids = [await asyncio.to_thread(client.post, sample) for sample in samples]
    for sample, invoice_id in zip(samples, ids, strict=True):
        _print(_row(sample.name, await client.settled(invoice_id)))
    _print(
        f"""
Development key   {key}

Try next
  curl -H 'Authorization: Bearer {key}' {client.base}/invoices/{ids[0]}
  curl -H 'Authorization: Bearer {key}' -F file=@invoice.pdf {client.base}/invoices
  {Path(sys.executable).parent}/invoicestream process FOLDER --json
  {client.base}/openapi.json  the API      {client.base}/metrics  the numbers
Ctrl-C ends the service; {settings.stores.data} keeps what it read.
"""
    )


class _Client:
    """The few calls of a first-time user, on the standard library alone."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self.base = f"http://{host}:{port}"
        self._key = key

    def post(self, file: Path) -> str:
        boundary = "invoicestream-sample"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
        body = head.encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        answer = self._call("/invoices", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        return str(answer["invoices"][0]["id"])

    async def settled(self, invoice_id: str, deadline: float = 60.0) -> dict[str, Any]:
        async with asyncio.timeout(deadline):
            while (told := await asyncio.to_thread(self._call, f"/invoices/{invoice_id}"))["status"] not in SETTLED:  # noqa: ASYNC110 - a plain client polls
                await asyncio.sleep(0.05)
        return told

    def _call(self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self.base + path, body, {"Authorization": f"Bearer {self._key}", **(headers or {})})
        with urllib.request.urlopen(request, timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


def _row(name: str, told: dict[str, Any]) -> str:
    invoice = told.get("invoice") or {}
    total = f"{invoice['total_with_tax']} {invoice.get('currency') or ''}" if invoice.get("total_with_tax") else ""
    why = told.get("reason") or ", ".join(f["rule"] for f in told["findings"] if f["severity"] == "error")
    return f"  {name:<28} {told['status']:<13} {invoice.get('number') or '':<16} {total:>14}  {why}"


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
