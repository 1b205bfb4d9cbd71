"""Callers that are slow, endless or broken before a request even begins, or that stop reading its answer."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.api.connection import HEAD_BYTES, BoundedConnection
from app.domain.record import Event
from tests.api_host import PATIENCE, Host, open_host


class Cutting(BoundedConnection):
    """Cuts off who stops reading, soon."""

    head_seconds = PATIENCE
    stalled = 1.0


class Impatient(BoundedConnection):
    """A head must come soon."""

    head_seconds = 1.0
    stalled = PATIENCE


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(tmp_path) as host:
        yield host


@pytest.fixture
async def address(host: Host, request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, int]]:
    async with host.serving(http=getattr(request, "param", Cutting)) as address, asyncio.timeout(PATIENCE):
        name, port = address.split(":")
        yield name, int(port)


impatient = pytest.mark.parametrize("address", [Impatient], indirect=True)


async def answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and code of the one answer, after which the connection ends."""
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"application/problem+json" in head and b"connection: close" in head
    return int(head.split()[1]), json.loads(body)["type"].removeprefix("urn:invoicestream:problem:")


@impatient
async def test_a_head_that_trickles_in(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    answered = asyncio.create_task(answer(reader))
    writer.write(b"GET /livez HTTP/1.1\r\n")
    while not answered.done():
        writer.write(b"x-a: b\r\n")
        await asyncio.wait((answered,), timeout=0.02)
    assert answered.result() == (408, "head_timeout")
    writer.close()


@impatient
async def test_a_caller_that_never_speaks(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    assert await reader.read() == b""
    writer.close()


@impatient
async def test_the_next_head_on_a_connection_has_its_own_time_and_room(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(3):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\nx: " + b"y" * (HEAD_BYTES // 2) + b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(len(b'{"status":"alive"}'))
        await asyncio.sleep(0.4)  # the time that a caller takes is what is tested: together more than one head may take
    writer.write(b"GET /livez HTTP/1.1\r\nx: ")
    assert await answer(reader) == (408, "head_timeout")
    writer.close()


@pytest.mark.parametrize("endless", [b"x-header: value\r\n", b"y" * 100])
async def test_a_head_without_end(address: tuple[str, int], endless: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /livez HTTP/1.1\r\nx: ")
    writer.write(endless * (HEAD_BYTES // len(endless) + 1))
    assert await answer(reader) == (431, "head_too_large")
    writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"POST /invoices HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
        b"POST /invoices HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http(address: tuple[str, int], request_bytes: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request_bytes)
    assert await answer(reader) == (400, "bad_http")
    writer.close()


@pytest.mark.parametrize("path", ["original", "live"])
async def test_a_caller_that_stops_reading_is_cut_off(host: Host, address: tuple[str, int], path: str) -> None:
    invoice_id = await host.send(b"%PDF-" + b"x" * 20_000_000, name="a.pdf")
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect(address)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    stuck.send(
        f"GET /invoices/{invoice_id}/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {host.keys['acme']}\r\n"
        f"{upgrade if path == 'live' else ''}\r\n".encode()
    )
    ours = stuck.getsockname()
    while ours not in peers():
        await asyncio.sleep(0)
    if path == "live":
        while not host.context.sockets.open:
            await asyncio.sleep(0)
        for n in range(200):
            await host.bus.publish(Event("acme", invoice_id, "stage", datetime.now(UTC), data={"n": n, "fill": "x" * 100_000}))
            await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        while ours in peers():
            await asyncio.sleep(0.01)
    stuck.close()


def peers() -> set[tuple[str, int]]:
    """Who is connected to this process's sockets."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(name))) as connection:
                    found.add(connection.getpeername())
        except OSError:
            continue  # the listing's own, a listener, or not a socket of the internet
    return found
