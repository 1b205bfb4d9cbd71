"""How a tenant speaks to the services: POSTs over connections that stay open, and websockets. Cheap, since it shares their cores.

Only for a process that gevent has patched (Locust does): every wait is then another greenlet's turn.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import websocket
from geventhttpclient import HTTPClient

from loadtests.documents import File

CONNECTIONS = 2_000  # more than are ever open: an open loop never waits for one
PATIENCE = 60.0  # seconds for an answer, or for a word on a websocket (the service sends pings)
BOUNDARY = "b7ad4f0c9e2d41d6"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: float | None
    replayed: bool

    def accepted(self) -> str:
        """The invoice's id."""
        (invoice,) = json.loads(self.body)["invoices"]
        return str(invoice["id"])


class Tenant:
    """One key, and the services in turn."""

    def __init__(self, hosts: tuple[str, ...], key: str) -> None:
        self._headers = {"Authorization": f"Bearer {key}"}
        self._services = cycle(
            [HTTPClient.from_url(host, concurrency=CONNECTIONS, connection_timeout=PATIENCE, network_timeout=PATIENCE) for host in hosts]
        )
        self._hosts = cycle(hosts)

    def post(self, file: File, idempotency_key: str | None = None) -> Answer:
        """Raises OSError or `geventhttpclient`'s errors when no answer comes."""
        headers = {"Content-Type": CONTENT_TYPE}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return self._call("POST", "/invoices", _body(file), headers)

    def get(self, path: str) -> Answer:
        return self._call("GET", path, b"", {})

    def live(self, path: str = "/live", *, after: int | None = None, by_ticket: bool = False, buffer: int = 0) -> websocket.WebSocket:
        """An open websocket; the snapshot is the first thing it says. `buffer`: bytes that the kernel keeps for who does not read.
        Raises OSError or `websocket.WebSocketException`."""
        query = [] if after is None else [f"last_event_id={after}"]
        headers: list[str] = [f"Authorization: {self._headers['Authorization']}"]
        if by_ticket:
            query.append(f"ticket={json.loads(self._call('POST', '/tickets', b'', {}).body)['ticket']}")
            headers = []
        url = next(self._hosts).replace("http", "ws", 1).rstrip("/") + path + ("?" + "&".join(query) if query else "")
        options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)] if buffer else []
        # The words' UTF-8 is the JSON reader's business; checked here, in Python, it would cost more than all the rest.
        return websocket.create_connection(
            url, PATIENCE, header=headers, suppress_origin=True, sockopt=options, skip_utf8_validation=True, enable_multithread=False
        )

    def abandon(self, file: File) -> None:
        """Sends half of a POST, and is gone. Raises OSError."""
        url = urlsplit(next(self._hosts))
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=PATIENCE)
        connection.putrequest("POST", "/invoices")
        for name, value in (self._headers | {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(_body(file)))}).items():
            connection.putheader(name, value)
        connection.endheaders(_body(file)[: len(file.content) // 2])
        _reset(connection.sock)

    def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        response = next(self._services).request(method, path, body=body, headers=self._headers | headers)
        content = bytes(response.read())
        retry_after = str(response.get("retry-after") or "")
        return Answer(
            response.status_code,
            content,
            float(retry_after) if retry_after.isdigit() else None,
            response.get("idempotent-replayed") == "true",
        )


class Closed(websocket.WebSocketException):
    """The service ended the conversation; says with which code (docs/api.md)."""


def said(connection: websocket.WebSocket) -> dict[str, Any]:
    """The next message. Raises `Closed` when the service has had enough, OSError or `websocket.WebSocketException` otherwise."""
    opcode, content = connection.recv_data()
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        raise Closed(str(int.from_bytes(content[:2], "big")))
    message: dict[str, Any] = json.loads(content)
    return message


def vanish(connection: websocket.WebSocket) -> None:
    """As a laptop's lid falls: no close frame, the connection is reset."""
    if connection.sock is not None:
        _reset(connection.sock)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _body(file: File) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
    return head.encode() + file.content + f"\r\n--{BOUNDARY}--\r\n".encode()
