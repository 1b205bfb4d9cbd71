"""Probes and metrics: no key, and what a supervisor decides on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api_host import Host, open_host


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(tmp_path) as host:
        yield host


@pytest.mark.parametrize(
    ("down", "draining", "code", "status", "degraded"),
    [
        ((), False, 200, "ready", []),
        (("broker",), False, 200, "degraded", ["broker"]),
        (("documents", "sandbox"), False, 200, "degraded", ["documents", "sandbox"]),
        (("sql",), False, 503, "down", []),
        (("blobs", "broker"), False, 503, "down", ["broker"]),
        ((), True, 503, "draining", []),
    ],
)
async def test_readiness(host: Host, down: tuple[str, ...], draining: bool, code: int, status: str, degraded: list[str]) -> None:
    for name in down:
        host.checks[name] = "no answer"
    host.draining = draining
    async with host.client(None) as client:
        answer = await client.get("/readyz")
        assert (await client.get("/livez")).json() == {"status": "alive"}
    assert answer.status_code == code
    checks = {name: "down: no answer" if name in down else "ok" for name in ("sql", "blobs", "broker", "documents", "sandbox")}
    assert answer.json() == {"status": status, "checks": checks, "degraded": degraded}


async def test_what_works_but_lacks_something_is_told_and_is_ready(host: Host) -> None:
    host.checks["ocr"] = "limited: languages missing: fra"
    async with host.client(None) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded" and answer.json()["degraded"] == ["ocr"]
    assert answer.json()["checks"]["ocr"] == "limited: languages missing: fra"


async def test_metrics_count_requests_by_route_and_never_by_id(host: Host) -> None:
    invoice_id = await host.send()
    async with host.client() as client:
        await client.get(f"/invoices/{invoice_id}")
        await client.get("/nowhere/at/all")
        await client.request("BREW", "/invoices")
    async with host.client(None) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    counted = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"])
        for sample in families["http_server_request_duration_seconds"].samples
        if sample.name.endswith("_count")
    }
    assert {("POST", "/invoices", "202"), ("GET", "/invoices/{invoice_id}", "200"), ("GET", "unmatched", "404")} <= counted
    assert all(method != "BREW" for method, _, _ in counted)
    assert invoice_id not in answer.text and host.keys["acme"] not in answer.text
