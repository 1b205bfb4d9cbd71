"""Responses as bytes that are made once: JSON by msgspec, files in pieces. Nothing is validated on the way out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE = 256 * 1024
STALLED = 30.0  # seconds that a reader may take for one piece


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def is_current(request: Request, etag: str) -> bool:
    """Whether If-None-Match names `etag` (weakly, RFC 9110 13.1.2): the caller has it already."""
    given = request.headers.getlist("if-none-match")
    tags = {tag.strip().removeprefix("W/") for line in given for tag in line.split(",")}
    return etag in tags or "*" in tags


def attachment(file_name: str) -> str:
    """Content-Disposition of a download (RFC 6266): a plain name for old readers, the whole one percent-encoded."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


class FileReply(Response):
    """Sends a file and closes it. Read in a thread; a reader that stalls is cut off."""

    def __init__(self, file: BinaryIO, media_type: str, headers: Mapping[str, str]) -> None:
        size = os.fstat(file.fileno()).st_size
        super().__init__(None, 200, {**headers, "content-length": str(size)}, media_type)
        self.file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while piece := await asyncio.to_thread(self.file.read, PIECE):
                async with asyncio.timeout(STALLED):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            return  # unfinished: the server cuts the connection
        finally:
            self.file.close()
