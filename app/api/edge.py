"""The outermost layer (plain ASGI): security headers on every response, its duration counted, and the last resort for an exception."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import internal_error

HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
"""A route's own value for one of these stays."""
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Edge:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        started = False
        status = 500  # what the server answers when nothing was sent
        began = time.perf_counter()

        async def with_headers(message: Message) -> None:
            nonlocal started, status
            status = message.get("status", status)
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            started = started or message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept")
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception:  # the last resort: a caller gets a problem with a number, the log gets the traceback
            response = internal_error(scope)
            if not started:
                await response(scope, receive, with_headers)
            elif scope["type"] == "websocket":
                with suppress(OSError, RuntimeError):  # it is closed already
                    await send({"type": "websocket.close", "code": 1011, "reason": "internal error"})
            else:
                raise  # too late to say it: the server cuts the connection, so that nobody takes the part for the whole
        finally:
            if scope["type"] == "http":
                route = getattr(scope.get("route"), "path", "unmatched")
                method = scope["method"] if scope["method"] in METHODS else "_OTHER"
                scope["app"].state.context.metrics.request_done(method, route, status, time.perf_counter() - began)
