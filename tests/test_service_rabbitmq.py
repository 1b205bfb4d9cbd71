"""The service on a real broker, as a process: what clients see while the broker is killed under it, and what is sent again later."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from app.samples.crowd import many
from tests.servers.rabbitmq import Address, forget, new_address, shared_broker
from tests.service import PATIENCE, SETTLED, Client, ServiceProcess

pytestmark = pytest.mark.timeout(600)
breaks_it = pytest.mark.skipif("INVOICESTREAM_TEST_BROKER_URL" in os.environ, reason="the given broker is not ours to break")


@pytest.fixture
def address() -> Iterator[Address]:
    made = new_address()
    yield made
    asyncio.run(forget(made))


@pytest.fixture
def service(tmp_path: Path, address: Address) -> Iterator[ServiceProcess]:
    url = str(address.url.update_query({"prefix": address.prefix}))
    (tmp_path / "url").write_text(url + "\n")
    with ServiceProcess(tmp_path / "data", {"INVOICESTREAM_BROKER_URL_FILE": str(tmp_path / "url")}) as service:
        yield service


def wait(done: Callable[[], bool], log: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, log()
        time.sleep(0.05)


def readiness(client: Client) -> tuple[int, Any]:
    answer = client.call("GET", "/readyz")
    return answer.status, answer.json()


@breaks_it
def test_a_broker_killed_during_posts_fails_none_of_them_and_all_are_settled(service: ServiceProcess) -> None:
    server = shared_broker()
    client = service.client()
    accepted: list[str] = []

    def post(files: Iterator[tuple[str, bytes]], count: int) -> None:
        for _ in range(count):
            name, content = next(files)
            answer = client.post({name: content})
            assert answer.status == 202, (answer.status, answer.body)
            accepted.extend(invoice["id"] for invoice in answer.json()["invoices"])

    files = many(30, "xml", seed=5)
    post(files, 10)
    server.kill()
    try:
        post(files, 10)
        wait(lambda: readiness(client)[1]["status"] == "degraded", service.log_tail)
        status, body = readiness(client)
        assert (status, body["degraded"]) == (200, ["broker"])
        assert client.metrics()["outbox_depth"] >= 0
    finally:
        server.start()
    wait(lambda: readiness(client)[1]["status"] == "ready", service.log_tail)
    post(files, 10)
    wait(lambda: {client.invoice(id)["status"] for id in accepted} <= SETTLED, service.log_tail)
    assert len(accepted) == len(set(accepted)) == 30
    wait(lambda: client.metrics()["outbox_depth"] == 0, service.log_tail)
    assert "guest:guest" not in service.log.read_text()
    client.close()


def test_what_nobody_understood_is_listed_counted_and_sent_again(service: ServiceProcess, address: Address) -> None:
    async def publish() -> None:
        connection = await aio_pika.connect(address.url)
        async with connection, connection.channel() as channel:
            await channel.default_exchange.publish(aio_pika.Message(b"???", message_id="odd"), f"{address.prefix}invoices")

    asyncio.run(publish())
    client = service.client()
    wait(lambda: client.metrics()["dlq_depth"] == 1, service.log_tail)
    wait(lambda: service.command("replay", "--list") != "", service.log_tail)  # it may be on its way from one queue to the other
    assert [json.loads(line) for line in service.command("replay", "--list").splitlines()] == [
        {"message": "odd", "queue": "invoices", "bytes": 3}
    ]
    assert json.loads(service.command("replay", "odd"))["message"] == "odd"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        service.command("replay", "even")
    assert caught.value.returncode == 1
    assert "broker" in service.command("doctor")
    client.close()
