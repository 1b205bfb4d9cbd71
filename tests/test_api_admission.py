"""Who is let in, and what a 202 says about when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.sql.store import open_invoices
from app.api.admission import Admission
from app.api.context import ApiLimits
from app.domain.work import Queue
from app.errors import Refused
from app.pipeline.pace import Pace
from app.ports import Blob, InvoiceStore, Settlement, Upload
from tests.api_host import PATIENCE, is_problem, migrated, multipart, open_host

START = datetime(2026, 3, 1, tzinfo=UTC)


class Desk:
    """Admission before a real store, by one clock: it stands still until it is told to go on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seconds = 0.0
        self.luck = 0.99
        self.pace = Pace()

    @asynccontextmanager
    async def open(self, *, wait: float = 3600, shared_wait: float = 30, outbox_depth: int = 100) -> AsyncIterator[Admission]:
        url = await migrated(self._folder)
        async with open_invoices(url, b"key", deadline=PATIENCE, clock=lambda: START + timedelta(seconds=self.seconds)) as store:
            self.store: InvoiceStore = store
            yield Admission(
                store,
                self.pace,
                posts=2,
                wait=wait,
                shared_wait=shared_wait,
                outbox_depth=outbox_depth,
                clock=lambda: self.seconds,
                chance=lambda: self.luck,
            )

    async def send(self, tenant: str, number: int, media_type: str = "image/png") -> list[str]:
        made = [Upload(f"{n}.png", media_type, Blob(f"{n:032}{self.seconds:032}", 1)) for n in range(number)]
        return [each.id for each in await self.store.for_tenant(tenant).accept(made, "test", None, None)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def refused(admission: Admission, tenant: str) -> Refused | None:
    try:
        await admission.check(tenant)
    except Refused as exc:
        return exc
    return None


async def test_alone_a_tenant_may_pile_up_until_it_takes_too_long(desk: Desk) -> None:
    async with desk.open(wait=600) as admission:
        await admission.check("acme")
        ids = await desk.send("acme", 50)  # 3 s each, as long as nothing is known
        desk.seconds = 299
        await admission.check("acme")
        desk.seconds = 400  # nothing moves
        desk.luck = 0.4
        await admission.check("acme")
        desk.luck = 0.3
        found = await refused(admission, "acme")
        assert found is not None and (found.status, found.code, found.retry_after) == (429, "backlog", 100)
        for each in ids:
            await desk.store.claim("acme", each, "w", 60)
        desk.seconds = 401
        await admission.check("acme")


async def test_the_longer_it_takes_the_more_are_refused(desk: Desk) -> None:
    async with desk.open() as admission:
        await admission.check("other")
        for number, least in ((5, 0.0), (3, 0.6), (3, 1.0)):  # 15, 24, 33 s of work; 30 may be while others are about
            await desk.send("acme", number)
            desk.seconds += 1
            for step in range(100):
                desk.luck = step / 100
                assert (await refused(admission, "acme") is None) == (desk.luck >= least), (number, desk.luck)


async def test_while_others_are_about_who_floods_is_held_back_and_they_are_not(desk: Desk) -> None:
    async with desk.open() as admission:
        await desk.send("flood", 50)
        desk.seconds = 1
        await admission.check("other")  # from now on it is about
        assert await refused(admission, "flood") is not None
        await admission.check("other")
        desk.seconds = 62  # the other one has gone
        await admission.check("flood")
        await desk.send("other", 1)
        desk.seconds = 63  # its work is there
        assert await refused(admission, "flood") is not None
        await admission.check("other")


async def test_what_is_worked_off_slowly_is_no_reason_to_refuse_all(desk: Desk) -> None:
    async with desk.open() as admission:
        await admission.check("other")
        ids = await desk.send("acme", 12)
        for each in ids[:6]:
            await desk.store.claim("acme", each, "w", 60)
        desk.seconds = 40  # so long the oldest waits; the other five are done in 3 s x (1 + 5 / 6)
        await admission.check("other")
        await admission.check("acme")


async def test_what_will_have_to_be_read_counts_before_that_is_known(desk: Desk) -> None:
    async with desk.open() as admission:
        await admission.check("other")
        await desk.send("acme", 40, "application/pdf")  # 0.3 s each
        desk.seconds = 1
        await admission.check("acme")
        for _ in range(500):
            desk.pace.note("invoices.pdf", 0.3, moved=True)
        assert await refused(admission, "acme") is not None  # 3 s each


async def test_sql_is_asked_once_a_second(desk: Desk) -> None:
    async with desk.open(wait=0) as admission:
        await admission.check("acme")
        await desk.send("acme", 1)
        desk.seconds = 0.9
        await admission.check("acme")
        desk.seconds = 1
        assert await refused(admission, "acme") is not None


async def test_more_than_the_outbox_may_hold(desk: Desk) -> None:
    async with desk.open(outbox_depth=3) as admission:
        await desk.send("acme", 4)
        found = await refused(admission, "other")
        assert found is not None and (found.status, found.code) == (503, "overloaded")


async def expect(desk: Desk, admission: Admission, tenant: str, *queues: Queue) -> int:
    desk.seconds += 1  # SQL is asked again
    await admission.check(tenant)
    return admission.expected(tenant, queues)


async def test_what_is_expected_follows_what_waits_and_the_pace(desk: Desk) -> None:
    for _ in range(500):
        desk.pace.note("invoices.ocr", 4.0, moved=False)
        desk.pace.note("invoices.pdf", 0.2, moved=False)
    async with desk.open() as admission:
        assert await expect(desk, admission, "acme", "invoices.ocr") == 4
        assert await expect(desk, admission, "acme", "invoices.pdf") == 1
        ids = await desk.send("acme", 12)
        for each in ids[:2]:
            await desk.store.claim("acme", each, "w", 60)
        # Ten wait before it, two are worked on at once: five times four seconds, and its own four.
        assert await expect(desk, admission, "acme", "invoices.ocr") == 24
        assert await expect(desk, admission, "acme", "invoices.ocr", "invoices.ocr", "invoices.pdf") == 26
        assert await expect(desk, admission, "acme", "invoices.pdf") == 1
        # Tenants take turns: of the ten of another one, one goes before it.
        assert await expect(desk, admission, "other", "invoices.ocr") == 6
        for _ in range(500):
            desk.pace.note("invoices.pdf", 0.2, moved=True)
        assert await expect(desk, admission, "acme", "invoices.pdf") == 25  # a PDF is a scan, as of late


async def test_the_pace_follows_what_happens() -> None:
    pace = Pace()
    before = pace.seconds("invoices"), pace.moved("invoices")
    for _ in range(100):
        pace.note("invoices", 1.0, moved=True)
    assert before[0] < 0.9 < pace.seconds("invoices") < 1.0 and before[1] == 0.0 and 0.9 < pace.moved("invoices") < 1.0


async def test_a_202_says_when_to_ask(tmp_path: Path) -> None:
    async with open_host(tmp_path) as host, host.client() as client:
        files = {"file": ("a.xml", b"<A/>")}
        answer = await client.post("/invoices", files=files)
        assert answer.status_code == 202 and int(answer.headers["retry-after"]) >= 1
        again = await client.post("/invoices", files=files)
        assert "retry-after" in again.headers  # it still waits
        await host.settle(answer.json()["invoices"][0]["id"], Settlement("quarantined", "damaged"))
        again = await client.post("/invoices", files=files)
        assert again.status_code == 202 and "retry-after" not in again.headers


async def test_no_more_posts_of_a_tenant_at_once_than_allowed(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    body, headers = multipart([("slow.xml", b"<Slow/>")])

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        begun.set()
        await go.wait()
        yield body[10:]

    async with open_host(tmp_path, ApiLimits(posts=1)) as host, host.client() as client, host.client("other") as other:
        first = asyncio.create_task(client.post("/invoices", content=slowly(), headers=headers))
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
        files = {"file": ("a.xml", b"<A/>")}
        answer = await client.post("/invoices", files=files)
        assert is_problem(answer, 429, "too_many_posts") and int(answer.headers["retry-after"]) == 1
        assert (await other.post("/invoices", files=files)).status_code == 202
        assert (await client.get("/invoices")).status_code == 200
        go.set()
        assert (await first).status_code == 202
        assert (await client.post("/invoices", files=files)).status_code == 202
        assert not host.context.admission._under_way


async def test_what_came_since_sql_was_asked_counts(desk: Desk) -> None:
    async with desk.open() as admission:
        await admission.check("other")
        desk.luck = 0.0
        await admission.check("flood")
        for _ in range(5):  # 15 s of work
            admission.took("flood", ["invoices.ocr"])
            await admission.check("flood")
        admission.took("flood", ["invoices.ocr"])
        assert await refused(admission, "flood") is not None
        await admission.check("other")
        desk.seconds = 1  # SQL knows better
        await admission.check("flood")
