"""Websockets on a real server, with a real client: nothing missed, nothing twice, nobody waits for the slow."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.adapters.memory_broker import MemoryEventBus
from app.adapters.sql.store import open_invoices
from app.api.connection import QuietSocket
from app.api.context import ApiLimits
from app.api.live import PAGE
from app.domain.record import Event
from app.domain.work import Job
from app.ports import Blob, Gap, Settlement, Upload
from tests.api_host import KEY, PATIENCE, Host, is_problem, open_host
from tests.servers import mariadb

LIMITS = ApiLimits(origins=frozenset(("https://ours.example",)), sockets=3, heartbeat=0.2, send_deadline=60)
NOBODYS = "01920000-0000-7000-8000-000000000000"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Served:
    host: Host
    address: str
    clock: Clock

    def open(self, path: str, key: str | None = "acme", **options: Any) -> connect:
        headers = {"Authorization": f"Bearer {self.host.keys[key]}"} if key else {}
        return connect(f"ws://{self.address}{path}", additional_headers=headers, open_timeout=PATIENCE, **options)

    async def refused(self, path: str, key: str | None = "acme", **options: Any) -> tuple[int, str]:
        """HTTP status and code of the problem that the handshake ended with."""
        with pytest.raises(InvalidStatus) as caught:
            await self.open(path, key, **options)
        response = caught.value.response
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["x-content-type-options"] == "nosniff"
        return response.status_code, json.loads(response.body)["type"].removeprefix("urn:invoicestream:problem:")

    async def ticket(self, key: str = "acme") -> str:
        async with self.host.client(key) as client:
            answer = await client.post("/tickets")
        assert answer.status_code == 201
        return str(answer.json()["ticket"])


@pytest.fixture
def limits() -> ApiLimits:
    """A test that is about another limit gives its own."""
    return LIMITS


@pytest.fixture
async def served(tmp_path: Path, limits: ApiLimits) -> AsyncIterator[Served]:
    clock = Clock()
    async with open_host(tmp_path, limits, bus=MemoryEventBus(buffer=300), clock=clock) as host, host.serving(ws=QuietSocket) as address:
        async with asyncio.timeout(PATIENCE):
            yield Served(host, address, clock)


async def said(connection: ClientConnection, *, pings: bool = False) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await connection.recv())
        if pings or message["type"] != "ping":
            return message


async def until(connection: ClientConnection, last: str) -> list[dict[str, Any]]:
    messages = [await said(connection)]
    while messages[-1]["type"] != last:
        messages.append(await said(connection))
    return messages


async def closed(connection: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await connection.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def progress(invoice_id: str, n: int, size: int = 0) -> Event:
    return Event(
        "acme", invoice_id, "stage", datetime.now(UTC), None, 1, {"stage": "decode", "outcome": "done", "n": n, "fill": "x" * size}
    )


async def test_one_invoice_is_told_from_its_snapshot_to_the_end(served: Served) -> None:
    invoice_id = await served.host.send()
    async with served.open(f"/invoices/{invoice_id}/live") as connection:
        snapshot = await said(connection)
        assert snapshot["type"] == "snapshot" and snapshot["invoice"]["id"] == invoice_id
        assert snapshot["invoice"]["status"] == "received"
        await served.host.settle(invoice_id)
        other = await served.host.send(b"<Other/>")
        await served.host.bus.publish(progress(other, 0))
        await served.host.bus.publish(progress(invoice_id, 1))
        events: list[dict[str, Any]] = []
        while not {"stage", "approved"} <= {event["type"] for event in events}:  # whichever the relay brings first
            events.append(await said(connection))
        durable = [event for event in events if event["id"] is not None]
        assert [event["type"] for event in durable] == ["processing", "approved"]
        (stage,) = [event for event in events if event["id"] is None]
        assert stage == stage | {"type": "stage", "invoice_id": invoice_id, "attempt": 1}
        assert {event["invoice_id"] for event in events} == {invoice_id}
        async with served.host.client() as client:
            stored = (await client.get(f"/invoices/{invoice_id}/events")).json()["events"]
        assert durable == stored[1:]
        assert snapshot["last_event_id"] == stored[0]["id"]


async def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(served: Served) -> None:
    first, second = await served.host.send(b"<A/>"), await served.host.send(b"<B/>")
    async with served.open("/live") as connection:
        snapshot = await said(connection)
        assert {summary["id"] for summary in snapshot["unsettled"]} == {first, second}
        await served.host.settle(first)
        before = await until(connection, "approved")
    last = before[-1]["id"]
    await served.host.settle(second, Settlement("quarantined", "damaged"))  # while nobody listens
    async with served.open(f"/live?last_event_id={last}") as connection:
        assert await said(connection) == {"type": "snapshot", "last_event_id": last, "unsettled": []}
        missed = await until(connection, "quarantined")
        assert [(event["type"], event["invoice_id"]) for event in missed] == [("processing", second), ("quarantined", second)]
        third = await served.host.send(b"<C/>")
        assert (await said(connection))["invoice_id"] == third
    # From the very beginning, while the relay tells the same live: each id once.
    async with served.open("/live?last_event_id=0") as connection:
        await served.host.settle(third)
        everything = [e for e in await until_settled(connection, third) if e["type"] != "snapshot"]
    ids = [event["id"] for event in everything]
    assert ids == sorted(set(ids)) and len(ids) == 9


async def until_settled(connection: ClientConnection, invoice_id: str) -> list[dict[str, Any]]:
    messages = [await said(connection)]
    while (messages[-1].get("invoice_id"), messages[-1]["type"]) != (invoice_id, "approved"):
        messages.append(await said(connection))
    return messages


async def test_another_tenants_events_are_never_told(served: Served) -> None:
    async with served.open("/live", "other") as connection:
        assert (await said(connection))["unsettled"] == []
        await served.host.settle(await served.host.send(b"<Acme/>"))
        theirs = await served.host.send(b"<Other/>", "other")
        assert (await said(connection))["invoice_id"] == theirs


async def test_a_long_history_comes_whole(served: Served) -> None:
    uploads = [Upload("a.xml", "application/xml", Blob(f"{n:064x}", 4)) for n in range(PAGE + 11)]
    accepted = await served.host.store.for_tenant("acme").accept(uploads, "test", None, None)
    async with served.open("/live?last_event_id=0") as connection:
        await said(connection)
        told = [await said(connection) for _ in accepted]
    assert [event["invoice_id"] for event in told] == [invoice.id for invoice in accepted]
    assert [event["id"] for event in told] == sorted({event["id"] for event in told})


class TestRefusals:
    async def test_before_the_handshake(self, served: Served, caplog: pytest.LogCaptureFixture) -> None:
        theirs = await served.host.send(b"<T/>", "other")
        for path in (f"/invoices/{theirs}/live", f"/invoices/{NOBODYS}/live", "/invoices/x/live", "/nowhere"):
            assert await served.refused(path) == (404, "not_found"), path
        for path in ("/live", f"/invoices/{theirs}/live"):
            assert await served.refused(path, None) == (401, "unauthenticated")
            assert await served.refused(path, "writer") == (403, "insufficient_scope")
            assert await served.refused(path + "?last_event_id=x") == (422, "invalid_request")
            assert await served.refused(path + "?last_event_id=-1") == (422, "invalid_request")
        assert not [line for line in caplog.records if line.levelno > logging.INFO]

    async def test_foreign_pages(self, served: Served) -> None:
        ticket = await served.ticket()
        for origin in ("https://evil.example", "null", "https://ours.example.evil.example", f"http://{served.address}"):
            assert await served.refused(f"/live?ticket={ticket}", None, origin=origin) == (403, "foreign_origin"), origin
            assert await served.refused("/live", origin=origin) == (403, "foreign_origin")
        async with served.open(f"/live?ticket={ticket}", None, origin="https://ours.example") as connection:  # not used up by them
            assert (await said(connection))["type"] == "snapshot"

    async def test_more_sockets_than_the_limit(self, served: Served) -> None:
        async with served.open("/live") as a, served.open("/live") as b, served.open("/live") as c:
            for connection in (a, b, c):
                await said(connection)
            assert served.host.context.metrics.registry.get_sample_value("ws_clients") == 3
            assert await served.refused("/live") == (503, "too_many_sockets")
        while served.host.context.sockets.open:
            await asyncio.sleep(0)
        async with served.open("/live") as connection:
            await said(connection)


class TestTickets:
    async def test_one_opens_one_socket_of_its_tenant(self, served: Served) -> None:
        invoice_id = await served.host.send()
        ticket = await served.ticket()
        async with served.open(f"/invoices/{invoice_id}/live?ticket={ticket}", None) as connection:
            assert (await said(connection))["invoice"]["id"] == invoice_id
            assert await served.refused(f"/live?ticket={ticket}", None) == (401, "unauthenticated")
        assert await served.refused(f"/live?ticket={ticket}", None) == (401, "unauthenticated")
        await served.host.store.unsettled(0, 0)  # what the sweeper calls
        assert await served.refused(f"/live?ticket={ticket}", None) == (401, "unauthenticated")
        theirs = await served.ticket("other")
        assert await served.refused(f"/invoices/{invoice_id}/live?ticket={theirs}", None) == (404, "not_found")

    async def test_it_expires(self, served: Served) -> None:
        ticket = await served.ticket()
        served.clock.now += 59.9
        async with served.open(f"/live?ticket={ticket}", None):
            pass
        ticket = await served.ticket()
        served.clock.now += 60
        assert await served.refused(f"/live?ticket={ticket}", None) == (401, "unauthenticated")

    async def test_it_cannot_be_made_up(self, served: Served) -> None:
        ticket = await served.ticket()
        body, signature = ticket.split(".")
        flipped = ("B" if body[5] != "B" else "C").join((body[:5], body[6:]))
        for forged in (
            "",
            ".",
            "x",
            body,
            f"{body}.",
            f".{signature}",
            f"{flipped}.{signature}",
            f"{body}.{signature[::-1]}",
            "x" * 5000,
            "é.ü",
        ):
            assert await served.refused(f"/live?ticket={forged}", None) == (401, "unauthenticated"), forged

    async def test_a_wrong_ticket_is_not_helped_by_a_key(self, served: Served) -> None:
        assert await served.refused("/live?ticket=x") == (401, "unauthenticated")

    async def test_getting_one_needs_a_key_that_may_read(self, served: Served) -> None:
        async with served.host.client("writer") as client:
            assert is_problem(await client.post("/tickets"), 403, "insufficient_scope")


class TestWhileOpen:
    async def test_silence_is_broken_by_a_ping(self, served: Served) -> None:
        async with served.open("/live") as connection:
            assert (await said(connection))["type"] == "snapshot"
            assert await said(connection, pings=True) == await said(connection, pings=True) == {"type": "ping"}

    async def test_a_revoked_key_ends_it(self, served: Served) -> None:
        made = await served.host.store.create_key("acme", frozenset(("read",)), None)
        served.host.keys["new"] = made.secret
        async with served.open("/live", "new") as connection:
            await said(connection)
            await served.host.store.revoke_key(made.key_id)
            assert (await closed(connection))[0] == 4401

    async def test_a_revoked_key_ends_what_its_ticket_opened(self, served: Served) -> None:
        made = await served.host.store.create_key("acme", frozenset(("read",)), None)
        served.host.keys["new"] = made.secret
        ticket, late = await served.ticket("new"), await served.ticket("new")
        async with served.open(f"/live?ticket={ticket}", None) as connection:
            await said(connection)
            await served.host.store.revoke_key(made.key_id)
            assert (await closed(connection))[0] == 4401
        assert await served.refused(f"/live?ticket={late}", None) == (401, "unauthenticated")

    async def test_a_revoked_key_ends_it_where_there_is_never_silence(self, served: Served) -> None:
        made = await served.host.store.create_key("acme", frozenset(("read",)), None)
        served.host.keys["new"] = made.secret
        invoice_id = await served.host.send()
        async with served.open(f"/invoices/{invoice_id}/live", "new") as connection:
            await said(connection)
            await served.host.store.revoke_key(made.key_id)
            with pytest.raises(ConnectionClosed) as caught:
                for n in range(1_000_000):
                    await served.host.bus.publish(progress(invoice_id, n))
                    assert (await said(connection, pings=True))["type"] == "stage"
            assert caught.value.rcvd is not None and caught.value.rcvd.code == 4401

    async def test_small_talk_is_ignored_and_a_flood_ends_it(self, served: Served) -> None:
        async with served.open("/live") as connection:
            await said(connection)
            for message in ("hello", b"\x00\xff", '{"type": "subscribe", "tenant": "other"}', ""):
                await connection.send(message)
            assert await said(connection, pings=True) == {"type": "ping"}
            await connection.send("x" * (1 << 20))
            assert (await closed(connection))[0] == 1009

    @pytest.mark.parametrize("limits", [replace(LIMITS, send_deadline=3)])
    async def test_a_reader_that_lags_is_dropped_and_others_are_not(self, served: Served) -> None:
        invoice_id = await served.host.send()
        slow_socket = socket.socket()
        slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = served.address.split(":")
        slow_socket.connect((host, int(port)))
        path = f"/invoices/{invoice_id}/live"
        async with served.open(path) as quick, served.open(path, sock=slow_socket, compression=None, max_queue=1) as slow:
            await said(quick)
            for n in range(200):  # 20 MB: far more than the buffers of the operating system hold
                await served.host.bus.publish(progress(invoice_id, n, 100_000))
                assert (await said(quick))["data"]["n"] == n
            async with asyncio.timeout(PATIENCE):
                while served.host.context.sockets.open == 2:
                    await asyncio.sleep(0)
            slow.transport.abort()

    async def test_a_lagging_subscription_is_told_to_come_back(self, served: Served) -> None:
        invoice_id = await served.host.send()
        async with served.open(f"/invoices/{invoice_id}/live") as connection:
            await said(connection)
            for n in range(1000):  # at once: no reader could have kept up
                await served.host.bus.publish(replace(progress(invoice_id, n), type="processing", id=1_000 + n))
            code, reason = await closed(connection)
        assert code == 4008 and "last_event_id" in reason

    async def test_progress_gives_way_to_what_must_be_told(self, served: Served) -> None:
        invoice_id = await served.host.send()
        async with served.open(f"/invoices/{invoice_id}/live") as connection:
            await said(connection)
            for n in range(1000):
                await served.host.bus.publish(progress(invoice_id, n))
                if n % 100 == 99:
                    await served.host.bus.publish(replace(progress(invoice_id, n), type="processing", id=1_000 + n))
            heard = []
            while not heard or heard[-1]["id"] != 1_999:
                heard.append(await said(connection))
        assert [event["id"] for event in heard if event["type"] == "processing"] == list(range(1_099, 2_000, 100))
        assert 100 < len(heard) < 1010

    @pytest.mark.parametrize("path", ["/invoices/{}/live", "/live?last_event_id=0"])
    async def test_what_was_missed_is_read_from_the_store(self, served: Served, path: str) -> None:
        """Settled by another process whose events did not come here."""
        invoice_id = await served.host.send()
        async with served.open(path.format(invoice_id)) as connection:
            snapshot = await said(connection)
            if snapshot["last_event_id"] == 0:
                assert (await said(connection))["type"] == "received"
            job = await served.host.store.claim("acme", invoice_id, "another", 60)
            assert isinstance(job, Job)
            await served.host.store.settle(job, Settlement("quarantined", "empty"))
            served.host.store.committed()  # nor does this process tell of it, now or later
            await served.host.store.mark_published([row.id for row in await served.host.store.outbox(100)])
            served.host.bus._subscriptions.tell_gap(Gap(None))
            told = [await said(connection), await said(connection)]
            assert [event["type"] for event in told] == ["processing", "quarantined"]
            served.host.bus._subscriptions.tell_gap(Gap(0))
            await served.host.bus.publish(progress(invoice_id, 1))
            assert (await said(connection))["type"] == "stage"  # nothing is told twice

    @pytest.mark.parametrize("path", ["/invoices/{}/live", "/live?last_event_id=0", "/live"])
    async def test_what_others_told_in_another_order_comes_in_order(self, tmp_path: Path, path: str) -> None:
        """Two services on one database: a client that leaves with the last id it heard must have heard all before."""
        url = await mariadb.empty()
        async with (
            open_host(tmp_path, LIMITS, bus=MemoryEventBus(buffer=300), database=url) as host,
            open_invoices(url, KEY, deadline=PATIENCE) as other,
            host.serving(ws=QuietSocket) as address,
            asyncio.timeout(PATIENCE),
        ):
            served = Served(host, address, Clock())
            acme = other.for_tenant("acme")
            (accepted,) = await acme.accept([Upload("a.xml", "application/xml", Blob("a" * 64, 4))], "test", None, None)
            async with served.open(path.format(accepted.id)) as connection:
                await said(connection)
                job = await other.claim("acme", accepted.id, "another", 60)
                assert isinstance(job, Job)
                await other.settle(job, Settlement("quarantined", "empty"))
                events = await acme.events(accepted.id, 0, 10)
                for event in (events[2], events[1], events[0]):
                    await host.bus.publish(event)
                await host.bus.publish(progress(accepted.id, 1))
                told = await until(connection, "stage")
            expected = list(events if path == "/live?last_event_id=0" else events[1:])
            assert [event["id"] for event in told[:-1]] == [event.id for event in expected]

    async def test_who_started_nowhere_starts_again(self, served: Served) -> None:
        async with served.open("/live") as connection:
            assert (await said(connection))["unsettled"] == []
            invoice_id = await served.host.send()
            assert (await said(connection))["type"] == "received"
            served.host.bus._subscriptions.tell_gap(Gap(None))
            again = await said(connection)
            assert again["type"] == "snapshot" and [each["id"] for each in again["unsettled"]] == [invoice_id]

    async def test_it_ends_with_the_service(self, tmp_path: Path) -> None:
        async with open_host(tmp_path, replace(LIMITS, heartbeat=60)) as host:
            async with host.serving() as address:
                connection = await connect(
                    f"ws://{address}/live", additional_headers={"Authorization": f"Bearer {host.keys['acme']}"}, open_timeout=PATIENCE
                )
                await said(connection)
            assert (await closed(connection))[0] == 1012
            assert host.context.sockets.open == 0
