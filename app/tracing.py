"""Traces: one from the POST through the outbox to persist, however long the message waited and whoever restarted meanwhile.

Without an endpoint nothing is recorded or sent; the ids are still made, so that log lines of one invoice can be joined.
Spans carry no text of a document: no query strings, no messages of exceptions, only their types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app import __version__
from app.redaction import type_name

Attributes = Mapping[str, str | int | float | bool]
Scope = dict[str, Any]

_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """Makes the service's spans. One per process; tests make as many as they like."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer("invoicestream", __version__)

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[Span]:
        """A part of the current span's work. An exception marks it failed with its type, and passes on.

        Within a span that is not recorded it is that span again: its parts would not be either.
        """
        current = trace.get_current_span()
        if current.get_span_context().is_valid and not current.is_recording():
            return nullcontext(current)
        return self._span(name, attributes)

    @contextmanager
    def _span(self, name: str, attributes: Attributes | None) -> Iterator[Span]:
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

    def close(self) -> None:
        """Sends what is waiting. Blocks for some seconds at most, where the collector is away: call it in a thread."""
        self.provider.shutdown()


def configure_tracing(endpoint: str | None = None, exporter: SpanExporter | None = None) -> Tracing:
    """`endpoint`: base URL of an OTLP/HTTP collector (http://127.0.0.1:4318) or its full path. `exporter`: instead of one (tests)."""
    if endpoint and exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # slow to load, and seldom wanted

        path = "" if urlsplit(endpoint).path.strip("/") else "/v1/traces"
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + path, timeout=5)
    provider = TracerProvider(
        # The caller's decision (the flag in its traceparent) stands; without an exporter nothing is recorded.
        sampler=DEFAULT_ON if exporter else ALWAYS_OFF,
        resource=Resource.create({"service.name": "invoicestream", "service.version": __version__}),
        shutdown_on_exit=False,  # the owner closes it
    )
    if exporter:
        provider.add_span_processor(BatchSpanProcessor(_WithoutText(exporter), schedule_delay_millis=1_000))
    return Tracing(provider)


class _WithoutText(SpanExporter):
    """The last before the wire: what exceptions say stays here, whichever library recorded it; their types go on."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_without_text(span) if span.events or span.status.description else span for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _without_text(span: ReadableSpan) -> ReadableSpan:
    types = [event.attributes["exception.type"] for event in span.events if event.attributes and "exception.type" in event.attributes]
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=dict(span.attributes or {}) | ({"error.type": types[-1]} if types else {}),
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def current_traceparent() -> str | None:
    """The current span as W3C `traceparent`, to be stored with the outbox row; None outside of any span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def instrument_app(app: FastAPI, tracing: Tracing) -> None:
    """A server span for each request but the probes'. What a caller wrote in the query string (tickets, filters) is kept out of it."""
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=tracing.provider,
        meter_provider=NoOpMeterProvider(),  # requests are counted by `app.metrics`
        excluded_urls="/livez$,/readyz$,/metrics$",  # expressions, searched for in the URL
        exclude_spans=["receive", "send"],
        server_request_hook=_without_query,
    )


def _without_query(span: Span, scope: Scope) -> None:
    path = str(scope.get("path", ""))
    for name in ("http.target", "http.url", "url.full"):
        span.set_attribute(name, path)
    span.set_attribute("url.query", "")


def _origin(traceparent: str | None) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent}, Context()) if traceparent else Context()


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        span.set_attribute("error.type", type_name(error))
        if isinstance(error, Exception):  # a cancellation is not a fault
            span.set_status(StatusCode.ERROR)
        raise
