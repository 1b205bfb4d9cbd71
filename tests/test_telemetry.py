"""Logs say enough and never too much; one trace from POST to consumer; metrics by the names that dashboards use."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sqlite3
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from app.api.edge import Edge
from app.domain.extraction import Field
from app.domain.invoice import Invoice
from app.errors import Misconfigured, Unavailable
from app.logs import LineWriter, dropped_lines
from app.ports import OutboxState
from app.telemetry import LoopLag, Metrics, configure_logging, configure_tracing, current_traceparent, instrument_app
from tests.otlp import Collector

IBANS = ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "NO93 8601 1117 947", "gb29nwbk60161331926819")
KEY = "is_k1a2b3_9f8e7d6c5b4a_Zz-secretpart"
TICKET = "tck9f8e7d6c5b4a"
TEXT = "Zwölf Fässer Rotwein 1.234,56"
CANARIES = (*IBANS, "secretpart", TICKET, "Rotwein", "hunter2")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(stream: io.StringIO) -> Iterator[Lines]:
    """Closes the log and returns what it wrote, parsed."""
    log = configure_logging("debug", json=True, stream=stream)

    def written() -> list[dict[str, Any]]:
        log.close()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield written
    log.close()


def test_a_line_has_ecs_names(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(invoice_id="inv-1", attempt=2):
        structlog.get_logger("app.somewhere").info("settled", action="settle", outcome="success", duration=0.25)
    (line,) = lines()
    assert line["message"] == "settled"
    assert line["log.level"] == "info"
    assert line["log.logger"] == "app.somewhere"
    assert line["ecs.version"] == "8.11.0"
    assert line["service.name"] == "invoicestream" and line["service.version"]
    assert line["event.action"] == "settle" and line["event.outcome"] == "success" and line["event.duration"] == 250_000_000
    assert line["labels.invoice_id"] == "inv-1" and line["labels.attempt"] == 2
    assert line["@timestamp"].endswith("Z") and abs(time.time() - _epoch(line["@timestamp"])) < 60


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    log = configure_logging("WARNING", json=True, stream=stream)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    log.close()
    assert "quiet" not in stream.getvalue() and "loud" in stream.getvalue()


def test_the_standard_library_goes_the_same_way(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    logging.getLogger("some.library").warning("slow %s", "disk")
    logging.getLogger("sqlalchemy.engine").info("[parameters: ('%s',)]", TEXT)  # a library below WARNING quotes what it handles
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    started, slow, old = lines()
    assert started["message"] == "Started server process [7]" and started["log.logger"] == "uvicorn.error"
    assert slow["message"] == "slow disk" and slow["log.level"] == "warning"
    assert "old way" in old["message"]


def test_a_record_whose_arguments_do_not_fit_is_written_as_it_is(lines: Lines) -> None:
    (ours,) = [
        handler for handler in logging.getLogger().handlers if type(handler).__module__ == "app.logs"
    ]  # not through the logger: pytest's own handler would raise
    ours.handle(logging.makeLogRecord({"msg": "broken format %d", "args": ("x",), "levelname": "WARNING"}))
    (line,) = lines()
    assert line["message"] == "broken format %d"


def test_an_unknown_level_is_refused(stream: io.StringIO) -> None:
    with pytest.raises(Misconfigured, match="one of debug, info"):
        configure_logging("loud", stream=stream)


def test_closing_takes_the_set_up_back(stream: io.StringIO) -> None:
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    before = (root.level, list(root.handlers), uvicorn.level, list(uvicorn.handlers), uvicorn.propagate)
    configure_logging(json=True, stream=stream).close()
    assert (root.level, list(root.handlers), uvicorn.level, list(uvicorn.handlers), uvicorn.propagate) == before


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_and_no_invoice_text_in_the_log(stream: io.StringIO, as_json: bool) -> None:
    log = configure_logging("debug", json=as_json, stream=stream)
    logger = structlog.get_logger()
    for iban in IBANS:
        logger.info(f"paid to {iban} today", note=f"({iban})", nested={"deep": [iban]})
    logger.info("call", authorization=f"Bearer {KEY}", header=f"Authorization: Bearer {KEY}", plain=KEY)
    logger.info("call", **{"http.request.headers.Authorization": f"Bearer {KEY}", "http.request.headers.set-cookie": TICKET})
    logger.info("socket", path=f"/live?ticket={TICKET}&after=3", ticket=TICKET, url="mysql://me:hunter2@db/x")
    logger.info("mistake", invoice=Invoice(note=TEXT), raw=TEXT.encode(), bag={"invoice": Invoice(note=TEXT)})
    try:
        try:
            float(TEXT)
        except ValueError as error:
            raise Unavailable("sql", "locked") from error
    except Unavailable:
        logger.exception("failed")
        logging.getLogger("x").exception("failed too")
    log.close()
    written = stream.getvalue()
    assert [canary for canary in CANARIES if canary in written] == []
    assert "after=3" in written and "me:" not in written
    assert written.count("sql: locked") >= 2  # our own errors may speak
    assert "caused by ValueError" in written and "test_no_secret_and_no_invoice_text_in_the_log" in written


def test_hashes_ids_and_words_are_not_taken_for_secrets(lines: Lines) -> None:
    shown = {
        "sha": "ab12" + "0f3c" * 15,
        "uuid": "be12cdef-0123-4567-89ab-cdef01234567",
        "file": "/var/lib/blobs/de/12/de12f00d",
        "number": "RE2024-000123",
    }
    structlog.get_logger().info("kept", **shown)
    (line,) = lines()
    assert {key: line[f"labels.{key}"] for key in shown} == shown


@pytest.mark.parametrize("as_json", [True, False])
def test_control_characters_cannot_forge_lines(stream: io.StringIO, as_json: bool) -> None:
    log = configure_logging("info", json=as_json, stream=stream)
    forged = 'x\r\n{"message":"forged"}\x1b[2J\x9b31m\u2028\u202e\ud800\x00'
    structlog.get_logger().info(f"name {forged}", name=forged, **{"labels.a\nb": "c"})
    log.close()
    written = stream.getvalue()
    assert written.count("\n") == 1
    shown = str(json.loads(written)) if as_json else written  # also after a viewer has decoded it
    assert not set(shown.replace("\n", "")) & set("\r\x1b\x9b\u2028\u202e\ud800\x00")
    assert "\\\\x1b[2J" in shown or "\\x1b[2J" in shown


def test_an_error_tells_type_frames_and_cause(lines: Lines) -> None:
    try:
        raise sqlite3.OperationalError("database is locked")
    except sqlite3.OperationalError:
        structlog.get_logger().exception("claim failed")
    structlog.get_logger().warning("blob", exc_info=FileNotFoundError(2, "No such file or directory", "/secret/name.pdf"))
    locked, missing = lines()
    assert locked["log.level"] == "error" and locked["error.type"] == "sqlite3.OperationalError"
    assert locked["error.message"] == "database is locked"
    assert "test_telemetry.py" in locked["error.stack_trace"]
    assert missing["error.message"] == "[Errno 2] No such file or directory"
    assert "name.pdf" not in json.dumps(missing)


def test_groups_and_chains_that_loop_end(lines: Lines) -> None:
    first, second = Unavailable("a"), Unavailable("b")
    first.__cause__, second.__cause__ = second, first
    structlog.get_logger().error("both", exc_info=ExceptionGroup("group", [first, ValueError(TEXT)]))
    (line,) = lines()
    assert line["error.type"] == "ExceptionGroup"
    assert line["error.stack_trace"].count("app.errors.Unavailable") == 2
    assert "together with ValueError" in line["error.stack_trace"]


class StuckStream(io.StringIO):
    """Takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.entered.set()
        self.let_go.wait(60)
        return super().write(text)


