"""Every error as `application/problem+json` (RFC 9457). `type` is `urn:invoicestream:problem:<code>`; codes are stable.

A problem says what the caller can do about it and nothing about our insides: no stack, no text of a document, no secret.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import Conflict, DeadlineExceeded, Refused, Unavailable, Unprocessable

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"
TYPE = "urn:invoicestream:problem:"
RETRY_AFTER = 5  # seconds
LINGER = 2.0  # seconds

TITLES: Mapping[str, str] = {
    "unauthenticated": "A valid key is needed",
    "insufficient_scope": "The key may not do this",
    "not_found": "There is nothing here",
    "method_not_allowed": "This method is not allowed here",
    "invalid_request": "The request is not valid",
    "bad_cursor": "The cursor is not one of this listing's",
    "bad_multipart": "The body is not valid multipart/form-data",
    "multipart_expected": "The body must be multipart/form-data",
    "encoded_body": "The body must not be compressed",
    "no_file": "There is no file in the body",
    "empty": "The file is empty",
    "unsupported_type": "This type of file is not supported",
    "encrypted": "The file is encrypted",
    "damaged": "The file is damaged",
    "too_many_pages": "The file has too many pages",
    "parser_limit": "The file takes too much to read",
    "not_an_invoice": "The file is no invoice",
    "unreadable": "The file cannot be read",
    "too_large": "The file or the body is too large",
    "too_many_files": "There are too many files in one request",
    "body_timeout": "The body did not arrive in time",
    "bad_idempotency_key": "The Idempotency-Key is not valid",
    "idempotency_in_flight": "A request with this Idempotency-Key is being worked on",
    "idempotency_key_reused": "This Idempotency-Key was used for another body",
    "precondition_required": "The If-Match header is needed",
    "version_conflict": "The invoice has changed meanwhile",
    "not_settled": "The invoice is still being worked on",
    "foreign_origin": "Pages of this origin may not connect",
    "too_many_sockets": "There are too many open websockets",
    "too_many_posts": "There are too many requests at once",
    "backlog": "What was sent before waits too long",
    "overloaded": "The stream does not keep up",
    "unavailable": "A dependency cannot serve now",
    "internal_error": "Something went wrong here",
}
STATUS_CODES: Mapping[int, str] = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


class ProblemResponse(Response):
    """`body_unread`: the caller may still be sending. Then the connection ends with this response, but only after what comes
    was read and thrown away for a moment: closing at once would reset the connection and take the response away with it."""

    media_type = PROBLEM_JSON

    def __init__(self, status: int, content: bytes, headers: Mapping[str, str], body_unread: bool) -> None:
        super().__init__(content, status, {**headers, "connection": "close"} if body_unread else headers)
        self.body_unread = body_unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.body_unread or scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body"):
                        break
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def trace_id_of(scope: Scope) -> str:
    """32 hex digits: the trace's where there is one, else made up once for this request."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return f"{context.trace_id:032x}"
    made: str = scope.setdefault("state", {}).setdefault("trace_id", secrets.token_hex(16))
    return made


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> ProblemResponse:
    body: dict[str, Any] = {
        "type": TYPE + code,
        "title": TITLES.get(code) or code.replace("_", " ").capitalize(),
        "status": status,
        "instance": quote(scope.get("path", ""), safe="/"),
        "trace_id": trace_id_of(scope),
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    extra = dict(headers or {})
    if status == 401:
        extra["www-authenticate"] = 'Bearer realm="invoicestream"'
    if status == 403 and code == "insufficient_scope":
        extra["www-authenticate"] = 'Bearer realm="invoicestream", error="insufficient_scope"'
    if status in (503, 429):
        extra.setdefault("retry-after", str(RETRY_AFTER))
    return ProblemResponse(status, msgspec.json.encode(body), extra, body_unread=status in (408, 413))


async def _refused(connection: HTTPConnection, exc: Exception) -> Response:
    assert isinstance(exc, Refused)
    headers = {} if exc.retry_after is None else {"retry-after": str(exc.retry_after)}
    return problem(connection.scope, exc.status, exc.code, exc.detail, headers=headers, errors=getattr(exc, "errors", ()))


async def _unprocessable(connection: HTTPConnection, exc: Exception) -> Response:
    assert isinstance(exc, Unprocessable)
    return problem(connection.scope, 422, exc.reason, exc.detail)


async def _unavailable(connection: HTTPConnection, exc: Exception) -> Response:
    assert isinstance(exc, Unavailable)
    # Which one it is helps the caller's operator; why it is down is for our logs.
    log.warning("request.unavailable", dependency=exc.dependency, detail=exc.detail, timed_out=isinstance(exc, DeadlineExceeded))
    return problem(connection.scope, 503, "unavailable", f"{exc.dependency} cannot serve now; try again later")


async def _conflict(connection: HTTPConnection, exc: Exception) -> Response:
    return problem(connection.scope, 412, "version_conflict", "read the invoice again and decide on its new version")


async def _invalid(connection: HTTPConnection, exc: Exception) -> Response:
    """What the declared types refuse. A path that no resource can have is not found; all else is 422 with a pointer for each error."""
    assert isinstance(exc, RequestValidationError)
    found = exc.errors()
    if any(error["loc"][:1] == ("path",) for error in found):
        return problem(connection.scope, 404, "not_found")
    errors = [{"pointer": "/" + "/".join(map(_pointer, error["loc"])), "code": str(error["type"])} for error in found]
    return problem(connection.scope, 422, "invalid_request", errors=errors)


def _pointer(part: object) -> str:
    return re.sub(r"[^\w.-]", "_", str(part))[:100]


async def _http(connection: HTTPConnection, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    code = STATUS_CODES.get(exc.status_code, "invalid_request" if exc.status_code < 500 else "internal_error")
    return problem(connection.scope, exc.status_code, code, headers=exc.headers)


async def _gone(connection: HTTPConnection, exc: Exception) -> Response:
    return problem(connection.scope, 400, "bad_multipart", "the connection was closed before the end of the body")


def internal_error(scope: Scope) -> ProblemResponse:
    """The last resort: called where the exception was caught, so that the log has its traceback and the caller only its number."""
    log.exception("request.failed", trace_id=trace_id_of(scope), method=scope.get("method"))
    return problem(scope, 500, "internal_error", "it was logged under this trace_id")


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unprocessable, _unprocessable)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
