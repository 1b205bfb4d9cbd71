"""One trace from the POST through the outbox to persist, also when the process dies and another one does the work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from app.samples.crowd import many
from tests.otlp import Collector, SentSpan
from tests.service import ServiceProcess, multipart

pytestmark = pytest.mark.timeout(600)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


def post(service: ServiceProcess) -> str:
    _, content = next(many(1, "digital"))
    body, kind = multipart({"invoice.pdf": content})
    client = service.client()
    answer = client.call("POST", "/invoices", body, {"Content-Type": kind, "traceparent": f"00-{TRACE}-{CALLER}-01"})
    client.close()
    assert answer.status == 202
    (accepted,) = answer.json()["invoices"]
    return str(accepted["id"])


def named(spans: Sequence[SentSpan], name: str) -> SentSpan | None:
    return next((span for span in spans if span.name == name), None)


def test_post_and_persist_are_one_trace(tmp_path: Path) -> None:
    with Collector() as collector, ServiceProcess(tmp_path / "data", {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}) as service:
        post(service)
        spans = collector.wait_for(lambda spans: {"POST /invoices", "process", "persist"} <= {span.name for span in spans})
    received, process, persist = (named(spans, name) for name in ("POST /invoices", "process", "persist"))
    assert received and process and persist
    assert {span.trace_id for span in (received, process, persist)} == {TRACE}
    assert received.parent_id == CALLER
    assert process.parent_id == received.span_id and process.links == ((TRACE, received.span_id),)
    assert persist.parent_id == process.span_id


def test_the_trace_survives_a_kill(tmp_path: Path) -> None:
    with Collector() as collector:
        service = ServiceProcess(tmp_path / "data", {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
        service.start({"INVOICESTREAM_FAILPOINT": "claim_committed"})
        with suppress(OSError, HTTPException):  # it may die before it has answered
            post(service)
        service.wait_ended()
        with service:
            spans = collector.wait_for(lambda spans: named(spans, "persist") is not None)
    process, persist = named(spans, "process"), named(spans, "persist")
    assert process and persist
    assert process.trace_id == persist.trace_id == TRACE
    assert process.parent_id and process.parent_id != CALLER  # the POST's own span, which its outbox row kept
