"""Bad calls: each is answered by problem+json, on every route that the OpenAPI document knows."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from starlette.requests import Request

from app.adapters.sql.store import open_invoices
from app.api.context import ApiLimits
from app.api.edge import HEADERS
from app.ports import Settlement
from app.tracing import configure_tracing, instrument_app
from tests.api_host import KEY, PATIENCE, Host, is_problem, migrated, open_host

NOBODYS = "01920000-0000-7000-8000-000000000000"
ODD = [
    "\x00",
    "a\x00b",
    "\u202e",
    "\ud7ff\ue000",
    "\ufeff",
    "\U0010ffff",
    "💶" * 50,
    "' OR 1=1 --",
    '{"$gt":""}',
    "%",
    "\\",
    "../..",
    "Ａ",
    "e\u0301",
    "١٢٣",
    "NaN",
    "1e999",
    "9" * 5000,
    "-0",
]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(tmp_path) as host:
        yield host


def operations(host: Host) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in host.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def filled(path: str, invoice_id: str) -> str:
    return path.replace("{invoice_id}", quote(invoice_id, safe="")).replace("{page}", "1")


def needs_key(operation: dict[str, Any]) -> bool:
    return operation.get("security") != []


async def test_every_route_needs_a_key_but_the_probes(host: Host) -> None:
    wrong = [
        None,
        "Basic eDp5",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer " + "x" * 10_000,
        "bearer é",
        f"Bearer {host.keys['acme']}x",
        host.keys["acme"],
    ]
    tried = 0
    async with host.client(None) as client:
        for (method, path, operation), given in itertools.product(operations(host), wrong):
            answer = await client.request(
                method, filled(path, NOBODYS), headers=[(b"authorization", given.encode("latin-1"))] if given else []
            )
            if needs_key(operation):
                tried += 1
                assert is_problem(answer, 401, "unauthenticated"), (method, path, given)
                assert answer.headers["www-authenticate"].startswith("Bearer")
            else:
                assert answer.status_code == 200 and path in ("/livez", "/readyz", "/metrics")
    assert tried == 8 * len(wrong)


async def test_the_scheme_may_be_written_in_any_case_but_only_once(host: Host) -> None:
    key = host.keys["acme"]
    async with host.client(None) as client:
        assert (await client.get("/invoices", headers={"authorization": f"bEARER  {key}"})).status_code == 200
        twice = [("authorization", f"Bearer {key}"), ("authorization", f"Bearer {key}")]
        assert is_problem(await client.get("/invoices", headers=twice), 401, "unauthenticated")


async def test_a_key_does_what_its_scopes_say(host: Host) -> None:
    for method, path, operation in operations(host):
        if not needs_key(operation):
            continue
        needed = "writer" if path in ("/invoices", "/invoices/{invoice_id}/retry") and method == "POST" else "reader"
        for name in ("reader", "writer"):
            async with host.client(name) as client:
                answer = await client.request(method, filled(path, NOBODYS))
            if name == needed:
                assert answer.status_code not in (401, 403), (method, path)
            else:
                assert is_problem(answer, 403, "insufficient_scope"), (method, path)
                assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_a_revoked_key_is_nobodys(host: Host) -> None:
    made = await host.store.create_key("acme", frozenset(("read",)), None)
    host.keys["new"] = made.secret
    async with host.client("new") as client:
        assert (await client.get("/invoices")).status_code == 200
        await host.store.revoke_key(made.key_id)
        assert is_problem(await client.get("/invoices"), 401, "unauthenticated")


async def test_other_tenants_invoices_are_not_there_on_any_route(host: Host) -> None:
    theirs = await host.send(b"%PDF-1.7 secret", "other", "secret.pdf")
    await host.settle(theirs, Settlement("quarantined", "damaged"), "other")
    with_id = [(method, path) for method, path, _ in operations(host) if "{invoice_id}" in path]
    assert len(with_id) == 5
    async with host.client("acme", **{"if-match": "*"}) as client:
        for method, path in with_id:
            answers = [await client.request(method, filled(path, invoice_id)) for invoice_id in (theirs, NOBODYS)]
            told = [{k: v for k, v in answer.json().items() if k not in ("trace_id", "instance")} for answer in answers]
            assert all(is_problem(answer, 404, "not_found") for answer in answers), (method, path)
            assert told[0] == told[1], "it must not even be told that it exists"
        assert (await client.get("/invoices")).json()["invoices"] == []
    async with host.client("other") as client:
        assert (await client.get(f"/invoices/{theirs}")).json()["status"] == "quarantined"


async def test_odd_ids_are_not_found(host: Host) -> None:
    odd = [*ODD, "x", NOBODYS.upper(), NOBODYS + "0", "0" * 36, "{id}"]
    async with host.client(**{"if-match": "*"}) as client:
        for (method, path, _), invoice_id in itertools.product(operations(host), odd):
            if "{invoice_id}" in path:
                answer = await client.request(method, filled(path, invoice_id))
                assert is_problem(answer, 404, "not_found"), (method, path, invoice_id)


async def test_odd_values_in_every_query_parameter(host: Host) -> None:
    invoice_id = await host.send()
    tried = refused = 0
    async with host.client() as client:
        for method, path, operation in operations(host):
            for parameter in operation.get("parameters", ()):
                if parameter["in"] != "query":
                    continue
                for value in ODD:
                    answer = await client.request(method, filled(path, invoice_id), params={parameter["name"]: value})
                    tried += 1
                    # The page's picture has no sandbox here.
                    assert answer.status_code in (200, 400, 422) or path.endswith(".png"), (path, parameter["name"], value, answer.text)
                    if answer.status_code != 200:
                        refused += 1
                        assert is_problem(answer, answer.status_code, answer.json()["type"].rsplit(":", 1)[1])
    assert tried >= 10 * len(ODD) and refused > tried / 2


async def test_odd_bytes_in_the_query_and_in_headers(host: Host) -> None:
    invoice_id = await host.send()
    async with host.client() as client:
        for raw in (
            "number=%00",
            "number=%ff%fe",
            "number=%ed%a0%80",
            "number=%F0%9F",
            "&&==&",
            "limit=%31%30",
            "number=a&number=b",
            "a" * 5000,
        ):
            assert (await client.get(f"/invoices?{raw}")).status_code in (200, 422), raw
        for value in (b"\xff", b'"', b'"\xe9"', b"*, *", b",", b'W/"1"', b"x" * 5000):
            for name in (b"if-match", b"if-none-match"):
                path = f"/invoices/{invoice_id}" + ("/retry" if name == b"if-match" else "")
                answer = await client.request("POST" if name == b"if-match" else "GET", path, headers=[(name, value)])
                assert answer.status_code in (200, 304, 409, 412), (name, value)


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ("limit=0", 422, "invalid_request", "/query/limit"),
        ("limit=201", 422, "invalid_request", "/query/limit"),
        ("limit=x", 422, "invalid_request", "/query/limit"),
        ("status=done", 422, "invalid_request", "/query/status"),
        ("received_from=yesterday", 422, "invalid_request", "/query/received_from"),
        ("number=", 422, "invalid_request", "/query/number"),
        ("seller=" + "x" * 201, 422, "invalid_request", "/query/seller"),
        ("cursor=x", 400, "bad_cursor", None),
        ("cursor=", 400, "bad_cursor", None),
        ("cursor=" + "x" * 1001, 422, "invalid_request", "/query/cursor"),
        ("received_from=0001-01-01T00:00:00%2B14:00", 422, "invalid_request", None),
        ("received_to=9999-12-31T23:59:59-14:00", 422, "invalid_request", None),
    ],
)
async def test_bad_listings(host: Host, query: str, status: int, code: str, pointer: str | None) -> None:
    async with host.client() as client:
        answer = await client.get(f"/invoices?{query}")
    assert is_problem(answer, status, code)
    assert [error["pointer"] for error in answer.json().get("errors", [])] == ([pointer] if pointer else [])


async def test_a_cursor_is_good_for_its_own_tenant_only(host: Host) -> None:
    for key in ("acme", "other"):
        for n in range(2):
            await host.send(b"<I>%d</I>" % n, key)
    async with host.client("other") as client:
        cursor = (await client.get("/invoices?limit=1")).json()["next_cursor"]
        assert (await client.get("/invoices", params={"cursor": cursor})).status_code == 200
    async with host.client("acme") as client:
        for forged in (cursor, cursor[:-2] + "xx", cursor[::-1]):
            assert is_problem(await client.get("/invoices", params={"cursor": forged}), 400, "bad_cursor")


async def test_unknown_routes_and_methods(host: Host) -> None:
    async with host.client() as client:
        for path in ("/", "/invoice", "/invoices/", "/docs", "/static/..%2f..%2fetc/passwd", "/%00", "/%ff", "/invoices//x"):
            assert is_problem(await client.get(path), 404, "not_found"), path
        for method, path in (
            ("DELETE", "/invoices"),
            ("PUT", f"/invoices/{NOBODYS}"),
            ("GET", "/tickets"),
            ("HEAD", "/livez"),
            ("BREW", "/invoices"),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == 405 and answer.headers["allow"], (method, path)
            assert method == "HEAD" or is_problem(answer, 405, "method_not_allowed")


async def test_every_answer_has_the_security_headers(host: Host) -> None:
    invoice_id = await host.send()
    async with host.client() as client:
        paths = ["/livez", "/readyz", "/metrics", "/openapi.json", "/invoices", f"/invoices/{invoice_id}", "/nowhere", "/invoices?limit=x"]
        answers = [await client.get(path) for path in paths] + [await client.post("/invoices"), await client.post("/tickets")]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS), answer.url
        assert "access-control-allow-origin" not in answer.headers


async def test_nothing_is_accepted_while_the_database_cannot_write(tmp_path: Path) -> None:
    url = await migrated(tmp_path)
    async with AsyncExitStack() as stack:
        hurried = await stack.enter_async_context(open_invoices(url, KEY, beside=True, deadline=2.0))
        async with open_host(tmp_path, database=url) as host, host.client(**{"idempotency-key": "k"}) as client:
            with closing(sqlite3.connect(tmp_path / "invoices.db", PATIENCE)) as other_program:
                other_program.execute("BEGIN IMMEDIATE")
                host.app.state.context = replace(host.context, invoices=hurried)  # this one POST alone is in a hurry
                answer = await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})
                assert is_problem(answer, 503, "unavailable") and int(answer.headers["retry-after"]) > 0
                assert "sqlite" not in answer.text and "locked" not in answer.text
                await stack.aclose()  # while the lock is held: nothing of that POST can come true later
            host.app.state.context = host.context
            assert (await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})).status_code == 202


async def test_nothing_is_accepted_while_blobs_cannot_be_written(host: Host, tmp_path: Path) -> None:
    incoming = tmp_path / "blobs" / ".incoming"
    incoming.rmdir()
    incoming.write_bytes(b"")  # a file where the folder should be: even root cannot write into it
    async with host.client(**{"idempotency-key": "k"}) as client:
        assert is_problem(await client.post("/invoices", files={"file": ("a.xml", b"<A/>")}), 503, "unavailable")
        incoming.unlink()
        incoming.mkdir()
        assert (await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})).status_code == 202


async def test_a_post_is_told_to_come_back_when_the_stream_does_not_keep_up(tmp_path: Path) -> None:
    async with open_host(tmp_path, ApiLimits(outbox_depth=-1)) as host, host.client() as client:
        answer = await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})
        assert is_problem(answer, 503, "overloaded") and "retry-after" in answer.headers


async def test_a_fault_of_ours_tells_its_number_and_nothing_else(host: Host) -> None:
    @host.app.get("/broken")
    async def broken(request: Request) -> None:
        raise ZeroDivisionError("secret insides")

    with structlog.testing.capture_logs() as logged:
        async with host.client() as client:
            answer = await client.get("/broken")
    assert is_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text and "Traceback" not in answer.text and "Zero" not in answer.text
    assert answer.headers["content-security-policy"]
    assert [(line["event"], line["trace_id"]) for line in logged] == [("request.failed", answer.json()["trace_id"])]


async def test_the_trace_of_the_caller_is_the_one_in_the_problem(host: Host) -> None:
    tracing = await asyncio.to_thread(configure_tracing)
    instrument_app(host.app, tracing)
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with host.client(traceparent=f"00-{trace_id}-00f067aa0ba902b7-01") as client:
        assert (await client.get("/nowhere")).json()["trace_id"] == trace_id
        answer = await client.post("/invoices", files={"file": ("a.xml", b"<A/>")})
    job = await host.store.claim("acme", answer.json()["invoices"][0]["id"], "test", 60)
    assert not isinstance(job, str) and job.traceparent is not None and trace_id in job.traceparent
    await asyncio.to_thread(tracing.close)