def test_a_stuck_reader_costs_lines_not_time() -> None:
    stream = StuckStream()
    log = configure_logging("info", json=True, stream=stream, capacity=5)
    metrics = Metrics()
    metrics.watch_dropped_lines(dropped_lines)
    logger = structlog.get_logger()
    logger.info("first")
    assert stream.entered.wait(60)
    started = time.monotonic()
    for number in range(25):
        logger.info("line", number=number)
    assert time.monotonic() - started < 30  # one that waited for the stream would take a minute
    assert log.dropped == 20
    assert _samples(metrics)["log_dropped_total"] == 20
    stream.let_go.set()
    log.close()
    assert len(stream.getvalue().splitlines()) == 6


def test_a_stream_that_fails_costs_lines_not_the_process() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    writer = LineWriter(Full())
    writer.put("a")
    writer.put("b")
    writer.close()
    assert writer.dropped == 2


def test_readable_lines_for_people(stream: io.StringIO) -> None:
    log = configure_logging("info", json=False, stream=stream)
    structlog.get_logger("app.x").info("settled", invoice_id="inv-1", duration=0.25)
    log.close()
    assert stream.getvalue()[12:] == " info     settled  invoice_id=inv-1 duration=0.250s\n"


def test_a_consumer_is_linked_to_and_in_the_trace_of_its_origin(lines: Lines) -> None:
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(exporter=exporter)
    with tracing.span("POST"):
        stored = current_traceparent()
    assert stored is not None and current_traceparent() is None
    with tracing.span("elsewhere"):  # what is current must not matter
        with tracing.span_from(stored, "process", {"attempt": 1}), tracing.span("decode"):
            structlog.get_logger().info("inside")
    tracing.close()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    post, process, decode = spans["POST"].context, spans["process"], spans["decode"]
    assert post is not None and process.context is not None and process.parent is not None
    assert process.context.trace_id == post.trace_id and process.parent.span_id == post.span_id
    assert [link.context.span_id for link in process.links] == [post.span_id]
    assert process.attributes == {"attempt": 1}
    assert decode.parent is not None and decode.parent.span_id == process.context.span_id
    (line,) = lines()
    assert line["trace.id"] == f"{post.trace_id:032x}" and decode.context is not None
    assert line["span.id"] == f"{decode.context.span_id:016x}"


