"""Schemathesis over the OpenAPI document, against a real server: whatever is sent, nothing but what the document promises comes back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf
import pytest
import requests
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from app.adapters.sandbox import ForkSandbox
from tests.api_host import PATIENCE, Host, open_host

pytestmark = pytest.mark.timeout(600)
EXAMPLES = 10  # of each operation, in each of the modes below; the same ones on every run
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class Running:
    """A server with its own thread and event loop, since schemathesis blocks."""

    address: str
    host: Host
    invoice_id: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    started: list[Running | BaseException] = []
    up, loop = threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()
    with pymupdf.open() as pdf:
        pdf.new_page(width=100, height=100)
        content = pdf.tobytes()

    async def serve() -> None:
        try:
            async with AsyncExitStack() as stack:
                sandbox = await stack.enter_async_context(ForkSandbox.open(width=1))
                host = await stack.enter_async_context(open_host(folder, sandbox=sandbox))
                address = await stack.enter_async_context(host.serving())
                invoice_id = await host.send(content, name="a.pdf")
                await host.settle(invoice_id)
                started.append(Running(f"http://{address}", host, invoice_id))
                up.set()
                await done.wait()
        except BaseException as exc:
            started.append(exc)
            up.set()
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(PATIENCE)
        if isinstance(started[0], BaseException):
            raise started[0]
        with structlog.testing.capture_logs():  # a traceback drawn for each failure would take seconds
            yield started[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE)
        loop.close()


def test_nothing_that_the_document_allows_or_forbids_breaks_the_service(running: Running) -> None:
    document = running.host.app.openapi()
    schema = schemathesis.openapi.from_dict(document)
    names, statuses = [], set()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {running.host.keys['acme']}"
        for found in schema.get_all_operations():
            operation = found.ok()
            names.append(operation.label)
            here: dict[str, Any] = {"invoice_id": running.invoice_id, "page": 1}
            real = {name: value for name, value in here.items() if "{" + name + "}" in operation.path}
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                for path_parameters in ({}, real) if real else ({},):
                    strategy = operation.as_strategy(
                        generation_mode=mode, **({"path_parameters": path_parameters} if path_parameters else {})
                    )

                    @given(case=strategy)
                    @settings(
                        max_examples=EXAMPLES,
                        derandomize=True,
                        database=None,
                        deadline=None,
                        phases=(Phase.generate,),
                        suppress_health_check=list(HealthCheck),
                    )
                    def call(case: Case) -> None:
                        response = case.call(base_url=running.address, session=session, timeout=PATIENCE)
                        case.validate_response(response, checks=CHECKS)
                        statuses.add(response.status_code)

                    # Some operations leave nothing to get wrong: no parameter, or only those that are set here.
                    with suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
                        call()
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
    assert {200, 202, 404, 422} <= statuses
