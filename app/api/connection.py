"""One connection of a caller whom nobody trusts: uvicorn's HTTP protocol with the limits that it lacks.

A request's head must arrive within `HEAD_SECONDS` and have at most `HEAD_BYTES`; a caller that stops reading is cut off by the
kernel after `STALLED`, whatever was being sent (a file, events). What the server itself refuses is problem+json too.
For `uvicorn.Config(http=BoundedConnection, ws=QuietSocket)`.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import Any

import msgspec
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.api.problems import LINGER, PROBLEM_JSON, TYPE

HEAD_SECONDS = 10.0
HEAD_BYTES = 64 * 1024
STALLED = 30.0  # seconds


class BoundedConnection(HttpToolsProtocol):
    head_seconds = HEAD_SECONDS
    stalled = STALLED

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0  # not counting what came in one piece with its first byte
    _speaks = False
    _ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self.stalled * 1000))
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        if self._ending is not None:
            return  # thrown away, so that the refusal is not lost in a reset
        self._head_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head_bytes > HEAD_BYTES:
            self._refuse(431, "head_too_large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._speaks = True
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        if self._ending is not None:
            self._ending.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "bad_http")

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._head_bytes = 0
            self._deadline = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        if self._speaks:
            self._refuse(408, "head_timeout")
        else:
            self._head_is_here()
            self.transport.close()

    def _refuse(self, status: int, code: str) -> None:
        self._head_is_here()
        if self.transport.is_closing() or self._ending is not None:
            return
        phrase = HTTPStatus(status).phrase
        body: dict[str, Any] = {"type": TYPE + code, "title": phrase, "status": status}
        content = msgspec.json.encode(body)
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {len(content)}\r\n"
            "x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._ending = self.loop.call_later(LINGER, self.transport.close)


class QuietSocket(WebSocketsSansIOProtocol):
    """A handshake that was refused with a whole HTTP answer is complete. Without this, uvicorn 0.54 logs an error for each of them,
    and anybody without a key could fill the log."""

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