@pytest.mark.parametrize("stored", [None, "", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_without_an_origin_a_trace_begins(stored: str | None) -> None:
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(exporter=exporter)
    with tracing.span_from(stored, "process"):
        assert trace.get_current_span().get_span_context().is_valid
    tracing.close()
    (span,) = exporter.get_finished_spans()
    assert span.parent is None and not span.links


def test_ids_are_made_and_handed_on_without_an_exporter() -> None:
    tracing = configure_tracing(None)
    with tracing.span("POST") as span:
        stored = current_traceparent()
        assert not span.is_recording()
    with tracing.span_from(stored, "process"):
        again = current_traceparent()
        with tracing.span("decode"):
            assert current_traceparent() == again  # not recorded, so not made
    assert stored is not None and again is not None
    assert stored[:35] == again[:35] and stored[36:52] != again[36:52]
    tracing.close()


def test_a_failing_span_names_the_type_only() -> None:
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(exporter=exporter)
    with pytest.raises(ValueError), tracing.span("parse"):
        float(TEXT)
    with pytest.raises(asyncio.CancelledError), tracing.span("waited"):
        raise asyncio.CancelledError
    tracing.close()
    parse, waited = exporter.get_finished_spans()
    assert parse.attributes == {"error.type": "ValueError"} and not parse.status.is_ok
    assert waited.status.is_unset
    assert "Rotwein" not in parse.to_json()


def test_what_a_library_records_of_an_exception_is_sent_as_its_type_only() -> None:
    exporter = InMemorySpanExporter()
    tracing = configure_tracing(exporter=exporter)
    with tracing.span("request") as span:
        span.record_exception(ValueError(TEXT))
        span.set_status(trace.Status(trace.StatusCode.ERROR, TEXT))
        span.set_attribute("kept", 1)
    tracing.close()
    (sent,) = exporter.get_finished_spans()
    assert sent.attributes == {"kept": 1, "error.type": "ValueError"} and not sent.status.is_ok
    assert sent.name == "request" and sent.get_span_context() == span.get_span_context() and sent.start_time and sent.end_time
    assert "Rotwein" not in sent.to_json()


@pytest.fixture
async def traced_app() -> AsyncIterator[tuple[httpx.AsyncClient, Collector]]:
    app = FastAPI()

    @app.get("/invoices/{invoice_id}")
    async def show(invoice_id: str) -> dict[str, str | None]:
        return {"traceparent": current_traceparent()}

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError(TEXT)

    @app.get("/livez")
    async def livez() -> dict[str, str | None]:
        return {"traceparent": current_traceparent()}

    with Collector() as collector:
        tracing = configure_tracing(collector.endpoint)
        app.state.context = SimpleNamespace(metrics=Metrics())
        app.add_middleware(Edge)  # the last resort: no exception, and no text of one, gets past it
        instrument_app(app, tracing)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client, collector
        await asyncio.to_thread(tracing.close)


async def test_requests_are_traced_without_what_the_caller_wrote(traced_app: tuple[httpx.AsyncClient, Collector]) -> None:
    client, collector = traced_app
    remote = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    answer = await client.get("/invoices/7", params={"seller": TEXT, "ticket": TICKET}, headers={"traceparent": remote})
    assert answer.json()["traceparent"][3:35] == "ab" * 16
    assert (await client.get("/nowhere")).status_code == 404
    assert (await client.get("/boom")).status_code == 500
    assert (await client.get("/livez")).json() == {"traceparent": None}
    spans = await asyncio.to_thread(collector.wait_for, lambda spans: len(spans) >= 3)
    shown = next(span for span in spans if span.name == "GET /invoices/{invoice_id}")
    assert shown.trace_id == "ab" * 16 and shown.parent_id == "cd" * 8
    assert shown.attributes["http.route"] == "/invoices/{invoice_id}" and shown.attributes["http.status_code"] == 200
    boom = next(span for span in spans if span.name == "GET /boom")
    assert boom.attributes["http.status_code"] == 500
    sent = b"".join(collector.raw)
    assert [canary for canary in CANARIES if canary.encode() in sent] == []


def test_metrics_bear_their_names() -> None:
    metrics = Metrics()
    metrics.accepted.labels("api").inc()
    metrics.settled("approved", 1.5)
    metrics.stage_done("decode", "pymupdf", "done", 0.02)
    metrics.stage_began("decode")
    metrics.watch_outbox(lambda: OutboxState(depth=3, oldest_age=0.5))
    metrics.redelivered.inc()
    metrics.child_killed("memory")
    metrics.sandbox_level.set(3)
    metrics.ws_clients.inc()
    metrics.confidences({"number": Field(0.97, "text", "t"), "lines.0.net_amount": Field(0.5, "text", "t")})
    samples = _samples(metrics)
    expected = {
        "invoice_accepted_total", "invoice_terminal_total", "invoice_stage_duration_seconds_count", "invoice_end_to_end_seconds_sum",
        "invoice_inflight", "outbox_depth", "outbox_oldest_age_seconds", "redelivered_total", "parser_child_killed_total",
        "sandbox_level", "ws_clients", "field_confidence_count", "event_loop_lag_seconds_count",
    }  # fmt: skip
    assert expected <= samples.keys()
    assert samples["invoice_end_to_end_seconds_sum"] == 1.5 and (samples["outbox_depth"], samples["outbox_oldest_age_seconds"]) == (3, 0.5)
    assert {labels["field"] for name, labels in _labelled(metrics) if name == "field_confidence_count"} == {"number"}
    assert ("invoice_stage_duration_seconds_bucket", "300.0") in {(n, labels.get("le")) for n, labels in _labelled(metrics)}


async def test_loop_lag_sees_a_block() -> None:
    metrics = Metrics()
    lag = LoopLag(metrics, interval=0.005)
    watch = asyncio.create_task(lag.run())
    while _samples(metrics)["event_loop_lag_seconds_count"] < 20:
        await asyncio.sleep(0.005)
    lag.reset()
    assert lag.p(0.99) == 0.0
    ends = time.perf_counter() + 0.12
    while time.perf_counter() < ends:  # what nobody should do on a loop
        pass
    while not lag.p(1.0):
        await asyncio.sleep(0.005)
    assert lag.p(1.0) >= 0.1
    assert _samples(metrics)["event_loop_lag_max_seconds"] >= 0.1
    buckets = {labels["le"]: value for name, labels, value in _all(metrics) if name == "event_loop_lag_seconds_bucket"}
    assert buckets["+Inf"] > buckets["0.1"]
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


def test_loop_lag_keeps_a_bounded_number_of_samples() -> None:
    lag = LoopLag(Metrics(), keep=10)
    for number in range(25):
        lag._note(now=number + number / 100, due=number)
    assert len(lag._samples) == 10
    assert lag.p(1.0) == pytest.approx(0.24) and lag.p(0.0) == pytest.approx(0.15)


def _all(metrics: Metrics) -> list[tuple[str, dict[str, str], float]]:
    families = text_string_to_metric_families(metrics.render().decode())
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def _samples(metrics: Metrics) -> dict[str, float]:
    return {name: value for name, _, value in _all(metrics)}


def _labelled(metrics: Metrics) -> list[tuple[str, dict[str, str]]]:
    return [(name, labels) for name, labels, _ in _all(metrics)]


def _epoch(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
