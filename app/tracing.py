"""Traces: one from the POST through the outbox to persist, however long the message waited and whoever restarted meanwhile.

Without an endpoint nothing is recorded or sent; the ids are still made, so that log lines of one invoice can be joined.
Spans carry no text of a document: no query strings, no messages of exceptions, only their types.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app import __version__
from app.redaction import type_name

Attributes = Mapping[str, str | int | float | bool]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PROPAGATOR = TraceContextTextMapPropagator()
_NOT_TRACED = frozenset(("/livez", "/readyz", "/metrics"))
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Tracing:
    """Makes the service's spans. One per process; tests make as many as they like."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer("invoicestream", __version__)

    @contextmanager
    def span(self, name: str, attributes: Attributes | None = None) -> Iterator[Span]:
        """A part of the current span's work. An exception marks it failed with its type, and passes on."""
        with (
            self._tracer.start_as_current_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False) as span,
            _failing(span),
        ):
            yield span

    @contextmanager
    def span_from(self, traceparent: str | None, name: str, attributes: Attributes | None = None) -> Iterator[Span]:
        """A consumer's span: in the trace of `traceparent`, child of and linked to its span; a trace of its own for None or nonsense."""
        origin = _origin(traceparent)
        context = trace.get_current_span(origin).get_span_context()
        with (
            self._tracer.start_as_current_span(
                name,
                context=origin,  # an empty one starts anew, whatever is current
                kind=SpanKind.CONSUMER,
                attributes=attributes,
                links=[Link(context)] if context.is_valid else (),
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _failing(span),
        ):
            yield span

    @contextmanager
    def server_span(self, traceparent: str | None, name: str, attributes: Attributes) -> Iterator[Span]:
        """A request's span: child of the caller's where it sent one. The caller sets the status."""
        with (
            self._tracer.start_as_current_span(
                name,
                context=_origin(traceparent),
                kind=SpanKind.SERVER,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _failing(span),
        ):
            yield span

    def close(self) -> None:
        """Sends what is waiting. Blocks for some seconds at most, where the collector is away: call it in a thread."""
        self.provider.shutdown()


def configure_tracing(endpoint: str | None = None, exporter: SpanExporter | None = None) -> Tracing:
    """`endpoint`: base URL of an OTLP/HTTP collector (http://127.0.0.1:4318) or its full path. `exporter`: instead of one (tests)."""
    if endpoint and exporter is None:
        path = "" if urlsplit(endpoint).path.strip("/") else "/v1/traces"
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + path, timeout=5)
    provider = TracerProvider(
        # The caller's decision (the flag in its traceparent) stands; without an exporter nothing is recorded.
        sampler=DEFAULT_ON if exporter else ALWAYS_OFF,
        resource=Resource.create({"service.name": "invoicestream", "service.version": __version__}),
        shutdown_on_exit=False,  # the owner closes it
    )
    if exporter:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1_000))
    return Tracing(provider)


def current_traceparent() -> str | None:
    """The current span as W3C `traceparent`, to be stored with the outbox row; None outside of any span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


class RequestClock(Protocol):
    """What counts requests: `app.metrics.Metrics` is one. `route` is the template, never the path; `seconds` until the last byte."""

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None: ...


class Instrumented:
    """ASGI middleware: a server span and a duration for every request but the probes'; websockets pass untouched.

    Written here because opentelemetry-instrumentation-fastapi costs 140 us a request even when nothing is recorded (this: about
    20), and puts query strings and the text of exceptions into spans.
    """

    def __init__(self, app: App, tracing: Tracing, clock: RequestClock) -> None:
        self._app = app
        self._tracing = tracing
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NOT_TRACED:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        status = 500  # what the server answers when nothing was sent
        started = time.perf_counter()

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracing.server_span(_header(scope, b"traceparent"), method, {"http.request.method": method}) as span:
            try:
                await self._app(scope, receive, sending)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(StatusCode.ERROR)
                self._clock.request_done(method, route, status, time.perf_counter() - started)


class TakesMiddleware(Protocol):
    """A FastAPI or Starlette application."""

    def add_middleware(self, middleware_class: Any, **options: Any) -> None: ...


def instrument_app(app: TakesMiddleware, tracing: Tracing, clock: RequestClock) -> None:
    """Call it after every other `add_middleware`, so that it is the outermost."""
    app.add_middleware(Instrumented, tracing=tracing, clock=clock)


def _origin(traceparent: str | None) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, Context()) if traceparent else Context()


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        span.set_attribute("error.type", type_name(error))
        if isinstance(error, Exception):  # a cancellation is not a fault
            span.set_status(StatusCode.ERROR)
        raise
